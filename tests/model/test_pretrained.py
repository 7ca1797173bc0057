"""Folders written by transformers (v1.0, v1.1 and mT5), and errors for other folders."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from model.errors import ConfigError, TrainError
from model.pretrained import check_weights, init_from

SHAPE = {"d_model": 16, "d_ff": 24, "d_kv": 4, "num_heads": 3, "num_layers": 2, "vocab_size": 128}


def hf_model(kind: str) -> Any:
    """A small random model of transformers."""
    from transformers import MT5Config, MT5ForConditionalGeneration, T5Config, T5ForConditionalGeneration

    torch.manual_seed(0)
    if kind == "v1.0":
        return T5ForConditionalGeneration(T5Config(**SHAPE)).eval()
    if kind == "mt5":
        model = MT5ForConditionalGeneration(MT5Config(**SHAPE, tie_word_embeddings=False))
    else:
        model = T5ForConditionalGeneration(T5Config(**SHAPE, feed_forward_proj="gated-gelu", tie_word_embeddings=False))
    model.lm_head.weight = nn.Parameter(torch.randn(128, 16))
    return model.eval()


def rewrite(folder: Path, change: Callable[[dict[str, Tensor]], object]) -> None:
    """Changes the weights of a folder in one file."""
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file({name: weight.clone() for name, weight in weights.items()}, folder / "model.safetensors")


def configure(folder: Path, **changes: Any) -> None:
    config = json.loads((folder / "config.json").read_text()) | changes
    kept = {key: value for key, value in config.items() if value is not None}
    (folder / "config.json").write_text(json.dumps(kept))


@pytest.mark.parametrize("size", ["1GB", "20KB"], ids=["one file", "several files"])
@pytest.mark.parametrize("kind", ["v1.0", "v1.1", "mt5"])
def test_what_transformers_saves_is_read(kind: str, size: str, tmp_path: Path) -> None:
    model = hf_model(kind)
    model.save_pretrained(tmp_path, max_shard_size=size)
    assert (tmp_path / "model.safetensors.index.json").exists() == (size == "20KB")
    config, weights = init_from(tmp_path, ids=100)
    tied = kind == "v1.0"
    assert (config["tie_word_embeddings"], config["scale_decoder_outputs"]) == (tied, tied)
    copies = {"encoder.embed_tokens.weight", "decoder.embed_tokens.weight"} | ({"lm_head.weight"} if tied else set())
    expected = {name: weight for name, weight in model.state_dict().items() if name not in copies}
    check_weights(weights, expected, tmp_path)
    for name, weight in expected.items():
        assert torch.equal(weights[name], weight), name


@pytest.fixture
def v10(tmp_path: Path) -> Path:
    hf_model("v1.0").save_pretrained(tmp_path)
    return tmp_path


@pytest.fixture
def v11(tmp_path: Path) -> Path:
    hf_model("v1.1").save_pretrained(tmp_path)
    return tmp_path


def test_old_keys_are_dropped_and_half_precision_is_widened(v10: Path) -> None:
    names = {*init_from(v10)[1]}

    def age(weights: dict[str, Tensor]) -> None:
        for name in ("encoder.embed_tokens.weight", "decoder.embed_tokens.weight", "lm_head.weight"):
            weights[name] = weights["shared.weight"]
        weights["decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"] = torch.ones(32, 3)
        for name in weights:
            weights[name] = weights[name].bfloat16()

    rewrite(v10, age)
    _, weights = init_from(v10)
    assert {*weights} == names
    assert {weight.dtype for weight in weights.values()} == {torch.float32}


def test_an_embedding_under_the_encoders_name_alone_is_found(v10: Path) -> None:
    table = init_from(v10)[1]["shared.weight"]
    rewrite(v10, lambda weights: weights.update({"encoder.embed_tokens.weight": weights.pop("shared.weight")}))
    assert torch.equal(init_from(v10)[1]["shared.weight"], table)


def test_a_config_of_transformers_4_says_by_the_other_key_whether_the_head_is_tied(v11: Path) -> None:
    configure(v11, tie_word_embeddings=False, scale_decoder_outputs=None)
    config, weights = init_from(v11)
    assert config["scale_decoder_outputs"] is False
    assert "lm_head.weight" in weights


def test_a_head_that_is_left_out_is_the_embedding(v11: Path) -> None:
    rewrite(v11, lambda weights: [weights.pop("lm_head.weight")])
    _, weights = init_from(v11)
    assert torch.equal(weights["lm_head.weight"], weights["shared.weight"])
    assert weights["lm_head.weight"].data_ptr() != weights["shared.weight"].data_ptr()


def spoil(**changes: Any) -> Callable[[Path], None]:
    return lambda folder: configure(folder, **changes)


def only_a_pickle(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


WRONG: list[tuple[Callable[[Path], object], type[Exception], str]] = [
    (
        lambda folder: (folder / "config.json").unlink(),
        ConfigError,
        "config.json is missing; expected the folder of a T5",
    ),
    (lambda folder: (folder / "config.json").write_text("{"), TrainError, "config.json cannot be read"),
    (lambda folder: (folder / "config.json").write_text("3"), TrainError, "config.json does not hold a JSON object"),
    (spoil(model_type="umt5"), ConfigError, "holds a model of type 'umt5', expected t5 or mt5"),
    (spoil(scale_decoder_outputs=True), ConfigError, "says that the head is the embedding, but"),
    (only_a_pickle, ConfigError, "has no model.safetensors, only pytorch_model.bin. Convert it:"),
    (lambda folder: (folder / "model.safetensors").unlink(), ConfigError, "has no model.safetensors. Convert it:"),
    (
        lambda folder: (folder / "model.safetensors").write_bytes(b"\x09"),
        TrainError,
        "model.safetensors cannot be read",
    ),
    (
        lambda folder: rewrite(folder, lambda weights: [weights.pop("shared.weight")]),
        ConfigError,
        "has no embedding: neither shared.weight nor encoder.embed_tokens.weight",
    ),
    (
        lambda folder: rewrite(folder, lambda w: w.update({"encoder.embed_tokens.weight": w["shared.weight"] + 1})),
        ConfigError,
        "has different embeddings for encoder and decoder",
    ),
]


@pytest.mark.parametrize(("spoiled", "kind", "complaint"), WRONG)
def test_what_cannot_be_used_is_named(
    spoiled: Callable[[Path], object], kind: type[Exception], complaint: str, v11: Path
) -> None:
    spoiled(v11)
    with pytest.raises(kind) as raised:
        init_from(v11)
    assert str(v11) in str(raised.value)
    assert complaint in str(raised.value)


def test_a_missing_part_of_several_is_named(tmp_path: Path) -> None:
    hf_model("v1.1").save_pretrained(tmp_path, max_shard_size="20KB")
    part = sorted(tmp_path.glob("model-*.safetensors"))[1]
    part.unlink()
    with pytest.raises(TrainError, match=f"{part.name} cannot be read"):
        init_from(tmp_path)


def test_a_tokenizer_with_more_ids_is_refused(v11: Path) -> None:
    init_from(v11, ids=128)
    with pytest.raises(ConfigError, match="has embeddings for 128 ids, but the tokenizer has 129"):
        init_from(v11, ids=129)


def test_weights_of_another_shape_are_refused_by_name() -> None:
    weights = {"shared.weight": torch.ones(4, 2), "wi": torch.ones(2), "odd": torch.ones(1)}
    expected = {"shared.weight": torch.ones(4, 3, device="meta"), "wi": torch.ones(2), "wi_0": torch.ones(2)}
    with pytest.raises(ConfigError) as raised:
        check_weights(weights, expected, Path("t5"))
    assert str(raised.value) == (
        "the weights in t5 are not those of this model: wi_0 is missing; odd is unknown; "
        "shared.weight is (4, 2), expected (4, 3)"
    )


def test_of_many_faults_five_are_shown() -> None:
    with pytest.raises(ConfigError, match="e is missing and 21 more"):
        check_weights({}, {letter: torch.ones(1) for letter in "abcdefghijklmnopqrstuvwxyz"}, Path("t5"))
