"""What a T5 costs before it is built: parameters, arithmetic of a step, memory."""

from __future__ import annotations

from typing import NamedTuple

from model.config import ModelConfig


def parameters(c: ModelConfig) -> int:
    """Weights, a shared one counted once."""
    attention = 4 * c.d_model * c.inner
    feed_forward = _matrices(c) * c.d_model * c.d_ff
    table = c.buckets * c.heads + c.d_model  # of a stack, with its last norm
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
    """Floating-point operations to train on one example, forwards and backwards (three times forwards).

    Matrix products alone, a multiply-add being two; embeddings are look-ups. Attention counts in full where a mask
    hides half of it, as is the custom, and nothing counts twice for being computed again.
    """
    layer = 4 * c.d_model * c.inner + _matrices(c) * c.d_model * c.d_ff + 2 * c.d_model * c.adapter
    head = 6 * targets * c.d_model * c.vocab
    if not c.has_encoder:
        row = inputs + targets
        return c.decoder_layers * (6 * row * layer + 12 * c.inner * row**2) + head
    encoder = c.layers * (6 * inputs * layer + 12 * c.inner * inputs**2)
    crossing = 2 * c.d_model * c.inner  # of a token of either side
    decoder = c.decoder_layers * (
        6 * targets * (layer + crossing) + 6 * inputs * crossing + 12 * c.inner * targets * (targets + inputs)
    )
    return encoder + decoder + head


class Memory(NamedTuple):
    """Bytes at the end of a forward pass and of a backward pass, whichever is more of each."""

    weights: int  # fp32, with their copies in bf16 under autocast
    gradients: int  # fp32
    optimizer: int  # fp32
    activations: int  # kept for the backward pass, a recomputed one not counted
    logits: int

    @property
    def total(self) -> int:
        return sum(self)


def memory(
    c: ModelConfig, batch: int, inputs: int, targets: int, bf16: bool = True, states: float = 2, scores: bool = False
) -> Memory:
    """An estimate for one device without dropout; what the allocator wastes is not in it.

    `states` are the optimizer's numbers a weight: 2 of AdamW, about 0 of Adafactor. `scores`: whether the probabilities
    of attention are kept, as on a CPU; the kernels of a GPU do without. On a CPU in fp32 an uncompiled step keeps 11 to
    14 % more activations than this, between the operations of a norm; on a GPU it is not measured.
    """
    width = 2 if bf16 else 4  # of what matrices read and write; the residual stream is fp32
    weights = parameters(c)
    # A sublayer keeps the stream that its norm reads, and what its matrices read.
    sublayer = (4 + width) * c.d_model
    attention = sublayer + 4 * width * c.inner  # queries, keys, values, and what they give
    feed_forward = sublayer + (4 if c.feed_forward == "gated-gelu" else 1) * width * c.d_ff
    layer, row = attention + feed_forward, inputs + targets
    if c.has_encoder:
        kept = c.layers * inputs * layer
        kept += c.decoder_layers * (targets * (layer + sublayer + 2 * width * c.inner) + inputs * 2 * width * c.inner)
        pairs = c.layers * inputs**2 + c.decoder_layers * targets * row
    else:
        kept = c.decoder_layers * row * layer
        pairs = c.decoder_layers * row**2
    kept += (4 + width) * c.d_model * row + scores * width * c.heads * pairs  # the last norms, and what follows them
    # The logits, in fp32 as well for the loss, and their gradient.
    logits = batch * targets * c.vocab * (8 + width * bf16)
    return Memory((4 + 2 * bf16) * weights, 4 * weights, int(4 * states * weights), batch * kept, logits)


def _matrices(c: ModelConfig) -> int:
    """Matrices of a feed-forward layer."""
    return 3 if c.feed_forward == "gated-gelu" else 2
