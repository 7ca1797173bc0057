"""The cost of a study before it begins: the FLOPs of each run at this machine's measured speed."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch

from model.cost import flops, parameters
from model.ids import PAD
from model.study.planned import Load, PlannedRun
from model.t5 import T5

STEPS_TIMED = 3
STARTS = 1.5  # start-up of a run in multiples of its command's --help time: includes data, weights and a checkpoint
# Answers are generated token by token, in small matrix products: seconds relative to the same FLOPs in training. For
# tiny on a CPU, 12 to 25 were measured.
SLOWER = 16.0
CHECKPOINT = 4.1  # bytes a weight: fp32, and Adafactor's sums


class Speed(NamedTuple):
    """The speed of one run on this machine."""

    flops: float  # FLOP/s in training
    start: float  # seconds until a run has begun, and after its last step


def measured_speed(load: Load, device: str, threads: int) -> Speed:
    """Measures a few steps of the study's smallest run, without an optimizer, and a start of the command."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "model.train", "--help"], capture_output=True, check=True)
    start = STARTS * (time.perf_counter() - began)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        seconds = _step_seconds(load, torch.device(device))
    finally:
        torch.set_num_threads(before)
    return Speed(load.rows * flops(load.config, load.inputs, load.targets) / seconds, start)


def _step_seconds(load: Load, device: torch.device) -> float:
    """The median of a few steps; the first one is not counted."""
    model = T5(load.config).to(device)
    ids = torch.randint(PAD + 2, load.config.vocab, (load.rows, load.inputs + load.targets), device=device)
    inputs, targets = ids[:, : load.inputs], ids[:, load.inputs :]
    found = []
    for _ in range(STEPS_TIMED + 1):
        began = time.perf_counter()
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            output = model(inputs, targets)
        output.loss.backward()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        found.append(time.perf_counter() - began)
    return sorted(found[1:])[STEPS_TIMED // 2]


def run_seconds(load: Load, speed: Speed) -> float:
    """The approximate duration of a run."""
    rows = load.steps * load.rows + load.read / 3  # reading is a third of the work
    training = rows * flops(load.config, load.inputs, load.targets)
    answering = load.answers * flops(load.config, *load.asked) * SLOWER / 3  # forward only
    return speed.start + (training + answering) / speed.flops


def span(seconds: float) -> str:
    """A duration for people.

    >>> span(40), span(130), span(9000), span(900_000)
    ('40 s', '2 min', '2.5 h', '10.4 days')
    """
    for most, divisor, unit, digits in ((100, 1, "s", 0), (5_400, 60, "min", 0), (172_800, 3_600, "h", 1)):
        if seconds < most:
            return f"{seconds / divisor:.{digits}f} {unit}"
    return f"{seconds / 86_400:.1f} days"


def plan_text(
    runs: Sequence[PlannedRun],
    done: Mapping[str, float],
    speed: Speed,
    at_once: int,
) -> str:
    """The plan and its cost: one line per kind of run, and the total."""
    left = [run for run in runs if run.name not in done]
    lines = []
    kinds: dict[str, list[PlannedRun]] = {}
    for run in runs:
        kinds.setdefault(_kind(run.label), []).append(run)
    width = max(map(len, kinds), default=0)
    for kind, members in kinds.items():
        load = members[0].load
        there = sum(run.name in done for run in members)
        seconds = sum(run_seconds(run.load, speed) for run in members) / len(members)
        work = f"{load.steps:,} steps of {load.rows:,} x ({load.inputs:,}, {load.targets:,}) tokens"
        if not load.steps:
            work = f"{load.answers:,} answers" if load.answers else "scores of texts"
        behind = f", {there} done" if there else ""
        lines.append(f"  {kind.ljust(width)}  {len(members)} x about {span(seconds)}: {work}{behind}")
    total = sum(run_seconds(run.load, speed) for run in left)
    disk = sum(2 * CHECKPOINT * parameters(run.load.config) for run in left if run.load.steps) / 1e9
    lines.append(
        f"in all {len(left):,} runs to do, about {span(total / at_once)} with {at_once} at a time, "
        f"up to {disk:,.1f} GB of checkpoints (measured: {speed.flops / 1e9:,.1f} GFLOP/s, {speed.start:.0f} s a start)"
    )
    return "\n".join(lines)


def _kind(label: str) -> str:
    """The label without its seed, common to runs of all seeds.

    >>> _kind("A-lr0.003-seed10"), _kind("A-lr0.003-seed10-texts"), _kind("vocabulary")
    ('A-lr0.003', 'A-lr0.003-texts', 'vocabulary')
    """
    front, _, behind = label.rpartition("-seed")
    return front + behind.lstrip("0123456789") if front else label
