"""A corpus replaces another one when it is complete: whatever dies in between, one of the two is intact."""

import errno
import json
import os
import shutil
import signal
from pathlib import Path

import pytest

from bench.soak import Fault, Seam
from c4pipe.errors import BuildError, ConfigError
from c4pipe.flow import placing
from c4pipe.flow.lock import FolderLock
from c4pipe.flow.ours import MADE_NAME, NOTE, WORK_NOTE, contents
from c4pipe.shards import MANIFEST, add_files
from tests.wetfiles import WebPage, digests, story, wet

KEY = f"{MADE_NAME}0123456789abcdef"


def one_file(folder):
    folder.mkdir()
    pages = [WebPage(f"http://a.example/{i}", story(10 * i)) for i in range(6)]
    (folder / "0.warc.wet.gz").write_bytes(wet(pages))
    return folder


@pytest.fixture
def two(built, once):
    """Two corpora: one to be replaced, and the one to come."""
    source = once("one input", one_file)
    return built(source, "--rejected", "all", "--shards", "2"), built(source, "--shards", "1")


def standing(folder, old, report=True):
    """A copy of a corpus with a report, as a user has it, and work that others have left beside it."""
    if old is not None:
        shutil.copytree(old, folder)
        if report:
            add_files(folder, {"report.html": b"<html>"})
    for work in (".staging-00000000000000aa", f"{MADE_NAME}00000000000000bb"):
        (folder / work).mkdir(parents=True)
        (folder / work / NOTE).write_bytes(WORK_NOTE)
        (folder / work / "half.parquet").write_bytes(b"half")
    return folder


def made(folder, new):
    """The corpus to come, as a build leaves it in front of its last step."""
    shutil.copytree(new, folder / KEY)
    (folder / KEY / NOTE).write_bytes(WORK_NOTE)
    (folder / KEY / "en" / ".train-00000-of-00001.parquet.17.tmp").write_bytes(b"half")
    return str(folder), str(folder / KEY)


def corpus(folder):
    """Its files without what builds work in."""
    return {name: sha for name, sha in digests(folder).items() if not name.startswith((".staging-", MADE_NAME))}


def unable(monkeypatch):
    def refuses(one, other):
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(placing, "exchange", refuses)


def dying(action, folder, number):
    """Whether a process of its own died at that file operation of the action."""
    if not (pid := os.fork()):
        os.setsid()
        Seam(folder, Fault(number)).install()
        try:
            action()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


# --- one takes the place of the other ---------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["exchanged", "moved", "into an empty folder"])
def test_what_is_there_behind_it(two, tmp_path, monkeypatch, how):
    old, new = two
    folder = standing(tmp_path / "c4", None if how == "into an empty folder" else old)
    if how == "moved":
        unable(monkeypatch)
    placing.put_in_place(*made(folder, new))
    assert corpus(folder) == digests(new)
    assert [path.name for path in tmp_path.iterdir()] == ["c4"]
    assert (folder / ".staging-00000000000000aa" / "half.parquet").read_bytes() == b"half"


def test_an_exchange_is_one_step(tmp_path):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    placing.exchange(str(tmp_path / "one"), str(tmp_path / "other"))
    assert os.listdir(tmp_path / "one") == ["other"]
    with pytest.raises(FileNotFoundError):
        placing.exchange(str(tmp_path / "one"), str(tmp_path / "none"))


@pytest.mark.parametrize("how", ["exchanged", "moved"])
@pytest.mark.parametrize("where", ["report.html", "README.md", "en/notes.txt", "mine.txt"])
def test_a_file_that_somebody_changed_meanwhile_keeps_the_old_corpus(two, tmp_path, monkeypatch, how, where):
    old, new = two
    folder = standing(tmp_path / "c4", old)
    (folder / where).write_text("mine")
    before = corpus(folder)
    if how == "moved":
        unable(monkeypatch)
    with pytest.raises(BuildError, match=where):
        placing.put_in_place(*made(folder, new))
    assert corpus(folder) == before
    assert (folder / KEY / MANIFEST).exists()


@pytest.mark.parametrize("how", ["exchanged", "moved", "into an empty folder"])
def test_a_death_at_any_file_operation_leaves_one_of_them_whole(two, tmp_path, monkeypatch, how):
    """Exchanged, in the very moment; moved, when whoever comes next has completed it. Nothing else is lost or left."""
    old, new = two
    if how == "moved":
        unable(monkeypatch)
    number, died = 0, True
    while died:
        number += 1
        folder = standing(tmp_path / f"{number}" / "c4", None if how == "into an empty folder" else old)
        before, after = corpus(folder), digests(new)
        told = made(folder, new)
        died = dying(lambda told=told: placing.put_in_place(*told), folder, number)
        if how == "exchanged":
            assert {name: sha for name, sha in corpus(folder).items() if name != NOTE} in (before, after), number
        placing.recover(str(folder))
        found = corpus(folder)
        assert found in (before, after), number
        assert contents(str(folder)).foreign == []
        if found != after:
            assert (folder / KEY / MANIFEST).exists(), number
            placing.put_in_place(*told)
        assert corpus(folder) == after
        assert [path.name for path in folder.parent.iterdir()] == ["c4"], number
        shutil.rmtree(folder)
    assert number > 20  # the operations that there were


