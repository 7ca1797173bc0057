"""Tokenizers by a file, a run or a folder: which file is used, how it encodes texts, and errors for others."""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path

import pytest

from c4pipe.errors import ConfigError
from c4pipe.tokenizer import named_tokenizer
from tests.pieces import pieces_of

LAYOUTS = ("spiece.model", "tokenizer/spiece.model", "checkpoints/step-00000020/spiece.model", "other.model")


@pytest.fixture(scope="module")
def model() -> bytes:
    return pieces_of([f"The harbour has {n} boats and a garden of rye." for n in range(60)], 60)


@pytest.fixture(scope="module")
def words() -> bytes:
    """A tokenizer.json of Hugging Face whose tokens anybody can count, and which cuts long texts off."""
    tokenizers = pytest.importorskip("tokenizers")
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel({"<unk>": 0, "a": 1, "<end>": 2}, unk_token="<unk>"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    made.enable_truncation(3)
    made.enable_padding(length=9)
    return made.to_str().encode()


def put(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_model_of_a_folder_or_a_file(layout: str, model: bytes, tmp_path: Path) -> None:
    import sentencepiece

    path = put(tmp_path / layout, model)
    put(tmp_path / "checkpoints/step-00000010/spiece.model", b"of an older checkpoint")
    found = named_tokenizer(path if layout == "other.model" else tmp_path)
    assert found.path == path
    assert found.digest == hashlib.sha256(model).hexdigest()
    assert found.name == "/".join(path.parts[-2:])
    judge = sentencepiece.SentencePieceProcessor(model_proto=model)
    texts = ["The harbour has boats.", "", "Rye \U0001f33e"]
    assert found.cuts.encode(texts) == [judge.encode(text) for text in texts]
    assert found.count(texts) == [len(judge.encode(text)) for text in texts]
    assert (found.cuts.size, found.cuts.eod) == (judge.get_piece_size(), judge.eos_id())
    assert found.cuts.id_of("</s>") == judge.eos_id()
    assert found.cuts.id_of("<none>") is None


def test_a_special_token_in_a_text_is_one_for_tokenizer_json_alone(model: bytes, tmp_path: Path) -> None:
    """As for the tokenizers of megatron-core 0.16.1, which gave the same ids for such texts."""
    import tokenizers

    pieces = named_tokenizer(put(tmp_path / "spiece.model", model)).cuts
    assert pieces.eod is not None
    assert pieces.eod not in pieces.encode(["a </s> b"])[0]
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel({"a": 0, "b": 1, "?": 2}, "?"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    made.add_special_tokens(["<|end|>"])
    words = put(tmp_path / "words.json", made.to_str().encode())
    put(tmp_path / "tokenizer_config.json", b'{"eos_token": "<|end|>"}')
    found = named_tokenizer(words).cuts
    assert found.eod == 3
    assert found.encode(["a <|end|> b", "a <|other|> b"]) == [[0, 3, 1], [0, 2, 2, 2, 1]]


@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer/tokenizer.json", "of.another.name"])
def test_a_tokenizer_json_cuts_whole_texts(name: str, words: bytes, tmp_path: Path) -> None:
    path = put(tmp_path / name, words)
    found = named_tokenizer(tmp_path if name.endswith(".json") else path)
    assert found.path == path
    assert found.cuts.encode(["a b a a a", "", "a"]) == [[1, 0, 1, 1, 1], [], [1]]
    assert found.count(["a b a a a", "", "a"]) == [5, 0, 1]
    assert (found.cuts.size, found.cuts.eod) == (3, None)


@pytest.mark.parametrize(
    ("config", "eod"),
    [
        (b'{"eos_token": "<end>"}', 2),
        (b'{"eos_token": {"content": "<end>"}}', 2),
        (b'{"eos_token": "<other>"}', None),
        (b'{"eos_token": 2}', None),
        (b"[]", None),
        (b"no JSON", None),
    ],
)
def test_the_end_of_a_text_by_the_file_beside(config: bytes, eod: int | None, words: bytes, tmp_path: Path) -> None:
    put(tmp_path / "tokenizer_config.json", config)
    put(tmp_path / "tokenizer.json", words)
    assert named_tokenizer(tmp_path).cuts.eod == eod


def refused(named: Path, says: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(says)):
        named_tokenizer(named)


@pytest.mark.parametrize("data", [b"", b"no model", b"\x0a\x05\xff\xfe\xfd\xfc\xfb"])
def test_a_damaged_file_is_no_tokenizer(data: bytes, tmp_path: Path) -> None:
    pytest.importorskip("sentencepiece")
    pytest.importorskip("tokenizers")
    for name in ("x.model", "x.json", "x"):
        path = put(tmp_path / name, data)
        refused(path, f"--tokenizer {path} is not a tokenizer (")
    refused(put(tmp_path / "y.json", b"{}"), "Expected a SentencePiece model (*.model) or tokenizer.json.")


def test_where_there_is_none(tmp_path: Path) -> None:
    refused(tmp_path / "none", f"--tokenizer {tmp_path}/none cannot be read (No such file or directory).")
    refused(tmp_path, f"--tokenizer {tmp_path} has no tokenizer. Expected a SentencePiece model (spiece.model)")
    put(tmp_path / "tokenizer.model", b"as Llama has it")
    refused(tmp_path, "or a Hugging Face tokenizer. It holds tokenizer.model: name the file that is meant.")


@pytest.mark.parametrize(("name", "library"), [("x.model", "sentencepiece"), ("x.json", "tokenizers")])
def test_a_missing_library_is_named_with_its_extra(
    name: str, library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    path = put(tmp_path / name, b"{}" if name.endswith(".json") else b"model")
    refused(path, f"--tokenizer {path} needs {library}, which is not installed: pip install 'c4pipe[tokens]'")
