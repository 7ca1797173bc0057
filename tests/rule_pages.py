"""One page per reason, docs/rules/CODE.md, and an index: its meaning, and what it dropped in samples and real pages.

    catalogue + golden corpora + measured.json + rules-on-trial.md --pages--> {"few_words.md": text, ...}

Everything on a page is declared or measured elsewhere, so `make fix` creates the page of a new rule. The version that
introduced each reason is in docs/rules/since.json, to which `make fix` adds new reasons under the current version.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import Any

from bench.outside import ROOT
from c4pipe import __version__
from c4pipe.corpus.catalogue import KnownReason, known_reasons
from c4pipe.page import Unit
from c4pipe.part import Part
from c4pipe.presets import PRESETS, rule_codes
from c4pipe.stages import Classifier, Read
from tests.rule_measure import MASKED, MEASURES, WINDOWS
from tests.rule_samples import SHOWN, Sampled, samples, shortened

FOLDER = ROOT / "docs" / "rules"
SINCE = FOLDER / "since.json"
TRIAL = ROOT / "docs" / "explanation" / "rules-on-trial.md"
_CALLED = {  # by the funnel of a golden corpus
    Unit.PAGE: ("dropped", "kept, but flagged"),
    Unit.LINE: ("lines cut",),
    Unit.SENTENCE: ("sentences cut",),
    Unit.PASSAGE: ("passages cut",),
}
_MADE = {"en.near": "en.near", WINDOWS.name: "--dedup windows", MASKED.name: "--mask-personal"}


@cache
def pages() -> dict[str, str]:
    """All generated files of docs/rules, by name."""
    known, real, found = known_reasons(), _real(), samples()
    since = json.loads(SINCE.read_text(encoding="utf-8")) if SINCE.exists() else {}
    since |= {code: __version__ for code in known if code not in since}
    texts = {f"{code}.md": _page(code, one, since[code], real, found) for code, one in known.items()}
    return {
        **texts,
        "README.md": _index(known, real),
        SINCE.name: json.dumps(dict(sorted(since.items())), indent=1) + "\n",
    }


def _page(
    code: str, known: KnownReason, since: str, real: dict[str, Any], found: Mapping[str, Mapping[str, Sampled]]
) -> str:
    told = known.told
    parts = [
        f"# `{code}`\n\n{_does(known)} a {told.unit.value} that {told.words}{_unstored(known)}.",
        _facts(known, since),
        "## Smallest examples\n\n" + _smallest(known) if known.reason.keeps or known.reason.drops else "",
        "## In the samples\n\n" + _in_samples(code, known, {name: s[code] for name, s in found.items() if code in s}),
        "## On real pages\n\n" + _on_real(code, known, real),
        "## Result of `compare`\n\n" + _compared(code),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _does(known: KnownReason) -> str:
    if _is_kept(known):
        return "Counts"
    return "Masks" if known.told.unit is Unit.PASSAGE and known.reason.withheld else "Drops"


def _unstored(known: KnownReason) -> str:
    return ", and does not store its text anywhere" if known.reason.withheld and known.told.unit is Unit.PAGE else ""


def _is_kept(known: KnownReason) -> bool:
    return known.told.words.endswith("(kept)")


def _facts(known: KnownReason, since: str) -> str:
    told = known.told
    alike = len({type(stand.owner) for stand in known.stands}) < 2  # otherwise each level has its own fields
    thresholds = "; ".join(f"{name} {_values(known, name)}" for name in _thresholds(told.owner) if alike)
    stands = dict.fromkeys(f"`{stand.preset}` ({stand.stage})" for stand in known.stands)
    rows = [
        ("why", _why(known)),
        ("costs", "nothing: the page is kept, and counted" if _is_kept(known) else told.unit.value),
        ("thresholds", thresholds or "none"),
        ("source", told.source),
        ("used in", ", ".join(stands) or f"no preset: {known.brought_by} adds it"),
        ("since", since),
        ("without it", _without(known)),
    ]
    return "\n".join(["| | |", "| --- | --- |", *(f"| {name} | {_cell(text)} |" for name, text in rows)])


def _why(known: KnownReason) -> str:
    """The reason's own `why`, or the docstring of a rule, which has one reason."""
    return known.reason.why or " ".join((type(known.told.owner).__doc__ or "").partition("\n\n")[0].split())


