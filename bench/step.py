"""One training step of our T5 against transformers' model, interleaved, so that a busy minute of the machine affects
both equally.

`python -m bench.step [--size base] [--variants ours,hf-sdpa] [--rounds 8] [--output FILE]`. A step is forward, backward
and fused AdamW on the same weights and batch; first it is checked that the losses agree. `products` is the lower bound,
the matrix products of a step alone, and `packed` our step with four examples per row. On a shared machine, compare only
the minima of an interleaved run, or the pairs of a round. On CUDA the matrices are bf16, and the share of the peak is
printed, too.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch
import transformers
from torch import Tensor, nn

from bench.packed import packed_segments
from bench.products import forward_products, make_products
from model.config import SIZES, ModelConfig, find_size
from model.cost import flops, parameters
from model.t5 import T5

RESULTS = Path(__file__).parent / "results" / "step.json"
# The shape that the reference sheet measured on two cores (trainer.md 6): wide enough that matrices dominate.
CPU = dataclasses.replace(find_size("tiny"), name="cpu", d_ff=1024, heads=6, layers=2, decoder_layers=2)
PEAK = 790e12  # FLOP/s, bf16 matrices as measured on an H200

PRODUCTS = "products"  # name of the lower bound
EXAMPLES = 4  # examples in a packed row


class Variant(NamedTuple):
    """One way to do a step."""

    attention: str = ""  # attention of transformers' model; "": our model
    compiled: bool = False
    packed: bool = False


VARIANTS = {
    "hf-eager": Variant("eager"),
    "hf-sdpa": Variant("sdpa"),
    "ours": Variant(),
    "hf-eager-compiled": Variant("eager", compiled=True),
    "hf-sdpa-compiled": Variant("sdpa", compiled=True),
    "ours-compiled": Variant(compiled=True),
    "packed-compiled": Variant(compiled=True, packed=True),
}


class Times(NamedTuple):
    """Times of the steps of one variant, in seconds; `cpu` covers all threads."""

    wall: list[float]
    cpu: list[float]


def hf_model(ours: T5, attention: str) -> nn.Module:
    """transformers' T5 with our weights. It ties the head to the embedding whatever the config says; untied here."""
    config = transformers.T5Config(**ours.config.to_hf())
    config._attn_implementation = attention
    model = transformers.T5ForConditionalGeneration(config)
    if not ours.config.tied:
        model.lm_head.weight = nn.Parameter(torch.empty_like(model.shared.weight))
    model.load_state_dict(ours.state_dict(), strict=False)  # it has copies of the embedding under two other names
    return model


def make_step(
    variant: Variant, ours: T5, inputs: Tensor, targets: Tensor, bf16: bool, backend: str = "inductor"
) -> Callable[[], Tensor]:
    """A function that trains one step and returns the mean loss before it. `backend` is that of torch.compile."""
    if variant.attention:
        model = hf_model(ours, variant.attention)
    else:
        model = T5(ours.config)
        model.load_state_dict(ours.state_dict())
    model = model.to(inputs.device).train()
    segments = packed_segments(inputs, targets, EXAMPLES) if variant.packed else ()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)
    forward: Any = torch.compile(model, dynamic=False, backend=backend) if variant.compiled else model

    def step() -> Tensor:
        with torch.autocast(inputs.device.type, torch.bfloat16, enabled=bf16):
            if variant.attention:
                loss = forward(input_ids=inputs, labels=targets).loss
            else:
                out = forward(inputs, targets, *segments)
                loss = out.loss / out.tokens
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return loss.detach()  # type: ignore[no-any-return]

    return step


