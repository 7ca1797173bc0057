"""What lists did, counted without the rules: by regular expressions over what is left of the pages in the table."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import Any

from c4pipe.corpus.stats import registered
from c4pipe.facts.corpus import Corpus, connect

PHRASES = ("terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies")


def entries_of(corpus: Corpus) -> dict[str, set[str]]:
    """The word lists that a corpus keeps, by language."""
    files = [row["name"] for row in corpus.manifest["files"]]
    found: dict[str, set[str]] = {}
    for path in (corpus.folder / "lists").rglob("*"):
        if path.is_file() and len(path.stem) == 2 and files:
            found[path.stem] = {line.strip().lower() for line in path.read_text(encoding="utf-8").splitlines()} - {""}
    return found


def left_of(text: str, dropped: list[dict[str, str]]) -> str:
    """What is left of a raw text without the lines that were cut, and without the pieces."""
    gone = {cut["line"].strip() for cut in dropped}
    lines = [line for line in text.split("\n") if line.strip() not in gone]
    for cut in dropped:
        if not any(cut["line"].strip() == line.strip() for line in text.split("\n")):
            lines = [line.replace(cut["line"], "") for line in lines]
    return "\n".join(lines)


def stands(entry: str, text: str, bounded: bool) -> bool:
    """Whether it stands there as a word; in scripts without blanks, anywhere."""
    if not bounded:
        return entry in text.lower()
    return bool(re.search(rf"(?:\W|^){re.escape(entry)}(?:\W|$)", text.lower()))


def counted(pages: list[tuple[str, str, set[str]]]) -> dict[str, Counter[str]]:
    """Of pages with a URL, the entry that named them and all that they hold: pages, held, only, domains by entry."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    domains: dict[str, set[str]] = defaultdict(set)
    for url, named, holds in pages:
        found[""][named] += 1
        domains[named].add(registered(url))
        for entry in holds:
            domains[entry].add(registered(url))
            found[".held"][entry] += 1
            found[".only"][entry] += len(holds) == 1
    found[".domains"] = Counter({entry: len(names) for entry, names in domains.items()})
    return found


def listed_numbers(corpus: Corpus) -> dict[str, float]:
    """The numbers of the section of listed words, by name."""
    rows = connect(corpus).execute("SELECT url, stage, reason, detail, text, dropped FROM rejected").fetchall()
    lists = entries_of(corpus)
    bad = [
        (
            url,
            detail,
            {
                entry
                for language, words in lists.items()
                for entry in words
                if stands(entry, left_of(text, dropped), language not in ("ja", "th", "zh"))
            },
        )
        for url, _, reason, detail, text, dropped in rows
        if reason == "bad_word"
    ]
    found: dict[str, float] = {}
    for name, counts in counted(bad).items():
        for entry in {detail for _, detail, _ in bad} | {entry for *_, holds in bad for entry in holds}:
            found[f"listed.badwords.bad_word.{entry}{name}"] = counts[entry]
    cut: list[tuple[str, set[str]]] = []
    for url, *_, dropped in rows:
        lines = [one["line"].lower() for one in dropped if one["reason"] == "policy"]
        if holds := {phrase for phrase in PHRASES if any(phrase in line for line in lines)}:
            cut.append((url, holds))
    for phrase in {phrase for _, holds in cut for phrase in holds}:
        of: list[Any] = [(url, holds) for url, holds in cut if phrase in holds]
        values = (len(of), len(of), sum(holds == {phrase} for _, holds in of), len({registered(url) for url, _ in of}))
        for name, value in zip(("", ".held", ".only", ".domains"), values, strict=True):
            found[f"listed.clean.policy.{phrase}{name}"] = value
    return found