def _thresholds(owner: Part) -> list[str]:
    """The fields that decide. None for reading, where fields say what is read, not what is lost."""
    if isinstance(owner, Read):
        return []
    values = {field.name: getattr(owner, field.name) for field in fields(owner)}  # type: ignore[arg-type]
    return [
        name for name, value in values.items() if name != "name" and value not in ((), None) and not _holds_parts(value)
    ]


def _values(known: KnownReason, name: str) -> str:
    """The value of a field, and the presets with another value; a user-supplied one has no value."""
    if isinstance(known.told.owner, Classifier):
        default = type(known.told.owner).__dataclass_fields__[name].default
        return f"(default: {_plain(default)})" if isinstance(default, str) else "(yours)"
    found: dict[str, list[str]] = {}
    for stand in known.stands:
        found.setdefault(_plain(getattr(stand.owner, name)), []).append(f"`{stand.preset}`")
    if len(found) < 2:
        return _plain(getattr(known.told.owner, name))
    first, *others = sorted(found, key=lambda value: value != _plain(getattr(known.told.owner, name)))
    told = [f"{value} in {_listed([*dict.fromkeys(found[value])])}" for value in others]
    return f"{first}, but {', '.join(told)}"


def _holds_parts(value: object) -> bool:
    return any(isinstance(one, Part) for one in (value if isinstance(value, tuple) else (value,)))


def _plain(value: object) -> str:
    words = " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    shown = words if len(words) <= SHOWN else words[:SHOWN] + "…"
    return (f"`` {shown} ``" if "`" in shown else f"`{shown}`") if words else "``"


@cache
def _preset_without(code: str) -> str:
    """The first preset that has the rule, without it."""
    return next((f"{name}.without.{code}" for name, preset in PRESETS.items() if code in rule_codes(preset)), "")


def _without(known: KnownReason) -> str:
    if preset := _preset_without(known.told.code):
        return f"`--preset {preset}`"
    return "any build without that option" if known.brought_by else "not available as a preset"


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _smallest(known: KnownReason) -> str:
    pairs = (("kept", known.reason.keeps), ("lost", known.reason.drops))
    return _fenced([f"{name}   {shortened(text)}" for name, text in pairs if text])


def _in_samples(code: str, known: KnownReason, found: Mapping[str, Sampled]) -> str:
    if not found:
        return "Nothing in [data_samples](../../data_samples/README.md) is lost for this reason, in any preset."
    unit = f"{known.told.unit.value}s"
    rows = [
        f"| `{preset}` | {stage} | {took:,} |"
        for preset, one in found.items()
        for (stage, called), took in one.took.items()
        if called in _CALLED[known.told.unit]
    ]
    text = "\n".join([f"| preset | stage | {unit} |", "| --- | --- | ---: |", *rows])
    examples = next((one.examples for one in found.values() if one.examples), [])
    for each in examples:
        lines = [f"lost   {each.url}", f"       {each.lost}"]
        lines += [f"kept   {each.kept_url}", f"       {each.kept}"] if each.kept else []
        text += "\n\n" + _fenced(lines)
    return text


def _on_real(code: str, known: KnownReason, real: dict[str, Any]) -> str:
    rows = {name.partition(" ")[2]: row for name, row in real.items() if name.partition(" ")[0] == code}
    of = f"{real['records']:,} records of eight WET files ([how](README.md#what-was-measured))"
    if not rows:
        return f"Of {of} it dropped nothing in any measured preset."
    unit = f"{known.told.unit.value}s"
    head = "| preset | stage | dropped | of | share | pages affected |\n| --- | --- " + "| ---: " * 4 + "|"
    text = f"Of {of}:\n\n{head}\n"
    for name, row in rows.items():
        preset, stage = name.split(" ")
        base = row["of"] if known.told.unit in (Unit.PAGE, Unit.LINE) else 0
        share = f"{base:,} | {_percent(row['took'], base)}" if base else "– | –"
        touched = f"{row['pages']:,} of {row['of_pages']:,}" if row["pages"] else "–"
        text += f"| {_named(preset)} | {stage} | {row['took']:,} {unit} | {share} | {touched} |\n"
    return text + "\n" + _whom(rows)


def _named(preset: str) -> str:
    return f"`{preset}`" if _MADE.get(preset, preset) == preset else f"`en` with `{_MADE[preset]}`"


