"""model.provenance: which pages contain a model's output."""

from __future__ import annotations

from pathlib import Path

import pytest

from c4pipe.textindex.making import make_index
from model.errors import ConfigError
from model.generate import main
from model.provenance import need_index, traced_lines
from tests.corpora import write_corpus
from tests.model.training import train, write_stories

FOG = "The fog lay on the river and nobody saw the other bank."
PAGES = [FOG, f"Yesterday: {FOG} It was cold.", "The boat came in with nobody at the oar on a grey day."]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_corpus(tmp_path_factory.mktemp("corpus"), {("en", "train"): [[PAGES]]})
    make_index(folder)
    return folder


def test_the_longest_pieces_are_named_with_their_pages(corpus: Path) -> None:
    text = [("Here the fog lay on the river and nobody", True), (" knew; with nobody at the oar on a", True)]
    assert [*traced_lines(need_index(corpus), text)] == [
        "  35 characters are in 2 of the pages: he fog lay on the river and nobody ",
        "    en/train-00000-of-00001.parquet row 0  http://en.example/",
        "    en/train-00000-of-00001.parquet row 1  http://en.example/",
        "  28 characters are in 1 of the pages:  with nobody at the oar on a",
        "    en/train-00000-of-00001.parquet row 2  http://en.example/",
    ]


def test_what_was_asked_is_not_taken_for_what_was_written(corpus: Path) -> None:
    nothing = ["  no part of 20 characters or more of what the model wrote is in a page"]
    index = need_index(corpus)
    assert [*traced_lines(index, [("fog lay on the river", False), (" \udcff", True)])] == nothing
    assert [*traced_lines(index, [("fog lay on the riv", False), ("er", True)])] != nothing
    assert [*traced_lines(index, [("", True)])] == nothing


def test_the_command_says_it_behind_the_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_stories(tmp_path / "c4")
    assert train(data, tmp_path / "run", steps=1) == 0
    words = ["--run", str(tmp_path / "run"), "The sea was <extra_id_0> and", "--device", "cpu", "--max-tokens", "4"]
    capsys.readouterr()
    assert main([*words, "--trace", str(data)]) == 2
    assert "has no text index. Make one first: python -m c4pipe.textindex" in capsys.readouterr().err
    assert main([*words, "--trace", str(tmp_path / "nowhere")]) == 2
    assert "nowhere is not a folder" in capsys.readouterr().err
    make_index(data)
    assert main(words) == 0
    plain = capsys.readouterr().out
    assert main([*words, "--trace", str(data)]) == 0
    traced = capsys.readouterr().out
    assert traced.startswith(plain)
    assert traced.removeprefix(plain).startswith("  ")


def test_an_index_is_needed(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has no text index"):
        need_index(write_corpus(tmp_path, {("en", "train"): [[PAGES]]}))
