"""The command lines of the trainer: what was typed -> checked values."""

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

MOST_BEAMS = 1_000  # rows that the model has at once
_count = whole(1, INT32)

EPILOG = """\
examples:
  the sample corpus, on a CPU   python -m model.train --data out/c4 --run out/t5
  T5 1.1 base, on a GPU         python -m model.train --data out/en --run out/base --model base
  several GPUs (--run-dir!)     torchrun --nproc_per_node 8 -m model.train --data out/en --run-dir out/l --model large
  as nanoT5                     ... --optimizer adamw-scale --schedule cosine --warmup 10000 --floor 1e-5 --clip 1
  a mixture of languages        ... --data out/mc4 --mixture temperature --alpha 0.3
  go on with T5 of the hub      ... --init-from FOLDER --lr 0.001 --schedule constant
  what would it take?           ... --dry-run

exit codes: 0 done; 1 the training failed; 2 wrong use, found before any work; 130 interrupted (Ctrl-C); 143 ended
(SIGTERM). After any death the same command goes on from the newest good checkpoint.
"""


def train_parser() -> argparse.ArgumentParser:
    """The options of `python -m model.train`. What is not given is left out of the result."""
    p = Parser(
        prog="python -m model.train",
        description="Trains a T5 on finished corpora.",
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
        help="corpora, as build_c4 and rebalance make them",
    )
    a(
        *("--run", "--run-dir"),  # torchrun takes the first for an unclear option of its own
        dest="run",
        type=utf8_path,
        required=True,
        metavar="DIR",
        help="folder of the run: new, or one to go on with",
    )
    a("--model", metavar="SIZE", help=f"{', '.join(SIZES)} (default: tiny)")
    a("--steps", type=int, metavar="N", help="updates (default: 800 for tiny, 65536 for T5, 1000000 for mT5)")
    a("--init-from", type=utf8_path, metavar="DIR", help="start from the weights and tokenizer of a Hugging Face T5")
    beginning_options(p)

    group = p.add_argument_group("data")
    a = group.add_argument
    a("--batch", type=int, metavar="N", help="rows of a step, over all processes (default: 8 tiny, 128 T5, 1024 mT5)")
    a("--inputs", type=int, metavar="N", help="tokens of the inputs (default: 128 tiny, 512 T5, 1024 mT5)")
    a("--objective", metavar="NAME", help=f"{', '.join(CORPUS_RULES)} (default: span)")
    spans_option(p, "with another objective, whole texts")
    a("--targets", type=int, metavar="N", help=f"tokens of a salient span, at most (default: {TARGETS})")
    a("--density", type=float, metavar="X", help="share of the tokens that are hidden (default: 0.15)")
    a("--mean-span", type=float, metavar="X", help="tokens of a hidden span, on average (default: 3)")
    a("--pack", action="store_true", help="short documents share a row, kept apart by segments")
    languages_option(group)
    a("--mixture", metavar="KIND", help=f"{', '.join(KINDS)} (default: temperature)")
    a("--alpha", type=float, metavar="A", help="of a temperature mixture (default: 0.3, mT5's)")
    a("--temperature", type=float, metavar="T", help="the same said as 1 / alpha")
    a("--limit", type=int, metavar="K", help="documents that an entry counts for at most")
    a("--tokenizer", type=utf8_path, metavar="PATH", help="use this one instead of training one")
    a("--vocab-size", type=int, metavar="N", help="pieces of a new tokenizer (default: 2000 tiny, 32000, 250000 mT5)")
    a("--held-out", type=_share, metavar="P", help="such as 1%%: pages to evaluate on, kept out of training")
    a("--first-tokens", type=int, metavar="N", help="train on the first N of each entry again and again, exact epochs")
    a("--sentinels", type=int, metavar="N", help="of a new tokenizer: some objectives need more (default: 100)")
    a("--workers", type=int, metavar="N", help="processes that tokenise (default: 0 on a CPU, else by cores)")
    a("--seed", type=int, metavar="N", help="of weights, order, corruption and dropout (default: 0)")

    training = training_options(p, "inverse-sqrt", "0.01; adamw-scale 0.02; adamw 0.001", "the size's own")
    a = training.add_argument
    a("--floor", type=float, metavar="X", help="rate at which cosine and linear end (default: 0)")
    a("--z-loss", type=float, metavar="X", help="weight of the z-loss (default: 0; t5x has 1e-4)")
    a("--architecture", metavar="NAME", help="encoder-decoder, shared, decoder-lm or prefix-lm")
    a("--layers", type=int, metavar="N", help="of each stack, instead of the size's own")

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
    """Whether a run begins, and where."""
    a = p.add_argument
    a(
        "--resume",
        type=utf8,
        metavar="HOW",
        help="auto: from the newest good checkpoint (default); none: a new run; or its path",
    )
    a("--force", action="store_true", help="go on although settings differ from those of the checkpoint")
    a("--dry-run", action="store_true", help="tell sizes, costs and a first batch; train nothing, write nothing")


def training_options(p: argparse.ArgumentParser, schedule: str, lr: str, dropout: str) -> argparse._ArgumentGroup:
    """How weights change, with these defaults in words; the group, for more of them."""
    group = p.add_argument_group("training")
    a = group.add_argument
    a("--optimizer", metavar="NAME", help=f"{', '.join(OPTIMIZERS)} (default: adafactor)")
    a("--schedule", metavar="NAME", help=f"{', '.join(SHAPES)} (default: {schedule})")
    a("--lr", type=float, metavar="X", help=f"highest learning rate (default: {lr})")
    a("--warmup", type=int, metavar="N", help="steps over which the rate rises (default: 0)")
    a("--weight-decay", type=float, metavar="X", help="(default: 0)")
    a("--clip", type=float, metavar="X", help="highest norm of the gradients (default: none, as T5)")
    a("--dropout", type=float, metavar="X", help=f"(default: {dropout})")
    a("--accumulate", type=int, metavar="N", help="do a batch in so many parts, to save memory (default: 1)")
    return group


