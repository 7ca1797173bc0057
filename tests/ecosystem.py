"""The effect of a changed rule on real pages: their fates now, compared with recorded ones.

    corpus --render--> text --fates_in--> {page: PageFate} --changes--> "en few_words: -12 pages, +3 pages, ..."

`python -m tests.ecosystem` (`make ecosystem`) reports it for data_samples, from the golden corpora, and, if they exist,
for the real pages of `../shared/wet`, from `docs/rules/ecosystem.tsv`, which identifies pages only by hashes. `--write`
rewrites that file, and the numbers on real pages for the pages of rules (`docs/rules/measured.json`).
"""

from __future__ import annotations

import hashlib
import io
import os
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

from bench.outside import ROOT, SHARED, name_punkt
from c4pipe.corpus.catalogue import reasons_of
from c4pipe.presets import PRESETS, find_preset
from c4pipe.text import many
from tests.golden import EXPECTED, SAMPLES, build, render
from tests.rule_measure import MEASURED, MEASURES, measured, real_presets, written

RECORD = ROOT / "docs" / "rules" / "ecosystem.tsv"
REAL = SHARED / "wet"
NAMED = 10  # pages that are named of a change
KEPT = "kept"
STALE = "If that is meant: make ecosystem ARGS=--write, and make golden."


class PageFate(NamedTuple):
    """What became of a page in one corpus."""

    verdict: str  # KEPT, or "stage: reason"
    lines: int = 0  # of its text where it is kept
    cut: Mapping[str, int] = {}  # reason -> lines, sentences or passages that a kept page has lost

    @property
    def code(self) -> str:
        """The reason alone."""
        return self.verdict.rpartition(" ")[2]


class Fates(NamedTuple):
    """All pages of one corpus, by a key, and their URLs where these are known."""

    pages: dict[str, PageFate]
    urls: dict[str, str]


def fates_in(text: str) -> Fates:
    """The pages of a corpus as `golden.render` shows it; a line of a text that looks like a cut counts as one."""
    found = Fates({}, {})
    preset = text.partition("\n")[0].removeprefix("# ")
    codes = {reason.code for _, reason, _ in reasons_of(find_preset(preset))}
    for block in text.split("\n\n## ")[1:]:
        head, place, *body = block.split("\n")
        verdict, _, url = head.partition("  ")
        source = place.rpartition(", ")[2]
        key = hashlib.sha256(f"{url} {source}".encode()).hexdigest()[:10]
        cut = Counter(line[4:].partition(":")[0] for line in body if line.startswith("  - "))
        cut = Counter({code: cut[code] for code in sorted(cut) if code in codes})
        lines = sum(line.startswith("  ") for line in body[1:]) - cut.total()
        found.pages[key] = PageFate(KEPT, lines, cut) if verdict == KEPT else PageFate(verdict)
        found.urls[key] = url
    return found


class Change(NamedTuple):
    """What one reason does otherwise than it did."""

    lost: list[str]  # pages that it takes now, and that were kept, or fell to another reason
    won: list[str]  # pages that it took, and no longer does
    more: int  # lines, sentences and passages that it cuts now from pages that are kept before and after
    fewer: int
    cut_from: list[str]  # these pages


def changes(before: Fates, after: Fates) -> dict[str, Change]:
    """By the code of the reason; under "pages" those that only one side has, under "text" other text of kept pages."""
    found: dict[str, Change] = defaultdict(lambda: Change([], [], 0, 0, []))

    def cut(code: str, number: int, key: str) -> None:
        one = found[code]
        more, fewer = one.more + max(0, number), one.fewer + max(0, -number)
        found[code] = one._replace(more=more, fewer=fewer, cut_from=[*one.cut_from, key])

    for key in sorted(before.pages.keys() | after.pages.keys()):
        old, new = before.pages.get(key), after.pages.get(key)
        if old is None or new is None:
            (found["pages"].won if old is None else found["pages"].lost).append(key)
        elif old.verdict != new.verdict:
            if new.verdict != KEPT:
                found[new.code].lost.append(key)
            if old.verdict != KEPT:
                found[old.code].won.append(key)
        elif old != new:
            differ = [code for code in {**old.cut, **new.cut} if old.cut.get(code, 0) != new.cut.get(code, 0)]
            for code in differ:
                cut(code, new.cut.get(code, 0) - old.cut.get(code, 0), key)
            if not differ:
                cut("text", new.lines - old.lines, key)
    return dict(sorted(found.items()))


