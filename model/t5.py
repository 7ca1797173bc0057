"""T5 v1.0, v1.1 and mT5, and the other architectures of the paper, from one `ModelConfig`.

    inputs  -> shared -> encoder ---------------> memory
    targets -> shifted -> shared -> decoder <-------'  -> head -> loss over the targets

Letters of shapes: B rows of a batch, S length of the inputs, T length of the targets, D d_model, V vocab;
those of one layer in `model.stack`.

Modules are named and weights are shaped as in transformers' T5ForConditionalGeneration, so that `state_dict()` is a
checkpoint of it: `shared.weight`, `encoder.block.0.layer.0.SelfAttention.q.weight`, ..., `lm_head.weight` if untied.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812, what it is called everywhere
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from model.bias import attention_mask
from model.cache import Cache
from model.config import ModelConfig
from model.ids import IGNORED, PAD
from model.initial import initial_std
from model.linear import Linear, product
from model.stack import Stack

MOST_LOGITS = 2**31  # at once: 8 GiB in fp32. More rows are done in turn, recomputing logits in the backward pass


class Output(NamedTuple):
    """Sums, so that micro-batches and ranks add up: divide by their total tokens."""

    loss: Tensor  # (), fp32, what to differentiate: cross entropy and z-loss
    nll: Tensor  # (), fp32, only the cross entropy, in nats and without gradient
    tokens: Tensor  # (), int64, targets that are not IGNORED
    logits: Tensor | None  # (B, T, V) if requested


class T5(nn.Module):
    """A T5, with initial weights.

    `input_segments` (B, S) and `target_segments` (B, T) give the example of a packed row to which a position belongs,
    from 1, with 0 for padding: a position sees only its own example. A batch with padding and one example per row needs
    only `padding(inputs)` as input segments; one without padding needs neither. A decoder without encoder accepts
    padded inputs, but no packed rows.
    """

    def __init__(self, config: ModelConfig, z_loss: float = 0.0):
        """`z_loss` is the weight of the squared log of the softmax's sum: 1e-4 in t5x, none in transformers."""
        super().__init__()
        self.config, self.z_loss = config, z_loss
        self.shared = nn.Embedding(config.vocab, config.d_model)
        if config.has_encoder:
            self.encoder = Stack(config, config.layers, causal=False, crossed=False)
        self.decoder = Stack(config, config.decoder_layers, causal=True, crossed=config.has_encoder)
        if not config.tied:
            self.lm_head = Linear(config.d_model, config.vocab, bias=False)
        if config.architecture == "shared":
            for ours, theirs in zip(self.decoder.block, self.encoder.block, strict=True):
                for name in ("SelfAttention.q", "SelfAttention.k", "SelfAttention.v", "SelfAttention.o"):
                    ours.set_submodule(f"layer.0.{name}", theirs.get_submodule(f"layer.0.{name}"))
                ours.set_submodule("layer.2.DenseReluDense", theirs.get_submodule("layer.1.DenseReluDense"))
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """Draws all weights again from torch's generator, normal with `initial_std`; norms are 1."""
        for name, weight in self.named_parameters():
            std = initial_std(name, self.config)
            weight.normal_(0.0, std) if std else weight.fill_(1.0)

    def forward(
        self,
        inputs: Tensor,
        targets: Tensor,
        input_segments: Tensor | None = None,
        target_segments: Tensor | None = None,
        with_logits: bool = False,
    ) -> Output:
        """Inputs (B, S) and targets (B, T), int64, IGNORED after the EOS of a target -> sums over the batch."""
        known = targets.clamp(min=PAD)
        if self.config.has_encoder:
            memory = self.encode(inputs, input_segments)
            mask, memory_mask = (
                attention_mask(target_segments, target_segments),
                attention_mask(target_segments, input_segments),
            )
            hidden = self.decoder(self.shared(shifted(known, target_segments)), mask, memory, memory_mask)
        else:
            hidden = self._read_row(inputs, known, input_segments)[:, inputs.shape[1] :]
        rows, labels = hidden.flatten(0, 1), targets.flatten()
        size = max(1, MOST_LOGITS // self.config.vocab)
        if len(rows) <= size:
            loss, nll = self.loss(rows, labels)
        else:
            parts = zip(torch.split(rows, size), torch.split(labels, size), strict=True)
            sums = [checkpoint(self.loss, *part, use_reentrant=False) for part in parts]
            loss, nll = (torch.stack(column).sum() for column in zip(*sums, strict=True))
        return Output(loss, nll.detach(), (labels != IGNORED).sum(), self.logits(hidden) if with_logits else None)

    def encode(self, inputs: Tensor, segments: Tensor | None = None) -> Tensor:
        """Inputs (B, S) -> memory (B, S, D)."""
        memory: Tensor = self.encoder(self.shared(inputs), attention_mask(segments, segments))
        return memory

    def logits(self, hidden: Tensor) -> Tensor:
        """The logits (..., V) of the decoder's output (..., D)."""
        if self.config.tied:
            return product(hidden * self.config.d_model**-0.5, self.shared.weight)
        logits: Tensor = self.lm_head(hidden)
        return logits

    def loss(self, hidden: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """The summed loss of rows (n, D) and labels (n,), with z-loss and without."""
        logits = self.logits(hidden).float()
        nll = F.cross_entropy(logits, labels, ignore_index=IGNORED, reduction="sum")
        if not self.z_loss:
            return nll, nll
        return nll + self.z_loss * logits.logsumexp(-1).square().masked_fill(labels == IGNORED, 0.0).sum(), nll

    def start(self, inputs: Tensor, segments: Tensor | None = None) -> tuple[Cache, Tensor]:
        """Reads inputs (B, S). Returns the cache, and the logits (B, V) of the first target."""
        first = inputs.new_full((len(inputs), 1), PAD)
        if self.config.has_encoder:
            cache = Cache(self.config.decoder_layers, self.encode(inputs, segments), attention_mask(None, segments))
            return cache, self.step(first[:, 0], cache)
        cache = Cache(self.config.decoder_layers)
        return cache, self.logits(self._read_row(inputs, first, segments, cache)[:, -1])

    def step(self, tokens: Tensor, cache: Cache) -> Tensor:
        """The next tokens (B,) of the targets -> the logits (B, V) of those after them."""
        x = self.shared(tokens[:, None])
        if self.config.has_encoder:
            hidden = self.decoder(x, memory=cache.memory, memory_mask=cache.mask, cache=cache)
        else:
            cache.mask = None if cache.mask is None else F.pad(cache.mask, (0, 1), value=True)
            hidden = self.decoder(x, cache.mask, cache=cache)
        return self.logits(hidden[:, -1])

    def _read_row(self, inputs: Tensor, targets: Tensor, segments: Tensor | None, cache: Cache | None = None) -> Tensor:
        """The output of a decoder without encoder for inputs and targets in one row, (B, S + T, D).

        Padding moves to the left, so that distances between inputs and targets do not depend on it.
        """
        length, mask = inputs.shape[1], None
        if segments is not None:
            filled = (segments != 0).sum(1, keepdim=True)  # (B, 1)
            place = torch.arange(length, device=inputs.device) + filled
            inputs = inputs.gather(1, place % max(1, length))
            place = torch.arange(length + targets.shape[1], device=inputs.device)
            mask = (place >= length - filled)[:, None, None]
        if cache:
            cache.mask = mask
        # The prefix has one position more than the inputs, which reads the last input, as in Mesh TensorFlow.
        prefix = length + 1 if self.config.architecture == "prefix-lm" else 0
        tokens = shifted(torch.cat((inputs, targets), 1))
        hidden: Tensor = self.decoder(self.shared(tokens), mask, prefix=prefix, cache=cache)
        return hidden


def padding(inputs: Tensor) -> Tensor:
    """The segments of a batch with one example per row: 1, and 0 for PAD."""
    return (inputs != PAD).long()


def shifted(tokens: Tensor, segments: Tensor | None = None) -> Tensor:
    """The decoder's input for tokens (B, T): each token's predecessor, and PAD where a segment starts."""
    tokens = F.pad(tokens[:, :-1], (1, 0), value=PAD)
    if segments is None:
        return tokens
    return tokens.masked_fill(segments != F.pad(segments[:, :-1], (1, 0)), PAD)
