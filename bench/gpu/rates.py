"""The cost of a step: by precision, compiled and not, packed, next to transformers, and its matrix products alone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial

import torch

from bench.gpu.cases import PRECISIONS, Row, Scale, halvings, made_model, measured, set_precision, step_of, timed
from bench.gpu.machine import device_name, published_peak
from bench.products import forward_products, make_products
from bench.step import VARIANTS
from model.config import ModelConfig
from model.cost import flops
from model.optim import OPTIMIZERS, clip_gradients, make_optimizer

# nanoT5's README: T5 1.1 base, batch 128 x (512, 114), seconds of a step on an A100 of 80 GB. 117,000 tokens a second.
NANOT5 = {
    ("bf16", "compiled"): 0.56,
    ("bf16", "eager"): 1.30,
    ("tf32", "compiled"): 0.95,
    ("tf32", "eager"): 1.39,
    ("fp32", "eager"): 4.10,
}


def mfu(scale: Scale) -> Iterator[Row]:
    """bf16 and compiled for each model, next to the limit, first; then packed rows, and transformers."""
    for config in reversed(scale.models):
        named = {"model": config.name, "case": "bf16, its matrix products alone"}
        yield measured(named, partial(halvings, scale.batch, partial(_products, scale, config)))
        yield _step_row(scale, config, "ours-compiled", "bf16")
    for name in ("packed-compiled", "hf-sdpa-compiled"):
        yield _step_row(scale, scale.models[-1], name, "bf16")


def precisions(scale: Scale) -> Iterator[Row]:
    """The last model in the other precisions of nanoT5's table."""
    for name in ("ours", "ours-compiled"):
        for precision in reversed(PRECISIONS):
            if (precision, name) not in (("bf16", "ours-compiled"), ("fp32", "ours-compiled")):
                yield _step_row(scale, scale.models[-1], name, precision)


def optimizers(scale: Scale) -> Iterator[Row]:
    """The cost of each optimizer's step alone, including the gradient norm that the trainer computes."""
    for name in OPTIMIZERS:
        yield measured(
            {"model": scale.models[-1].name, "case": name}, partial(_optimizer, scale, scale.models[-1], name)
        )


def _step_row(scale: Scale, config: ModelConfig, name: str, precision: str) -> Row:
    def measure(batch: int) -> Row:
        step = step_of(scale, config, batch, VARIANTS[name], set_precision(precision))
        device = torch.device(scale.device)
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats()
        began = time.perf_counter()
        step().item()
        first = time.perf_counter() - began
        row = _rates(scale, config, batch, timed(step, device, scale.seconds))
        row["first step, s"] = round(first, 1)
        if device.type == "cuda":
            row["GiB"] = round(torch.cuda.max_memory_allocated() / 2**30, 1)
        return row

    row = measured({"model": config.name, "case": f"{precision}, {name}"}, partial(halvings, scale.batch, measure))
    if name.startswith("ours") and config.name == "base":
        row["nanoT5, A100, s/step"] = NANOT5.get((precision, "compiled" if VARIANTS[name].compiled else "eager"), "")
    return row


def _products(scale: Scale, config: ModelConfig, batch: int) -> Row:
    products = forward_products(config, batch, scale.inputs, scale.targets)
    step = make_products(products, torch.device(scale.device), torch.bfloat16)
    return _rates(scale, config, batch, timed(step, torch.device(scale.device), scale.seconds))


def _rates(scale: Scale, config: ModelConfig, batch: int, seconds: float) -> Row:
    """Rates of a step; MFU is the share of the GPU's published bf16 peak, whatever the precision."""
    done = batch * flops(config, scale.inputs, scale.targets) / seconds
    row: Row = {
        "s/step": float(f"{seconds:.4g}"),
        "input tokens/s": round(batch * scale.inputs / seconds),
        "TFLOP/s": float(f"{done / 1e12:.4g}"),
    }
    peak = published_peak(device_name(scale))
    return row | ({"MFU": round(done / peak, 4)} if peak else {})


def _optimizer(scale: Scale, config: ModelConfig, name: str) -> Row:
    model = made_model(config).to(scale.device)
    optimizer = make_optimizer(name, model, 1e-3)
    for weight in model.parameters():
        weight.grad = torch.full_like(weight, 1e-3)

    def step() -> None:
        clip_gradients(model.parameters(), 1.0)
        optimizer.step()

    return {"ms/step": round(1000 * timed(step, torch.device(scale.device), scale.seconds / 4), 3)}