def test_a_death_in_what_completes_it_is_completed_as_well(two, tmp_path, monkeypatch):
    old, new = two
    unable(monkeypatch)
    for number in range(1, 60, 7):
        folder = standing(tmp_path / f"{number}" / "c4", old)
        told = made(folder, new)
        dying(lambda told=told: placing.put_in_place(*told), folder, 18)
        dying(lambda folder=folder: placing.recover(str(folder)), folder, number)
        placing.recover(str(folder))
        if not (folder / KEY).exists():
            assert corpus(folder) == digests(new)


@pytest.mark.parametrize("mine", ["a folder", "a corpus", "a corpus with a note", "a link to a corpus"])
@pytest.mark.parametrize("name", [KEY, f"{MADE_NAME}backup"])
def test_folders_beside_it_that_are_none_of_ours_stay(two, tmp_path, mine, name):
    folder, beside, place = standing(tmp_path / "c4", two[0]), tmp_path / f".c4{name}", tmp_path / "mine"
    shutil.copytree(two[0], place if mine == "a link to a corpus" else beside)
    if mine == "a link to a corpus":
        beside.symlink_to(place)
    else:
        (beside / (MANIFEST if mine == "a folder" else "mine.txt")).write_text("mine")
    if mine == "a corpus with a note":
        (beside / NOTE).write_text("a note of mine")
    before = digests(tmp_path)
    placing.recover(str(folder))
    assert digests(tmp_path) == before


def test_a_corpus_that_was_damaged_on_its_way_is_not_put_in_its_place(two, tmp_path, monkeypatch):
    old, new = two
    unable(monkeypatch)
    folder = standing(tmp_path / "c4", old)
    told = made(folder, new)
    fingerprint = json.loads((new / MANIFEST).read_bytes())["fingerprint"]
    assert placing.is_made(told[1], fingerprint)
    shard = folder / KEY / "en" / "train-00000-of-00001.parquet"
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 1
    shard.write_bytes(data)
    assert not placing.is_made(told[1], fingerprint)
    with monkeypatch.context() as patch:
        patch.setattr(placing, "_complete", lambda output, made: None)
        placing.put_in_place(*told)
    with pytest.raises(BuildError, match=r"train-00000-of-00001\.parquet is damaged and was being moved"):
        placing.recover(str(folder))


def test_what_cannot_be_taken_away_is_told_and_the_new_corpus_stands(two, tmp_path, monkeypatch, capsys):
    def refuses(folder, paths):
        raise PermissionError(errno.EACCES, "Permission denied", folder)

    old, new = two
    folder = standing(tmp_path / "c4", old)
    told = made(folder, new)
    monkeypatch.setattr(placing, "_clear", lambda made: None)
    monkeypatch.setattr(placing, "_remove", refuses)
    placing.put_in_place(*told)
    assert "the previous corpus, cannot be removed" in capsys.readouterr().err
    assert (folder / MANIFEST).read_bytes() == (new / MANIFEST).read_bytes()


def test_the_lock_holds_through_an_exchange(two, tmp_path):
    old, new = two
    folder = standing(tmp_path / "c4", old)
    with FolderLock(str(folder)):
        placing.put_in_place(*made(folder, new))
        with pytest.raises(ConfigError, match="is being written by"), FolderLock(str(folder)):
            pass
    assert corpus(folder) == digests(new)


def test_a_link_is_followed(two, tmp_path):
    old, new = two
    standing(tmp_path / "disk" / "c4", old)
    (tmp_path / "link").symlink_to(tmp_path / "disk" / "c4")
    placing.put_in_place(*made(tmp_path / "link", new))
    assert (tmp_path / "link").is_symlink()
    assert corpus(tmp_path / "disk" / "c4") == digests(new)
    assert Path(os.readlink(tmp_path / "link")) == tmp_path / "disk" / "c4"


def test_the_folder_that_we_work_in_stays_the_same_one(two, tmp_path, monkeypatch):
    old, new = two
    folder = standing(tmp_path / "c4", old)
    made(folder, new)
    monkeypatch.chdir(folder)
    number = folder.stat().st_ino
    placing.put_in_place(".", f"./{KEY}")
    assert corpus(Path.cwd()) == corpus(folder) == digests(new)
    assert folder.stat().st_ino == number


def test_a_new_folder_has_the_rights_of_the_one_that_it_replaces(two, tmp_path):
    old, new = two
    folder = standing(tmp_path / "c4", old)
    folder.chmod(0o2770)
    placing.put_in_place(*made(folder, new))
    assert folder.stat().st_mode & 0o7777 == 0o2770
