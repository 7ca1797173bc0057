"""The pages to show, as in the viewer's URLs: `?q=harbour&config=en&min=500`. A view is a function of its URL."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from c4pipe.corpus.plan import KEPT
from c4pipe.corpus.stats import registered
from c4pipe.errors import ConfigError, unknown
from c4pipe.facts.corpus import Corpus
from c4pipe.inspect.serve.knowing import Known as Known
from c4pipe.inspect.serve.knowing import known as known
from c4pipe.inspect.serve.knowing import with_preset as with_preset
from c4pipe.inspect.serve.needle import WAYS, Needle

ShardEntry = dict[str, Any]  # a file in the manifest's list: path, rows, bytes

ANY_REASON = "rejected"
FIELDS = ("any", "text", "url", "detail", "lost")  # `lost`: what was cut, for the selected reason
AGREED, DISAGREED, UNDETERMINED, NO_MONTH = "agreed", "disagreed", "undetermined", "none"
RANDOM, BY_SCORE = "random", "score"  # orders
LONGEST_QUERY = 1000  # characters of search text, and of a domain
LONGEST_SEARCH = 1 << 40  # characters of a page, more than any has

_NUMBER = re.compile(r"[0-9]{1,13}")
# The format of filters whose values are not listed, and an example.
_WRITTEN = {
    "month": (re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])|none"), "YYYY-MM, such as 2024-05, or none"),
    "score": (re.compile(r"[01](?:\.[0-9]{1,6})?-[01](?:\.[0-9]{1,6})?"), "LOW-HIGH, such as 0.9-0.95"),
    "votes": (
        re.compile(r"agreed|disagreed|undetermined|[^\s:]+:[^\s:]*(?: [^\s:]+:[^\s:]*)*"),
        "agreed, disagreed, undetermined, or what each identifier said, such as cld2:nl",
    ),
    "alone": (re.compile(r"[^/]+/[^/]+/[^\0]+"), "STAGE/RULE/WORD, such as badwords/bad_word/gosh"),
    "seed": (_NUMBER, "a whole number, such as 7"),
}


class Selection(NamedTuple):
    """Pages to show. Empty fields do not filter."""

    q: str = ""  # is in the field; in lower case only, it also matches capitals
    field: str = "any"
    outcome: str = ""  # "" kept, "rejected" for any reason, or "stage/reason"
    config: str = ""
    split: str = ""
    language: str = ""
    domain: str = ""  # registered, as from `stats.registered`
    least: int = 0  # characters
    most: int = LONGEST_SEARCH
    how: str = ""  # for q: "" exactly these characters, or one of WAYS
    lost: str = ""  # code of a reason that cuts lines, sentences or passages: pages that lost some to it
    detail: str = ""  # of rejected pages, the complete value
    month: str = ""  # of the crawl, YYYY-MM, or "none"
    score: str = ""  # LOW-HIGH: of the language; HIGH is included only if it is 1
    votes: str = ""  # "agreed", "disagreed", "undetermined", or "cld2:nl" for a vote on the language
    order: str = ""  # "" as in the files, "random", or "score": the lowest score of the language first
    seed: str = ""  # of the random order
    edit: str = ""  # of lines, by its name: pages that it changed
    alone: str = ""  # "stage/code/entry": pages of which that is the only entry from the list of that rule

    @property
    def needle(self) -> Needle:
        """What is searched for."""
        return Needle(self.q, self.how)

    @property
    def other_seed(self) -> str:
        """The seed of another random order."""
        return str(int(self.seed or 0) + 1)

    @property
    def by_cuts(self) -> bool:
        """Whether it selects by what was cut from pages."""
        return bool(self.lost or (self.q and self.field == "lost"))

    @property
    def cut_code(self) -> str:
        """SQL: the parameter of the reason whose cuts are searched; "" for any."""
        return "$lost" if self.lost else ""

    @property
    def recorded(self) -> bool:
        """Whether it selects by cuts or edits, which for kept pages only the rejected table has."""
        return self.by_cuts or bool(self.edit or self.alone)

    @property
    def unrecorded(self) -> Selection:
        """The selection without these filters."""
        found = self._replace(lost="", edit="", alone="")
        return found._replace(q="", field="any", how="") if self.field == "lost" else found

    @property
    def narrowed(self) -> bool:
        """Whether it filters by more than an outcome."""
        return self._replace(outcome="", order="", seed="") != Selection()

    def built(self, in_build: dict[str, int]) -> int:
        """The number of pages with its outcome in the build, given the rejected ones by "stage/reason"."""
        return sum(in_build.values()) if self.outcome == ANY_REASON else in_build.get(self.outcome, 0)

    @property
    def kept(self) -> bool:
        """Whether it is of kept pages."""
        return not self.outcome

    @property
    def by_row(self) -> bool:
        """Whether pages must be examined one by one; else the manifest suffices."""
        exact = (self.language, self.domain, self.detail, self.month, self.score, self.votes)
        return bool(self.q or self.lost or self.edit or self.alone or any(exact)) or self.lengths

    @property
    def reads_text(self) -> bool:
        """Whether texts, or cut lines, must be read to select pages."""
        return (bool(self.q) and self.field not in ("url", "detail")) or self.lengths

    @property
    def rows(self) -> Selection:
        """The same pages, of all configs and splits, in any order."""
        return self._replace(config="", split="", order="", seed="")

    @property
    def widest(self) -> Selection:
        """All pages that differ from the selected ones in config, split, language or reason only."""
        return self.rows._replace(language="", outcome="" if self.kept else ANY_REASON)

    @property
    def lengths(self) -> bool:
        """Whether it depends on the length of a page."""
        return (self.least, self.most) != (0, LONGEST_SEARCH)

    def but(self, **changes: Any) -> Selection:
        """The selection with other fields. Filters of kept pages only are removed from a selection of others, and the
        detail from one of kept pages; a switch between the two also removes the language, which not every table has."""
        changed = self._replace(**changes)
        if changed.kept != self.kept and "language" not in changes:
            changed = changed._replace(language="")
        if not changed.kept:
            order = "" if changed.order == BY_SCORE else changed.order
            return changed._replace(config="", split="", score="", votes="", order=order)
        return changed._replace(detail="", field="any" if changed.field == "detail" else changed.field)

    def query(self, **others: str) -> str:
        """As a URL's query, always in the same order, followed by other parameters."""
        return urlencode(self.parameters() + list(others.items()))

    def parameters(self, *but: str) -> list[tuple[str, str]]:
        """Its parameters in a URL, without the fields named in `but`."""
        default = Selection()._asdict()
        chosen = ((name, value) for name, value in self._asdict().items() if value != default[name] and name not in but)
        return [(_PARAMETERS[name], str(value)) for name, value in chosen]

    @property
    def chips(self) -> list[tuple[str, str, Selection]]:
        """Each active filter: its name, its value, and the selection without it."""
        default = Selection()._asdict()
        named = [(name, str(value)) for name, value in self._asdict().items() if value != default[name]]
        named = [pair for pair in named if pair[0] not in ("field", "least", "most", "how", "seed")]
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

