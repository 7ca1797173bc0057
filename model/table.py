"""Files that a run appends to (`metrics.csv`, `eval.csv`, `samples.txt`), and which part is kept on resume.

A table has one row per step, or several of the same step, without gaps. A run that resumes from step N removes
everything after N from its tables, and then writes the same as if it had never stopped.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from c4pipe.disk import sync
from model.disk import put
from model.sums import Mark

METRIC_COLUMNS = ("step", "loss", "lr", "norm", "targets", "tokens", "seconds", "wait")
EVAL_COLUMNS = ("step", "entry", "loss", "accuracy", "tokens", "unigram", "bits_per_byte")
_WORDS = ("entry", "task", "split", "metric")  # columns that hold text

Row = Mapping[str, Any]

_BLOCK = re.compile(rb"^== step (\d+),", re.MULTILINE)


class Log:
    """A file that is appended to, and its mark: that of the bytes written, whatever is on disk."""

    def __init__(self, path: Path, kept: bytes = b"") -> None:
        """Begins with the kept part of the existing file."""
        put(path, kept)
        self._file = path.open("ab")
        self._bytes, self._sum = len(kept), hashlib.sha256(kept)

    def add(self, content: bytes) -> None:
        """Writes and flushes it, so that other processes see it."""
        self._file.write(content)
        self._file.flush()
        self._bytes += len(content)
        self._sum.update(content)

    @property
    def mark(self) -> Mark:
        return Mark(self._bytes, self._sum.hexdigest())

    def sync(self) -> None:
        """Syncs the file: a checkpoint must not exist without the rows before it."""
        sync(self._file.fileno())

    def close(self) -> None:
        self._file.close()


class Table(Log):
    """A CSV file."""

    def __init__(self, path: Path, columns: Sequence[str], kept: bytes = b"") -> None:
        """`kept` begins with the columns, or is empty."""
        super().__init__(path, kept or head(columns))
        self.columns = columns

    def add_rows(self, rows: Iterable[Row]) -> None:
        """Writes rows that have exactly these columns."""
        self.add(as_csv([row[name] for name in self.columns] for row in rows))


def head(columns: Sequence[str]) -> bytes:
    """The first line of a table."""
    return as_csv([columns])


def as_csv(rows: Iterable[Sequence[Any]]) -> bytes:
    """Lines of a table."""
    out = StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()


def read_table(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a table, empty if there is none. Malformed rows are skipped, such as a truncated last one."""
    content = with_all_columns(path.read_bytes() if path.exists() else b"", columns)
    return [row for _, row in _lines(content, columns) if row is not None]


def with_all_columns(content: bytes, columns: Sequence[str]) -> bytes:
    r"""A table of an older version with fewer columns, with `nan` in the later ones.

    >>> with_all_columns(b"step,loss\n1,2.5\n", ("step", "loss", "bits"))
    b'step,loss,bits\n1,2.5,nan\n'
    """
    first, end, rest = content.partition(b"\n")
    for count in range(1, len(columns)):
        if first + end == head(columns[:count]):
            new = b",nan" * (len(columns) - count)
            return head(columns) + b"".join(line + new + b"\n" for line in rest.split(b"\n")[:-1])
    return content


def kept_rows(content: bytes, columns: Sequence[str], last: int) -> tuple[bytes, bool]:
    """The readable part of a table up to step `last`, and whether it is complete.

    Steps do not decrease, no row occurs twice, and a table of steps reaches `last`; later rows are ignored. For a run
    without a checkpoint, `last` 0, nothing counts: its initial weights are scored again.
    """
    last = last or -1
    if not content.startswith(head(columns)):
        return b"", not content
    kept, whole, seen, before = [head(columns)], True, set(), 0
    words = [name for name in _WORDS if name in columns]  # with the step they identify a row
    by_step = not words
    for line, row in _lines(content, columns):
        step = int(row["step"]) if row else before
        if step > last and whole:
            break
        key = (step, *(row[name] for name in words)) if row else None
        if row is None or step < before or step > last or key in seen:
            whole = False
            continue
        whole &= not by_step or before in (0, step - 1)
        kept.append(line + b"\n")
        seen.add(key)
        before = step
    torn = content.rpartition(b"\n")[2].partition(b",")  # a torn line was written after the last row
    whole &= not (torn[1] and torn[0].isdigit() and int(torn[0]) <= last)
    return b"".join(kept), whole and not (by_step and before not in (0, last))


def _lines(content: bytes, columns: Sequence[str]) -> Iterator[tuple[bytes, dict[str, str] | None]]:
    """Each line of a table except the first, with its row if valid. A last line without an end is not."""
    for line in content.split(b"\n")[1:-1]:
        yield line, _parsed(line, columns)


def _parsed(line: bytes, columns: Sequence[str]) -> dict[str, str] | None:
    try:
        values = next(csv.reader([line.decode()], strict=True), [])
        row = dict(zip(columns, values, strict=True))
        for name, value in row.items():
            if name not in _WORDS:
                float(value)
    except (ValueError, csv.Error):
        return None
    return row if row["step"].isascii() and row["step"].isdigit() else None


def kept_samples(content: bytes, last: int) -> bytes:
    r"""The blocks of `samples.txt` up to a step.

    >>> kept_samples(b"== step 5, en\na\n== step 10, en\nb\n", 5)
    b'== step 5, en\na\n'
    """
    later = (match.start() for match in _BLOCK.finditer(content) if int(match[1]) > last)
    return content[: next(later, len(content))]