def machine_options(p: argparse.ArgumentParser) -> None:
    """How the work is done."""
    a = p.add_argument_group("machine").add_argument
    a("--device", metavar="NAME", help="cuda, cuda:1, cpu (default: cuda where there is one)")
    a("--precision", metavar="NAME", help="fp32 or bf16 (default: bf16 on a GPU)")
    a("--compile", action=argparse.BooleanOptionalAction, help="by torch.compile (default: on a GPU)")
    a("--parallel", metavar="HOW", help="under torchrun: ddp (default), or fsdp to spread a large model")


def looking_options(p: argparse.ArgumentParser) -> None:
    """What is written down, and when."""
    a = p.add_argument_group("looking and saving").add_argument
    a("--log-every", type=int, metavar="N", help="steps between two looks at the loss (default: 1 on a CPU, else 10)")
    a("--eval-every", type=int, metavar="N", help="steps (default: 200 tiny, 1000 T5, 5000 mT5)")
    a("--eval-documents", type=int, metavar="N", help="of each entry, that are scored at most (default: 1000)")
    a("--samples", type=int, metavar="N", help="infills of each entry at an evaluation (default: 2)")
    a("--save-every", type=int, metavar="N", help="steps (default: as --eval-every)")
    a("--keep", type=int, metavar="N", help="newest checkpoints to keep (default: 2)")
    a("--keep-every", type=int, metavar="N", help="keep those of such steps, too (default: 0, none)")
    a("--tensorboard", action=argparse.BooleanOptionalAction, help="write TensorBoard's files (default: yes)")


def parse_train(argv: Sequence[str] | None) -> tuple[TrainSettings, bool]:
    """(settings, whether it is a dry run). ConfigError for what cannot work."""
    given: dict[str, Any] = vars(train_parser().parse_args(argv))
    dry = bool(given.pop("dry_run", False))
    refuse_idle(
        {f"--{name}" for name in given},
        ("--targets", given.get("objective") == SALIENT, f"it is of --objective {SALIENT}. Leave it out."),
    )
    given["data"] = tuple(given["data"])
    return complete(given, torch.cuda.is_available(), os.cpu_count() or 1), dry


@dataclass(frozen=True)
class Decoding:
    """How targets are written: greedily, by beam search, or drawn."""

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
            raise ConfigError("--sample draws and --beams searches: give one of them")
        if not self.sample and (self.temperature, self.top_k, self.top_p) != (1.0, 0, 1.0):
            raise ConfigError("--temperature, --top-k and --top-p are for --sample: give that, too")
        check_sampling(self.temperature, self.top_k, self.top_p)


def generate_parser() -> Parser:
    """The options of `python -m model.generate`."""
    p = _trained("python -m model.generate", "Fills the blanks of texts with a trained T5.")
    a = p.add_argument
    a("texts", nargs="+", metavar="TEXT", help='such as "The fog lay on <extra_id_0> and nobody saw it."')
    a("--beams", type=int, default=1, metavar="N", help="beam search (default: greedy, as the paper)")
    a("--sample", action="store_true", help="draw the tokens")
    a("--temperature", type=float, default=1.0, metavar="X", help="of the drawing")
    a("--top-k", type=int, default=0, metavar="N", help="draw of the N likeliest (default: 0, of all)")
    a("--top-p", type=float, default=1.0, metavar="X", help="draw of the likeliest that hold this probability")
    a("--seed", type=int, default=0, metavar="N", help="of the drawing")
    a("--max-tokens", type=_count, default=64, metavar="N", help="tokens to write at most (default: 64)")
    a("--raw", action="store_true", help="print what the model writes, and not the filled text")
    a(
        "--trace",
        type=utf8_path,
        metavar="DIR",
        help="say behind each text which pages of this corpus hold pieces of it (python -m c4pipe.textindex DIR first)",
    )
    return p


def parse_generate(argv: Sequence[str] | None) -> Namespace:
    """run, checkpoint, texts, max_tokens, raw, trace, device, and `how` they are decoded.

    ConfigError for what cannot work.
    """
    p = generate_parser()
    args = p.parse_args(argv)
    drawing = ("--temperature", "--top-k", "--top-p", "--seed")
    why = "it is of the drawing. Leave it out, or give --sample."
    refuse_idle(p.given, *((option, args.sample, why) for option in drawing))
    find_device(args.device)
    args.how = Decoding(args.beams, args.sample, args.temperature, args.top_k, args.top_p, args.seed)
    return args


def evaluate_parser() -> Parser:
    """The options of `python -m model.evaluate`."""
    p = _trained("python -m model.evaluate", "Scores a trained T5 on text that it has not seen.")
    a = p.add_argument
    a("--data", nargs="+", type=utf8_path, metavar="DIR", help="corpora (default: those of the run)")
    a("--split", metavar="NAME", help="or held-out (default: what the run holds out, else validation)")
    languages_option(p)
    a("--batch", type=_count, default=16, metavar="N", help="rows at once (default: 16)")
    a("--documents", type=_count, metavar="N", help="of each entry, at most (default: all)")
    a("--precision", choices=("fp32", "bf16"), default="fp32", help="(default: fp32)")
    return p


def parse_evaluate(argv: Sequence[str] | None) -> Namespace:
    """run, checkpoint, data, split, languages, batch, batches, precision, device. ConfigError for what cannot work."""
    args = evaluate_parser().parse_args(argv)
    find_device(args.device)
    return args


def _trained(prog: str, description: str) -> Parser:
    """What both commands ask of a run."""
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
