"""Sizes as published, the file that transformers reads, and what a model costs."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import pytest
import torch
import transformers  # whose parts are imported when they are asked for: five seconds
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from model.config import SIZES, ModelConfig, find_size, padded_vocab
from model.cost import flops, memory, parameters
from model.errors import ConfigError
from model.t5 import T5

ARCHITECTURES = ["encoder-decoder", "shared", "decoder-lm", "prefix-lm"]
TINY = dataclasses.replace(find_size("tiny"), d_model=64, d_ff=96, heads=3, d_kv=16, vocab=256)

# In millions, as far as they are published: T5 1910.10683 and mT5 2010.11934 papers and model cards.
PUBLISHED = {
    "efficient-tiny": (15.58, 0.01),
    "efficient-mini": (31.23, 0.01),
    "t5-small": (60.5, 0.1),
    "t5-base": (222.9, 0.1),
    "t5-large": (737.7, 0.1),
    "t5-3b": (2850, 10),
    "t5-11b": (11_300, 50),
    "small": (76.96, 0.01),
    "base": (247.6, 0.1),
    "large": (783, 1),
    "xl": (2850, 10),
    "xxl": (11_100, 50),
    "mt5-small": (300, 1),
    "mt5-base": (582, 1),
    "mt5-large": (1230, 5),
    "mt5-xl": (3740, 10),
    "mt5-xxl": (12_900, 50),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_size_has_as_many_parameters_as_published(name: str) -> None:
    millions, rounding = PUBLISHED[name]
    assert parameters(SIZES[name]) / 1e6 == pytest.approx(millions, abs=rounding)


def test_every_size_but_ours_is_compared_with_a_publication() -> None:
    assert SIZES.keys() - PUBLISHED.keys() == {"tiny"}
    assert parameters(SIZES["tiny"]) == 8_917_504


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("tied", [True, False])
def test_the_count_is_that_of_the_model(architecture: str, tied: bool) -> None:
    config = dataclasses.replace(
        TINY, architecture=architecture, tied=tied, feed_forward="relu" if tied else "gated-gelu"
    )
    assert parameters(config) == sum(weight.numel() for weight in T5(config).parameters())


def test_a_size_of_billions_is_built_on_the_meta_device() -> None:
    """So that `fully_shard` may cut it up before there is any memory for it."""
    with torch.device("meta"):
        model = T5(SIZES["t5-11b"])
    assert sum(weight.numel() for weight in model.parameters()) == parameters(SIZES["t5-11b"])
    assert {weight.device.type for weight in model.state_dict().values()} == {"meta"}


# GF a sequence of 512 / 114 tokens, from the formula's terms by hand: trainer.md 4.1. Its efficient-tiny has d_kv 32.
GIGAFLOPS = {
    "t5-small": 106.3,
    "small": 106.3,
    "t5-base": 425.9,
    "base": 425.9,
    "large": 1468,
    "mt5-small": 182.6,
    "mt5-base": 540.5,
}


@pytest.mark.parametrize("name", GIGAFLOPS)
def test_arithmetic_of_a_sequence(name: str) -> None:
    assert flops(SIZES[name], 512, 114) / 1e9 == pytest.approx(GIGAFLOPS[name], rel=5e-4)


def test_arithmetic_of_narrow_heads() -> None:
    assert flops(dataclasses.replace(SIZES["efficient-tiny"], d_kv=32), 512, 114) / 1e9 == pytest.approx(18.5, abs=0.05)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_arithmetic_is_what_torch_counts(architecture: str) -> None:
    config = dataclasses.replace(TINY, architecture=architecture, decoder_layers=TINY.layers, dropout=0.0)
    model = T5(config)

    def of_product(x: list[int], weight: list[int], **_: object) -> int:
        return 2 * math.prod(x) * weight[0]

    # Attention by plain products: torch does not count within its CPU kernel, nor in an operator that it does not know.
    known = {torch.ops.c4pipe.onednn: of_product}
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False, custom_mapping=known) as counter:
        model(torch.ones(2, 40, dtype=torch.long), torch.ones(2, 17, dtype=torch.long)).loss.backward()
    assert counter.get_total_flops() == 2 * flops(config, 40, 17)


@pytest.mark.parametrize("architecture", ["encoder-decoder", "prefix-lm"])
@pytest.mark.parametrize("size", ["tiny", "efficient-tiny"])
def test_the_memory_estimate_is_near_what_a_step_keeps(size: str, architecture: str) -> None:
    config = dataclasses.replace(find_size(size), vocab=256, dropout=0.0, architecture=architecture)
    model = T5(config)
    weights = {weight.data_ptr() for weight in model.parameters()}
    kept: dict[int, torch.Tensor] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.untyped_storage().data_ptr() not in weights:
            kept[tensor.untyped_storage().data_ptr()] = tensor  # held, so that no other takes its place
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        model(torch.full((4, 96), 7), torch.full((4, 28), 7))
    estimate = memory(config, 4, 96, 28, bf16=False, scores=True)
    measured = sum(tensor.untyped_storage().nbytes() for tensor in kept.values())
    assert 1.0 < measured / (estimate.activations + estimate.logits // 2) < 1.2
    assert estimate[:3] == (4 * parameters(config), 4 * parameters(config), 8 * parameters(config))


@pytest.mark.parametrize("name", ["t5-base", "base", "mt5-small"])
def test_transformers_reads_our_config(name: str, tmp_path: Path) -> None:
    config = SIZES[name]
    (tmp_path / "config.json").write_text(json.dumps(config.to_hf()))
    read = transformers.AutoConfig.from_pretrained(tmp_path)
    assert isinstance(read, transformers.T5Config)
    assert read.scale_decoder_outputs is config.tied
    assert (read.d_model, read.d_ff, read.num_heads, read.d_kv) == (config.d_model, config.d_ff, config.heads, 64)
    assert (read.num_layers, read.num_decoder_layers, read.vocab_size) == (config.layers, config.layers, config.vocab)
    assert read.dense_act_fn == ("relu" if config.tied else "gelu_new")
    assert read.is_gated_act is (config.feed_forward == "gated-gelu")
    assert (read.dropout_rate, read.decoder_start_token_id) == (config.dropout, 0)


@pytest.mark.parametrize("name", ["t5-small", "base", "mt5-small", "tiny"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_config_comes_back_from_its_file(name: str, architecture: str) -> None:
    config = dataclasses.replace(SIZES[name], architecture=architecture)
    assert ModelConfig.from_hf(json.loads(json.dumps(config.to_hf()))) == config


def test_transformers_refuses_a_decoder_alone(tmp_path: Path) -> None:
    config = dataclasses.replace(TINY, architecture="prefix-lm")
    (tmp_path / "config.json").write_text(json.dumps(config.to_hf()))
    with pytest.raises(ValueError, match="c4pipe-prefix-lm"):
        transformers.AutoConfig.from_pretrained(tmp_path)


def test_published_configs() -> None:
    """The keys of google/t5-v1_1-base, t5-base and google/mt5-small: 1.0 lacks most, mT5 has a type of its own."""
    v11 = {
        "model_type": "t5", "d_model": 768, "d_ff": 2048, "d_kv": 64, "num_heads": 12, "num_layers": 12,
        "num_decoder_layers": 12, "vocab_size": 32128, "feed_forward_proj": "gated-gelu", "dropout_rate": 0.1,
        "tie_word_embeddings": False,
    }  # fmt: skip
    assert ModelConfig.from_hf(v11).differences(SIZES["base"]) == []
    assert ModelConfig.from_hf(v11).dropout == 0.1
    v10 = {
        "model_type": "t5", "d_model": 768, "d_ff": 3072, "d_kv": 64, "num_heads": 12, "num_layers": 12,
        "vocab_size": 32128,
    }  # fmt: skip
    assert ModelConfig.from_hf(v10).differences(SIZES["t5-base"]) == []
    mt5 = {
        "model_type": "mt5", "d_model": 512, "d_ff": 1024, "d_kv": 64, "num_heads": 6, "num_layers": 8,
        "num_decoder_layers": 8, "vocab_size": 250112,
    }  # fmt: skip
    assert ModelConfig.from_hf(mt5).differences(SIZES["mt5-small"]) == []


def test_what_transformers_5_writes_for_an_untied_model() -> None:
    """It saves tie_word_embeddings true for every T5; only the scale tells 1.1 from 1.0."""
    saved = SIZES["base"].to_hf() | {"tie_word_embeddings": True}
    assert ModelConfig.from_hf(saved).tied is False


def test_differences_are_named() -> None:
    assert SIZES["small"].differences(SIZES["mt5-small"]) == ["vocab 32128, not 250112"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"feed_forward": "gated-silu"}, "unknown feed-forward layer 'gated-silu'"),
        ({"architecture": "decoder"}, "Did you mean 'decoder-lm'"),
        ({"heads": 0}, "heads is 0"),
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"buckets": 30}, "30 buckets, expected a multiple of 4"),
        ({"max_distance": 16}, "max_distance is 16, expected more than 16"),
        ({"architecture": "shared", "decoder_layers": 2}, "3 layers cannot share them with a decoder of 2"),
    ],
)
def test_a_config_that_cannot_work_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        dataclasses.replace(TINY, **change)  # type: ignore[arg-type]


@pytest.mark.parametrize("change", [{"vocab_size": None}, {"d_model": "512"}, {"c4pipe": 3}, {"num_layers": [2]}])
def test_a_damaged_config_is_refused_in_one_line(change: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"config\.json is not the config of a T5"):
        ModelConfig.from_hf({"vocab_size": 128} | change)


def test_another_model_s_config_is_refused() -> None:
    with pytest.raises(ConfigError, match="type 'umt5'"):
        ModelConfig.from_hf({"model_type": "umt5", "vocab_size": 100})


def test_a_wrong_size_prints_the_right_ones() -> None:
    with pytest.raises(ConfigError, match=r"unknown model size 'bass'. Did you mean 'base'\?.*mt5-xxl"):
        find_size("bass")


@pytest.mark.parametrize(("pieces", "rows"), [(32_100, 32_128), (250_100, 250_112), (128, 128), (1, 128)])
def test_padding_of_a_vocabulary(pieces: int, rows: int) -> None:
    assert padded_vocab(pieces) == rows
