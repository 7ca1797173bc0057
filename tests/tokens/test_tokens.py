"""python -m c4pipe.tokens: whose tokens they are, in which order, the same bytes however often it is begun."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_jobs import rebalance
from c4pipe.shards import MANIFEST, read_manifest, to_json
from c4pipe.tokens import __main__ as tokens
from c4pipe.tokens import making
from tests.pieces import pieces_of
from tests.rebalance.corpora import sha256, write_corpus
from tests.tokens.test_megatron import read_documents, read_index
from tests.wetfiles import story

sentencepiece = pytest.importorskip("sentencepiece")
tokenizers = pytest.importorskip("tokenizers")

TRAIN, VALIDATION = {"de": 40, "en": 120}, {"en": 3}


@pytest.fixture(scope="session")
def corpus(once):
    return once("corpus of tokens", lambda folder: write_corpus(folder, TRAIN, VALIDATION))


@pytest.fixture(scope="session")
def mixed(once, corpus):
    def make(folder: Path) -> None:
        options = ["--mixture", "equal", "--documents", "150", "--shards", "3", "--workers", "1"]
        assert rebalance.main(["--corpus", str(corpus), "--output", str(folder), *options]) == 0

    return once("mixture of tokens", make)


@pytest.fixture(scope="session")
def spiece(tmp_path_factory):
    """A SentencePiece model with T5's special tokens."""
    model = pieces_of([story(n) for n in range(50)], 300, pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
    path = tmp_path_factory.mktemp("spiece") / "spiece.model"
    path.write_bytes(model)
    return path


@pytest.fixture(scope="session")
def bpe(tmp_path_factory):
    """A tokenizer.json that puts a token in front of a text where special tokens are asked for."""
    made = tokenizers.Tokenizer(tokenizers.models.BPE())
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<s>", "<|end|>"],
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
    )
    made.train_from_iterator([story(n) for n in range(50)], trainer)
    made.post_processor = tokenizers.processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    folder = tmp_path_factory.mktemp("bpe")
    made.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": {"content": "<|end|>"}}))
    return folder / "tokenizer.json"


def make(folder, tokenizer, out, *options) -> int:
    options = options if "--workers" in options else (*options, "--workers", "1")
    return tokens.main([*map(str, [folder, "--tokenizer", tokenizer, "--out", out, *options])])


def files(out: Path) -> dict[str, bytes]:
    return {suffix: Path(f"{out}{suffix}").read_bytes() for suffix in making.TOKEN_SUFFIXES}


def pages(folder: Path, config: str, split: str = "train") -> list[dict]:
    """The pages in the order of the shards, each with its place."""
    found = []
    for shard in sorted(row["path"] for row in read_manifest(folder)["shards"]):
        if shard.startswith(f"{config}/{split}"):
            table = pq.ParquetFile(folder / shard).read()
            found += [row | {"shard": shard, "row": n} for n, row in enumerate(table.to_pylist())]
    return found


def test_documents_are_the_pages_in_the_order_of_the_shards(mixed, spiece, tmp_path):
    assert make(mixed, spiece, tmp_path / "t") == 0
    processor = sentencepiece.SentencePieceProcessor(model_file=str(spiece))
    expected = [[*processor.encode(page["text"]), 1] for page in pages(mixed, "mixture")]
    assert read_documents(tmp_path / "t") == expected
    assert len(expected) == 150
    assert read_index((tmp_path / "t.idx").read_bytes()).kind == "<u2"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t.bin", "t.idx", "t.parquet"]


def test_the_table_names_the_page_of_each_document(mixed, spiece, tmp_path):
    assert make(mixed, spiece, tmp_path / "t") == 0
    told = pq.read_table(tmp_path / "t.parquet").to_pylist()
    names = ("url", "timestamp", "record_id", "shard", "row")
    assert [{name: row[name] for name in names} for row in told] == [
        {name: page[name] for name in names} for page in pages(mixed, "mixture")
    ]
    assert [row["document"] for row in told] == [*range(150)]
    stream = np.fromfile(tmp_path / "t.bin", "<u2").tolist()
    documents = read_documents(tmp_path / "t")
    assert [stream[row["start"] : row["start"] + row["tokens"]] for row in told] == documents


