"""One page by its URL: its place, the outcome of every line, the rules that it met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from c4pipe.benchmarks import ItemOverlap
from c4pipe.benchmarks.items import ITEMS
from c4pipe.corpus.plan import KEPT, Plan
from c4pipe.dedup.claims import owner_of, page_priority
from c4pipe.errors import BuildError, C4Error
from c4pipe.facts.corpus import Corpus
from c4pipe.inspect.ancestry import Ancestry, linked_owner
from c4pipe.inspect.explain import Explanation, Recorded, Segment, explain, rules_of
from c4pipe.inspect.gone import said_of_absence, said_of_removals
from c4pipe.inspect.query import at_url, database
from c4pipe.inspect.rebuild import plan_of, preset_of
from c4pipe.inspect.standing import as_facts, falls_as_a_whole, stands_for
from c4pipe.page import Dropped, Page
from c4pipe.shards import PAGE_SCHEMA, added_to
from c4pipe.stages.trace import Marks
from c4pipe.text.urls import as_read

_SHOWN = ("url", "timestamp", "source")  # of rejected pages, too
_PLACE = ("config", "split", "shard", "row")
_OF_KEPT = tuple(name for name in PAGE_SCHEMA.names if name not in ("text", *_SHOWN))


def look_up(corpus: Corpus, url: str, given: Sequence[Path] = ()) -> dict[str, Any]:
    """The results of `--url`; `given` are files that rules read. BuildError if neither the corpus nor its rejected
    table has the page."""
    found, rows = at_url(corpus, url)
    if not found:
        said = f"{said_of_absence(corpus)} {said_of_removals(corpus, url)}".rstrip()
        raise BuildError(f"{corpus.folder} has no page of {url!r}. {said}")
    plan, note = _plan(corpus, given)
    pages = [_page(row, plan, added_to(corpus.schema)) for row in rows]
    segments = [segment for page in pages for line in page["lines"] for segment in line]
    ancestry = Ancestry(corpus, given, plan)
    with database(corpus) as views:
        known = ancestry.owners(views, (segment["owner"] for segment in segments))
        for page, row in zip(pages, rows, strict=True):
            lost = None if "text" in row else row["rejected"]
            page["stands"] = None if lost is None else as_facts(stands_for(ancestry, views, lost))
    for segment in segments:
        owner = known.get(segment["owner"])
        segment["owner_url"] = owner and (owner.url or owner.source)
        segment["owner_in"] = str(owner.corpus.folder) if owner and owner.earlier else None
    return {"url": url, "found": found, "note": note, "pages": pages}


def with_standing(corpus: Corpus, pages: list[dict[str, Any]], given: Sequence[Path] = ()) -> list[dict[str, Any]]:
    """Rows of the rejected table, each with the page that replaces it under `stands`, or None if there is none."""
    if not any(map(falls_as_a_whole, pages)):
        return [page | {"stands": None} for page in pages]
    ancestry = Ancestry(corpus, given)
    with database(corpus) as views:
        known = ancestry.owners(views, (linked_owner(page["reason"], page["dropped"]) for page in pages))
        return [page | {"stands": as_facts(stands_for(ancestry, views, page, known))} for page in pages]


def rules_behind(corpus: Corpus, code: str, stage: str | None) -> list[dict[str, Any]]:
    """The preset's description of a reason: stage, unit, words, source, and whether a detail quotes the page. Empty if
    the preset is unavailable."""
    try:
        preset, _ = preset_of(corpus)
    except C4Error:
        return []
    rules = [(each, rule) for each in preset.stages if stage in (None, each.name) for rule in rules_of(each)]
    return [
        {"stage": rule.stage, "unit": rule.unit, "words": rule.words, "source": rule.source, "quotes": each.quotes}
        for each, rule in rules
        if rule.code == code
    ]


def _plan(corpus: Corpus, given: Sequence[Path]) -> tuple[Plan | None, str]:
    """The preset that built it, ready to judge again, and remarks on it."""
    try:
        _, differences = preset_of(corpus)
        plan = plan_of(corpus, given)
    except C4Error as error:
        return None, f"The rules cannot be run again: {error}"
    if differences:
        return plan, "The rules of this c4pipe differ from those of the build: " + "; ".join(differences)
    return plan, ""


def _page(row: dict[str, Any], plan: Plan | None, added: Sequence[str]) -> dict[str, Any]:
    """A row of `query.at_url`, judged again if its raw text is available. `added` are columns that stages add."""
    raw, kept = row["rejected"], "text" in row
    base = row if kept else raw
    page = {
        **{key: base[key] for key in _SHOWN},
        **{key: row[key] for key in (*_PLACE, *_OF_KEPT) if key in row},
        "extra": {key: row[key] for key in added if kept},
        "code": owner_of(page_priority(base["url"])) if base["url"] else "",  # by which others name it as their owner
        "stage": "" if kept else raw["stage"],
        "reason": KEPT if kept else raw["reason"],
        "detail": "" if kept else raw["detail"],
        "raw": raw is not None,  # whether the lines are those of the page as read
        "items": _items(row) if kept else [],
        "dropped": [],  # as the build recorded it, if the lines do not show it
        "tried": [],
        "now": None,  # the result of the rules and files here, if it differs
        "moved": [],  # the words that moved its scores
    }
    if raw is None:
        marks = Marks(row["text"])
        for item in page["items"]:
            marks.quote(range(item["start"], item["end"]), ItemOverlap.BENCHMARK.code)
        return page | {"lines": [[segment._asdict() for segment in line] for line in marks.lines()]}
    dropped = [Dropped(d["reason"], d["line"], d.get("owner") or "") for d in raw["dropped"]]
    if plan is None or page["stage"] == plan.read.name:
        return page | {"lines": _untouched(raw["text"]), "dropped": [_dropped(drop) for drop in dropped]}
    then = Recorded(page["stage"], page["reason"], page["detail"])
    read = as_read(Page(raw["url"], raw["text"], raw["timestamp"], raw["source"]))
    if kept and row.get(ITEMS):
        read = read.adding(**{ITEMS: row[ITEMS]})
    return page | _explained(explain(read, plan, dropped, then))


def _explained(explanation: Explanation) -> dict[str, Any]:
    return {
        "now": None if explanation.now is None else explanation.now._asdict(),
        "tried": [rule._asdict() for rule in explanation.tried],
        "moved": [moved._asdict() | {"words": [word._asdict() for word in moved.words]} for moved in explanation.moved],
        "lines": [[segment._asdict() for segment in line] for line in explanation.lines],
    }


def _items(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The test items that a build found in a page, each with its words."""
    return [
        item | {"words": " ".join(row["text"][item["start"] : item["end"]].split())} for item in row.get(ITEMS) or ()
    ]


def _untouched(text: str) -> list[list[dict[str, Any]]]:
    return [[Segment(line)._asdict()] for line in text.split("\n")]


def _dropped(drop: Dropped) -> dict[str, str]:
    return {"reason": drop.code, "line": drop.line, "owner": drop.owner}