# Filters of kept pages by columns that older builds may lack.
_COLUMNS = (("score", "language_score"), ("votes", "language_votes"), ("order", "language_score"))

_CHIPS = {
    "q": "search",
    "config": "language",
    "score": "language score",
    "lost": "lost to",
    "edit": "changed by",
    "alone": "only listed word",
}


def parse(pairs: Iterable[tuple[str, str]], has: Known) -> Selection:
    """The selection in a URL. ConfigError for values that no corpus has; other parameters are ignored."""
    asked: dict[str, str] = {}
    names = {parameter: name for name, parameter in _PARAMETERS.items()}
    for parameter, value in pairs:
        if parameter in names and value:
            if names[parameter] in asked:
                raise ConfigError(f"{parameter} is given twice; once is expected.")
            asked[names[parameter]] = value
    for name in ("q", "domain", "language", "detail", "alone"):
        if len(asked.get(name, "")) > LONGEST_QUERY:
            raise ConfigError(f"{_PARAMETERS[name]} is longer than {LONGEST_QUERY:,} characters. Search for less.")
    if asked.get("outcome") == KEPT:  # the facet's name
        del asked["outcome"]
    if (cut := _cut_by(asked.get("outcome", ""), has)) is not None:
        del asked["outcome"]
        asked.setdefault("lost", cut)
    _one_of("in", asked.get("field"), FIELDS)
    _one_of("how", asked.get("how"), WAYS)
    _one_of("order", asked.get("order"), (RANDOM, BY_SCORE))
    _one_of("lost", asked.get("lost"), has.lost, {outcome.partition("/")[2] for outcome in has.spared})
    _one_of("edit", asked.get("edit"), has.edits)
    _one_of("config", asked.get("config"), has.configs, has.absent)
    _one_of("split", asked.get("split"), has.splits, has.absent)
    _one_of("outcome", asked.get("outcome"), (ANY_REASON, *has.outcomes), has.spared)
    _check_written(asked, has)
    values: dict[str, Any] = dict(asked)
    if "domain" in asked:
        values["domain"] = registered(asked["domain"]) or asked["domain"]
    for name in ("least", "most"):
        if name in asked:
            values[name] = whole_number(_PARAMETERS[name], asked[name])
    found = Selection().but(**values)
    if found.least > found.most:
        raise ConfigError(f"min={found.least:,} is more than max={found.most:,}: no page is that long.")
    return found