def test_any_beginning_of_a_mixture_has_its_rates(mixed, spiece, tmp_path):
    """Two languages at equal rates: within a page of half and half, wherever one stops."""
    assert make(mixed, spiece, tmp_path / "t") == 0
    told = pq.read_table(tmp_path / "t.parquet")
    languages = [page["language"] for page in pages(mixed, "mixture")]
    assert told.num_rows == len(languages)
    german = np.cumsum([language == "de" for language in languages])
    assert np.abs(german - np.arange(1, 151) / 2).max() <= 1


def test_the_same_bytes_by_three_workers(mixed, spiece, tmp_path):
    assert make(mixed, spiece, tmp_path / "one") == 0
    assert make(mixed, spiece, tmp_path / "three", "--workers", 3) == 0
    assert files(tmp_path / "three") == files(tmp_path / "one")


@pytest.mark.parametrize("stage", ["a shard", "the join"])
def test_a_run_that_was_stopped_goes_on(mixed, spiece, tmp_path, monkeypatch, capsys, stage):
    assert make(mixed, spiece, tmp_path / "whole") == 0
    real, written = making.write_part, []

    def dies(job, number, tokenizer=None):
        if stage == "a shard" and number == 2:
            raise KeyboardInterrupt
        written.append(number)
        real(job, number, tokenizer)

    def full(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(making, "write_part", dies)
        if stage == "the join":
            patch.setattr(making, "write_index", full)  # behind the .bin
        assert make(mixed, spiece, tmp_path / "t") == 130
    assert "Run the same command again" in capsys.readouterr().err
    first = written.copy()
    monkeypatch.setattr(making, "write_part", lambda *a: (written.append(a[1]), real(*a)))
    assert make(mixed, spiece, tmp_path / "t") == 0
    assert sorted(written) == [0, 1, 2]  # each once
    assert first == ([0, 1] if stage == "a shard" else [0, 1, 2])
    assert files(tmp_path / "t") == files(tmp_path / "whole")


def test_a_damaged_part_is_made_again(mixed, spiece, tmp_path, monkeypatch):
    assert make(mixed, spiece, tmp_path / "whole") == 0
    with monkeypatch.context() as patch:
        patch.setattr(making, "_joined", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        assert make(mixed, spiece, tmp_path / "t") == 130
    part = next(tmp_path.glob("t.parts-*/00001.bin"))
    part.write_bytes(part.read_bytes()[:-2])
    assert make(mixed, spiece, tmp_path / "t") == 0
    assert files(tmp_path / "t") == files(tmp_path / "whole")


@pytest.mark.parametrize("folder", ["new/", "there"])
def test_a_folder_is_no_prefix(mixed, spiece, tmp_path, monkeypatch, capsys, folder):
    monkeypatch.chdir(tmp_path)
    Path("there").mkdir()
    assert make(mixed, spiece, folder) == 2
    assert f"expected a prefix of file names: {folder.rstrip('/')}/NAME" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_what_is_there_is_not_made_again(mixed, spiece, bpe, tmp_path, capsys):
    assert make(mixed, spiece, tmp_path / "t") == 0
    before = files(tmp_path / "t")
    assert make(mixed, spiece, tmp_path / "t") == 0
    assert "already made" in capsys.readouterr().out
    assert make(mixed, bpe, tmp_path / "t") == 2
    assert "was made from another tokenizer. Use another --out, or --overwrite." in capsys.readouterr().err
    assert files(tmp_path / "t") == before
    assert make(mixed, bpe, tmp_path / "t", "--overwrite") == 0
    assert files(tmp_path / "t") != before
    (tmp_path / "mine.bin").write_bytes(b"mine")
    assert make(mixed, bpe, tmp_path / "mine") == 2
    assert "its origin is unknown" in capsys.readouterr().err
    assert (tmp_path / "mine.bin").read_bytes() == b"mine"


def test_a_tokenizer_of_hugging_face(mixed, bpe, tmp_path):
    """Without the special tokens of its template, as Megatron's HuggingFaceTokenizer."""
    assert make(mixed, bpe, tmp_path / "t") == 0
    judge = tokenizers.Tokenizer.from_file(str(bpe))
    expected = [[*judge.encode(page["text"]).ids[1:], 1] for page in pages(mixed, "mixture")]
    assert read_documents(tmp_path / "t") == expected


@pytest.mark.parametrize("kind", ["spiece", "bpe"])
def test_a_folder_stands_for_the_file_in_it(mixed, kind, tmp_path, request):
    file = request.getfixturevalue(kind)
    assert make(mixed, file, tmp_path / "file") == 0
    assert make(mixed, file.parent, tmp_path / "folder") == 0
    assert files(tmp_path / "folder") == files(tmp_path / "file")


def test_the_end_of_a_document(mixed, spiece, bpe, tmp_path, capsys):
    assert make(mixed, spiece, tmp_path / "end") == 0
    assert make(mixed, spiece, tmp_path / "bare", "--no-eod") == 0
    assert make(mixed, bpe, tmp_path / "other", "--eod-token", "<s>") == 0
    ended = read_documents(tmp_path / "end")
    assert read_documents(tmp_path / "bare") == [ids[:-1] for ids in ended]
    assert {ids[-1] for ids in read_documents(tmp_path / "other")} == {0}
    alone = tmp_path / "tokenizer.json"
    alone.write_bytes(bpe.read_bytes())
    assert make(mixed, alone, tmp_path / "t") == 2
    assert "does not name an end-of-text token. Name one: --eod-token TOKEN, or --no-eod." in capsys.readouterr().err
    assert make(mixed, spiece, tmp_path / "t", "--eod-token", "<none>") == 2
    assert "has no token '<none>'" in capsys.readouterr().err


def without_ids(folder: Path) -> Path:
    """A corpus of an older build, with two pages, one without a word."""
    (folder / "en").mkdir(parents=True)
    path = "en/train-00000-of-00001.parquet"
    pq.write_table(pa.table({"text": ["", "A page."], "timestamp": ["1", "2"], "url": ["a", "b"]}), folder / path)
    row = {"path": path, "config": "en", "split": "train", "rows": 2, "bytes": os.path.getsize(folder / path)}
    row["sha256"] = sha256(folder / path)
    (folder / MANIFEST).write_bytes(to_json({"schema_version": 1, "shards": [row]}))
    return folder


def test_pages_of_older_builds_and_without_a_word(spiece, tmp_path):
    folder = without_ids(tmp_path / "old")
    assert make(folder, spiece, tmp_path / "t") == 0
    assert [len(ids) > 1 for ids in read_documents(tmp_path / "t")] == [False, True]
    told = pq.read_table(tmp_path / "t.parquet").to_pylist()
    assert [(row["url"], row["record_id"], row["start"]) for row in told] == [("a", None, 0), ("b", None, 0)]
    assert told[0]["tokens"] == 0
    assert read_index((tmp_path / "t.idx").read_bytes()).documents == [0, 0, 1]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "it holds several configs. Name one with --config, or mix them first: de, en."),
        (("--config", "fr"), "unknown config 'fr'"),
        (("--config", "de", "--split", "validation"), "there is no page in split 'validation'"),
        (("--config", "de", "--no-eod", "--eod-token", "x"), "--eod-token has no effect"),
        (("--config", "de", "--tokenizer", "FOLDER"), "has no tokenizer. Expected a SentencePiece model"),
        (("--config", "de", "--tokenizer", "NONE"), "cannot be read (No such file or directory)"),
        (("--config", "de", "--tokenizer", "NO.model"), "is not a tokenizer"),
        (("--config", "de", "--tokenizer", "NO.json"), "is not a tokenizer"),
        (("--config", "de", "--out", "FILE/t"), "cannot be created (Not a directory)"),
    ],
)
def test_wrong_use_is_refused_before_any_work(corpus, spiece, tmp_path, capsys, options, words):
    for name in ("NO.model", "NO.json", "FILE"):
        (tmp_path / name).write_bytes(b"not a tokenizer")
    (tmp_path / "FOLDER").mkdir()
    before = sorted(tmp_path.iterdir())
    options = [tmp_path / word if word.isupper() or word.startswith(("NO", "FILE")) else word for word in options]
    assert make(corpus, spiece, tmp_path / "t", *options) == 2
    found = capsys.readouterr().err
    assert words in found
    assert found.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_one_config_of_several(corpus, spiece, tmp_path):
    assert make(corpus, spiece, tmp_path / "t", "--config", "de") == 0
    assert len(read_documents(tmp_path / "t")) == TRAIN["de"]


def test_a_damaged_shard_is_named(corpus, spiece, tmp_path, capsys):
    copy = tmp_path / "c4"
    shutil.copytree(corpus, copy)
    path = sorted((copy / "de").glob("train-*"))[0]
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    assert make(copy, spiece, tmp_path / "t", "--config", "de") == 1
    assert str(path) in capsys.readouterr().err
