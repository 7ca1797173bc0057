"""c4pipe.shards.adding: files of ours in the folder of a finished corpus, and whose they are."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest

from c4pipe.errors import BuildError
from c4pipe.shards import ADDED, add_files, is_added, read_added


def test_what_was_added_is_ours_until_somebody_works_on_it(tmp_path: Path) -> None:
    add_files(tmp_path, {"report.html": b"one", "domains.csv": b"two"})
    assert [(file.path, file.bytes) for file in read_added((tmp_path / ADDED).read_bytes())] == [
        ("domains.csv", 3),
        ("report.html", 3),
    ]
    assert [is_added(tmp_path, name) for name in ("report.html", "domains.csv", "notes.txt")] == [True, True, False]
    (tmp_path / "report.html").write_bytes(b"on3")
    assert not is_added(tmp_path, "report.html")
    add_files(tmp_path, {"domains.csv": b"three"})
    assert (is_added(tmp_path, "domains.csv"), is_added(tmp_path, "report.html")) == (True, False)


@pytest.mark.parametrize("dies_at", range(8))
def test_a_death_leaves_no_file_that_nobody_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dies_at: int
) -> None:
    """At each rename and removal: what lies there by then is ours, and the same call makes it whole."""
    add_files(tmp_path, {"report.html": b"old"})
    steps = iter(range(100))

    def or_die(step):
        def run(*arguments, **options):
            if next(steps) >= dies_at:
                raise KeyboardInterrupt
            return step(*arguments, **options)

        return run

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", or_die(os.replace))
        patch.setattr(Path, "unlink", or_die(Path.unlink))
        with contextlib.suppress(KeyboardInterrupt):
            add_files(tmp_path, {"report.html": b"new", "domains.csv": b"two"})
    for name in ("report.html", "domains.csv"):
        assert is_added(tmp_path, name) or not (tmp_path / name).exists()
    add_files(tmp_path, {"report.html": b"new", "domains.csv": b"two"})
    assert (tmp_path / "report.html").read_bytes() == b"new"


def test_a_damaged_note_is_a_line_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / ADDED).write_bytes(b"{}")
    for call in (lambda: is_added(tmp_path, "a"), lambda: add_files(tmp_path, {"a": b""})):
        with pytest.raises(BuildError, match=r"added\.json is damaged"):
            call()
    assert [path.name for path in tmp_path.iterdir()] == [ADDED]


def test_a_folder_is_no_file_to_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "report.html").mkdir()
    (tmp_path / "report.html" / "mine.txt").write_text("mine")
    with pytest.raises(OSError, match=r"report\.html"):
        add_files(tmp_path, {"report.html": b"new"})
    assert (tmp_path / "report.html" / "mine.txt").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html"]
