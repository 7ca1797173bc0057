"""What a run prints while it trains, and the numbers of each step: a progress line, `metrics.csv`, TensorBoard."""

from __future__ import annotations

import math
import shutil
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import torch
from torch import Tensor

from c4pipe.progress import PLAIN
from c4pipe.text import duration
from model.table import Row, Table


class Metrics:
    """The numbers of each step, which stay on the device until they are read, since reading waits for the device."""

    def __init__(self, table: Table | None, tokens: int = 0, seconds: float = 0.0) -> None:
        """Without a table the numbers are read but not written, as in all processes except the first. `tokens` and
        `seconds` are those so far.
        """
        self._table, self.tokens, self._earlier = table, tokens, seconds
        self._began = time.perf_counter()
        self._pending: list[tuple[dict[str, Any], Tensor]] = []
        self.row: dict[str, Any] = {}  # the last one read
        self.stopped = False

    @property
    def seconds(self) -> float:
        """Time of the run so far, without work lost to a kill."""
        return self._earlier + time.perf_counter() - self._began

    def add(self, step: int, lr: float, wait: float, numbers: Tensor) -> None:
        """`numbers`: loss, gradient norm, targets, input tokens, and whether some process was asked to stop."""
        row = {"step": step, "lr": f"{lr:.9g}", "seconds": f"{self.seconds:.3f}", "wait": f"{wait:.4f}"}
        self._pending.append((row, numbers))

    def look(self) -> list[dict[str, Any]]:
        """Writes pending steps, up to the first that is not finite, which is then the last one returned."""
        pending, self._pending = self._pending, []
        rows = []
        for (row, _), numbers in zip(pending, torch.stack([one for _, one in pending]).tolist(), strict=True):
            loss, norm, targets, tokens, stop = numbers
            self.tokens += int(tokens)
            self.stopped |= stop > 0
            # Nine digits reproduce a 32-bit float exactly.
            values = {"loss": f"{loss:.9g}", "norm": f"{norm:.9g}", "targets": int(targets), "tokens": self.tokens}
            rows.append(row | values)
            if not (math.isfinite(loss) and math.isfinite(norm)):
                break
        self.row = rows[-1]
        if self._table:
            self._table.add_rows(rows)
        return rows


class ProgressLine:
    """One live line on a terminal, occasional plain lines elsewhere."""

    def __init__(self, steps: int, last: int, out: IO[str] | None = None) -> None:
        self._steps, self._first, self._out = steps, last, out or sys.stderr
        self._live = self._out.isatty()
        self._shown = -math.inf
        self._began: tuple[float, int, float] | None = None  # seconds, tokens and wait at the first look

    def show(self, row: Row, tokens: int, waited: float) -> None:
        """A look at the last step: `waited` seconds for data since the start, `tokens` of input in all."""
        now = time.perf_counter()
        step = int(row["step"])
        if self._began is None:  # the first steps are not representative: they compile and start workers
            self._began, self._first = (now, tokens, waited), step
        done = step == self._steps
        if not done and now - self._shown < (0.1 if self._live else PLAIN):
            return
        self._shown = now
        line = f"step {step:,}/{self._steps:,}  loss {float(row['loss']):.3f}  lr {float(row['lr']):.3g}"
        began, before, idle = self._began
        if step > self._first:
            seconds = now - began
            left = seconds / (step - self._first) * (self._steps - step)
            line += f"  {(tokens - before) / seconds:,.0f} input tokens/s  data wait {(waited - idle) / seconds:.1%}"
            line += f"  ETA {duration(left)}"
        self._print(line)

    def say(self, text: str) -> None:
        """Something to keep, above the live line."""
        print(f"\r\x1b[K{text}" if self._live else text, file=self._out, flush=True)

    def _print(self, line: str) -> None:
        if self._live:
            width = shutil.get_terminal_size().columns
            print(f"\r\x1b[K{line[: width - 1]}", end="", file=self._out, flush=True)
        else:
            print(line, file=self._out, flush=True)

    def close(self) -> None:
        """Ends the live line."""
        if self._live and self._shown > 0:
            print(file=self._out, flush=True)


class TensorBoard:
    """Writes TensorBoard's files."""

    def __init__(self, folder: Path, last: int) -> None:
        from torch.utils.tensorboard import SummaryWriter  # seconds to import

        self._writer = SummaryWriter(str(folder), purge_step=last + 1 if last else 0)

    def steps(self, rows: Iterable[Row]) -> None:
        """Adds rows of `metrics.csv`."""
        for row in rows:
            for name in ("loss", "lr", "norm"):
                self._writer.add_scalar(f"train/{name}", float(row[name]), int(row["step"]))

    def evals(self, rows: Iterable[Row]) -> None:
        """Adds rows of `eval.csv`."""
        for row in rows:
            for name in ("loss", "accuracy", "bits_per_byte"):
                name_ = f"validation/{name}/{row['entry']}"
                self._writer.add_scalar(name_, float(row[name]), int(row["step"]))

    def close(self) -> None:
        self._writer.close()