def told(preset: str, before: Fates, after: Fates) -> list[str]:
    """The changes in words, with the first pages of each; nothing where nothing changed."""
    urls = {**before.urls, **after.urls}
    lines = []
    for code, change in changes(before, after).items():
        parts = [f"+{many(len(change.won), 'page')}"] if change.won else []
        parts += [f"-{many(len(change.lost), 'page')}"] if change.lost else []
        if change.cut_from:
            parts += [f"{change.more:,} lines more and {change.fewer:,} fewer on {many(len(change.cut_from), 'page')}"]
        lines.append(f"{preset} {code}: {', '.join(parts)}")
        named = [(sign, key) for sign, keys in zip("+-~", _keys(change), strict=True) for key in keys]
        lines += [f"  {sign} {urls.get(key, key)}" for sign, key in named[:NAMED]]
        lines += [f"  and {len(named) - NAMED:,} more"] if len(named) > NAMED else []
    return lines


def _keys(change: Change) -> tuple[Sequence[str], ...]:
    return change.won, change.lost, change.cut_from


def samples_told(preset: str, text: str) -> list[str]:
    """What differs from the golden corpus of a preset, of which `text` is what it is now."""
    golden = EXPECTED / f"{preset}.txt"
    if not golden.exists():
        return [f"{preset}: data_samples/expected has no corpus of it."]
    return told(preset, fates_in(golden.read_text(encoding="utf-8")), fates_in(text))


def read_record() -> dict[str, Fates]:
    """The recorded fates of real pages by preset, without their URLs."""
    found: dict[str, Fates] = defaultdict(lambda: Fates({}, {}))
    for row in RECORD.read_text(encoding="utf-8").splitlines()[1:]:
        preset, key, verdict, lines, cut = row.split("\t")
        pairs = (pair.split("=") for pair in cut.split())
        found[preset].pages[key] = PageFate(verdict, int(lines), {code: int(number) for code, number in pairs})
    return dict(found)


def record_of(corpora: Mapping[str, Fates]) -> str:
    """The text of the record."""
    rows = ["preset\tpage\tverdict\tlines\tcut"]
    for preset, fates in corpora.items():
        for key, fate in sorted(fates.pages.items()):
            cut = " ".join(f"{code}={number}" for code, number in fate.cut.items())
            rows.append(f"{preset}\t{key}\t{fate.verdict}\t{fate.lines}\t{cut}")
    return "\n".join(rows) + "\n"


def real_inputs() -> list[Path]:
    """The files of real pages; none where they are not at hand."""
    return sorted(REAL.glob("*.warc.wet.gz"))


def real_told(corpora: Mapping[str, Fates]) -> list[str]:
    """What differs from the record of real pages."""
    recorded = read_record()
    missing = [f"{preset}: {RECORD.name} does not know it." for preset in sorted(corpora.keys() ^ recorded.keys())]
    return missing + [
        line for name in corpora if name in recorded for line in told(f"real {name}", recorded[name], corpora[name])
    ]


def _quietly(presets: Iterable[str], output: Path, inputs: Iterable[Path]) -> Path:
    """The build, whose summaries nobody asked for; of one that fails they are told."""
    said = io.StringIO()
    try:
        with redirect_stdout(said), redirect_stderr(said):
            return build(presets, output, inputs)
    except BaseException:
        print(said.getvalue(), file=sys.stderr)
        raise


def _samples(folder: Path) -> Iterator[str]:
    presets = [preset for preset in PRESETS if preset != "en.tfds" or name_punkt()]
    built = _quietly(presets, folder, (SAMPLES,))
    for preset in presets:
        yield from samples_told(preset, render(built / preset))


def _real(folder: Path, presets: Iterable[str]) -> dict[str, Fates]:
    return {name: fates_in(render(folder / name)) for name in presets}


def main(argv: Sequence[str] | None = None) -> int:
    """Says what changed; 1 where anything did and was not written down."""
    write = [*(sys.argv[1:] if argv is None else argv)] == ["--write"]
    with tempfile.TemporaryDirectory() as place:
        lines = [] if write else [*_samples(Path(place) / "samples")]
        if real_inputs():
            presets = real_presets()
            several = _quietly(MEASURED if write else presets, Path(place) / "real", real_inputs())
            corpora = _real(several, presets)
            lines += real_told(corpora) if RECORD.exists() else []
            if write:
                RECORD.write_text(record_of(corpora), encoding="utf-8")
                MEASURES.write_text(written(measured(several)), encoding="utf-8")
        else:
            print(f"{REAL} is not there: only data_samples was tried.")
    print(*lines or ["No page changed."], sep="\n")
    if lines and not write:
        print(STALE)
    return int(bool(lines) and not write)


if __name__ == "__main__":
    ended = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(ended)  # else nanobind names each object that the libraries still hold, in fifty lines behind the answer
