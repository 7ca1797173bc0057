"""README and docs are read by strangers: short sentences, each said once, in the words of the field."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wetfiles import ROOT

PAGES = [ROOT / "README.md", *sorted(path for path in (ROOT / "docs").rglob("*.md") if path.parent.name != "rules")]
DEVELOPERS = [
    ROOT / name
    for name in ("CONTRIBUTING.md", "AGENTS.md", "c4pipe/README.md", "model/README.md", "data_samples/README.md")
]
LONGEST = 30  # words
# What is not said, and what is said instead.
MENDED = {
    r"\b(who|that|which) names? (a |the )?languages?\b": "language identifier",
    r"\bhow (well )?languages are named\b": "how good the language identifiers are",
    r"\btak(es?|en|ing)( \w+){0,3} away\b": "removes",
    r"(?<!keep )(?<!keeps )(?<!take )(?<!keeping )(?<!taking )\bpages out\b(?! of)": "dropped",
    r"\bwhat is promised\b": "guarantees",
    r"\bbut in a bucket\b": "never to a bucket",
    r"\bno page \d": "non-page records",
    r"\bMB beside the\b": "MB next to a corpus of ...",
    r"\bothers by now\b": "have changed since",
    r"\b(lines|pages|links|sentences|claims|corpora) goes?\b(?! (by|on|along|to|into|through|in|behind))": "is dropped",
    r"\bby turns\b": "alternately",
    r"\banew\b": "again",
    r"\bat hand\b": "available",
    r"\bin vain\b|\bfor nothing\b": "without effect",
    r"\bof late\b": "recently",
    r"\bonce more\b": "again",
    r"\bbut for\b": "except",
    r"\bone's own\b": "your own, user-supplied",
    r"\ban? [\w-]+ of (its|their) own\b": "its own ...",
    r"\bby (itself|themselves)\b": "separately, automatically",
    r"\b(bits|nats) a (byte|token)\b": "per",
    r"\b(ms|µs|[kKMG]B|[KMG]iB|bytes|seconds) a (page|line|byte|key|record|loop|host|pair|file|row|token)\b": "per",
    r"\ban? (row|line|folder|file|entry) a (page|line|domain|language|task|study|preset|finding)\b": "one per",
    r"\btold apart\b|\btells? apart\b": "distinguished",
    r"\b(is|are) told\b": "is set, is reported",
    r"\b(know|say)s? nothing of\b": "does not import, says nothing about",
    r"\bsays of\b": "says about",
    r"\bmend(s|ed|ing)?\b": "fixes, repairs",
    r"\bstands? (there|beside|behind|elsewhere|in the way)\b": "is, occurs",
    r"\bl(ies|ie) (there|beside|below|behind|under|evenly)\b": "is in, is next to",
    r"\b(goes|go|comes|come|brings|bring) along\b": "is included",
    r"\bheld against\b": "compared with",
    r"\bcalled so\b": "labelled",
    r"\bmade-up\b": "generated",
    r"\bpass(es|ed) over\b": "skipped",
    r"\b(is|are) no (inputs?|pages?|run|corpus|list|label|member|sample|legal advice)\b": "is not a",
    r"\bfor (there|it|they|these|nobody) (is|are|was|were|has|have)\b": "because",
    r"\bnot go (beside|with|together)\b": "cannot be combined",
    r"\brooms? of c4pipe\b": "packages",
}
FENCE = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
ENDS = re.compile(r"(?<=[.!?:;])[\s\"”*)]+(?=[A-Z*`\d]|c4pipe)|[:;]\s")


def prose(text: str) -> str:
    """A page without code, comments, tables, what is generated, and the targets of links."""
    text = re.sub(r"<!-- generated: \w+ -->.*?<!-- end -->", "\n\n", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->", "\n\n", FENCE.sub("\n\n", text), flags=re.DOTALL)
    text = re.sub(r"^ *\|.*$", "", text, flags=re.MULTILINE)
    return re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)


def sentences(text: str) -> Iterator[str]:
    """Those of a page, clauses behind a colon or semicolon by themselves."""
    for block in re.split(r"\n\s*\n|^ *[*-] |^ *\d+\. |^#+ .*$", prose(text), flags=re.MULTILINE):
        yield from (
            " ".join(sentence.split()) for sentence in ENDS.split(re.sub(r"`[^`]*`", "X", block)) if sentence.strip()
        )


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_sentences_are_cut_where_they_end() -> None:
    text = (
        "# Title\n\nOne `a. B` two. Three: four\nfive; six.\n\n| a | b |\n\n* [Seven](x.md) eight.\n\n```\nnine\n```\n"
    )
    assert [*sentences(text)] == ["One X two.", "Three", "four five", "six.", "Seven eight."]


@pytest.mark.parametrize("path", [*PAGES, *DEVELOPERS], ids=name_of)
def test_no_sentence_is_long(path: Path) -> None:
    found = [sentence for sentence in sentences(path.read_text(encoding="utf-8")) if len(sentence.split()) > LONGEST]
    assert found == []


def test_no_sentence_stands_twice() -> None:
    seen: dict[str, str] = {}
    twice = []
    for path in PAGES:
        for sentence in sentences(path.read_text(encoding="utf-8")):
            if len(sentence.split()) >= 9 and seen.setdefault(sentence, name_of(path)) != name_of(path):
                twice.append((sentence, seen[sentence], name_of(path)))
    assert twice == []


@pytest.mark.parametrize("path", [*PAGES, *DEVELOPERS, ROOT / "CHANGELOG.md"], ids=name_of)
def test_the_words_are_those_of_the_field(path: Path) -> None:
    text = " ".join(prose(path.read_text(encoding="utf-8")).split())
    found = {match[0]: say for pattern, say in MENDED.items() for match in re.finditer(pattern, text, re.IGNORECASE)}
    assert found == {}
