"""What is said of a folder: findings of one line each, and the verdict behind them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from c4pipe.text import many, printable

NOTED = "note"  # the kind of what a person should know and is no damage
AGAIN = "Copy it again or build it again."
MOST_WORDS = 300  # characters of what was found or expected: a damaged file may say anything


class Finding(NamedTuple):
    """What is not as it was written, or worth a note."""

    path: str  # the file or folder
    kind: str  # missing, unreadable, bytes, sha256, format, schema, rows, counts; or NOTED
    found: str
    expected: str = ""
    do: str = ""

    def line(self) -> str:
        """In one line, with nothing that a terminal would obey.

        >>> Finding("out/c4/stats.json", "bytes", "17 bytes", "5,283 bytes", AGAIN).line()
        'out/c4/stats.json: 17 bytes, expected 5,283 bytes. Copy it again or build it again.'
        """
        words = ", expected ".join(_cut(part) for part in (self.found, self.expected) if part)
        words = words if words.endswith(".") else f"{words}."
        return printable(f"{'note: ' if self.kind == NOTED else ''}{self.path}: {words} {self.do}".rstrip())


def _cut(words: str) -> str:
    return words if len(words) <= MOST_WORDS else f"{words[:MOST_WORDS]}…"


def damaged(path: Path | str, kind: str, found: str, expected: str = "", do: str = AGAIN) -> Finding:
    """A finding that is no note."""
    return Finding(str(path), kind, found, expected, do)


def noted(path: Path | str, found: str) -> Finding:
    """A note."""
    return Finding(str(path), NOTED, found)


class FolderVerdict(NamedTuple):
    """What was checked of a folder, and what was found."""

    folder: str
    what: str  # corpus, mixture, run
    files: int
    bytes: int
    rows: int  # of pages, rejected ones and those that may come back, or of metrics; those that were counted
    findings: list[Finding]

    @property
    def whole(self) -> bool:
        """Whether nothing is damaged."""
        return all(finding.kind == NOTED for finding in self.findings)

    def line(self) -> str:
        """The last line about the folder."""
        checked = f"{many(self.files, 'file')}, {many(self.bytes, 'byte')}, {many(self.rows, 'row')} checked"
        faults = sum(finding.kind != NOTED for finding in self.findings)
        verdict = "whole" if self.whole else f"damaged, {many(faults, 'finding')}"
        return printable(f"{self.folder}: {self.what}, {checked}: {verdict}.")
