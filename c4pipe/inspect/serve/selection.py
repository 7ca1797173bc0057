"""What is looked at, as the viewer's URLs say it: `?q=harbour&config=en&min=500`. A view is a function of its URL."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from c4pipe.errors import ConfigError, unknown
from c4pipe.facts.corpus import Corpus

ShardEntry = dict[str, Any]  # a file, as the manifest lists it: path, rows, bytes

ANY_REASON = "rejected"
FIELDS = ("any", "text", "url")
LONGEST_QUERY = 1000  # characters searched for, and of a domain
LONGEST_SEARCH = 1 << 40  # of a page, more than any has

_NUMBER = re.compile(r"[0-9]{1,13}")
# What means something in a regular expression of RE2, and may stand behind its backslash.
_SPECIAL = re.compile(r"[!-/:-@\[-^`{-~]")


class Selection(NamedTuple):
    """Pages to look at. Empty fields choose nothing."""

    q: str = ""  # stands in the field; in lower case only, it finds capitals too
    field: str = "any"
    outcome: str = ""  # "" kept, "rejected" for any reason, or "stage/reason"
    config: str = ""
    split: str = ""
    language: str = ""
    domain: str = ""  # registered, as `stats.registered` gives it
    least: int = 0  # characters
    most: int = LONGEST_SEARCH

    @property
    def kept(self) -> bool:
        """Whether it is of kept pages."""
        return not self.outcome

    @property
    def by_row(self) -> bool:
        """Whether pages must be looked at one by one to tell which it holds; else the manifest tells."""
        return bool(self.q or self.language or self.domain) or self.lengths

    @property
    def rows(self) -> Selection:
        """The same pages, of all configs and splits."""
        return self._replace(config="", split="")

    @property
    def widest(self) -> Selection:
        """All pages that differ from the selected ones in config, split, language or reason only."""
        return self.rows._replace(language="", outcome="" if self.kept else ANY_REASON)

    @property
    def lengths(self) -> bool:
        """Whether it depends on the length of a page."""
        return (self.least, self.most) != (0, LONGEST_SEARCH)

    def but(self, **changes: Any) -> Selection:
        """The selection with other fields. Rejected pages have no config, split or language: those go."""
        changed = self._replace(**changes)
        return changed if changed.kept else changed._replace(config="", split="", language="")

    def query(self, **others: str) -> str:
        """As the query of a URL, always in the same order, with other parameters behind it."""
        return urlencode(self.parameters() + list(others.items()))

    def parameters(self, *but: str) -> list[tuple[str, str]]:
        """What a URL says of it, without the fields named in `but`."""
        default = Selection()._asdict()
        chosen = ((name, value) for name, value in self._asdict().items() if value != default[name] and name not in but)
        return [(_PARAMETERS[name], str(value)) for name, value in chosen]

    @property
    def chips(self) -> list[tuple[str, str, Selection]]:
        """Each filter that is set: its name, its value, and the selection without it."""
        default = Selection()._asdict()
        named = [(name, str(value)) for name, value in self._asdict().items() if value != default[name]]
        named = [pair for pair in named if pair[0] not in ("field", "least", "most")]
        found = [(_CHIPS.get(name, name), value, self.but(**{name: default[name]})) for name, value in named]
        if self.lengths:
            most = f"{self.most:,}" if self.most < LONGEST_SEARCH else "…"
            found.append(("characters", f"{self.least:,}–{most}", self.but(least=0, most=LONGEST_SEARCH)))
        return found


_PARAMETERS = dict(zip(Selection._fields, Selection._fields, strict=True)) | {
    "field": "in",
    "least": "min",
    "most": "max",
}


_CHIPS = {"q": "search", "config": "language"}


class Known(NamedTuple):
    """What a corpus has: the values that a filter may take."""

    configs: tuple[str, ...]  # the largest first
    splits: tuple[str, ...]
    outcomes: tuple[str, ...]  # "stage/reason" in the order of the stages; () without a rejected table


def known(corpus: Corpus) -> Known:
    """The configs and splits that have shards, and the reasons that rejected a page."""
    shards = corpus.shards()
    outcomes = [
        f"{stage['stage']}/{reason}"
        for stage in corpus.manifest.get("ledger", {}).get("stages", [])
        for reason in stage["rejected"]
        if corpus.rejected
    ]
    splits = dict.fromkeys(shard["split"] for shard in shards)
    rows = Counter[str]()
    for shard in shards:
        rows[shard["config"]] += shard["rows"]
    return Known(tuple(sorted(rows, key=lambda name: (-rows[name], name))), tuple(splits), tuple(outcomes))


def parse(pairs: Iterable[tuple[str, str]], has: Known) -> Selection:
    """The selection that a URL asks for. ConfigError for what no corpus has; other parameters are not looked at."""
    asked: dict[str, str] = {}
    names = {parameter: name for name, parameter in _PARAMETERS.items()}
    for parameter, value in pairs:
        if parameter in names and value:
            if names[parameter] in asked:
                raise ConfigError(f"{parameter} is given twice; once is expected.")
            asked[names[parameter]] = value
    for name in ("q", "domain", "language"):
        if len(asked.get(name, "")) > LONGEST_QUERY:
            raise ConfigError(f"{_PARAMETERS[name]} is longer than {LONGEST_QUERY:,} characters. Look for less.")
    _one_of("in", asked.get("field"), FIELDS)
    _one_of("config", asked.get("config"), has.configs)
    _one_of("split", asked.get("split"), has.splits)
    _one_of("outcome", asked.get("outcome"), (ANY_REASON, *has.outcomes))
    values: dict[str, Any] = dict(asked)
    for name in ("least", "most"):
        if name in asked:
            values[name] = whole_number(_PARAMETERS[name], asked[name])
    found = Selection().but(**values)
    if found.least > found.most:
        raise ConfigError(f"min={found.least:,} is more than max={found.most:,}: no page is that long.")
    return found


def whole_number(name: str, value: str) -> int:
    """A whole number from a URL."""
    if not _NUMBER.fullmatch(value):
        raise ConfigError(f"{name}={value!r} is no whole number from 0 to 9,999,999,999,999.")
    return int(value)


def _one_of(name: str, value: str | None, values: Sequence[str]) -> None:
    if value is not None and value not in values:
        raise unknown(f"value of {name},", value, values) if values else ConfigError(f"this corpus has no {name}.")


def smart_case(q: str) -> bool:
    """Whether capitals count: they do where the query has one."""
    return q != q.lower()


def condition(selection: Selection) -> tuple[str, dict[str, Any]]:
    """What a row must meet, in SQL with its parameters. The files are chosen by config and split already."""
    terms: list[str] = []
    values: dict[str, Any] = {}
    if selection.q:
        terms.append(_holds(selection))
        values["q"] = selection.q if smart_case(selection.q) else _SPECIAL.sub(r"\\\g<0>", selection.q)
    if selection.domain:
        # The label in front of the suffix stands in the URL as it is, which tells quickly for most.
        terms.append("CASE WHEN contains(url, $label) THEN registered(url) = $domain ELSE false END")
        values |= {"label": selection.domain.partition(".")[0], "domain": selection.domain}
    if selection.language:
        terms.append("language = $language")
        values["language"] = selection.language
    if selection.lengths:
        terms.append("length(text) BETWEEN $least AND $most")
        values |= {"least": selection.least, "most": selection.most}
    if not selection.kept:
        terms.append("stage != ''")
        if selection.outcome != ANY_REASON:
            terms.append("stage = $stage AND reason = $reason")
            values["stage"], _, values["reason"] = selection.outcome.partition("/")
    return " AND ".join(terms) or "true", values


def _holds(selection: Selection) -> str:
    # RE2 finds capitals several times as fast as lower() or ILIKE: they would make a second text of every page.
    test = "contains({}, $q)" if smart_case(selection.q) else "regexp_matches({}, $q, 'i')"
    columns = ("url", "text") if selection.field == "any" else (selection.field,)
    return "(" + " OR ".join(test.format(column) for column in columns) + ")"


def parts_of(corpus: Corpus, selection: Selection) -> list[ShardEntry]:
    """The files that hold the selection, as the manifest lists them."""
    if selection.kept:
        return list(corpus.shards(selection.config or None, selection.split or None))
    return list(corpus.rejected)
