"""T5 in one file: v1.0, v1.1 and mT5, and the other architectures of the paper, from one `ModelConfig`.

    inputs  -> shared -> encoder ---------------> memory
    targets -> shifted -> shared -> decoder <-------'  -> head -> loss over the targets

Shapes are written in letters: B rows of a batch, S length of the inputs, T length of the targets, Q queries and
N keys of an attention, D d_model, F d_ff, H heads, K d_kv, V vocab.

Modules are named and weights are shaped as in transformers' T5ForConditionalGeneration, so that `state_dict()` is a
checkpoint of it: `shared.weight`, `encoder.block.0.layer.0.SelfAttention.q.weight`, ..., `lm_head.weight` if untied.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812, what it is called everywhere
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from model.bias import MASKED, RelativeBias, attention_mask, masked
from model.cache import Cache, KeyValues
from model.config import ModelConfig
from model.ids import IGNORED, PAD
from model.initial import initial_std

MOST_LOGITS = 2**31  # at once: 8 GiB in fp32. More rows are done in turn, and their logits again on the way back


class Output(NamedTuple):
    """Sums, so that micro-batches and ranks add up: divide by the tokens of all of them."""

    loss: Tensor  # (), fp32, what to differentiate: cross entropy and z-loss
    nll: Tensor  # (), fp32, the cross entropy alone, in nats and without gradient
    tokens: Tensor  # (), int64, targets that are not IGNORED
    logits: Tensor | None  # (B, T, V) if asked for


class Attention(nn.Module):
    def __init__(self, c: ModelConfig, relative: bool = False):
        super().__init__()
        self.d_kv, self.dropout = c.d_kv, c.dropout
        self.q = nn.Linear(c.d_model, c.inner, bias=False)
        self.k = nn.Linear(c.d_model, c.inner, bias=False)
        self.v = nn.Linear(c.d_model, c.inner, bias=False)
        self.o = nn.Linear(c.inner, c.d_model, bias=False)
        if relative:
            self.relative_attention_bias = RelativeBias(c)

    def heads(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:2], -1, self.d_kv).transpose(1, 2)  # (B, N, H K) -> (B, H, N, K)

    def forward(self, x: Tensor, bias: Tensor | None, memory: Tensor | None, past: KeyValues | None) -> Tensor:
        """(B, Q, D) -> (B, Q, D). Keys and values are of `memory` (B, N, D), or of what is past and of x itself."""
        if memory is not None and past and past.pair:
            keys, values = past.pair
        else:
            source = x if memory is None else memory
            keys, values = self.heads(self.k(source)), self.heads(self.v(source))
            keys, values = past.append(keys, values) if past else (keys, values)
        dropout = self.dropout if self.training else 0.0
        # T5 scales no scores: its first queries are that much smaller.
        heads = F.scaled_dot_product_attention(self.heads(self.q(x)), keys, values, bias, dropout, scale=1.0)
        y: Tensor = self.o(heads.transpose(1, 2).flatten(2))
        return y


class FeedForward(nn.Module):
    def __init__(self, c: ModelConfig):
        super().__init__()
        if c.feed_forward == "gated-gelu":
            self.wi_0 = nn.Linear(c.d_model, c.d_ff, bias=False)
            self.wi_1 = nn.Linear(c.d_model, c.d_ff, bias=False)
        else:
            self.wi = nn.Linear(c.d_model, c.d_ff, bias=False)
        self.wo = nn.Linear(c.d_ff, c.d_model, bias=False)
        self.gated, self.dropout = c.feed_forward == "gated-gelu", c.dropout

    def forward(self, x: Tensor) -> Tensor:
        if self.gated:
            hidden = F.gelu(self.wi_0(x), approximate="tanh") * self.wi_1(x)  # (B, S, F)
        else:
            hidden = F.relu(self.wi(x))
        y: Tensor = self.wo(F.dropout(hidden, self.dropout, self.training))
        return y


class Residual(nn.Module):
    """x + dropout(f(norm(x))), f under the name that transformers has for it."""

    def __init__(self, c: ModelConfig, name: str, f: nn.Module):
        super().__init__()
        self.name, self.dropout = name, c.dropout
        self.add_module(name, f)
        self.layer_norm = nn.RMSNorm(c.d_model, c.eps)

    def forward(self, x: Tensor, *rest: object) -> Tensor:
        return x + F.dropout(self.get_submodule(self.name)(self.layer_norm(x), *rest), self.dropout, self.training)


class Block(nn.Module):
    def __init__(self, c: ModelConfig, relative: bool, crossed: bool):
        super().__init__()
        self.layer = nn.ModuleList([Residual(c, "SelfAttention", Attention(c, relative))])
        if crossed:
            self.layer.append(Residual(c, "EncDecAttention", Attention(c)))
        self.layer.append(Residual(c, "DenseReluDense", FeedForward(c)))

    def forward(
        self,
        x: Tensor,  # (B, Q, D)
        bias: Tensor,
        memory: Tensor | None,
        memory_bias: Tensor | None,
        past: tuple[KeyValues, KeyValues] | tuple[None, None],
    ) -> Tensor:
        x = self.layer[0](x, bias, None, past[0])
        if memory is not None:
            x = self.layer[1](x, memory_bias, memory, past[1])
        y: Tensor = self.layer[-1](x)
        return y


class Stack(nn.Module):
    """Blocks with one bias for all of them, and a norm at the end."""

    def __init__(self, c: ModelConfig, layers: int, causal: bool, crossed: bool):
        super().__init__()
        self.causal, self.causal_buckets = causal, causal and c.architecture != "prefix-lm"
        self.block = nn.ModuleList(Block(c, relative=i == 0, crossed=crossed) for i in range(layers))
        self.final_layer_norm = nn.RMSNorm(c.d_model, c.eps)
        self.dropout = c.dropout

    def bias(self, queries: int, keys: int, mask: Tensor | None, prefix: int) -> Tensor:
        """(1 or B, H, Q, N): of the distances, and MASKED where a query may not look."""
        table = self.get_submodule("block.0.layer.0.SelfAttention.relative_attention_bias")
        bias: Tensor = table(queries, keys, self.causal_buckets)
        if self.causal:
            key = torch.arange(keys, device=bias.device)
            last = key[keys - queries :].clamp(min=prefix - 1)  # that a query sees
            bias = bias.masked_fill(key > last[:, None], MASKED)
        return bias if mask is None else masked(bias, mask)

    def forward(
        self,
        x: Tensor,  # (B, Q, D)
        mask: Tensor | None = None,  # (B, 1, 1 or Q, N), false where a query may not look
        memory: Tensor | None = None,  # (B, S, D)
        memory_mask: Tensor | None = None,  # (B, 1, 1 or Q, S)
        prefix: int = 0,  # positions that all see one another, causal or not
        cache: Cache | None = None,
    ) -> Tensor:
        """(B, Q, D)."""
        queries = x.shape[1]
        bias = self.bias(queries, queries + (cache.length if cache else 0), mask, prefix)
        memory_bias = None if memory_mask is None else masked(x.new_zeros(()), memory_mask)
        x = F.dropout(x, self.dropout, self.training)
        for i, block in enumerate(self.block):
            past = (cache.self_attention[i], cache.cross_attention[i]) if cache else (None, None)
            x = block(x, bias, memory, memory_bias, past)
        if cache:
            cache.length += queries
        return F.dropout(self.final_layer_norm(x), self.dropout, self.training)


class T5(nn.Module):
    """A T5, its weights as at the start of training.

    `input_segments` (B, S) and `target_segments` (B, T) say to which example of a packed row a position belongs, from
    1 on, 0 being padding: a position sees its own example. A batch with padding and one example a row needs
    `padding(inputs)` as its input segments and nothing else; one without padding needs neither.
    A decoder without encoder takes padded inputs, but no packed rows.
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
            self.lm_head = nn.Linear(config.d_model, config.vocab, bias=False)
        if config.architecture == "shared":
            for ours, theirs in zip(self.decoder.block, self.encoder.block, strict=True):
                for name in ("SelfAttention.q", "SelfAttention.k", "SelfAttention.v", "SelfAttention.o"):
                    ours.set_submodule(f"layer.0.{name}", theirs.get_submodule(f"layer.0.{name}"))
                ours.set_submodule("layer.2.DenseReluDense", theirs.get_submodule("layer.1.DenseReluDense"))
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """Draws all weights anew from torch's generator, normal with `initial_std`; those of norms are 1."""
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
        """Of the decoder's output (..., D): (..., V)."""
        if self.config.tied:
            return F.linear(hidden * self.config.d_model**-0.5, self.shared.weight)
        logits: Tensor = self.lm_head(hidden)
        return logits

    def loss(self, hidden: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Of rows (n, D) and their labels (n,): the summed loss with z-loss, and without."""
        logits = self.logits(hidden).float()
        nll = F.cross_entropy(logits, labels, ignore_index=IGNORED, reduction="sum")
        if not self.z_loss:
            return nll, nll
        return nll + self.z_loss * logits.logsumexp(-1).square().masked_fill(labels == IGNORED, 0.0).sum(), nll

    def start(self, inputs: Tensor, segments: Tensor | None = None) -> tuple[Cache, Tensor]:
        """Reads inputs (B, S): what is remembered of them, and the logits (B, V) of the first target."""
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
        """What a decoder without encoder makes of inputs and targets in one row, (B, S + T, D).

        Padding moves to the left, so that a target is as far from an input as if there were none.
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
        # The prefix has one position more than the inputs, the one that reads the last of them: as in Mesh TensorFlow.
        prefix = length + 1 if self.config.architecture == "prefix-lm" else 0
        tokens = shifted(torch.cat((inputs, targets), 1))
        hidden: Tensor = self.decoder(self.shared(tokens), mask, prefix=prefix, cache=cache)
        return hidden


def padding(inputs: Tensor) -> Tensor:
    """The segments of a batch with one example a row: 1, and 0 where it is PAD."""
    return (inputs != PAD).long()


def shifted(tokens: Tensor, segments: Tensor | None = None) -> Tensor:
    """What a decoder reads to write tokens (B, T): each one's predecessor, and PAD where a segment starts."""
    tokens = F.pad(tokens[:, :-1], (1, 0), value=PAD)
    if segments is None:
        return tokens
    return tokens.masked_fill(segments != F.pad(segments[:, :-1], (1, 0)), PAD)
