"""A run's tokenizer: before the first checkpoint it belongs to the settings that made it, after that to the run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from model.errors import ConfigError
from model.run import held
from model.run_tokenizer import choose_tokenizer, open_tokenizer
from model.settings import complete
from model.start import make_sources, open_corpora
from model.tokens import Tokenizer
from tests.corpora import write_corpus
from tests.model.training import story, write_stories


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_stories(tmp_path_factory.mktemp("data") / "c4")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Settings of which each makes another tokenizer, by name."""
    folder = tmp_path_factory.mktemp("other")
    corpus = write_corpus(folder / "c4", {("en", "train"): [[[story(n).upper() for n in range(40)]]]})
    named = folder / "named"
    opened(corpus, folder / "run", vocab_size=60).save(named)
    return {
        "data": {"data": corpus},
        "vocab_size": {"vocab_size": 60},
        "sentinels": {"sentinels": 50},
        "languages": {"languages": ("en",)},
        "tokenizer": {"tokenizer": named},
        "init_from": {"init_from": named},
    }


def opened(data: Path, run: Path, **given: Any) -> Tokenizer:
    settings = complete({"data": (data,), "run": run, "device": "cpu", **given}, False, 1)
    with held(run):
        return open_tokenizer(settings, make_sources(settings, open_corpora(settings)[0]))


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def begin(run: Path) -> None:
    """As if a checkpoint had been saved."""
    (run / "checkpoints/step-00000002").mkdir(parents=True)


def test_the_same_settings_take_what_is_there(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    opened(data, tmp_path / "run")
    before = files(tmp_path / "run/tokenizer")
    assert sorted(before) == ["made_of.json", "spiece.model", "tokenizer.json", "tokenizer_config.json"]
    assert capsys.readouterr().err == f"making the tokenizer {tmp_path}/run/tokenizer\n"
    opened(data, tmp_path / "run", batch=4, optimizer="adamw")
    assert capsys.readouterr().err == ""
    assert files(tmp_path / "run/tokenizer") == before


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "data"),
        ("", "vocab_size"),
        ("", "sentinels"),
        ("", "languages"),
        ("", "tokenizer"),
        ("vocab_size", "init_from"),
        ("init_from", ""),
    ],
)
def test_what_a_command_with_other_settings_has_left_is_not_taken(
    data: Path, other: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str], before: str, after: str
) -> None:
    """What it left is kept, and what takes its place is that of a new run."""
    run, new = tmp_path / "run", tmp_path / "new"
    opened(**{"data": data, "run": run, **other.get(before, {})})
    left = files(run / "tokenizer")
    capsys.readouterr()
    opened(**{"data": data, "run": run, **other.get(after, {})})
    said, source = capsys.readouterr().err, after in ("tokenizer", "init_from")
    differs = "from another source" if source else "with other settings ("
    assert said.startswith(f"note: {run}/tokenizer was made {differs}")
    assert said.endswith(": kept as tokenizer.old, and rebuilt\n")
    assert files(run / "tokenizer.old") == left
    opened(**{"data": data, "run": new, **other.get(after, {})})
    assert files(run / "tokenizer") == files(new / "tokenizer") != left


def test_a_note_of_another_tokenizer_is_not_believed(data: Path, tmp_path: Path) -> None:
    """A kill between two files, and runs of versions that wrote no note."""
    run, new = tmp_path / "run", tmp_path / "new"
    opened(data, new)
    opened(data, run)
    for name in ("made_of.json", "tokenizer.json", "spiece.model"):
        (run / "tokenizer" / name).unlink()
        opened(data, run)
        assert files(run / "tokenizer") == files(new / "tokenizer")
    assert not [*run.glob("tokenizer.old*")]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("vocab_size", "the tokenizer of .*/run was made with --vocab-size 2000: use that, or another --run"),
        ("sentinels", "was made with --sentinels 100"),
        ("tokenizer", "is a different tokenizer from that of --tokenizer .*/named. Use another --run"),
        ("init_from", "is a different tokenizer from that of --init-from .*/named. Use another --run"),
    ],
)
def test_a_run_that_has_begun_keeps_its_own(
    data: Path, other: dict[str, Any], tmp_path: Path, name: str, said: str
) -> None:
    run = tmp_path / "run"
    first = opened(data, run)
    begin(run)
    left = files(run / "tokenizer")
    with pytest.raises(ConfigError, match=said):
        opened(data, run, **other[name])
    if name in ("vocab_size", "sentinels"):
        assert opened(data, run, force=True, **other[name]).fingerprint == first.fingerprint
    assert files(run / "tokenizer") == left


def test_a_run_that_was_given_one_goes_on_without_its_name(data: Path, other: dict[str, Any], tmp_path: Path) -> None:
    first = opened(data, tmp_path / "run", **other["tokenizer"])
    begin(tmp_path / "run")
    assert opened(data, tmp_path / "run").fingerprint == first.fingerprint


def test_weights_and_another_tokenizer_do_not_go_together(data: Path, other: dict[str, Any], tmp_path: Path) -> None:
    opened(data, tmp_path / "run").save(tmp_path / "mine")
    for run in ("run", "new"):
        with pytest.raises(ConfigError, match="Embeddings belong to their tokenizer: leave out --tokenizer"):
            opened(data, tmp_path / run, tokenizer=tmp_path / "mine", **other["init_from"])


def test_a_prediction_writes_nothing(data: Path, other: dict[str, Any], tmp_path: Path) -> None:
    run = tmp_path / "run"
    opened(data, run)
    left = files(run / "tokenizer")
    settings = complete({"data": (data,), "run": run, "device": "cpu", "vocab_size": 60}, False, 1)
    chosen, _ = choose_tokenizer(settings, make_sources(settings, open_corpora(settings)[0]))
    assert chosen.fingerprint == opened(data, tmp_path / "new", vocab_size=60).fingerprint
    assert files(run / "tokenizer") == left


def test_sentinels_of_ones_own(data: Path, tmp_path: Path) -> None:
    plain, more = opened(data, tmp_path / "plain"), opened(data, tmp_path / "more", sentinels=300)
    assert (plain.vocabulary.sentinels, more.vocabulary.sentinels) == (100, 300)
    assert more.vocabulary.size == plain.vocabulary.size + 200
    assert Tokenizer.load(tmp_path / "more/tokenizer").vocabulary == more.vocabulary
    assert more.fingerprint != plain.fingerprint  # the pieces are the same, and the ids of the sentinels are not
    assert more.decode([more.vocabulary.sentinel(299)]) == "<extra_id_299>"
