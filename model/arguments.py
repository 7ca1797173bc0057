"""The command lines of the trainer: arguments -> checked values."""

from __future__ import annotations

import argparse
import os
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from c4pipe.command import Parser, refuse_idle, utf8, utf8_path, whole
from c4pipe.mixture import KINDS
from model.config import SIZES
from model.decode import check_sampling
from model.distributed import find_device
from model.errors import ConfigError
from model.optim import OPTIMIZERS
from model.ranges import INT32
from model.salient import ALL_SPANS, CORPUS_RULES, SALIENT, TARGETS
from model.schedules import SHAPES
from model.settings import TrainSettings, complete

MOST_BEAMS = 1_000  # rows in the model at once
_count = whole(1, INT32)

EPILOG = """\
examples:
  the sample corpus, on a CPU   python -m model.train --data out/c4 --run out/t5
  T5 1.1 base, on a GPU         python -m model.train --data out/en --run out/base --model base
  several GPUs (--run-dir!)     torchrun --nproc_per_node 8 -m model.train --data out/en --run-dir out/l --model large
  the nanoT5 recipe             ... --optimizer adamw-scale --schedule cosine --warmup 10000 --floor 1e-5 --clip 1
  a mixture of languages        ... --data out/mc4 --mixture temperature --alpha 0.3
  continue a T5 from the Hub    ... --init-from FOLDER --lr 0.001 --schedule constant
  what would it take?           ... --dry-run

exit codes: 0 done; 1 the training failed; 2 wrong usage, reported before any work; 130 interrupted (Ctrl-C); 143
terminated (SIGTERM). After a crash or a kill, the same command resumes from the newest good checkpoint.
"""


def train_parser() -> argparse.ArgumentParser:
    """The options of `python -m model.train`. Options that are not given are absent from the result."""
    p = Parser(
        prog="python -m model.train",
        description="Train a T5 on finished corpora.",
        epilog=EPILOG,
        argument_default=argparse.SUPPRESS,
    )
    a = p.add_argument
    a(
        "--data",
        nargs="+",
        type=utf8_path,
        required=True,
        metavar="DIR",
        help="corpora made by build_c4 or rebalance",
    )
    a(
        *("--run", "--run-dir"),  # torchrun mistakes the first for an ambiguous option of its own
        dest="run",
        type=utf8_path,
        required=True,
        metavar="DIR",
        help="folder of the run: a new one, or one to resume",
    )
    a("--model", metavar="SIZE", help=f"{', '.join(SIZES)} (default: tiny)")
    a("--steps", type=int, metavar="N", help="updates (default: 800 for tiny, 65536 for T5, 1000000 for mT5)")
    a("--init-from", type=utf8_path, metavar="DIR", help="start from the weights and tokenizer of a Hugging Face T5")
    beginning_options(p)

    group = p.add_argument_group("data")
    a = group.add_argument
    a("--batch", type=int, metavar="N", help="rows per step, over all processes (default: 8 tiny, 128 T5, 1024 mT5)")
    a("--inputs", type=int, metavar="N", help="input length in tokens (default: 128 tiny, 512 T5, 1024 mT5)")
    a("--objective", metavar="NAME", help=f"{', '.join(CORPUS_RULES)} (default: span)")
    spans_option(p, "with another objective, whole texts")
    a("--targets", type=int, metavar="N", help=f"longest salient span, in tokens (default: {TARGETS})")
    a("--density", type=float, metavar="X", help="share of tokens to mask (default: 0.15)")
    a("--mean-span", type=float, metavar="X", help="mean length of a masked span, in tokens (default: 3)")
    a("--pack", action="store_true", help="pack short documents into one row; attention stays within each")
    languages_option(group)
    a("--mixture", metavar="KIND", help=f"{', '.join(KINDS)} (default: temperature)")
    a("--alpha", type=float, metavar="A", help="exponent of a temperature mixture (default: 0.3, as mT5)")
    a("--temperature", type=float, metavar="T", help="the same as --alpha 1/T")
    a("--limit", type=int, metavar="K", help="cap each entry's count at K documents")
    a("--tokenizer", type=utf8_path, metavar="PATH", help="use this tokenizer instead of training one")
    a("--vocab-size", type=int, metavar="N", help="size of a new vocabulary (default: 2000 tiny, 32000, 250000 mT5)")
    a("--held-out", type=_share, metavar="P", help="share of pages to hold out for evaluation, such as 1%%")
    a("--first-tokens", type=int, metavar="N", help="repeat the first N tokens of each entry, in exact epochs")
    a(
        "--sentinels",
        type=int,
        metavar="N",
        help="sentinels of a new tokenizer; some objectives need more (default: 100)",
    )
    a("--workers", type=int, metavar="N", help="tokenising processes (default: 0 on a CPU, else by cores)")
    a("--seed", type=int, metavar="N", help="seed of weights, order, masking and dropout (default: 0)")

    training = training_options(p, "inverse-sqrt", "0.01; adamw-scale 0.02; adamw 0.001", "the size's own")
    a = training.add_argument
    a("--floor", type=float, metavar="X", help="final learning rate of cosine and linear (default: 0)")
    a("--z-loss", type=float, metavar="X", help="weight of the z-loss (default: 0; t5x has 1e-4)")
    a("--architecture", metavar="NAME", help="encoder-decoder, shared, decoder-lm or prefix-lm")
    a("--layers", type=int, metavar="N", help="layers per stack, instead of the size's own")

    machine_options(p)
    looking_options(p)
    return p