def _whom(rows: Mapping[str, Mapping[str, Any]]) -> str:
    """For the preset in which it affected most pages, the groups that it affected more than others."""
    name, row = max(rows.items(), key=lambda pair: pair[1]["pages"])
    if not row["pages"]:
        return "Affected groups were not measured: this is not a reason for a page or a line."
    said = [
        f"* {kind}: " + ", ".join(f"{group} {_percent(hit, of)} ({hit:,} of {of:,})" for group, hit, of in row[kind])
        for kind in ("languages", "sites")
        if row[kind]
    ]
    share = _percent(row["pages"], row["of_pages"])
    if not said:
        return f"Of the languages and sites with enough pages, none is affected more than the average ({share})."
    head = f"Affected more than average ({share} in {_named(name.split(' ')[0])}), among those with enough pages:"
    return "\n".join([head, "", *said])


def _compared(code: str) -> str:
    head = [line for line in TRIAL.read_text(encoding="utf-8").splitlines() if line.startswith("| rule |")]
    for line in TRIAL.read_text(encoding="utf-8").splitlines():
        if line.startswith(f"| `{code}` |"):
            table = "\n".join([head[0], "| --- " + "| ---: " * 5 + "| --- | --- |", line])
            return f"`en` against `en` without it ([all rules, and how](../explanation/rules-on-trial.md)):\n\n{table}"
    return "Not compared: only [the rules of `en`](../explanation/rules-on-trial.md) were."


def _index(known: Mapping[str, KnownReason], real: dict[str, Any]) -> str:
    rows = []
    for code, one in known.items():
        stands = dict.fromkeys(f"`{stand.preset}`" for stand in one.stands)
        few = ", ".join([*stands][:4]) + (f" and {len(stands) - 4} more" if len(stands) > 4 else "")
        few = few or f"({one.brought_by})"
        row = real.get(f"{code} en {_stage_in(one, 'en')}") or next(
            (row for name, row in real.items() if name.startswith(f"{code} ")), None
        )
        took = f"{row['took']:,}" if row else "0"
        costs = "–" if _is_kept(one) else one.told.unit.value
        rows.append(f"| [`{code}`]({code}.md) | {costs} | {_cell(one.told.words)} | {few} | {took} |")
    return _INDEX.format(
        records=real["records"],
        pages=real["pages"],
        rows="\n".join(["| reason | costs | it … | used in | dropped |", "| --- | --- | --- | --- | ---: |", *rows]),
    )


def _stage_in(known: KnownReason, preset: str) -> str:
    return next((stand.stage for stand in known.stands if stand.preset == preset), "")


_INDEX = """\
# One page per reason

Why a page, a line, a sentence or a passage is lost: the rule and its purpose, its thresholds and their source, what it
dropped in the samples and on real pages, which groups it affects most, and the result of `compare`. The last column is
what it dropped of {records:,} real records, in `en` if that uses it.

{rows}

## What was measured

`make ecosystem ARGS=--write` builds each preset separately, and `en` with `--dedup windows`, with near duplicates and
with `--mask-personal`. Its input is the eight files of real pages in `../shared/wet`, which are not public: excerpts of
Common Crawl, pages of news sites and of blogs, {pages:,} pages with a text. It records the ledger of each stage, and
for each page that reached the stage its language and the registered domain of its URL. The language is that of the text
as read, by the identifier of `multilingual`. Listed are languages with at least 20 pages and sites with at least 10. At
least 3 of these pages must be affected, and a larger share than of all pages (after Dodge et al. 2021, section 5, on
the block list). Pages saved for tests of extractors are not a sample of the web. The shares show what deserves a look,
and do not hold for a crawl.

`ecosystem.tsv` has the result for each of these pages in these presets, by a hash of its URL and place: verdict, lines,
and what was cut by reason. `make ecosystem` shows how a change of a rule affects them and data_samples; a test does the
same.
"""


def _real() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(MEASURES.read_text(encoding="utf-8"))
    return found


def _fenced(lines: list[str]) -> str:
    return "\n".join(["```text", *(line.replace("```", "'''") for line in lines), "```"])


def _cell(text: str) -> str:
    """A text in a cell of a table: on one line, with nothing that Markdown or HTML would interpret except complete
    code spans."""
    line = re.sub(r"\s*\n\s*", " ", text)
    parts = re.split(r"(``.+?``|`[^`]+`)", line)
    outside = [part.replace("&", "&amp;").replace("<", "&lt;").replace("`", "\\`") for part in parts[::2]]
    mixed = [part for pair in zip(outside, [*parts[1::2], ""], strict=True) for part in pair]
    return "".join(mixed).replace("|", "\\|")


def _percent(part: int, of: int) -> str:
    share = 100 * part / of
    return f"{share:.1f} %" if share >= 0.1 or not part else f"{share:.2g} %"
