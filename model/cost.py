"""The cost of a T5, computed before it is built: parameters, FLOPs of a step, memory."""

from __future__ import annotations

from typing import NamedTuple

from model.config import ModelConfig


def parameters(c: ModelConfig) -> int:
    """The number of weights; a shared one counts once."""
    attention = 4 * c.d_model * c.inner
    feed_forward = _matrices(c) * c.d_model * c.d_ff
    table = c.buckets * c.heads + c.d_model  # bias table of a stack, and its last norm
    decoder = c.decoder_layers * (attention + feed_forward + 2 * c.d_model) + table
    embeddings = (1 if c.tied else 2) * c.vocab * c.d_model
    adapter = bool(c.adapter) * (2 * c.d_model * c.adapter + c.d_model)  # with its norm
    decoder += c.decoder_layers * adapter
    if not c.has_encoder:
        return embeddings + decoder
    encoder = c.layers * (attention + feed_forward + adapter + 2 * c.d_model) + table
    cross = c.decoder_layers * (attention + c.d_model)
    shared = c.layers * (attention + feed_forward) if c.architecture == "shared" else 0
    return embeddings + encoder + decoder + cross - shared


def flops(c: ModelConfig, inputs: int, targets: int) -> int:
    """Floating-point operations to train on one example, forward and backward (three times the forward pass).

    Only matrix products count, a multiply-add as two; embeddings are look-ups. As is customary, attention counts in
    full even where a mask hides half of it, and recomputation does not count.
    """
    layer = 4 * c.d_model * c.inner + _matrices(c) * c.d_model * c.d_ff + 2 * c.d_model * c.adapter
    head = 6 * targets * c.d_model * c.vocab
    if not c.has_encoder:
        row = inputs + targets
        return c.decoder_layers * (6 * row * layer + 12 * c.inner * row**2) + head
    encoder = c.layers * (6 * inputs * layer + 12 * c.inner * inputs**2)
    crossing = 2 * c.d_model * c.inner  # per token of either side
    decoder = c.decoder_layers * (
        6 * targets * (layer + crossing) + 6 * inputs * crossing + 12 * c.inner * targets * (targets + inputs)
    )
    return encoder + decoder + head


class Memory(NamedTuple):
    """Bytes at the end of the forward or the backward pass, the larger of each."""

    weights: int  # fp32, plus bf16 copies under autocast
    gradients: int  # fp32
    optimizer: int  # fp32
    activations: int  # kept for the backward pass, without recomputed ones
    logits: int

    @property
    def total(self) -> int:
        return sum(self)


def memory(
    c: ModelConfig, batch: int, inputs: int, targets: int, bf16: bool = True, states: float = 2, scores: bool = False
) -> Memory:
    """An estimate for one device without dropout; without the allocator's overhead.

    `states` are the optimizer's numbers per weight: 2 for AdamW, about 0 for Adafactor. `scores`: whether the
    probabilities of attention are kept, as on a CPU; GPU kernels do not. On a CPU in fp32 an uncompiled step keeps 11
    to 14 % more activations than this, between the operations of a norm; on a GPU this is not measured.
    """
    width = 2 if bf16 else 4  # for inputs and outputs of matrices; the residual stream is fp32
    weights = parameters(c)
    # A sublayer keeps its norm's input, and its matrices' inputs.
    sublayer = (4 + width) * c.d_model
    attention = sublayer + 4 * width * c.inner  # queries, keys, values, and their output
    feed_forward = sublayer + (4 if c.feed_forward == "gated-gelu" else 1) * width * c.d_ff
    layer, row = attention + feed_forward, inputs + targets
    if c.has_encoder:
        kept = c.layers * inputs * layer
        kept += c.decoder_layers * (targets * (layer + sublayer + 2 * width * c.inner) + inputs * 2 * width * c.inner)
        pairs = c.layers * inputs**2 + c.decoder_layers * targets * row
    else:
        kept = c.decoder_layers * row * layer
        pairs = c.decoder_layers * row**2
    kept += (4 + width) * c.d_model * row + scores * width * c.heads * pairs  # the last norms, and their outputs
    # The logits, also in fp32 for the loss, and their gradient.
    logits = batch * targets * c.vocab * (8 + width * bf16)
    return Memory((4 + 2 * bf16) * weights, 4 * weights, int(4 * states * weights), batch * kept, logits)


def _matrices(c: ModelConfig) -> int:
    """The number of matrices of a feed-forward layer."""
    return 3 if c.feed_forward == "gated-gelu" else 2
