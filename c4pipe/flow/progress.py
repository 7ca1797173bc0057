"""How far a build has come, read off its staging folder: true across processes, and over by itself when it is done."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from c4pipe.errors import DamagedFile
from c4pipe.flow.files import BeamStore
from c4pipe.flow.inputs import WorkUnit
from c4pipe.flow.read import heartbeat_path
from c4pipe.flow.settings import Settings
from c4pipe.passes.staged import Staged
from c4pipe.passes.staging import Progress
from c4pipe.progress import LIVE, PLAIN, ProgressReporter
from c4pipe.text import duration


class BuildProgress(ProgressReporter):
    """Shows progress while a build runs: a live line on a terminal, now and then a plain one elsewhere."""

    def __init__(self, corpora: Sequence[Settings], units: list[WorkUnit], out: TextIO = sys.stderr):
        self._staging = Path(corpora[0].staging)
        self._store = BeamStore(corpora[0].staging)
        self._first = Path(corpora[0].prefix(0))  # of several, the first one's staging stands for all
        self._own = [Path(settings.own) for settings in corpora]
        self._units = units
        self._total = max(1, sum(piece.bytes for unit in units for piece in unit))
        self._done: dict[int, dict[str, int]] = {}
        self._console = Console(file=out)
        super().__init__()

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
        grid.add_row(ProgressBar(total=1.0, completed=now["share"], width=24), self.line(now))
        return grid

    def look(self) -> dict[str, Any]:
        """What the staging folder says now: sums over files, the share of the work behind us, the phase."""
        for shard in _shards(self._first / "staged", ".summary.json") - self._done.keys():
            self._done[shard] = self._final(shard)
        running = _shards(self._staging / "progress", ".json") - self._done.keys()
        sums = {"files": 0, "pages": 0, "chars": 0, "staged": 0, "lost": 0, "bytes": 0}
        for note in (*self._done.values(), *map(self._note, running)):
            for name in note:
                sums[name] += note[name]
        read = sums["bytes"] / self._total
        files = [shard for own in self._own for shard in _shards(own / "finished", ".rejected.parquet")]
        finished = len(files) / len(self._own) / len(self._units)
        phase = "reading" if sums["files"] < len(self._units) else "finishing" if finished else "deduplicating"
        # Measured on 12,000 pages: reading takes about two thirds of a build.
        return {**sums, "phase": phase, "share": min(1.0, 0.65 * read + 0.35 * finished)}

    def line(self, now: dict[str, Any]) -> str:
        """One look in words."""
        seconds = max(0.001, self.seconds())
        kept = f"{now['staged'] / now['pages']:.1%} of pages so far" if now["pages"] else "-"
        left = seconds * (1 - now["share"]) / now["share"] if now["share"] > 0.01 else None
        return (
            f"{now['phase']}  {now['files']}/{len(self._units)} units  {now['pages']:,} pages  "
            f"{now['pages'] / seconds:,.0f} pages/s  {now['bytes'] / seconds / 1e6:.1f} MB/s  kept {kept}  "
            f"no page {now['lost']:,}  ETA {'-' if left is None else duration(left)}"
        )

    def _final(self, shard: int) -> dict[str, int]:
        """The numbers of a file that is read to its end."""
        try:
            with self._store.read(Staged.of(str(self._first), shard).summary) as stream:
                summary = json.load(stream)
        except (DamagedFile, OSError):  # the build itself will say so
            return {"files": 1}
        return {
            "files": 1,
            "pages": summary["stats"]["pages_read"],
            "chars": summary["stats"]["chars_read"],
            "staged": summary["staged"],
            "lost": sum(summary["ledger"]["stages"][0]["rejected"].values()),
            "bytes": sum(piece.bytes for piece in self._units[shard]),
        }

    def _note(self, shard: int) -> dict[str, int]:
        """The last note on a file that is being read; nothing where it is damaged, for it decides nothing."""
        try:
            note = json.loads(heartbeat_path(str(self._staging), shard).read_bytes())
            return {name: int(note[name]) for name in (*Progress._fields, "bytes")}
        except (OSError, ValueError, KeyError, TypeError, OverflowError):
            return {}


def _shards(folder: Path, suffix: str) -> set[int]:
    """The numbers of the shards that have a file of that suffix."""
    try:
        return {int(name.partition(".")[0]) for name in os.listdir(folder) if name[0] != "." and name.endswith(suffix)}
    except FileNotFoundError:
        return set()
