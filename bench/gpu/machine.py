"""The GPU, and the peak rates of its matrix units and memory, of which shares are computed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import torch

from bench.gpu.cases import PRECISIONS, Row, Scale, measured, set_precision, timed

# FLOP/s of dense bf16 matrices, from NVIDIA's data sheets of A100, H100, H200, L4 and L40S. The longest matching name
# counts.
PEAKS = {
    "A100": 312e12,
    "H100 PCIe": 756e12,
    "H100": 989e12,
    "H200": 989e12,
    "L4": 121e12,
    "L40S": 362e12,
}


def published_peak(device: str) -> float | None:
    """The peak of the GPU with that name, or None if it is not in the table.

    >>> published_peak("NVIDIA A100-SXM4-80GB"), published_peak("NVIDIA L40S"), published_peak("AMD EPYC")
    (312000000000000.0, 362000000000000.0, None)
    """
    fitting = [name for name in PEAKS if name in device]
    return PEAKS[max(fitting, key=len)] if fitting else None


def device_name(scale: Scale) -> str:
    return torch.cuda.get_device_name() if scale.device == "cuda" else f"CPU, {torch.get_num_threads()} threads"


def square_rate(scale: Scale, precision: str) -> float:
    """FLOP/s of the product of two square matrices."""
    set_precision(precision)
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    a, b = (torch.rand(scale.square, scale.square, device=scale.device, dtype=dtype) for _ in range(2))
    out = torch.empty_like(a)
    seconds = timed(lambda: torch.mm(a, b, out=out), torch.device(scale.device), scale.seconds / 2)
    return 2 * scale.square**3 / seconds


def copy_rate(scale: Scale) -> float:
    """Bytes a second, read and written, of a copy within the memory of the device."""
    source = torch.rand(scale.square**2, device=scale.device)
    there = torch.empty_like(source)
    seconds = timed(lambda: there.copy_(source), torch.device(scale.device), scale.seconds / 4)
    return 2 * source.numel() * source.element_size() / seconds


def machine(scale: Scale) -> Iterator[Row]:
    """The device, and its rates."""
    name = device_name(scale)
    yield {"what": "device", "value": name}
    yield {"what": "torch", "value": torch.__version__}
    if scale.device == "cuda":
        memory = torch.cuda.get_device_properties(0).total_memory
        yield {"what": "memory, GiB", "value": round(memory / 2**30, 1)}
        major, minor = torch.cuda.get_device_capability()
        yield {"what": "compute capability", "value": f"{major}.{minor}"}
    peak = published_peak(name)
    yield {"what": "published bf16 peak, TFLOP/s", "value": peak / 1e12 if peak else "unknown"}
    for precision in PRECISIONS:
        yield measured({"what": f"{precision} matrices, TFLOP/s"}, partial(_rate, scale, precision))
    yield measured({"what": "memory, GB/s"}, lambda: {"value": round(copy_rate(scale) / 1e9, 1)})


def _rate(scale: Scale, precision: str) -> Row:
    return {"value": round(square_rate(scale, precision) / 1e12, 3)}