def _cut_by(outcome: str, has: Known) -> str | None:
    """The code of a reason given as one that drops pages, if it only cuts parts of them."""
    named = (cut.code for cut in has.cuts if outcome == f"{cut.stage}/{cut.code}")
    return None if outcome in has.outcomes else next(named, None)


def _check_written(asked: dict[str, str], has: Known) -> None:
    """ConfigError for a filter's value in an invalid format, or for a column that the corpus lacks."""
    for name, (form, words) in _WRITTEN.items():
        if name in asked and not form.fullmatch(asked[name]):
            raise ConfigError(f"{name}={asked[name]!r} is not valid. Expected {words}.")
    for name, column in _COLUMNS:
        if name in asked and (name != "order" or asked[name] == BY_SCORE) and has.columns and column not in has.columns:
            raise ConfigError(f"{name}={asked[name]!r}: the pages of this corpus have no column {column}.")
    kept = not asked.get("outcome")
    if "language" in asked and (has.columns if kept else has.rejected_columns) and not has.tells_language(kept):
        which = "pages" if kept else "rejected pages"
        raise ConfigError(f"language={asked['language']!r}: the {which} of this corpus have no column language.")
    low, _, high = asked.get("score", "0-1").partition("-")
    if max(float(low), float(high)) > 1:
        raise ConfigError(f"score={asked['score']!r}: a score is between 0 and 1.")
    if float(low) > float(high):
        raise ConfigError(f"score={asked['score']!r}: no score is between {low} and {high}. Write the lower one first.")


def whole_number(name: str, value: str) -> int:
    """A whole number from a URL."""
    if not _NUMBER.fullmatch(value):
        raise ConfigError(f"{name}={value!r} is no whole number from 0 to 9,999,999,999,999.")
    return int(value)


def _one_of(name: str, value: str | None, values: Sequence[str], spared: Collection[str] = ()) -> None:
    """ConfigError for an unknown value; `spared` ones have no pages here, and lead to an empty list."""
    if value is not None and value not in values and value not in spared:
        raise unknown(f"value of {name},", value, values) if values else ConfigError(f"this corpus has no {name}.")


def parts_of(corpus: Corpus, selection: Selection) -> list[ShardEntry]:
    """The files that hold the selection, as in the manifest's list."""
    if selection.kept:
        return list(corpus.shards(selection.config or None, selection.split or None))
    return list(corpus.rejected)
