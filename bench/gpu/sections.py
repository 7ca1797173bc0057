"""The sections of `make gpu`: each a separate process with its own time limit, whose rows are kept as they arrive.

OUT/NAME.jsonl has one row per line and ends with how the section ended. A complete section of the same code, device and
scale is not measured again; one that was cut off keeps its rows. So a crash, a hang or a slow compiler costs one
section, and the next call continues.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch

from bench.gpu.attention import attention
from bench.gpu.cases import Row, Scale
from bench.gpu.machine import device_name, machine
from bench.gpu.parity import parity
from bench.gpu.rates import mfu, optimizers, precisions
from bench.outside import ROOT

WHOLE = "whole"
TRAINING = "training"


class Section(NamedTuple):
    title: str
    seconds: float  # limit, out of ten minutes
    measure: Callable[[Scale], Iterator[Row]]


# The most important come first: if time runs out, the last ones are left out. They add up to six minutes, so that the
# training, which has the rest until minute 8, gets at least two.
SECTIONS: Mapping[str, Section] = {
    "machine": Section("The machine", 20, machine),
    "parity": Section("The GPU against the CPU", 60, parity),
    "mfu": Section("A step in bf16, compiled, with AdamW", 140, mfu),
    "attention": Section("Ways to compute attention, bf16, forwards and backwards", 60, attention),
    "optimizers": Section("Optimizers", 20, optimizers),
    "precisions": Section("A step in the other precisions", 60, precisions),
}


class Ended(NamedTuple):
    """The state of a section."""

    how: str  # WHOLE, or why not
    seconds: float
    rows: list[Row]

    @property
    def whole(self) -> bool:
        return self.how == WHOLE


def identity(scale: Scale) -> str:
    """A digest of what rows depend on: the code of model/ and of these benches, torch, the device and the scale."""
    found = hashlib.sha256(repr((scale, torch.__version__, device_name(scale))).encode())
    for pattern in ("model/*.py", "bench/gpu/*.py", "bench/step.py", "bench/products.py", "bench/packed.py"):
        for file in sorted(ROOT.glob(pattern)):
            found.update(file.read_bytes())
    return found.hexdigest()[:16]


def write_rows(rows: Iterable[Row], file: Path) -> None:
    """Writes one row per line as soon as it is measured."""
    with file.open("w", encoding="utf-8") as out:
        for row in rows:
            out.write(json.dumps(row) + "\n")
            out.flush()


def read_section(file: Path, identity: str) -> Ended | None:
    """The stored section, or None if there is none of this code, device and scale."""
    if not file.exists():
        return None
    rows = _lines(file)
    if not rows or rows[-1].get("identity") != identity:
        return None
    return Ended(rows[-1]["ended"], rows[-1]["seconds"], rows[:-1])


def end_section(file: Path, how: str, seconds: float, identity: str) -> Ended:
    """Appends how a section ended. A line cut off by a kill is dropped."""
    rows = _lines(file) if file.exists() else []
    seconds = round(seconds, 1)
    write_rows([*rows, {"ended": how, "seconds": seconds, "identity": identity}], file)
    return Ended(how, seconds, rows)


def measure_apart(name: str, out: Path, limit: float, options: Iterable[str], identity: str) -> Ended:
    """Runs a section in its own process, which is killed after `limit` seconds with its children."""
    file, log = out / f"{name}.jsonl", out / f"{name}.log"
    file.unlink(missing_ok=True)
    command = [sys.executable, "-m", "bench.gpu", "--section", name, "--out", str(out), *options]
    began = time.monotonic()
    with log.open("w", encoding="utf-8") as words:
        process = subprocess.Popen(command, stdout=words, stderr=words, cwd=ROOT, start_new_session=True)
        try:
            code = process.wait(timeout=limit)
            how = WHOLE if code == 0 else f"died with exit code {code}: {last_line(log)}"
        except subprocess.TimeoutExpired:
            how = f"cut after {limit:.0f} s"
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    return end_section(file, how, time.monotonic() - began, identity)


def _lines(file: Path) -> list[dict[str, Any]]:
    found = []
    for line in file.read_text(encoding="utf-8").splitlines(keepends=True):
        if line.endswith("\n"):
            found.append(json.loads(line))
    return found


def last_line(log: Path) -> str:
    """The last line that a process printed."""
    return (log.read_text(encoding="utf-8", errors="replace").strip().splitlines() or [""])[-1][:200]
