"""What the sections of `make gpu` share: sizes, timing of a step, and the row of a failed case."""

from __future__ import annotations

import dataclasses
import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from bench.step import CPU, Variant, make_step
from model.config import ModelConfig, find_size
from model.t5 import T5

Row = dict[str, Any]  # a line of a table: what was measured, by the name of its column
FAILED = "not measured"  # the column that says why


@dataclass(frozen=True)
class Scale:
    """The sizes of what is measured."""

    name: str
    device: str
    models: tuple[ModelConfig, ...]  # models whose rates are measured, the last one in every precision
    parity: ModelConfig  # model that is also computed on the CPU
    batch: int  # initial rows, halved until they fit into memory
    inputs: int
    targets: int
    square: int  # side of the matrices for measuring the peak
    seconds: float  # for which a case is repeated
    backend: str  # backend of torch.compile
    training: tuple[str, ...]  # options of the training, except its data and run folders

    @property
    def batch_of_parity(self) -> int:
        """Rows that a CPU can process in seconds."""
        return min(4, self.batch)


# Batch and lengths of T5 and of nanoT5: Raffel et al. 2020, section 3.1.2. nanoT5's rates are of its AdamWScale.
FULL = Scale(
    "full",
    "cuda",
    (find_size("small"), find_size("base")),
    dataclasses.replace(CPU, dropout=0.0),
    batch=128,
    inputs=512,
    targets=114,
    square=8192,
    seconds=2.0,
    backend="inductor",
    training=("--model", "base", "--optimizer", "adamw-scale", "--clip", "1", "--warmup", "100"),
)

# Checks that all sections run, on any machine, in a minute or two. Its numbers mean nothing.
_SMALLEST = dataclasses.replace(CPU, name="rehearsal", d_model=32, d_ff=64, heads=2, d_kv=16, vocab=256, dropout=0.0)
REHEARSAL = Scale(
    "rehearsal",
    "cpu",
    (_SMALLEST, dataclasses.replace(_SMALLEST, name="rehearsal-gated", layers=1)),
    _SMALLEST,
    batch=2,
    inputs=32,
    targets=12,
    square=64,
    seconds=0.0,
    backend="aot_eager",  # traced and differentiated as for machine code, which would take minutes here
    training=("--model", "tiny", "--inputs", "32", "--batch", "2", "--device", "cpu", "--warmup", "2"),
)

PRECISIONS = ("fp32", "tf32", "bf16")


def set_precision(name: str) -> bool:
    """Sets the precision of fp32 matrices: "fp32" is exact, others allow TF32. Returns whether to autocast."""
    torch.set_float32_matmul_precision("highest" if name == "fp32" else "high")
    return name == "bf16"


def synchronize(device: torch.device) -> None:
    """Waits for the device's queued work."""
    if device.type == "cuda":
        torch.cuda.synchronize()


def timed(step: Callable[[], object], device: torch.device, seconds: float, most: int = 100) -> float:
    """Median seconds of a call, after two warm-up calls; at least three calls, and as many as fit in `seconds`."""
    for _ in range(2):
        step()
    times: list[float] = []
    while len(times) < 3 or (sum(times) < seconds and len(times) < most):
        synchronize(device)
        began = time.perf_counter()
        step()
        synchronize(device)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def measured(named: Row, measure: Callable[[], Row]) -> Row:
    """A row: what names it, and what is measured, or why that failed. A failing case does not affect the others: what
    another machine's compiler, driver or memory refuses is a result here.
    """
    try:
        return named | measure()
    except Exception as error:
        words = str(error).strip().splitlines() or [""]
        return named | {FAILED: f"{type(error).__name__}: {words[0][:200]}"}
    finally:
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def halvings(batch: int, measure: Callable[[int], Row]) -> Row:
    """The measurement with the batch, halved until it fits into memory."""
    while True:
        try:
            return {"batch": batch} | measure(batch)
        except torch.OutOfMemoryError:
            if batch == 1:
                raise
        gc.collect()  # after the except: until then the traceback holds the failed tensors
        torch.cuda.empty_cache()
        batch //= 2


def draw(config: ModelConfig, rows: int, length: int, device: str = "cpu") -> Tensor:
    """Token ids (rows, length), the same each time, without padding."""
    generator = torch.Generator().manual_seed(length)
    return torch.randint(2, config.vocab, (rows, length), generator=generator).to(device)


def made_model(config: ModelConfig) -> T5:
    """A T5 on the CPU, with the same weights each time."""
    torch.manual_seed(0)
    return T5(dataclasses.replace(config, dropout=0.0))


def step_of(scale: Scale, config: ModelConfig, batch: int, variant: Variant, bf16: bool) -> Callable[[], Tensor]:
    """A step of `bench.step` on the scale's device."""
    torch.compiler.reset()
    inputs, targets = (draw(config, batch, length, scale.device) for length in (scale.inputs, scale.targets))
    return make_step(variant, made_model(config), inputs, targets, bf16, backend=scale.backend)
