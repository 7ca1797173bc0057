"""How much each reason removes from real pages, and from which sites: the numbers in the pages of rules (docs/rules).

After Dodge et al. 2021, section 5: the languages and sites from which a rule removes more than from others. The
language is that of the page as read (by the identifier of `multilingual`), the site is its registered domain.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from bench.outside import ROOT
from c4pipe.corpus.catalogue import reasons_of
from c4pipe.corpus.ledger import LOST_AS
from c4pipe.facts.corpus import open_corpus
from c4pipe.inspect.rebuild import preset_of
from c4pipe.langid import load
from c4pipe.langid.base import UND
from c4pipe.page import Reason, Unit
from c4pipe.presets import EN, PRESETS
from c4pipe.stages.personal import PERSONAL_REASONS, with_personal_masked
from c4pipe.stages.text_levels import with_levels
from c4pipe.text.urls import domain_of

MEASURES = ROOT / "docs" / "rules" / "measured.json"
LEAST_PAGES = {"languages": 20, "sites": 10}  # of a group of which anything is said
LEAST_HIT, MOST_GROUPS = 3, 5
WINDOWS = with_levels(EN, ("windows",)).named("en.windows", "`en` with windows instead of spans")
MASKED = with_personal_masked(EN, tuple(PERSONAL_REASONS)).named("en.masked", "`en` with personal data masked")


def real_presets() -> list[str]:
    """The presets that are tried on real pages: those of their own, not variants of another, that need no list."""
    listed = ("realnewslike", "webtextlike")
    return [name for name in PRESETS if "." not in name and name not in listed]


VARIANTS = ("en.near", WINDOWS.name, MASKED.name)  # which are there for what `en` has not
MEASURED = [*real_presets(), "en.near", f"{__name__}:WINDOWS", f"{__name__}:MASKED"]


class MetPage(NamedTuple):
    """A page of a build, and how far it came."""

    language: str
    site: str
    stage: int  # that rejected it; behind all others where it is kept
    codes: frozenset[str]  # of what it was rejected for, or lost


def measured(folder: Path) -> dict[str, Any]:
    """Of the corpora of several presets, with all rejected pages: reason -> "preset stage" -> what it took, of whom."""
    languages: dict[str, str] = {}
    found: dict[str, Any] = {}
    of_en = {reason.code for _, reason, _ in reasons_of(EN)}
    records = 0
    for place in sorted(path.parent for path in folder.glob("*/manifest.json")):
        corpus = open_corpus(place)
        rows = {row["stage"]: row for row in corpus.manifest["ledger"]["stages"]}
        names, records = [*rows], corpus.manifest["ledger"]["records"]
        pages = [*_pages(place, names, languages)]
        preset, _ = preset_of(corpus)
        seen = set()
        for stage, reason, _ in reasons_of(preset):
            if (stage, reason.code) not in seen and (took := _took(rows[stage], reason)):
                seen.add((stage, reason.code))
                if preset.name in VARIANTS and reason.code in of_en:
                    continue
                told = took | _whom([p for p in pages if p.stage >= names.index(stage)], reason.code)
                found.setdefault(reason.code, {})[f"{preset.name} {stage}"] = told
    return {"records": records, "pages": len(languages), "reasons": dict(sorted(found.items()))}


def _took(row: Mapping[str, Any], reason: Reason) -> dict[str, int]:
    """What the ledger says of a reason; empty where it took nothing."""
    table = LOST_AS[reason.unit] if reason.code not in row.get("flagged", {}) else "flagged"
    took = row.get(table, {}).get(reason.code, 0)
    of = row.get("lines", {}).get("in", 0) if reason.unit is Unit.LINE else row["in"]
    return {"took": took, "of": of} if took else {}


def _pages(folder: Path, names: list[str], languages: dict[str, str]) -> Iterator[MetPage]:
    """Pages that have a text; their languages are asked for once, whatever corpora they are in."""
    identifier = load("consensus")
    for path in sorted(folder.glob("__rejected/part-*.parquet")):
        for row in pq.read_table(path).to_pylist():
            if not row["text"] or not row["url"]:
                continue
            if row["source"] not in languages:
                guess = identifier.guess(row["text"])
                languages[row["source"]] = UND if guess is None else guess.language
            kept = row["reason"] == "kept"
            codes = {drop["reason"] for drop in row["dropped"]} | (set() if kept else {row["reason"]})
            site = domain_of(row["url"]).registered
            stage = len(names) if kept else names.index(row["stage"])
            yield MetPage(languages[row["source"]], site, stage, frozenset(codes))


def _whom(reached: list[MetPage], code: str) -> dict[str, Any]:
    """The pages that it took, or took something from, of those that came to it, and groups of which it took most."""
    hit = [page for page in reached if code in page.codes]
    return {
        "pages": len(hit),
        "of_pages": len(reached),
        "languages": _groups(Counter(p.language for p in hit), Counter(p.language for p in reached), "languages"),
        "sites": _groups(Counter(p.site for p in hit), Counter(p.site for p in reached), "sites"),
    }


def _groups(hit: Counter[str], of: Counter[str], kind: str) -> list[list[Any]]:
    """[group, pages hit, pages] of those with a larger share than all pages have, the largest first."""
    if not hit:
        return []
    share = hit.total() / of.total()
    large = [
        group
        for group, pages in hit.items()
        if pages >= LEAST_HIT and of[group] >= LEAST_PAGES[kind] and pages / of[group] > share and group[-1:] != "."
    ]
    return [[g, hit[g], of[g]] for g in sorted(large, key=lambda g: (-hit[g] / of[g], g))[:MOST_GROUPS]]


def written(found: Mapping[str, Any]) -> str:
    """As the file has it: a line for each reason and stage."""
    lines = [
        f" {json.dumps(f'{code} {place}')}: {json.dumps(told, ensure_ascii=False)}"
        for code, places in found["reasons"].items()
        for place, told in sorted(places.items())
    ]
    head = f' "records": {found["records"]},\n "pages": {found["pages"]},\n'
    return "{\n" + head + ",\n".join(lines) + "\n}\n"
