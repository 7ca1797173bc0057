"""A stack of transformer blocks, T5's encoder or decoder: attention, feed-forward, and the residual connections around
them.

Letters as in t5.py, plus: Q queries and N keys of an attention, F d_ff, H heads, K d_kv. Modules, and so weights, have
the names that transformers gives them.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812, what it is called everywhere
from torch import Tensor, nn

from model.bias import MASKED, RelativeBias, with_mask
from model.cache import Cache, KeyValues
from model.config import ModelConfig
from model.initial import ADAPTER
from model.linear import Linear


class Attention(nn.Module):
    def __init__(self, c: ModelConfig, relative: bool = False):
        super().__init__()
        self.d_kv, self.dropout = c.d_kv, c.dropout
        self.q = Linear(c.d_model, c.inner, bias=False)
        self.k = Linear(c.d_model, c.inner, bias=False)
        self.v = Linear(c.d_model, c.inner, bias=False)
        self.o = Linear(c.inner, c.d_model, bias=False)
        if relative:
            self.relative_attention_bias = RelativeBias(c)

    def heads(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:2], -1, self.d_kv).transpose(1, 2)  # (B, N, H K) -> (B, H, N, K)

    def forward(self, x: Tensor, bias: Tensor | None, memory: Tensor | None, past: KeyValues | None) -> Tensor:
        """(B, Q, D) -> (B, Q, D). Keys and values are from `memory` (B, N, D), or from the past and x itself."""
        if memory is not None and past and past.pair:
            keys, values = past.pair
        else:
            source = x if memory is None else memory
            keys, values = self.heads(self.k(source)), self.heads(self.v(source))
            keys, values = past.append(keys, values) if past else (keys, values)
        dropout = self.dropout if self.training else 0.0
        # T5 does not scale scores: its initial queries are smaller by that factor.
        heads = F.scaled_dot_product_attention(self.heads(self.q(x)), keys, values, bias, dropout, scale=1.0)
        y: Tensor = self.o(heads.transpose(1, 2).flatten(2))
        return y


class FeedForward(nn.Module):
    def __init__(self, c: ModelConfig):
        super().__init__()
        if c.feed_forward == "gated-gelu":
            self.wi_0 = Linear(c.d_model, c.d_ff, bias=False)
            self.wi_1 = Linear(c.d_model, c.d_ff, bias=False)
        else:
            self.wi = Linear(c.d_model, c.d_ff, bias=False)
        self.wo = Linear(c.d_ff, c.d_model, bias=False)
        self.gated, self.dropout = c.feed_forward == "gated-gelu", c.dropout

    def forward(self, x: Tensor) -> Tensor:
        if self.gated:
            hidden = F.gelu(self.wi_0(x), approximate="tanh") * self.wi_1(x)  # (B, S, F)
        else:
            hidden = F.relu(self.wi(x))
        y: Tensor = self.wo(F.dropout(hidden, self.dropout, self.training))
        return y


class Adapter(nn.Module):
    """Dense, ReLU, dense: a few weights that learn a task while all others are fixed. arXiv 1910.10683, section
    3.5.1.
    """

    def __init__(self, c: ModelConfig):
        super().__init__()
        self.wi = Linear(c.d_model, c.adapter, bias=False)
        self.wo = Linear(c.adapter, c.d_model, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.wo(F.relu(self.wi(x)))
        return y


class Residual(nn.Module):
    """x + dropout(f(norm(x))), with f under its name in transformers."""

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
        if c.adapter:  # the last of a block, with its own norm, as in t5's gin/task_adapter.gin
            self.layer.append(Residual(c, ADAPTER, Adapter(c)))

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
        for layer in self.layer[1 if memory is None else 2 :]:
            x = layer(x)
        return x


class Stack(nn.Module):
    """Blocks with a common bias, and a final norm."""

    def __init__(self, c: ModelConfig, layers: int, causal: bool, crossed: bool):
        super().__init__()
        self.causal, self.causal_buckets = causal, causal and c.architecture != "prefix-lm"
        self.block = nn.ModuleList(Block(c, relative=i == 0, crossed=crossed) for i in range(layers))
        self.final_layer_norm = nn.RMSNorm(c.d_model, c.eps)
        self.dropout = c.dropout

    def bias(self, queries: int, keys: int, mask: Tensor | None, prefix: int) -> Tensor:
        """(1 or B, H, Q, N): the bias by distance, plus MASKED where a query may not attend."""
        table = self.get_submodule("block.0.layer.0.SelfAttention.relative_attention_bias")
        bias: Tensor = table(queries, keys, self.causal_buckets)
        if self.causal:
            key = torch.arange(keys, device=bias.device)
            last = key[keys - queries :].clamp(min=prefix - 1)  # last position that a query sees
            bias = bias.masked_fill(key > last[:, None], MASKED)
        return bias if mask is None else with_mask(bias, mask)

    def forward(
        self,
        x: Tensor,  # (B, Q, D)
        mask: Tensor | None = None,  # (B, 1, 1 or Q, N), false where a query may not attend
        memory: Tensor | None = None,  # (B, S, D)
        memory_mask: Tensor | None = None,  # (B, 1, 1 or Q, S)
        prefix: int = 0,  # positions that all see each other, causal or not
        cache: Cache | None = None,
    ) -> Tensor:
        """(B, Q, D)."""
        queries = x.shape[1]
        bias = self.bias(queries, queries + (cache.length if cache else 0), mask, prefix)
        memory_bias = None if memory_mask is None else with_mask(x.new_zeros(()), memory_mask)
        x = F.dropout(x, self.dropout, self.training)
        for i, block in enumerate(self.block):
            past = (cache.self_attention[i], cache.cross_attention[i]) if cache else (None, None)
            x = block(x, bias, memory, memory_bias, past)
        if cache:
            cache.length += queries
        return F.dropout(self.final_layer_norm(x), self.dropout, self.training)
