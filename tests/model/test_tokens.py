"""model.tokens: what training gives, that transformers reads it and agrees, and that text never becomes control ids."""

from __future__ import annotations

import hashlib
import json
import pickle
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import sentencepiece as spm
import transformers  # whose parts are imported when they are asked for: five seconds
from hypothesis import given, settings
from hypothesis import strategies as st

from model.errors import ConfigError
from model.objectives import Vocabulary
from model.tokenizer_json import charsmap_of
from model.tokens import Tokenizer, sample_lines, train_tokenizer

PAGES = sorted((Path(__file__).parents[2] / "data_samples" / "pages").glob("*.txt"))
TEXTS = [path.read_text(encoding="utf-8") for path in PAGES]
ENGLISH = [text for path, text in zip(PAGES, TEXTS, strict=True) if path.name.startswith("sites-")]
HOSTILE = [
    "",
    " ",
    "\n\t \u00a0",
    "a",
    "  two   blanks  ",
    "</s>",
    "<pad> <unk> <s> </s> <extra_id_0> <extra_id_99>",
    "before<extra_id_5>after",
    "▁ and ▁▁",
    "ﬁne ① ２０２４ Å Å ½ ﷺ",
    "zero\u200bwidth\u200djoiner\ufeff soft\u00adhyphen",
    "👩‍👩‍👧 🇩🇪 👍🏽",
    "e\u0301 e\u0327\u0301 \u0301alone",
    "ไทยไม่มีช่องว่าง 日本語のテキスト 한국어 עברית العربية",
    "\x00 \x01 \x7f \u2028 \u2029",
    "....,,,!!!???---___",
    "x" * 5000,
    "word " * 2000,
    "\U0010ffff \ue000",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("tokenizer") / "new"
    train_tokenizer(TEXTS, made, vocab_size=4000)
    return made


@pytest.fixture(scope="module")
def tokenizer(folder: Path) -> Tokenizer:
    return Tokenizer.load(folder)


@pytest.fixture(scope="module")
def hugging_face(folder: Path) -> transformers.PreTrainedTokenizerBase:
    return transformers.AutoTokenizer.from_pretrained(folder)


def sentencepiece(path: Path) -> spm.SentencePieceProcessor:
    return spm.SentencePieceProcessor(model_file=str(path))


def score(tokenizer: Tokenizer, folder: Path, ids: list[int]) -> float:
    """The log probability of a way to cut a text, by the model's own table."""
    pieces = sentencepiece(folder / "spiece.model")
    return sum(pieces.get_score(number) for number in ids)


class TestTraining:
    def test_ids_are_those_of_t5(self, tokenizer: Tokenizer, folder: Path) -> None:
        assert tokenizer.vocabulary == Vocabulary(4100, sentinels=100)
        pieces = sentencepiece(folder / "spiece.model")
        assert [pieces.id_to_piece(number) for number in (0, 1, 2)] == ["<pad>", "</s>", "<unk>"]
        assert pieces.bos_id() == -1

    def test_the_same_texts_make_the_same_bytes(self, folder: Path, tmp_path: Path) -> None:
        train_tokenizer(iter(TEXTS), tmp_path, vocab_size=4000)
        names = sorted(path.name for path in folder.iterdir())
        assert names == ["spiece.model", "tokenizer.json", "tokenizer_config.json"]
        assert [(folder / name).read_bytes() for name in names] == [(tmp_path / name).read_bytes() for name in names]

    def test_a_small_corpus_gets_what_it_supports(self, tmp_path: Path) -> None:
        """32,000 pieces is what a user asks for who only wants to see the trainer run."""
        small = train_tokenizer(["A cat sat on the mat.", "The mat was warm, and the cat slept."], tmp_path)
        assert 20 < small.vocabulary.first_sentinel < 60
        assert small.decode(small.encode(["the warm cat"])[0]) == "the warm cat"

    def test_more_characters_than_pieces(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=r"of 300 pieces cannot hold .* make it larger than \d+, or lower"):
            train_tokenizer(TEXTS, tmp_path, vocab_size=300)
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize("texts", [[], [""], [" \n\n  "]])
    def test_no_text(self, texts: list[str], tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="have no lines"):
            train_tokenizer(texts, tmp_path)

    def test_the_number_of_sentinels(self, tmp_path: Path) -> None:
        train_tokenizer(ENGLISH, tmp_path, vocab_size=500, extra_ids=256)
        loaded = Tokenizer.load(tmp_path)
        assert loaded.vocabulary == Vocabulary(756, sentinels=256)
        assert len(transformers.AutoTokenizer.from_pretrained(tmp_path)) == 756


class TestSample:
    def test_all_lines_of_a_small_corpus_in_order(self) -> None:
        assert sample_lines(["a\n\nb", " \nc\n"], 10, seed=0) == ["a", "b", "c"]

    def test_long_lines_are_cut_not_left_out(self) -> None:
        assert [len(line) for line in sample_lines(["x" * 2500], 10, seed=0)] == [1000, 1000, 500]

    def test_a_literal_sample(self) -> None:
        """Guards the draw: another one is another vocabulary for the same corpus and seed."""
        assert sample_lines([f"{number}" for number in range(1000)], 5, seed=0) == ["819", "785", "2", "930", "506"]

    def test_every_line_is_as_likely(self) -> None:
        lines = ["\n".join("abcdefghij")]
        counts = Counter(line for seed in range(3000) for line in sample_lines(lines, 3, seed))
        assert len(counts) == 10
        assert sum((count - 900) ** 2 / 900 for count in counts.values()) < 27.88  # 99.9 % of chi-square, 9 degrees


class TestTransformers:
    def test_it_finds_the_same_vocabulary(
        self, tokenizer: Tokenizer, hugging_face: transformers.PreTrainedTokenizerBase
    ) -> None:
        vocabulary = tokenizer.vocabulary
        assert len(hugging_face) == vocabulary.size
        assert (hugging_face.pad_token_id, hugging_face.eos_token_id, hugging_face.unk_token_id) == (0, 1, 2)
        for number in (0, 1, 50, 99):
            assert hugging_face.convert_tokens_to_ids(f"<extra_id_{number}>") == vocabulary.sentinel(number)
        assert hugging_face("one").input_ids[-1] == vocabulary.eos
        sentinels = hugging_face.encode("<extra_id_0> and <extra_id_1>", add_special_tokens=False)
        assert (sentinels[0], sentinels[-1]) == (vocabulary.sentinel(0), vocabulary.sentinel(1))

    def test_its_ids_are_sentencepieces(
        self, tokenizer: Tokenizer, folder: Path, hugging_face: transformers.PreTrainedTokenizerBase
    ) -> None:
        """But for ties: another way to cut with the same score, of which a few texts in a thousand have one."""
        texts = [line for text in TEXTS for line in text.split("\n")] + TEXTS
        ties = 0
        for text, ours in zip(texts, tokenizer.encode(texts), strict=True):
            theirs = hugging_face.encode(text, add_special_tokens=False)
            if ours.tolist() != theirs:
                ties += 1
                assert score(tokenizer, folder, theirs) == pytest.approx(score(tokenizer, folder, ours.tolist()))
        assert ties <= len(texts) // 200

    @pytest.mark.parametrize("text", [text for text in HOSTILE if "<" not in text])
    def test_hostile_strings(
        self, text: str, tokenizer: Tokenizer, hugging_face: transformers.PreTrainedTokenizerBase
    ) -> None:
        assert tokenizer.encode([text])[0].tolist() == hugging_face.encode(text, add_special_tokens=False)

    def test_the_one_character_that_they_see_differently(
        self, tokenizer: Tokenizer, hugging_face: transformers.PreTrainedTokenizerBase
    ) -> None:
        """U+0085, next line, is a blank to transformers. No other one below U+30000 differs, between two letters."""
        assert tokenizer.encode(["a\x85b"])[0].tolist() == tokenizer.encode(["a\ue000b"])[0].tolist()  # unk
        assert hugging_face.encode("a\x85b") == hugging_face.encode("a b")


class TestEncoding:
    def test_control_tokens_in_text_are_text(self, tokenizer: Tokenizer) -> None:
        for ids in tokenizer.encode(HOSTILE):
            assert ids.dtype == np.int32
            assert not np.isin(ids, [tokenizer.vocabulary.pad, tokenizer.vocabulary.eos]).any()
            assert (ids < tokenizer.vocabulary.first_sentinel).all()
        shown = tokenizer.decode(tokenizer.encode(["before<extra_id_5>after</s>"])[0])
        assert shown == "before<extra_id_5>after</s>"

    @given(st.lists(st.text(), max_size=5))
    @settings(deadline=None)
    def test_a_batch_is_its_texts(self, tokenizer: Tokenizer, texts: list[str]) -> None:
        together = tokenizer.encode(texts)
        assert [ids.tolist() for ids in together] == [tokenizer.encode([text])[0].tolist() for text in texts]
        assert [ids.tolist() for ids in together] == [ids.tolist() for ids in tokenizer.encode(texts, threads=2)]

    def test_sentinels_that_the_model_holds(self, tmp_path: Path) -> None:
        """As mT5's: its last pieces are the sentinels, behind the mark of a blank."""
        names = [f"▁<extra_id_{number}>" for number in range(9, -1, -1)]
        spm.SentencePieceTrainer.train(
            sentence_iterator=iter(" ".join(ENGLISH).split("\n")),
            model_prefix=str(tmp_path / "plain"),
            vocab_size=300,
            pad_id=0,
            eos_id=1,
            unk_id=2,
            bos_id=-1,
            minloglevel=2,
        )
        plain = Tokenizer.load(tmp_path / "plain.model")
        held = Tokenizer(append_pieces((tmp_path / "plain.model").read_bytes(), names))
        assert plain.vocabulary == Vocabulary(400, sentinels=100)
        assert held.vocabulary == Vocabulary(310, sentinels=10)
        text = "the <extra_id_0> house"
        assert held.vocabulary.sentinel(0) in sentencepiece_ids(held, text)  # sentencepiece alone is fooled
        assert (held.encode([text])[0] < held.vocabulary.first_sentinel).all()
        assert held.decode([309, 300]) == "<extra_id_0><extra_id_9>"
        held.save(tmp_path / "held")
        assert Tokenizer.load(tmp_path / "held").vocabulary == held.vocabulary
        assert len(transformers.AutoTokenizer.from_pretrained(tmp_path / "held")) == 310


def sentencepiece_ids(tokenizer: Tokenizer, text: str) -> list[int]:
    return spm.SentencePieceProcessor(model_proto=tokenizer.__reduce__()[1][0]).encode(text)


def append_pieces(model: bytes, names: list[str]) -> bytes:
    """A model with more pieces at the end: repeated fields of a protobuf message add up. Type 4 is user-defined."""
    for name in names:
        piece = b"\x0a" + bytes([len(name.encode())]) + name.encode() + b"\x18\x04"
        model += b"\x0a" + bytes([len(piece)]) + piece
    return model


class TestDecoding:
    def test_sentinels_are_shown_where_they_stand(self, tokenizer: Tokenizer) -> None:
        ids = tokenizer.encode(["The house by the river"])[0].tolist()
        vocabulary = tokenizer.vocabulary
        shown = tokenizer.decode([vocabulary.sentinel(0), *ids, vocabulary.sentinel(12), vocabulary.eos, 0, 0, -100])
        assert shown == "<extra_id_0> The house by the river<extra_id_12>"

    def test_ids_of_no_piece(self, tokenizer: Tokenizer) -> None:
        """An untrained model may answer with a row of the embedding table that stands for nothing."""
        assert tokenizer.decode([2, tokenizer.vocabulary.size, tokenizer.vocabulary.size + 27]) == "⁇  ⁇  ⁇ "

    def test_text_without_unknown_characters_comes_back(self, tokenizer: Tokenizer) -> None:
        for text in ENGLISH:
            for line in filter(str.strip, text.split("\n")):
                assert tokenizer.decode(tokenizer.encode([line])[0]) == " ".join(line.split())

    @given(st.lists(st.integers(3, 3999), max_size=30))
    def test_as_sentencepiece_decodes(self, tokenizer: Tokenizer, folder: Path, ids: list[int]) -> None:
        assert tokenizer.decode(np.array(ids, np.int32)) == sentencepiece(folder / "spiece.model").decode(ids)


class TestLoading:
    def test_saved_again_it_is_the_same(self, folder: Path, tokenizer: Tokenizer, tmp_path: Path) -> None:
        tokenizer.save(tmp_path / "a" / "b")
        for path in folder.iterdir():
            assert (tmp_path / "a" / "b" / path.name).read_bytes() == path.read_bytes()

    def test_it_goes_to_another_process(self, tokenizer: Tokenizer) -> None:
        copy = pickle.loads(pickle.dumps(tokenizer))
        assert (copy.vocabulary, copy.fingerprint) == (tokenizer.vocabulary, tokenizer.fingerprint)
        assert copy.encode(TEXTS[:1])[0].tolist() == tokenizer.encode(TEXTS[:1])[0].tolist()

    def test_the_fingerprint_is_that_of_the_file(self, folder: Path, tokenizer: Tokenizer) -> None:
        assert tokenizer.fingerprint == hashlib.sha256((folder / "spiece.model").read_bytes()).hexdigest()

    def test_a_model_file_alone(self, folder: Path, tmp_path: Path) -> None:
        (tmp_path / "other.model").write_bytes((folder / "spiece.model").read_bytes())
        assert Tokenizer.load(tmp_path / "other.model", extra_ids=7).vocabulary == Vocabulary(4007, sentinels=7)

    def test_nothing_there(self, tmp_path: Path) -> None:
        for path in (tmp_path, tmp_path / "none", str(tmp_path)):
            with pytest.raises(ConfigError, match=r"no tokenizer at .*: expected a folder with a spiece\.model"):
                Tokenizer.load(path)

    @pytest.mark.parametrize("content", [b"", b"not a model", b"\x00" * 100])
    def test_no_model(self, content: bytes, tmp_path: Path) -> None:
        (tmp_path / "spiece.model").write_bytes(content)
        with pytest.raises(ConfigError, match=r"spiece\.model is not a SentencePiece model"):
            Tokenizer.load(tmp_path)

    @pytest.mark.parametrize(
        "content",
        [
            *("", "[]", '{"extra_ids": "many"}', '{"extra_ids": null}', "[" * 100_000),
            *('{"extra_ids": 1e999}', '{"extra_ids": 1000000000}', '{"extra_ids": -1}'),
        ],
        ids=range(8),
    )
    def test_a_damaged_configuration(self, content: str, folder: Path, tmp_path: Path) -> None:
        (tmp_path / "spiece.model").write_bytes((folder / "spiece.model").read_bytes())
        (tmp_path / "tokenizer_config.json").write_text(content)
        with pytest.raises(ConfigError, match=r"tokenizer_config\.json does not describe a tokenizer"):
            Tokenizer.load(tmp_path)

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({}, r"has pad, eos and unk at \(-1, 2, 0\), but T5 has them at \(0, 1, 2\)"),
            (
                {"byte_fallback": True, "pad_id": 0, "eos_id": 1, "unk_id": 2, "bos_id": -1},
                "has byte fallback, which transformers' T5 tokenizer switches off",
            ),
        ],
    )
    def test_models_of_other_kinds(self, settings: dict[str, object], message: str, tmp_path: Path) -> None:
        spm.SentencePieceTrainer.train(
            sentence_iterator=iter(ENGLISH[0].split("\n")),
            model_prefix=str(tmp_path / "spiece"),
            vocab_size=400,
            minloglevel=2,
            **settings,
        )
        with pytest.raises(ConfigError, match=message):
            Tokenizer.load(tmp_path)

    def test_the_normalisation_is_the_models(self, folder: Path) -> None:
        """The table that is cut out of the protobuf, in the file for transformers."""
        table = charsmap_of((folder / "spiece.model").read_bytes())
        assert len(table) > 100_000
        assert json.loads((folder / "tokenizer.json").read_text())["normalizer"]["type"] == "Precompiled"
        assert charsmap_of(b"") == b""
