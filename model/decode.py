"""Generating targets: greedily as in the paper, by beam search or sampling. With a cache, a step reads one token per
row.

Each function takes a model in eval mode and inputs (B, S), and returns tokens (B, up to `length`), followed by EOS and
PAD. Padded inputs need their segments, see `model.t5.padding`. Ids from `vocabulary` on are never generated: an
embedding has padding rows without a piece, which a barely trained model would otherwise choose.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn.functional import pad
from torch.nn.utils.rnn import pad_sequence

from model.errors import ConfigError
from model.ids import EOS, PAD

LENGTH_PENALTY = 0.6  # exponent of the length penalty, with 4 beams: T5's final models, t5/models/gin/beam_search.gin


class Writer(Protocol):
    """A `T5`, or an `Ensemble` of several. Its state has `select`, see `Cache`."""

    def start(self, inputs: Tensor, segments: Tensor | None = None) -> tuple[Any, Tensor]: ...

    def step(self, tokens: Tensor, cache: Any) -> Tensor: ...

    def parameters(self) -> Iterator[nn.Parameter]: ...


Choose = Callable[[Tensor], Tensor]  # logits (B, V) in fp32 -> tokens (B,)


def greedy(
    model: Writer, inputs: Tensor, length: int, segments: Tensor | None = None, vocabulary: int | None = None
) -> Tensor:
    """The most likely token at each step."""
    return _write(model, inputs, length, segments, vocabulary, lambda logits: logits.argmax(-1))


def check_sampling(temperature: float, top_k: int, top_p: float) -> None:
    """ConfigError for numbers that do not allow sampling."""
    if not 0 < temperature < math.inf or top_k < 0 or not 0 < top_p <= 1:
        raise ConfigError(
            f"sampling with temperature {temperature}, top-k {top_k} and top-p {top_p}: expected a temperature above 0 "
            "(without one it is greedy decoding), top-k 0 or more and top-p above 0, up to 1"
        )


def sample(
    model: Writer,
    inputs: Tensor,
    length: int,
    segments: Tensor | None = None,
    vocabulary: int | None = None,
    *,
    generator: torch.Generator,
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
) -> Tensor:
    """Samples from the `top_k` most likely tokens (0: all), and of these from the fewest that hold `top_p` of the
    probability.

    The generator is on the device of the inputs; its seed and the inputs decide the result.
    """
    check_sampling(temperature, top_k, top_p)

    def choose(logits: Tensor) -> Tensor:
        chances = narrowed(logits / temperature, top_k, top_p).softmax(-1)
        return torch.multinomial(chances, 1, generator=generator)[:, 0]

    # One draw covers the whole batch: without ended rows, the others would get other random numbers.
    return _write(model, inputs, length, segments, vocabulary, choose, keep_ended=True)


def narrowed(logits: Tensor, top_k: int, top_p: float) -> Tensor:
    """Logits (B, V), -inf for tokens that may not be drawn; the most likely always may."""
    ordered, order = logits.sort(descending=True, stable=True)
    if top_k:
        ordered[:, top_k:] = -torch.inf
    chances = ordered.softmax(-1)
    before = chances.cumsum(-1) - chances
    ordered = ordered.masked_fill(before >= top_p, -torch.inf)
    return torch.empty_like(logits).scatter(1, order, ordered)


@torch.inference_mode()
def _write(
    model: Writer,
    inputs: Tensor,
    length: int,
    segments: Tensor | None,
    vocabulary: int | None,
    choose: Choose,
    keep_ended: bool = False,
) -> Tensor:
    """Ended rows are removed once they are half of the batch, so remaining rows are copied at most once in total."""
    cache, logits = model.start(inputs, segments)
    written: list[Tensor] = []
    rows = torch.arange(len(inputs), device=inputs.device)  # still in the batch
    ended = torch.zeros(len(rows), dtype=torch.bool, device=inputs.device)
    while True:
        token = choose(logits[:, :vocabulary].float()).masked_fill(ended, PAD)
        written.append(inputs.new_full((len(inputs),), PAD).index_put((rows,), token))
        ended = ended | (token == EOS)
        left = (~ended).nonzero()[:, 0]
        if len(written) == length or not len(left):
            return torch.stack(written, 1)
        if 2 * len(left) <= len(rows) and not keep_ended:
            cache.select(left)
            rows, token, ended = rows[left], token[left], ended[left]
        logits = model.step(token, cache)


def paper_penalty(tokens: int) -> float:
    """T5's divisor for the log-probability of so many tokens: ((5 + n) / 6) ** 0.6, from Wu et al. 2016."""
    return float(((5 + tokens) / 6) ** LENGTH_PENALTY)