def measure(steps: dict[str, Callable[[], Tensor]], rounds: int, device: torch.device) -> dict[str, Times]:
    """Each round runs each variant once, A B C A B C."""
    times = {name: Times([], []) for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            wall, cpu = time.perf_counter(), time.process_time()
            step()
            if device.type == "cuda":
                torch.cuda.synchronize()
            times[name].wall.append(time.perf_counter() - wall)
            times[name].cpu.append(time.process_time() - cpu)
    return times


def summary(
    times: dict[str, Times], config: ModelConfig, shape: tuple[int, int, int], peak: float | None
) -> dict[str, Any]:
    """Per variant: minimum and median seconds, input tokens per second, and the speed-up over each other one.

    `wall_min` compares the minima, `wall_pairs` is the median of the rounds' ratios.
    """
    batch, inputs, targets = shape
    work = batch * flops(config, inputs, targets)
    rows = {}
    for name, (wall, cpu) in times.items():
        best = min(wall)
        rows[name] = {
            "wall_min_s": round(best, 5),
            "wall_median_s": round(statistics.median(wall), 5),
            "cpu_min_s": round(min(cpu), 5),
            "input_tokens_per_s": round(batch * inputs / best),
            "flops_per_s": round(work / best),
            **({"mfu": round(work / best / peak, 4)} if peak else {}),
            "times_faster_than": {
                other: {
                    "wall_min": round(min(theirs.wall) / best, 3),
                    "wall_pairs": round(statistics.median(a / b for a, b in zip(theirs.wall, wall, strict=True)), 3),
                    "cpu_min": round(min(theirs.cpu) / min(cpu), 3),
                }
                for other, theirs in times.items()
                if other != name
            },
        }
    return rows


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--size", default="cpu", help=f"cpu, {', '.join(SIZES)}")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--inputs", type=int, default=512)
    parser.add_argument("--targets", type=int, default=114)
    parser.add_argument("--variants", default=",".join((PRODUCTS, *VARIANTS)))
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--warmup", type=int, default=2)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--peak", type=float, default=PEAK, help="peak FLOP/s of the GPU, for the share")
    parser.add_argument("--output", type=Path, default=RESULTS)
    args = parser.parse_args(argv)

    device = torch.device(args.device)
    on_gpu = device.type == "cuda"
    torch.set_float32_matmul_precision("high" if on_gpu else "highest")
    torch.manual_seed(0)
    config = dataclasses.replace(CPU if args.size == "cpu" else find_size(args.size), dropout=0.0)
    ours = T5(config)
    inputs = torch.randint(2, config.vocab, (args.batch, args.inputs), device=device)
    targets = torch.randint(2, config.vocab, (args.batch, args.targets), device=device)
    named = {name: VARIANTS[name] for name in args.variants.split(",") if name != PRODUCTS}
    steps = {name: make_step(variant, ours, inputs, targets, bf16=on_gpu) for name, variant in named.items()}
    losses = {name: float(step()) for name, step in steps.items() if not named[name].packed}
    if PRODUCTS in args.variants.split(","):
        products = forward_products(config, args.batch, args.inputs, args.targets)
        steps[PRODUCTS] = make_products(products, device, torch.bfloat16 if on_gpu else torch.float32)
    if losses and max(losses.values()) - min(losses.values()) > (5e-2 if on_gpu else 1e-4):
        raise SystemExit(f"the variants do not compute the same loss: {losses}")
    measure(steps, args.warmup, device)
    times = measure(steps, args.rounds, device)
    report = {
        "size": config.name,
        "parameters": parameters(config),
        "batch": [args.batch, args.inputs, args.targets],
        "device": torch.cuda.get_device_name() if on_gpu else platform.processor() or platform.machine(),
        "threads": torch.get_num_threads(),
        "dtype": "bf16" if on_gpu else "fp32",
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "rounds": args.rounds,
        "first_loss": losses,
        "variants": summary(times, config, (args.batch, args.inputs, args.targets), args.peak if on_gpu else None),
    }
    args.output.parent.mkdir(exist_ok=True)
    args.output.write_text(json.dumps(report, indent=2) + "\n")
    for name, row in report["variants"].items():
        faster = "  ".join(
            f"{ratio['wall_min']:.2f} ({ratio['wall_pairs']:.2f}) x {other}"
            for other, ratio in row["times_faster_than"].items()
            if other.startswith("hf") or other == PRODUCTS
        )
        print(f"{name:18} min {row['wall_min_s']:8.4f} s  median {row['wall_median_s']:8.4f} s  {faster}")


if __name__ == "__main__":
    main()
