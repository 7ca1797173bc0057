"""RUN/sha256.json: at no moment has a whole file no sum, and a damaged list of sums says nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.disk import put_aside
from model import sums
from model.disk import put
from model.sums import Mark, RunSums

A, B = Mark.of(b"a"), Mark.of(b"ab")


def test_a_file_is_known_by_its_sum(tmp_path: Path) -> None:
    RunSums(tmp_path).put("tokenizer/spiece.model", b"pieces")
    found = RunSums(tmp_path)
    assert (found.is_whole("tokenizer/spiece.model"), found.is_whole("config.json"), found.fault) == (True, None, "")
    (tmp_path / "tokenizer/spiece.model").write_bytes(b"Pieces")
    assert found.is_whole("tokenizer/spiece.model") is False
    (tmp_path / "tokenizer/spiece.model").unlink()
    assert found.is_whole("tokenizer/spiece.model") is False
    assert json.loads((tmp_path / "sha256.json").read_bytes())["files"] == {
        "tokenizer/spiece.model": [Mark.of(b"pieces").sha256]
    }


@pytest.mark.parametrize("before", ["the file", "nothing"])
def test_a_kill_between_a_file_and_its_sum_leaves_it_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str
) -> None:
    if before == "the file":
        RunSums(tmp_path).put("config.json", b"old")
    for number in range(1, 5):
        left = iter(range(number))

        def stop(path: Path, content: bytes, left=left) -> None:
            if next(left, None) is None:
                raise KeyboardInterrupt
            put(path, content)

        monkeypatch.setattr(sums, "put", stop)
        try:
            RunSums(tmp_path).put("config.json", f"{number}".encode())
        except KeyboardInterrupt:
            assert RunSums(tmp_path).is_whole("config.json") or not (tmp_path / "config.json").exists()
        else:
            assert number > 2
            break
    assert RunSums(tmp_path).is_whole("config.json")


def test_marks_are_kept_for_the_checkpoints_that_are_there(tmp_path: Path) -> None:
    found = RunSums(tmp_path)
    for step in (2, 4, 6):
        found.mark(step, {"metrics.csv": A}, (2, 4) if step < 6 else (4,))
    assert [RunSums(tmp_path).marks(step) for step in (2, 4, 6)] == [{}, {"metrics.csv": A}, {"metrics.csv": A}]


def test_a_run_that_goes_on_from_a_step_has_no_later_marks(tmp_path: Path) -> None:
    found = RunSums(tmp_path)
    for step in (2, 4, 6):
        found.mark(step, {"metrics.csv": A, "eval.csv": A}, (2, 4))
    found.restart(4, {"metrics.csv": A, "eval.csv": B})  # a table was damaged
    assert [RunSums(tmp_path).marks(step) for step in (2, 4, 6)] == [
        {"metrics.csv": A},
        {"metrics.csv": A, "eval.csv": B},
        {},
    ]


@pytest.mark.parametrize("text", ["", "{", "3", "[]", "{}", "[" * 10_000, '{"files": {}, "marks": {}, "sha256": "0"}'])
def test_what_is_no_list_of_sums_says_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "sha256.json").write_text(text)
    found = RunSums(tmp_path)
    assert found.fault
    assert found.is_whole("config.json") is None


@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_no_flip_passes(tmp_path_factory: pytest.TempPathFactory, place: int, bit: int) -> None:
    run = tmp_path_factory.mktemp("run")
    found = RunSums(run)
    found.put("config.json", b"a")
    found.mark(2, {"metrics.csv": A}, ())
    content = bytearray((run / "sha256.json").read_bytes())
    content[place % len(content)] ^= 1 << bit
    (run / "sha256.json").write_bytes(content)
    again = RunSums(run)
    assert again.fault or (again.is_whole("config.json"), again.marks(2)) == (True, {"metrics.csv": A})


def test_what_is_put_aside_takes_no_name_that_is_there(tmp_path: Path) -> None:
    for content in ("one", "two", "three"):
        (tmp_path / "a").write_text(content)
        put_aside(tmp_path / "a")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "a.old": "one",
        "a.old-2": "two",
        "a.old-3": "three",
    }


def test_a_link_is_replaced_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("theirs")
    for name in ("a", ".a.tmp"):
        (tmp_path / name).symlink_to(tmp_path / "theirs")
    put(tmp_path / "a", b"ours")
    assert ((tmp_path / "theirs").read_text(), (tmp_path / "a").read_bytes()) == ("theirs", b"ours")