def languages_option(p: argparse._ActionsContainer) -> None:
    """Which configs of corpora are read."""
    p.add_argument("--languages", type=_names, metavar="L,L", help="configs of the corpora (default: all)")


def spans_option(p: argparse.ArgumentParser, otherwise: str) -> None:
    """Which sentences of corpora are read."""
    p.add_argument(
        "--spans",
        type=utf8,
        metavar="SOURCE",
        help=f"only sentences with a salient span: {ALL_SPANS}, some of them, or a JSONL file of spans (default: all "
        f"three for --objective {SALIENT}; {otherwise})",
    )


def beginning_options(p: argparse.ArgumentParser) -> None:
    """Whether and where a run begins."""
    a = p.add_argument
    a(
        "--resume",
        type=utf8,
        metavar="HOW",
        help="auto: from the newest good checkpoint (default); none: a new run; or the path of a checkpoint",
    )
    a("--force", action="store_true", help="resume although the settings differ from the checkpoint's")
    a("--dry-run", action="store_true", help="show sizes, costs and the first batch; train nothing, write nothing")


def training_options(p: argparse.ArgumentParser, schedule: str, lr: str, dropout: str) -> argparse._ArgumentGroup:
    """Options of the optimization, with these defaults in words. Returns the group, for more options."""
    group = p.add_argument_group("training")
    a = group.add_argument
    a("--optimizer", metavar="NAME", help=f"{', '.join(OPTIMIZERS)} (default: adafactor)")
    a("--schedule", metavar="NAME", help=f"{', '.join(SHAPES)} (default: {schedule})")
    a("--lr", type=float, metavar="X", help=f"peak learning rate (default: {lr})")
    a("--warmup", type=int, metavar="N", help="warm-up steps (default: 0)")
    a("--weight-decay", type=float, metavar="X", help="(default: 0)")
    a("--clip", type=float, metavar="X", help="clip the gradient norm at X (default: none, as T5)")
    a("--dropout", type=float, metavar="X", help=f"(default: {dropout})")
    a("--accumulate", type=int, metavar="N", help="split a batch into N accumulation steps to save memory (default: 1)")
    return group


def machine_options(p: argparse.ArgumentParser) -> None:
    """Options of the machine."""
    a = p.add_argument_group("machine").add_argument
    a("--device", metavar="NAME", help="cuda, cuda:1, cpu (default: cuda if available)")
    a("--precision", metavar="NAME", help="fp32 or bf16 (default: bf16 on a GPU)")
    a("--compile", action=argparse.BooleanOptionalAction, help="use torch.compile (default: on a GPU)")
    a("--parallel", metavar="HOW", help="under torchrun: ddp (default), or fsdp to spread a large model")


def looking_options(p: argparse.ArgumentParser) -> None:
    """What is logged and saved, and when."""
    a = p.add_argument_group("evaluation and checkpoints").add_argument
    a("--log-every", type=int, metavar="N", help="steps between log lines (default: 1 on a CPU, else 10)")
    a("--eval-every", type=int, metavar="N", help="steps between evaluations (default: 200 tiny, 1000 T5, 5000 mT5)")
    a("--eval-documents", type=int, metavar="N", help="documents per entry to evaluate on, at most (default: 1000)")
    a("--samples", type=int, metavar="N", help="sample infills per entry at each evaluation (default: 2)")
    a("--save-every", type=int, metavar="N", help="steps between checkpoints (default: as --eval-every)")
    a("--keep", type=int, metavar="N", help="checkpoints to keep, newest first (default: 2)")
    a(
        "--keep-every",
        type=int,
        metavar="N",
        help="also keep every checkpoint at a multiple of N steps (default: 0, none)",
    )
    a("--tensorboard", action=argparse.BooleanOptionalAction, help="write TensorBoard logs (default: yes)")


