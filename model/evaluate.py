"""How well a T5 does on text it has not seen: loss and accuracy per token, of each language, against a yardstick.

python -m model.evaluate --run out/t5 [--data out/c4]
"""

from __future__ import annotations

import math
import sys
from argparse import Namespace
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any, NamedTuple

import torch
from torch import Tensor

from c4pipe.languages.named import renamings
from model.arguments import parse_evaluate
from model.command import run_model
from model.data import open_entries, validation
from model.distributed import ProcessGroup
from model.ids import IGNORED
from model.run import open_checkpoint, read_settings
from model.source import Source
from model.stream import Recipe
from model.t5 import Output

ALL = "all"


class Score(NamedTuple):
    """Over the targets of an entry."""

    entry: str
    loss: float  # nats a token
    accuracy: float  # share of the tokens that are the likeliest to the model, given those before
    tokens: int
    unigram: float  # see `entropy`


def entropy(counts: Tensor) -> float:
    """Of tokens with these counts, in nats: what a model scores at best that knows how often each token occurs.

    >>> round(entropy(torch.tensor([2, 0, 1, 1])), 4) == round(1.5 * math.log(2), 4)
    True
    """
    shares = counts[counts > 0].double() / counts.sum()
    return float(-(shares * shares.log()).sum())


@torch.no_grad()
def evaluate(
    forward: Callable[..., Output],
    recipe: Recipe,
    sources: Sequence[Source],
    rows: int,
    batches: int | None,
    group: ProcessGroup,
    bf16: bool,
) -> list[Score]:
    """The score of each source, and last of all together, over at most `batches` batches of `rows` rows of each.

    `forward` is that of a model in eval mode. All processes call it and get the same.
    """
    ids = recipe.tokenizer.vocabulary.size
    found = []
    for source in sources:
        sums = torch.zeros(2, dtype=torch.float64, device=group.device)  # loss, right ones
        counts = torch.zeros(ids, dtype=torch.int64, device=group.device)
        for batch in islice(validation(recipe, source, rows, group.rank, group.ranks), batches):
            inputs = batch.to(group.device)
            with torch.autocast(group.device.type, torch.bfloat16, enabled=bf16):
                output = forward(*inputs, with_logits=True)
            assert output.logits is not None  # asked for
            known = inputs.targets[inputs.targets != IGNORED]
            right = output.logits.argmax(-1) == inputs.targets  # IGNORED is no id
            sums += torch.stack((output.nll, right.sum()))
            counts += torch.bincount(known, minlength=ids)
        found.append((source.entry.name, group.total(sums).cpu(), group.total(counts).cpu()))
    sums, counts = (torch.stack(column).sum(0) for column in list(zip(*found, strict=True))[1:])
    return [_score(*one) for one in [*found, (ALL, sums, counts)]]


def _score(name: str, sums: Any, counts: Any) -> Score:
    tokens = int(counts.sum())
    loss, right = (sums / tokens).tolist() if tokens else (math.nan, math.nan)
    return Score(name, loss, right, tokens, entropy(counts))


def score_table(scores: Iterable[Score]) -> str:
    """Scores for people."""
    rows = [("", "loss", "accuracy", "tokens", "unigram entropy")]
    rows += [(s.entry, f"{s.loss:.4f}", f"{s.accuracy:.2%}", f"{s.tokens:,}", f"{s.unigram:.4f}") for s in scores]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    )


def main(argv: Sequence[str] | None = None) -> int:
    """The command; its exit code."""
    return run_model("evaluate", lambda: _run(parse_evaluate(argv)), shows=True)


def _run(args: Namespace) -> int:
    settings = read_settings(args.run)
    group = ProcessGroup(torch.device(args.device))
    checkpoint, model, tokenizer = open_checkpoint(args.run, args.checkpoint, group.device)
    folders = args.data or settings.data
    entries = open_entries(folders, args.split, args.languages or ())
    for line in renamings(args.languages or (), [entry.name for entry in entries]):
        print(line, file=sys.stderr)
    recipe = Recipe(tuple(Source(entry, settings.rule, 1.0) for entry in entries), tokenizer)
    recipe.check()
    scores = evaluate(model.forward, recipe, recipe.sources, args.batch, args.batches, group, args.precision == "bf16")
    print(f"{checkpoint}, {args.split} text of {', '.join(map(str, folders))}\n{score_table(scores)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
