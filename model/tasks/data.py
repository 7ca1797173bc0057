"""The data of a task by its path: files -> records -> rows -> examples, one by one.

>>> TaskData("rte", find_task("rte"), Path("glue/RTE")).examples("train")  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from model.errors import ConfigError
from model.tasks.base import DataRow, Task, TaskExample
from model.tasks.files import files_by_split, sums_of
from model.tasks.records import DataRecord, records_of

_MISSHAPEN = (KeyError, IndexError, TypeError, ValueError, AttributeError)  # of a value: a text for a list, ...


class RowExample(NamedTuple):
    """An example, and what it was made of; several may be of one row."""

    number: int  # of the row in its split, from 0
    row: DataRow
    example: TaskExample


@dataclass(frozen=True)
class TaskData:
    """A task, where its rows are, and the name that a run has for it."""

    name: str
    task: Task
    path: Path

    @cached_property
    def splits(self) -> dict[str, tuple[Path, ...]]:
        """The files of each split that is there: train, validation, test, in this order."""
        return files_by_split(self.path, self.task.layout, self.task.splits)

    def sums(self, split: str) -> dict[str, str]:
        """The sha256 of each file of a split, by its name below the path; checked against SHA256SUMS if there."""
        return sums_of(self.splits[split], self.path.parent if self.path.is_file() else self.path)

    def rows(self, split: str) -> Iterator[DataRecord]:
        """The rows of a split, each with its place, under the names that the format has for the columns."""
        for path in self.splits[split]:
            for place, record in records_of(path, self._columns, self.task.layout):
                try:
                    rows = [record] if self.task.layout.unnest is None else [*self.task.layout.unnest(record)]
                except _MISSHAPEN as error:
                    raise self._misshapen(place, error) from None
                for row in rows:
                    yield DataRecord(place, self._named(row))

    def examples(self, split: str, training: bool | None = None) -> Iterator[TaskExample]:
        """The examples of a split; in training, which is the default for `train`, none without a label.

        ConfigError, with the place, for a row that cannot be one: a column that is missing, another label, ...
        """
        return (made.example for made in self.examples_by_row(split, training))

    def examples_by_row(self, split: str, training: bool | None = None) -> Iterator[RowExample]:
        """The same, each with the row that it was made of."""
        training = split == "train" if training is None else training
        for number, (place, row) in enumerate(self.rows(split)):
            self._check(place, row, training)
            try:
                made = [*self.task.format(row, training)]
            except ConfigError as error:
                raise ConfigError(f"{place}: {error}") from None
            except _MISSHAPEN as error:
                raise self._misshapen(place, error) from None
            yield from (
                RowExample(number, row, example) for example in made if not training or example.answer is not None
            )

    def check(self) -> None:
        """ConfigError where a split has no row, or a first row from which no example can be made."""
        for split in self.splits:
            training = split == "train"
            rows = [*islice(self.rows(split), 1)]
            if not rows:
                raise ConfigError(f"{self._files(split)} has no row.")
            self._check(*rows[0], training)
            if not any(True for _ in self.examples(split, training)):
                reason = ": no row has a label" if training else ""
                raise ConfigError(f"{self._files(split)} gives no example for {self.name}{reason}.")

    def _misshapen(self, place: str, error: Exception) -> ConfigError:
        """The error for a value that is of another kind than the format takes."""
        said = f"{type(error).__name__}: {error}"
        return ConfigError(f"{place} has another shape than {self.task.name} reads ({said}).")

    @property
    def _columns(self) -> tuple[str, ...]:
        return (*self.task.format.columns, *self.task.format.answer_columns)

    def _files(self, split: str) -> str:
        first, *others = self.splits[split]
        return f"{first} (and {len(others)} more)" if others else str(first)

    def _named(self, row: DataRow) -> DataRow:
        """A column under an alias gets its name, unless one of that name is there."""
        renamed = {name: row[found] for found, name in self.task.layout.aliases if found in row and name not in row}
        return {**row, **renamed} if renamed else row

    def _check(self, place: str, row: DataRow, training: bool) -> None:
        asked = self._columns if training else self.task.format.columns
        missing = [column for column in asked if column not in row]
        if missing:
            also = "".join(f" or {found!r}" for found, name in self.task.layout.aliases if name in missing)
            raise ConfigError(
                f"{place}: no column {', '.join(map(repr, missing))}{also}. {self.task.name} reads {', '.join(asked)}; "
                f"there are {', '.join(map(str, row))}."
            )
        empty = [column for column in self.task.format.columns if row[column] is None]
        if empty:
            raise ConfigError(f"{place}: nothing in column {', '.join(map(repr, empty))}: expected a text.")
