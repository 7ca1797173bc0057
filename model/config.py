"""The shape of a T5: one frozen value, the table of published sizes, and its `config.json` for transformers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

from model.errors import ConfigError, unknown

FeedForwardKind = Literal["relu", "gated-gelu"]
Architecture = Literal["encoder-decoder", "shared", "decoder-lm", "prefix-lm"]

VOCAB = 32_128  # 32,000 pieces and 100 sentinels, padded: t5 v1.0 and v1.1
MT5_VOCAB = 250_112  # 250,000 pieces and 100 sentinels, padded


@dataclass(frozen=True)
class ModelConfig:
    """A T5. Encoder-decoders are transformers' own models; the other architectures are those of the paper's section
    3.2.

    - `encoder-decoder`: two separate stacks.
    - `shared`: the same, but the decoder's self-attention and feed-forward matrices are the encoder's. Norms and bias
      tables are not shared: the same bucket means different distances in the two stacks.
    - `decoder-lm`: a decoder without cross-attention, over inputs and targets in one row. `layers` is unused.
    - `prefix-lm`: the same, but each input token sees all inputs, with bidirectional buckets, as in Mesh TensorFlow.
    """

    name: str
    d_model: int
    d_ff: int
    heads: int
    d_kv: int  # per head: heads x d_kv may differ from d_model
    layers: int  # layers of the encoder
    decoder_layers: int
    vocab: int  # rows of the embedding: pieces and sentinels, padded, see `padded_vocab`
    feed_forward: FeedForwardKind
    tied: bool  # the head is the embedding, and the decoder's output is scaled by d_model**-0.5: v1.0
    dropout: float
    buckets: int = 32
    max_distance: int = 128
    eps: float = 1e-6
    architecture: Architecture = "encoder-decoder"
    adapter: int = 0  # width of the adapter after each feed-forward layer; 0: none

    def __post_init__(self) -> None:
        if self.feed_forward not in get_args(FeedForwardKind):
            raise unknown("feed-forward layer", self.feed_forward, get_args(FeedForwardKind))
        if self.architecture not in get_args(Architecture):
            raise unknown("architecture", self.architecture, get_args(Architecture))
        for name in ("d_model", "d_ff", "heads", "d_kv", "layers", "decoder_layers", "vocab"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{self.name}: {name} is {getattr(self, name)}, expected 1 or more")
        if self.adapter < 0:
            raise ConfigError(f"{self.name}: adapters of width {self.adapter}, expected 0 (none) or more")
        if not 0 <= self.dropout < 1:
            raise ConfigError(f"{self.name}: dropout is {self.dropout}, expected a share of 0 to below 1")
        if self.buckets < 4 or self.buckets % 4:
            raise ConfigError(
                f"{self.name}: {self.buckets} buckets, expected a multiple of 4: halves of two directions"
            )
        if self.max_distance <= self.buckets // 2:
            raise ConfigError(
                f"{self.name}: max_distance is {self.max_distance}, expected more than {self.buckets // 2}"
            )
        if self.architecture == "shared" and self.layers != self.decoder_layers:
            raise ConfigError(
                f"{self.name}: an encoder of {self.layers} layers cannot share them with a decoder of "
                f"{self.decoder_layers}: give both stacks the same number"
            )

    @property
    def inner(self) -> int:
        """Width of the queries of all heads."""
        return self.heads * self.d_kv

    @property
    def has_encoder(self) -> bool:
        return self.architecture in ("encoder-decoder", "shared")

    def to_hf(self) -> dict[str, Any]:
        """The content of `config.json`, written out by hand.

        transformers 5 keeps `tie_word_embeddings` true whatever it is given, and version 4 reads only that key. So both
        are written: `tie_word_embeddings` for 4, `scale_decoder_outputs` for 5. transformers has no decoder without an
        encoder and no T5 with adapters; these get a `model_type` that it refuses.
        """
        known = self.has_encoder and not self.adapter
        return {
            "architectures": ["T5ForConditionalGeneration"] if known else [],
            "model_type": "t5" if known else f"c4pipe-{'adapters' if self.has_encoder else self.architecture}",
            "d_model": self.d_model,
            "d_ff": self.d_ff,
            "d_kv": self.d_kv,
            "num_heads": self.heads,
            "num_layers": self.layers,
            "num_decoder_layers": self.decoder_layers,
            "vocab_size": self.vocab,
            "feed_forward_proj": self.feed_forward,
            "tie_word_embeddings": self.tied,
            "scale_decoder_outputs": self.tied,
            "dropout_rate": self.dropout,
            "relative_attention_num_buckets": self.buckets,
            "relative_attention_max_distance": self.max_distance,
            "layer_norm_epsilon": self.eps,
            "initializer_factor": 1.0,
            "is_encoder_decoder": True,
            "use_cache": True,
            "pad_token_id": 0,
            "eos_token_id": 1,
            "decoder_start_token_id": 0,
            "c4pipe": {"name": self.name, "architecture": self.architecture}
            | ({"adapter": self.adapter} if self.adapter else {}),
        }

    @classmethod
    def from_hf(cls, config: Mapping[str, Any]) -> ModelConfig:
        """From a `config.json`, ours or another's. The defaults for absent keys are those of transformers' T5Config.

        ConfigError if it is not a T5 (umT5 has a bias table in each layer), or has other feed-forward layers.
        """
        try:
            return cls._of(config)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ConfigError(f"config.json is not the config of a T5 ({error!r})") from None

    @classmethod
    def _of(cls, config: Mapping[str, Any]) -> ModelConfig:
        ours = config.get("c4pipe", {})
        model_type = config.get("model_type", "t5")
        if model_type not in ("t5", "mt5") and not (ours and str(model_type).startswith("c4pipe-")):
            raise ConfigError(f"config.json is of a model of type {model_type!r}, expected 't5' or 'mt5'")
        layers = config.get("num_layers", 6)
        tied = config.get("scale_decoder_outputs", config.get("tie_word_embeddings", model_type == "t5"))
        return cls(
            name=ours.get("name") or str(config.get("_name_or_path") or model_type),
            d_model=config.get("d_model", 512),
            d_ff=config.get("d_ff", 2048),
            heads=config.get("num_heads", 8),
            d_kv=config.get("d_kv", 64),
            layers=layers,
            decoder_layers=config.get("num_decoder_layers") or layers,
            vocab=config["vocab_size"],
            feed_forward=config.get("feed_forward_proj", "relu" if model_type == "t5" else "gated-gelu"),
            tied=tied,
            dropout=config.get("dropout_rate", 0.1),
            buckets=config.get("relative_attention_num_buckets", 32),
            max_distance=config.get("relative_attention_max_distance", 128),
            eps=config.get("layer_norm_epsilon", 1e-6),
            architecture=ours.get("architecture", "encoder-decoder"),
            adapter=ours.get("adapter", 0),
        )

    def differences(self, other: ModelConfig) -> list[str]:
        """Differences except name and dropout, such as `d_model 512, not 768`: with any, weights do not fit."""
        names = [field.name for field in fields(self) if field.name not in ("name", "dropout")]
        mine, theirs = vars(self), vars(other)
        return [f"{name} {mine[name]}, not {theirs[name]}" for name in names if mine[name] != theirs[name]]


def padded_vocab(size: int) -> int:
    """Rows of the embedding for `size` ids: the next multiple of 128, as t5 pads 32,100 to 32,128.

    >>> padded_vocab(32_100)
    32128
    """
    return -(-size // 128) * 128


def find_size(name: str) -> ModelConfig:
    """The row of `SIZES` of that name; ConfigError with the closest names if there is none."""
    if name not in SIZES:
        raise unknown("model size", name, SIZES)
    return SIZES[name]


def _v10(name: str, d_model: int, d_ff: int, heads: int, layers: int, d_kv: int = 64) -> ModelConfig:
    """v1.0: ReLU, tied head, dropout 0.1 from the start."""
    return ModelConfig(name, d_model, d_ff, heads, d_kv, layers, layers, VOCAB, "relu", tied=True, dropout=0.1)


def _v11(name: str, d_model: int, d_ff: int, heads: int, layers: int, vocab: int = VOCAB) -> ModelConfig:
    """v1.1 and mT5: gated GELU, an untied head, pre-trained without dropout."""
    return ModelConfig(name, d_model, d_ff, heads, 64, layers, layers, vocab, "gated-gelu", tied=False, dropout=0.0)


# Shapes: the gin files of the t5 repository and the published config.json files. The efficient ones have d_kv 64, as
# their stated parameter counts do; their model cards say 32. `tiny` is ours.
SIZES: dict[str, ModelConfig] = {
    size.name: size
    for size in (
        _v11("tiny", 256, 512, 4, 3, vocab=8192),
        _v10("efficient-tiny", 256, 1024, 4, 4),
        _v10("efficient-mini", 384, 1536, 8, 4),
        _v10("t5-small", 512, 2048, 8, 6),
        _v10("t5-base", 768, 3072, 12, 12),
        _v10("t5-large", 1024, 4096, 16, 24),
        _v10("t5-3b", 1024, 16_384, 32, 24, d_kv=128),
        _v10("t5-11b", 1024, 65_536, 128, 24, d_kv=128),
        _v11("small", 512, 1024, 6, 8),
        _v11("base", 768, 2048, 12, 12),
        _v11("large", 1024, 2816, 16, 24),
        _v11("xl", 2048, 5120, 32, 24),
        _v11("xxl", 4096, 10_240, 64, 24),
        _v11("mt5-small", 512, 1024, 6, 8, MT5_VOCAB),
        _v11("mt5-base", 768, 2048, 12, 12, MT5_VOCAB),
        _v11("mt5-large", 1024, 2816, 16, 24, MT5_VOCAB),
        _v11("mt5-xl", 2048, 5120, 32, 24, MT5_VOCAB),
        _v11("mt5-xxl", 4096, 10_240, 64, 24, MT5_VOCAB),
    )
}