@torch.inference_mode()
def beam_search(
    model: Writer,
    inputs: Tensor,
    length: int,
    segments: Tensor | None = None,
    vocabulary: int | None = None,
    *,
    beams: int = 4,
    penalty: Callable[[int], float] = paper_penalty,
) -> Tensor:
    """The best target found by a search with so many beams.

    A score is the log-probability divided by the `penalty` of the number of tokens, including EOS; the penalty must not
    decrease with length. Open targets count as ended at `length`. A row is done when no open target can beat the worst
    of its `beams` ended ones: transformers' early_stopping="never", whose penalty is n ** length_penalty.
    """
    cache, logits = model.start(inputs, segments)
    found = [inputs.new_empty(0)] * len(inputs)
    rows = torch.arange(len(inputs), device=inputs.device)  # not done yet
    each = rows.repeat_interleave(beams)
    cache.select(each)
    logits = logits[each]
    open_tokens = inputs.new_empty((len(rows), beams, 0))
    open_scores = logits.new_full((len(rows), beams), -torch.inf, dtype=torch.float32)
    open_scores[:, 0] = 0.0  # all beams are still the same
    best_tokens = open_tokens
    best_scores = torch.full_like(open_scores, -torch.inf)
    for n in range(1, length + 1):
        chances = logits[:, :vocabulary].float().log_softmax(-1)
        size = chances.shape[-1]
        scores = open_scores[..., None] + chances.view(len(rows), beams, size)
        # Twice as many as continue, since that many may end here.
        scores, index = scores.flatten(1).topk(min(2 * beams, beams * size))
        parent, token = index // size, index % size
        tokens = torch.cat((_of_beams(open_tokens, parent), token[..., None]), -1)
        ended = (token == EOS) | (n == length)
        # An end counts only among the best `beams`: others would not have continued either.
        ends = (scores / penalty(n)).masked_fill(~ended, -torch.inf)[:, :beams]
        best_scores, kept = torch.cat((best_scores, ends), 1).topk(beams)
        best_tokens = _of_beams(torch.cat((pad(best_tokens, (0, 1), value=PAD), tokens[:, :beams]), 1), kept)
        open_scores, kept = scores.masked_fill(ended, -torch.inf).topk(beams)
        done = open_scores[:, 0] / penalty(length) <= best_scores[:, -1]
        for place in done.nonzero()[:, 0].tolist():
            found[int(rows[place])] = best_tokens[place, 0]
        left = (~done).nonzero()[:, 0]
        if not len(left):
            break
        parent = left[:, None] * beams + parent.gather(1, kept)[left]
        cache.select(parent.flatten())
        open_tokens = _of_beams(tokens, kept)[left]
        rows, open_scores, best_tokens, best_scores = (
            one[left] for one in (rows, open_scores, best_tokens, best_scores)
        )
        logits = model.step(open_tokens[:, :, -1].flatten(), cache)
    return pad_sequence(found, batch_first=True, padding_value=PAD)


def _of_beams(tokens: Tensor, index: Tensor) -> Tensor:
    """The beams of tokens (B, beams, n) selected by the index (B, m): (B, m, n)."""
    return tokens.gather(1, index[..., None].expand(-1, -1, tokens.shape[-1]))
