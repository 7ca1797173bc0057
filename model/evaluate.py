"""Scores a T5 on unseen text: loss and accuracy per token, for each language, next to a baseline.

python -m model.evaluate --run out/t5 [--data out/c4]
"""

from __future__ import annotations

import math
import sys
from argparse import Namespace
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from c4pipe.languages.named import renamings
from model.arguments import parse_evaluate
from model.command import run_model
from model.data import open_entries, validation
from model.distributed import ProcessGroup
from model.errors import ConfigError
from model.held_out import KEPT_OUT, HeldOut, hold_out, split_off
from model.ids import IGNORED
from model.objectives import Vocabulary
from model.run import open_checkpoint, read_settings
from model.source import Source
from model.stream import Recipe
from model.t5 import Output

ALL = "all"


class Score(NamedTuple):
    """The scores over the targets of an entry."""

    entry: str
    loss: float  # nats per token
    accuracy: float  # share of tokens that the model ranks first, given those before
    tokens: int
    unigram: float  # see `entropy`
    bits: float  # bits per byte, see `evaluate`


def entropy(counts: Tensor) -> float:
    """The entropy of tokens with these counts, in nats: the best loss of a model that knows only their frequencies.

    >>> round(entropy(torch.tensor([2, 0, 1, 1])), 4) == round(1.5 * math.log(2), 4)
    True
    """
    shares = counts[counts > 0].double() / counts.sum()
    return float(-(shares * shares.log()).sum())


@torch.no_grad()
def evaluate(
    forward: Callable[..., Output],
    recipe: Recipe,
    held_out: Sequence[HeldOut],
    rows: int,
    group: ProcessGroup,
    bf16: bool,
) -> list[Score]:
    """The score of each held-out source, and last of all together, `rows` rows at a time.

    `forward` is that of a model in eval mode. All processes call it and get the same result; the number of rows and
    processes changes only the order of sums.

    Bits per byte compares models with different tokenizers: the mean nats of the text tokens among the targets (no
    sentinels, no eos), in bits, times the tokens per byte of UTF-8 of these documents. An objective hides a random part
    of the tokens, a different one under another tokenizer, so the number is exact only as far as that part is a fair
    sample: the error is that of a mean over `tokens` draws, about 0.01 bits per byte for 30,000. For an objective whose
    targets are the whole text (lm) it is exact. Compare only runs with the same objective, since another one shows the
    model other text. Text without a piece in the tokenizer costs as much as its unk, however many bytes that hides.
    """
    vocabulary = recipe.tokenizer.vocabulary
    found = []
    for source, tokens_a_byte in held_out:
        sums = torch.zeros(4, dtype=torch.float64, device=group.device)  # loss, correct; loss, count of text tokens
        counts = torch.zeros(vocabulary.size, dtype=torch.int64, device=group.device)
        for batch in validation(recipe, source, rows, group.rank, group.ranks):
            inputs = batch.to(group.device)
            with torch.autocast(group.device.type, torch.bfloat16, enabled=bf16):
                output = forward(*inputs, with_logits=True)
            assert output.logits is not None  # requested
            known = inputs.targets[inputs.targets != IGNORED]
            right = output.logits.argmax(-1) == inputs.targets  # IGNORED is not an id
            sums += torch.stack((output.nll, right.sum(), *text_nll(output.logits, inputs.targets, vocabulary)))
            counts += torch.bincount(known, minlength=vocabulary.size)
        found.append((source.entry.name, group.total(sums).cpu(), group.total(counts).cpu(), tokens_a_byte))
    scores = [_score(*one) for one in found]
    sums, counts = (torch.stack(column).sum(0) for column in list(zip(*found, strict=True))[1:3])
    # For all together, as if their hidden texts were one file: nats and bytes are summed.
    size = sum(float(one[3]) / tokens_a_byte for _, one, _, tokens_a_byte in found)
    return [*scores, _score(ALL, sums, counts, float(sums[3]) / size if size else math.nan)]


def text_nll(logits: Tensor, targets: Tensor, vocabulary: Vocabulary) -> tuple[Tensor, Tensor]:
    """The summed nats of the targets (B, T) that are text tokens, from logits (B, T, V), and their number."""
    nats, tokens = row_nll(logits, targets, vocabulary)
    return nats.sum(), tokens.sum()


def row_nll(logits: Tensor, targets: Tensor, vocabulary: Vocabulary) -> tuple[Tensor, Tensor]:
    """The same for each row: nats (B,) in fp64, and text tokens (B,)."""
    text = (targets >= 0) & (targets != vocabulary.eos) & (targets < vocabulary.first_sentinel)
    nats = logits.new_zeros(len(targets), dtype=torch.float64)
    for row, (scores, ids, here) in enumerate(zip(logits, targets, text, strict=True)):  # copies one row, not all
        nats[row] = cross_entropy(scores[here].float(), ids[here], reduction="sum")
    return nats, text.sum(1)


def _score(name: str, sums: Tensor, counts: Tensor, tokens_a_byte: float) -> Score:
    tokens = int(counts.sum())
    loss, right = (sums[:2] / tokens).tolist() if tokens else (math.nan, math.nan)
    nats = float(sums[2] / sums[3]) if sums[3] else math.nan
    return Score(name, loss, right, tokens, entropy(counts), nats / math.log(2) * tokens_a_byte)


def score_table(scores: Iterable[Score]) -> str:
    """Scores for people."""
    rows = [("", "loss", "accuracy", "tokens", "unigram entropy", "bits per byte")]
    rows += [
        (s.entry, f"{s.loss:.4f}", f"{s.accuracy:.2%}", f"{s.tokens:,}", f"{s.unigram:.4f}", f"{s.bits:.4f}")
        for s in scores
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command. Returns the exit code."""
    return run_model("evaluate", lambda: _run(parse_evaluate(argv)), shows=True)


def _run(args: Namespace) -> int:
    settings = read_settings(args.run)
    group = ProcessGroup(torch.device(args.device))
    checkpoint, model, tokenizer = open_checkpoint(args.run, args.checkpoint, group.device)
    folders = args.data or settings.data
    split = args.split or (KEPT_OUT if settings.held_out and not args.data else "validation")
    entries = open_entries(folders, "train" if split == KEPT_OUT else split, args.languages or ())
    if split == KEPT_OUT:
        if not settings.held_out:
            raise ConfigError(f"{args.run} has no held-out training pages (--held-out): name another --split")
        entries = tuple(split_off(entry, settings.held_out)[1] for entry in entries)
    for line in renamings(args.languages or (), [entry.name for entry in entries]):
        print(line, file=sys.stderr)
    recipe = Recipe(tuple(Source(entry, settings.rule_of(entry.name), 1.0) for entry in entries), tokenizer)
    recipe.check()
    held_out = [hold_out(source, tokenizer, args.documents) for source in recipe.sources]
    scores = evaluate(model.forward, recipe, held_out, args.batch, group, args.precision == "bf16")
    print(f"{checkpoint}, {split} text of {', '.join(map(str, folders))}\n{score_table(scores)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
