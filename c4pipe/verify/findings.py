"""The results for a folder: findings of one line each, and a final verdict."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from c4pipe.text import many, printable

NOTED = "note"  # the kind of a finding that people should know and that is not damage
AGAIN = "Copy or rebuild it."
MOST_WORDS = 300  # characters shown of what was found or expected: a damaged file may hold anything


class Finding(NamedTuple):
    """A deviation from what was written, or a note."""

    path: str  # the file or folder
    kind: str  # missing, unreadable, bytes, sha256, format, schema, rows, counts; or NOTED
    found: str
    expected: str = ""
    do: str = ""

    def line(self) -> str:
        """As one line, without control characters.

        >>> Finding("out/c4/stats.json", "bytes", "17 bytes", "5,283, says manifest.json", AGAIN).line()
        'out/c4/stats.json: 17 bytes, but manifest.json says 5,283. Copy or rebuild it.'
        """
        value, says, by = self.expected.rpartition(", says ")
        expected = f", but {by} says {_cut(value)}" if says else f", expected {_cut(self.expected)}"
        words = _cut(self.found) + (expected if self.expected else "")
        words = words if words.endswith(".") else f"{words}."
        return printable(f"{'note: ' if self.kind == NOTED else ''}{self.path}: {words} {self.do}".rstrip())


def _cut(words: str) -> str:
    return words if len(words) <= MOST_WORDS else f"{words[:MOST_WORDS]}…"


def damaged(path: Path | str, kind: str, found: str, expected: str = "", do: str = AGAIN) -> Finding:
    """A finding of damage."""
    return Finding(str(path), kind, found, expected, do)


def noted(path: Path | str, found: str) -> Finding:
    """A note."""
    return Finding(str(path), NOTED, found)


class FolderVerdict(NamedTuple):
    """What was checked in a folder, and the findings."""

    folder: str
    what: str  # corpus, mixture, run
    files: int
    bytes: int
    rows: int  # of pages, rejected pages and pages that may come back, or of metrics: those that were counted
    findings: list[Finding]

    @property
    def whole(self) -> bool:
        """Whether nothing is damaged."""
        return all(finding.kind == NOTED for finding in self.findings)

    def line(self) -> str:
        """The last line on the folder."""
        checked = f"{many(self.files, 'file')}, {many(self.bytes, 'byte')}, {many(self.rows, 'row')} checked"
        faults = sum(finding.kind != NOTED for finding in self.findings)
        verdict = "whole" if self.whole else f"damaged, {many(faults, 'finding')}"
        return printable(f"{self.folder}: {self.what}, {checked}: {verdict}.")
