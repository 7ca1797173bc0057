"""Filling the blanks of a text with a trained T5.

python -m model.generate --run out/t5 "The fog lay on <extra_id_0> and nobody saw <extra_id_1> bank."
python -m model.generate --run out/t5 --trace out/c4 "..."      and which pages contain the output
"""

from __future__ import annotations

import re
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.arguments import Decoding, parse_generate
from model.command import run_model
from model.data import validation
from model.decode import beam_search, greedy, sample
from model.errors import ConfigError
from model.provenance import need_index, traced_lines
from model.run import open_checkpoint, say
from model.source import Source
from model.stream import Recipe
from model.t5 import T5, padding
from model.tokens import Tokenizer

SENTINEL = re.compile(r"\s*<extra_id_(\d+)>")


def encode(tokenizer: Tokenizer, text: str) -> NDArray[np.int32]:
    """The input ids: the text, its sentinels, and EOS. ConfigError for a sentinel that the vocabulary lacks."""
    vocabulary = tokenizer.vocabulary
    parts = SENTINEL.split(text)  # text, number, text, ...
    ids: list[int] = []
    for piece, number in zip(tokenizer.encode(parts[::2]), [*parts[1::2], None], strict=True):
        ids += piece.tolist()
        if number is not None:
            if int(number) >= vocabulary.sentinels:
                raise ConfigError(
                    f"<extra_id_{number}>: the vocabulary has <extra_id_0> to <extra_id_{vocabulary.sentinels - 1}>"
                )
            ids.append(vocabulary.sentinel(int(number)))
    return np.array([*ids, vocabulary.eos], np.int32)


def filled(text: str, written: str) -> str:
    """A text with its blanks filled from a model's output; unfilled blanks stay.

    >>> filled("The <extra_id_0> lay on <extra_id_1>.", "<extra_id_0> fog<extra_id_1> the river")
    'The fog lay on the river.'
    """
    return "".join(piece for piece, _ in filled_pieces(text, written))


def filled_pieces(text: str, written: str) -> list[tuple[str, bool]]:
    """The same in pieces, each with whether the model wrote it.

    >>> filled_pieces("The <extra_id_0> lay here.", "<extra_id_0> fog")
    [('The', False), (' fog', True), (' lay here.', False)]
    """
    if not SENTINEL.search(text):
        return [(written, True)]
    parts = SENTINEL.split(written)
    fillings = dict(zip(parts[1::2], parts[2::2], strict=True))
    pieces, end = [], 0
    for blank in SENTINEL.finditer(text):
        filling = fillings.get(blank[1])
        gap = "" if blank.start() == 0 else " "
        pieces.append((text[end : blank.start()], False))
        pieces.append((blank[0], False) if filling is None else (f"{gap}{filling.strip()}", True))
        end = blank.end()
    return [*pieces, (text[end:], False)]


def decoder(how: Decoding, device: torch.device) -> Callable[[T5, Tensor, int, Tensor, int], Tensor]:
    """The function of `model.decode` requested."""
    if how.sample:
        generator = torch.Generator(device).manual_seed(how.seed)

        def draw(model: T5, inputs: Tensor, length: int, segments: Tensor, vocabulary: int) -> Tensor:
            return sample(
                model,
                inputs,
                length,
                segments,
                vocabulary,
                generator=generator,
                temperature=how.temperature,
                top_k=how.top_k,
                top_p=how.top_p,
            )

        return draw
    if how.beams > 1:

        def search(model: T5, inputs: Tensor, length: int, segments: Tensor, vocabulary: int) -> Tensor:
            return beam_search(model, inputs, length, segments, vocabulary, beams=how.beams)

        return search
    return greedy


def generate(model: T5, tokenizer: Tokenizer, texts: Sequence[str], length: int, how: Decoding) -> list[str]:
    """The output of a model in eval mode for each text, with sentinels."""
    device = model.shared.weight.device
    rows = [encode(tokenizer, text) for text in texts]
    inputs = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.int64, device=device)
    for place, row in zip(inputs, rows, strict=True):
        place[: len(row)] = torch.from_numpy(row)
    written = decoder(how, device)(model, inputs, length, padding(inputs), tokenizer.vocabulary.size)
    return [tokenizer.decode(row) for row in written.tolist()]


@torch.no_grad()
def infills(model: T5, recipe: Recipe, source: Source, count: int) -> str:
    """The first held-out rows of a source, and the output of a model in eval mode: three lines each."""
    tokenizer: Any = recipe.tokenizer
    batch = next(iter(validation(recipe, source, count)), None)
    if batch is None:
        return ""
    inputs = batch.inputs.to(model.shared.weight.device)
    segments = None if batch.input_segments is None else padding(inputs)
    written = greedy(model, inputs, batch.targets.shape[1], segments, tokenizer.vocabulary.size)
    lines = []
    for row in zip(batch.inputs.tolist(), batch.targets.tolist(), written.tolist(), strict=True):
        if max(row[1]) > 0:  # the last batch is padded with empty rows
            names = ("inputs", "targets", "written")
            lines += [f"{name:<8} {tokenizer.decode(ids)}" for name, ids in zip(names, row, strict=True)]
    return "".join(f"{line}\n" for line in lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command. Returns the exit code."""
    return run_model("generate", lambda: _run(parse_generate(argv)), shows=True)


def _run(args: Namespace) -> int:
    index = None if args.trace is None else need_index(args.trace)
    _, model, tokenizer = open_checkpoint(args.run, args.checkpoint, torch.device(args.device))
    found = generate(model, tokenizer, args.texts, args.max_tokens, args.how)
    for text, written in zip(args.texts, found, strict=True):
        if SENTINEL.search(written) and not (args.raw or SENTINEL.search(text)):
            say("note: no <extra_id_0> in the text: raw output")
        print(written if args.raw else filled(text, written))
        if index is not None:
            for line in traced_lines(index, [(written, True)] if args.raw else filled_pieces(text, written)):
                print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