def parse_train(argv: Sequence[str] | None) -> tuple[TrainSettings, bool]:
    """(settings, whether it is a dry run). ConfigError for settings that cannot work."""
    given: dict[str, Any] = vars(train_parser().parse_args(argv))
    dry = bool(given.pop("dry_run", False))
    refuse_idle(
        {f"--{name}" for name in given},
        ("--targets", given.get("objective") == SALIENT, f"it applies to --objective {SALIENT}. Leave it out."),
    )
    given["data"] = tuple(given["data"])
    return complete(given, torch.cuda.is_available(), os.cpu_count() or 1), dry


@dataclass(frozen=True)
class Decoding:
    """How targets are written: greedily, by beam search, or by sampling."""

    beams: int = 1
    sample: bool = False
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.beams <= MOST_BEAMS:
            raise ConfigError(f"--beams {self.beams}: expected 1 (greedy) to {MOST_BEAMS}")
        if not 0 <= self.seed < 2**64:
            raise ConfigError(f"--seed {self.seed}: expected 0 to {2**64 - 1:,}")
        if self.sample and self.beams > 1:
            raise ConfigError("--sample and --beams exclude each other: give one of them")
        if not self.sample and (self.temperature, self.top_k, self.top_p) != (1.0, 0, 1.0):
            raise ConfigError("--temperature, --top-k and --top-p apply to --sample: add it")
        check_sampling(self.temperature, self.top_k, self.top_p)


def generate_parser() -> Parser:
    """The options of `python -m model.generate`."""
    p = _trained("python -m model.generate", "Fill the blanks of texts with a trained T5.")
    a = p.add_argument
    a("texts", nargs="+", metavar="TEXT", help='such as "The fog lay on <extra_id_0> all day."')
    a("--beams", type=int, default=1, metavar="N", help="beam width (default: 1, greedy, as in the paper)")
    a("--sample", action="store_true", help="sample the tokens")
    a("--temperature", type=float, default=1.0, metavar="X", help="sampling temperature")
    a("--top-k", type=int, default=0, metavar="N", help="sample from the N most likely tokens (default: 0, all)")
    a("--top-p", type=float, default=1.0, metavar="X", help="sample from the smallest set with this total probability")
    a("--seed", type=int, default=0, metavar="N", help="seed of the sampling")
    a("--max-tokens", type=_count, default=64, metavar="N", help="generate at most N tokens (default: 64)")
    a("--raw", action="store_true", help="print the raw output instead of the filled text")
    a(
        "--trace",
        type=utf8_path,
        metavar="DIR",
        help="after each text, name the pages of this corpus that contain parts of it (see python -m c4pipe.textindex)",
    )
    return p


def parse_generate(argv: Sequence[str] | None) -> Namespace:
    """run, checkpoint, texts, max_tokens, raw, trace, device, and `how` to decode.

    ConfigError for options that cannot work.
    """
    p = generate_parser()
    args = p.parse_args(argv)
    drawing = ("--temperature", "--top-k", "--top-p", "--seed")
    why = "it applies to sampling. Leave it out, or add --sample."
    refuse_idle(p.given, *((option, args.sample, why) for option in drawing))
    find_device(args.device)
    args.how = Decoding(args.beams, args.sample, args.temperature, args.top_k, args.top_p, args.seed)
    return args


def evaluate_parser() -> Parser:
    """The options of `python -m model.evaluate`."""
    p = _trained("python -m model.evaluate", "Scores a trained T5 on text that it has not seen.")
    a = p.add_argument
    a("--data", nargs="+", type=utf8_path, metavar="DIR", help="corpora (default: the run's)")
    a("--split", metavar="NAME", help="a split, or held-out (default: what the run holds out, else validation)")
    languages_option(p)
    a("--batch", type=_count, default=16, metavar="N", help="rows per batch (default: 16)")
    a("--documents", type=_count, metavar="N", help="documents per entry, at most (default: all)")
    a("--precision", choices=("fp32", "bf16"), default="fp32", help="(default: fp32)")
    return p


def parse_evaluate(argv: Sequence[str] | None) -> Namespace:
    """run, checkpoint, data, split, languages, batch, batches, precision, device. ConfigError for options that cannot
    work.
    """
    args = evaluate_parser().parse_args(argv)
    find_device(args.device)
    return args


def _trained(prog: str, description: str) -> Parser:
    """The options about a run that both commands share."""
    p = Parser(prog=prog, description=description)
    p.add_argument("--run", type=utf8_path, required=True, metavar="DIR", help="folder of a run")
    p.add_argument("--checkpoint", type=utf8_path, metavar="DIR", help="(default: the newest good one of the run)")
    p.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu", metavar="NAME")
    return p


def _share(text: str) -> float:
    try:
        return float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a share such as 1% or 0.01, got {text!r}") from None


def _names(text: str) -> tuple[str, ...]:
    names = tuple(filter(None, text.split(",")))
    if not names:
        raise argparse.ArgumentTypeError(f"expected names with commas between them, got {text!r}")
    return names
