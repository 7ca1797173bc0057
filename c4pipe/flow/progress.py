"""The progress of a build, read from its staging folder, so that it is correct across processes.

What is shown only grows: a look that finds less than the one before repeats that one. A unit that is read again because
its worker died is behind its last note for a while. Presets that read in different ways count pages separately.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TextIO

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from c4pipe.errors import DamagedFile
from c4pipe.flow.files import BeamStore
from c4pipe.flow.inputs import WorkUnit
from c4pipe.flow.read import heartbeat_path
from c4pipe.flow.settings import WRITTEN, Settings
from c4pipe.passes.staged import Staged
from c4pipe.progress import LIVE, PLAIN, ProgressReporter
from c4pipe.text import duration, many

PHASES = ("reading", "deduplicating", "finishing", "writing")
READING = 0.65  # share of the time of a build, measured on 12,000 pages


class Look(NamedTuple):
    """The state of a build, in sums that only grow."""

    phase: int  # index into `PHASES`
    read: float  # share of the inputs that is read
    finished: float  # share of the units that is finished, over all corpora
    units: int  # read completely
    pages: int  # read
    staged: int  # of these, kept by the rules that need no other page
    lost: int  # records without a page
    bytes: int
    done: int  # pages of the units that are finished
    expected: int  # pages of all units that are read, once for each corpus
    written: int  # files of pages

    @property
    def share(self) -> float:
        """The share of the work that is done."""
        return READING * self.read + (1 - READING) * self.finished


class _Reading(NamedTuple):
    """Corpora whose inputs are read the same way, with their staging folders; the first one's folder holds the
    notes.
    """

    prefixes: tuple[str, ...]
    own: tuple[Path, ...]


class BuildProgress(ProgressReporter):
    """Shows progress while a build runs: a live line on a terminal, occasional plain lines elsewhere."""

    def __init__(self, corpora: Sequence[Settings], units: list[WorkUnit], out: TextIO = sys.stderr):
        self._store = BeamStore(corpora[0].staging)
        self._readings = _readings(corpora)
        self._units = units
        sizes = [piece.item.bytes for unit in units for piece in unit]
        # If the size of an input is unknown, units are counted.
        self._bytes = [sum(piece.bytes for piece in unit) if min(sizes, default=-1) >= 0 else 0 for unit in units]
        # For each way of reading, the numbers of the units that are read completely.
        self._read: list[dict[int, dict[str, int]]] = [{} for _ in self._readings]
        self._console = Console(file=out)
        super().__init__()
        self._now = Look(*(0,) * len(Look._fields))
        self._first = self._began = self.look()  # not part of this process's time
        self._since = 0.0  # time at which the phase began, in s

    def show(self) -> None:
        if self._console.is_terminal:
            with Live(console=self._console, transient=True, auto_refresh=False) as live:
                while self.waited(LIVE):
                    live.update(self._draw(), refresh=True)
            return
        while self.waited(PLAIN):
            self._console.print(self.line(self.look()), markup=False, highlight=False, soft_wrap=True)

    def _draw(self) -> Table:
        now = self.look()
        grid = Table.grid(padding=(0, 1))
        grid.add_row(ProgressBar(total=1.0, completed=now.share, width=24), self.line(now))
        return grid

    def look(self) -> Look:
        """The state of the staging folder now, or the earlier one if that was further."""
        before, self._now = self._now, Look._make(map(max, self._found(), self._now))
        if self._now.phase > before.phase:
            self._began, self._since = self._now, self.seconds()
        return self._now

    def line(self, now: Look) -> str:
        """The current progress in words. Rates are those of the current phase, in this process."""
        seconds = max(0.001, self.seconds() - self._since)
        name, began, gained = PHASES[now.phase], self._began, now.share - self._first.share
        left = duration(self.seconds() * (1 - now.share) / gained) if gained > 0.01 else "-"
        read = f"{now.pages:,} pages read, {now.staged:,} kept before dedup"
        lost = f"non-page records {now.lost:,}"
        if name == "reading":
            rates = f"{(now.pages - began.pages) / seconds:,.0f} pages/s  "
            rates += f"{(now.bytes - began.bytes) / seconds / 1e6:.1f} MB/s"
            of = f"{now.units:,} of {many(len(self._units) * len(self._readings), 'group')} of files"
            return f"{name} {int(100 * now.read)} %  {of}  {read}  {rates}  {lost}  ETA {left}"
        if name == "writing":  # their total is not known
            return f"{name}  {now.done:,} pages finished  {many(now.written, 'file')} written"
        if name == "deduplicating":
            return f"{name}  {read}  {lost}  ETA {left}"
        rate = f"{(now.done - began.done) / seconds:,.0f} pages/s"
        of = f"{now.done:,} of {now.expected:,} pages finished"
        return f"{name} {int(100 * now.finished)} %  {of}  {rate}  ETA {left}"

    def _found(self) -> Look:
        sums = dict.fromkeys(("pages", "staged", "lost", "bytes", "done", "expected", "written"), 0)
        finished = 0
        for (prefixes, own), read in zip(self._readings, self._read, strict=True):
            ends = (_numbers(Path(folder) / "staged", ".summary.json") for folder in prefixes)
            for unit in (set.intersection(*ends) - read.keys()) & {*range(len(self._units))}:
                read[unit] = self._numbers_of(prefixes[0], unit)
            running = _numbers(heartbeat_path(prefixes[0], 0).parent, ".json") - read.keys()
            for numbers in (*read.values(), *(_note(prefixes[0], unit) for unit in running)):
                for name, number in numbers.items():
                    sums[name] += number
            for folder in own:
                done = _numbers(folder / "finished", ".rejected.arrow") & read.keys()
                finished += len(done)
                sums["done"] += sum(read[unit]["pages"] for unit in done)
                sums["written"] += sum(1 for _ in (folder / WRITTEN).glob("*/[!.]*.json"))
                sums["expected"] += sum(numbers["pages"] for numbers in read.values())
        ways, units = len(self._readings), sum(map(len, self._read))
        total, size = ways * len(self._units), ways * sum(self._bytes)
        share = sums["bytes"] / size if size else units / total
        share = 1.0 if units == total else min(0.99, share)  # an input may have grown since listing
        to_finish = len(self._units) * sum(len(own) for _, own in self._readings)
        phase = 0 if units < total else 1 if not finished else 2 if finished < to_finish else 3
        return Look(phase, share, finished / to_finish, units, **sums)

    def _numbers_of(self, prefix: str, unit: int) -> dict[str, int]:
        """The numbers of a unit that is read completely."""
        try:
            with self._store.read(Staged.of(prefix, unit).summary) as stream:
                summary = json.load(stream)
            return {
                "pages": summary["stats"]["pages_read"],
                "staged": summary["staged"],
                "lost": sum(summary["ledger"]["stages"][0]["rejected"].values()),
                "bytes": self._bytes[unit],
            }
        except (DamagedFile, OSError, ValueError, KeyError, TypeError):  # the build itself will report it
            return {"pages": 0}


def _readings(corpora: Sequence[Settings]) -> list[_Reading]:
    """The ways in which the inputs of corpora are read, in the order of the build."""
    alike: dict[object, list[Settings]] = {}
    for settings in corpora:
        alike.setdefault(settings.preset.stages[0], []).append(settings)
    return [
        _Reading(tuple(dict.fromkeys(one.prefix(0) for one in group)), tuple(Path(one.own) for one in group))
        for group in alike.values()
    ]


def _note(prefix: str, unit: int) -> dict[str, int]:
    """The last note on a unit that is being read; empty if it is damaged, since it decides nothing."""
    try:
        note = json.loads(heartbeat_path(prefix, unit).read_bytes())
        return {name: int(note[name]) for name in ("pages", "staged", "lost", "bytes")}
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return {}


def _numbers(folder: Path, suffix: str) -> set[int]:
    """The numbers of the units that have a file of that suffix."""
    try:
        return {int(name.partition(".")[0]) for name in os.listdir(folder) if name[0] != "." and name.endswith(suffix)}
    except FileNotFoundError:
        return set()
