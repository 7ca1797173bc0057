"""Invalid settings are refused before a shard is read or anything is written, also by a dry run."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from model.beforehand import check_beforehand
from model.config import SIZES, ModelConfig
from model.distributed import ProcessGroup
from model.errors import ConfigError
from model.pretrained import check_architecture
from model.run import held
from model.settings import complete
from model.start import open_data, open_model
from model.t5 import T5
from model.tokens import Tokenizer, train_tokenizer
from tests.model.training import story, train, write_stories

MINI = replace(SIZES["tiny"], name="mini", d_model=16, d_ff=16, heads=2, d_kv=8, layers=1, decoder_layers=1, vocab=256)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_stories(tmp_path_factory.mktemp("data") / "c4")


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_tokenizer([story(number) for number in range(40)], None, 100)


@pytest.fixture
def source(tmp_path: Path, tokenizer: Tokenizer) -> Path:
    return pretrained(tmp_path / "source", tokenizer)


def pretrained(folder: Path, tokenizer: Tokenizer, config: ModelConfig = MINI) -> Path:
    """A small model of random weights, as transformers has it."""
    tokenizer.save(folder)
    torch.manual_seed(0)
    model = T5(config)
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=0.1)
    weights = {name: weight.clone() for name, weight in model.state_dict().items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(config.to_hf()))
    return folder


def configured(**changes: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return change


def without_a_weight(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    weights.pop("encoder.final_layer_norm.weight")
    save_file(weights, folder / "model.safetensors")


def cut(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:100]) and None


def gone(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


@pytest.mark.parametrize("more", [(), ("--dry-run",)], ids=["train", "dry run"])
@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        (gone("config.json"), 2, "config.json is missing; expected the folder of a T5"),
        (gone("model.safetensors"), 2, "has no model.safetensors. Convert it"),
        (gone("spiece.model"), 2, "there is no tokenizer at"),
        (cut("config.json"), 1, "config.json cannot be read"),
        (cut("model.safetensors"), 1, "model.safetensors cannot be read"),
        (cut("spiece.model"), 2, "spiece.model is not a SentencePiece model"),
        (without_a_weight, 2, "encoder.final_layer_norm.weight is missing"),
        (configured(model_type="umt5"), 2, "expected t5 or mt5"),
        (configured(d_ff=32), 2, "expected (32, 16)"),
        (configured(num_layers=2), 2, "encoder.block.1.layer.0"),
        (configured(feed_forward_proj="silu"), 2, "unknown feed-forward layer 'silu'"),
        (
            lambda folder: train_tokenizer([story(1)], None, 100, extra_ids=300).save(folder),
            2,
            "has embeddings for 256",
        ),
    ],
)
def test_a_model_that_is_none(
    data: Path,
    source: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[Path], None],
    code: int,
    said: str,
    more: tuple[str, ...],
) -> None:
    change(source)
    assert train(data, tmp_path / "run", "--init-from", str(source), *more) == code
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("architecture", ["shared", "decoder-lm", "prefix-lm"])
def test_no_weight_is_lost_without_a_word(
    data: Path, source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], architecture: str
) -> None:
    assert train(data, tmp_path / "run", "--init-from", str(source), "--architecture", architecture) == 2
    said = capsys.readouterr().err
    assert f"train: --architecture {architecture}: {source} is encoder-decoder, and " in said
    assert " weights would be lost. Leave one of --architecture and --init-from out." in said
    assert not (tmp_path / "run").exists()


def test_what_is_lost_is_counted() -> None:
    with pytest.raises(ConfigError, match=r"and 1,792 of its 13,040 weights would be lost"):
        check_architecture(MINI, replace(MINI, architecture="shared"), Path("x"))
    check_architecture(replace(MINI, architecture="shared"), MINI, Path("x"))
    check_architecture(MINI, replace(MINI, dropout=0.5), Path("x"))


def test_stacks_that_shared_weights_may_go_their_own_ways(
    data: Path, tokenizer: Tokenizer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = pretrained(tmp_path / "source", tokenizer, replace(MINI, architecture="shared"))
    given = {"data": (data,), "run": tmp_path / "run", "init_from": source, "architecture": "encoder-decoder"}
    settings, group = complete(given | {"device": "cpu"}, False, 1), ProcessGroup(torch.device("cpu"))
    check_beforehand(settings)
    with held(settings.run):
        model = open_model(settings, open_data(settings, group), None, group)
    assert "note: encoder and decoder each start from the shared blocks of" in capsys.readouterr().err
    weights, own = load_file(source / "model.safetensors"), dict(model.named_parameters())
    assert own.keys() == weights.keys()
    assert all(torch.equal(own[name], weight) for name, weight in weights.items())


@pytest.mark.parametrize("option", ["--tokenizer", "--init-from"])
@pytest.mark.parametrize(
    "arguments", [("--objective", "ul2", "--inputs", "512"), ("--density", "0.5", "--inputs", "512")]
)
def test_sentinels_that_a_tokenizer_from_elsewhere_lacks(
    data: Path,
    source: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    option: str,
    arguments: tuple[str, ...],
) -> None:
    assert train(data, tmp_path / "run", option, str(source), *arguments) == 2
    said = capsys.readouterr().err
    assert "needs up to 128 sentinels for inputs of 512 tokens, and the vocabulary has 100" in said
    assert "train a tokenizer with --sentinels 128 (an existing one cannot grow), or take --inputs 403" in said
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("arguments", [("--objective", "ul2"), ("--density", "0.5")])
def test_the_remedy_that_is_named_works(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    assert train(data, tmp_path / "run", *arguments, "--inputs", "512", "--dry-run") == 2
    assert "--sentinels 128 " in capsys.readouterr().err
    more = ("--inputs", "512", "--batch", "1", "--sentinels", "128", "--vocab-size", "100", "--dry-run")
    assert train(data, tmp_path / "run", *arguments, *more) == 0
    assert "vocabulary of 256 rows\n            (206 ids)" in capsys.readouterr().out
