"""Staged files that are damaged: named, deleted and rebuilt to the same bytes; or one line, no traceback."""

import io
import json
import random
import shutil

import pytest

from beam_jobs import build_c4, mending, rebalance
from beam_jobs.mending import remove_damaged, run_mended
from bench.damage import Trials, damage, staged_files
from c4pipe.errors import BuildError, DamagedFile
from c4pipe.flow.files import BeamStore
from c4pipe.shards import MANIFEST
from tests.rebalance.corpora import write_corpus
from tests.wetfiles import WebPage, digests, story, wet


@pytest.fixture(scope="module")
def kept(once, badwords):
    """A finished corpus of two inputs, with its staging."""

    def make(folder):
        (folder / "wet").mkdir(parents=True)
        for number in range(2):
            pages = [WebPage(f"http://a{number}.example/{i}", story(1000 * number + 10 * i)) for i in range(3)]
            (folder / "wet" / f"{number}.warc.wet.gz").write_bytes(wet(pages))
        assert build_c4.main([*arguments(folder, badwords), "--output", str(folder / "c4"), "--keep-staging"]) == 0

    def arguments(folder, lists):
        return ["--input", str(folder / "wet"), "--badwords-dir", str(lists), "--workers", "1"]

    folder = once("kept with its staging", make)
    return folder / "c4", arguments(folder, badwords)


def again(kept, target, capfd):
    """The next command: exit code, lines of stderr."""
    capfd.readouterr()
    code = build_c4.main([*kept[1], "--output", str(target), "--overwrite"])
    told = capfd.readouterr().err.splitlines()
    return code, [line for line in told if "ETA" not in line and "the corpus that is there" not in line]


def whole(kept):
    return {name: found for name, found in digests(kept[0]).items() if not name.startswith(".staging-")}


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    "names",
    [
        ["inputs.jsonl"],
        ["written/en/train-*.json"],
        ["groups-of-1/000001.json", "staged/000000.outcomes.arrow", "staged/000001.summary.json"],
    ],
)
def test_a_damaged_file_is_told_and_made_again(kept, tmp_path, capfd, names):
    target = tmp_path / "c4"
    shutil.copytree(kept[0], target)
    paths = [path for name in names for path in target.glob(f".staging-*/**/{name}")]
    assert len(paths) == len(names)
    for path in paths:
        flip(path)
    code, said = again(kept, target, capfd)
    assert code == 0
    assert said == [f"note: {path} was damaged; it is rebuilt." for path in paths]
    assert digests(target) == whole(kept)


@pytest.mark.parametrize("name", ["000001.pages.arrow"])
def test_a_marker_alone_is_not_enough(kept, tmp_path, capfd, name):
    """Of what a summary stands for one file is gone, and of a finished group one."""
    target = tmp_path / "c4"
    shutil.copytree(kept[0], target)
    for path in target.glob(f".staging-*/**/{name}"):
        path.unlink()
    for path in target.glob(".staging-*/*/written/**/*.json"):  # so that all is read again
        path.unlink()
    assert again(kept, target, capfd) == (0, [])
    assert digests(target) == whole(kept)


@pytest.mark.parametrize("seed", range(3))
def test_any_damage_ends_in_the_same_bytes(kept, tmp_path, capfd, seed):
    target = tmp_path / "c4"
    shutil.copytree(kept[0], target)
    did = damage(target, random.Random(seed))
    code, said = again(kept, target, capfd)
    assert code == 0, (did, said)
    assert all(line.endswith("was damaged; it is rebuilt.") for line in said)
    assert digests(target) == whole(kept), did


def test_files_that_changed_places(kept, tmp_path, capfd):
    target = tmp_path / "c4"
    shutil.copytree(kept[0], target)
    first, second = sorted(target.glob(".staging-*/*/staged/*.pages.arrow"))
    data = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(data)
    code, said = again(kept, target, capfd)
    assert code == 0
    assert said == [f"note: {path} was damaged; it is rebuilt." for path in (first, second)]
    assert digests(target) == whole(kept)


def test_damage_again_ends_with_one_line(kept, tmp_path, capfd, monkeypatch):
    """A disk that goes on damaging what is written on it."""
    target = tmp_path / "c4"
    shutil.copytree(kept[0], target)
    (path,) = target.glob(".staging-*/inputs.jsonl")
    flip(path)
    monkeypatch.setattr(mending, "remove_damaged", lambda _: [])
    code, said = again(kept, target, capfd)
    assert code == 1
    (line,) = said
    assert line.startswith(f"build_c4: {path} is damaged (")
    assert {name: sha for name, sha in digests(target).items() if name[0] != "."} == whole(kept)  # as it was


@pytest.mark.slow
def test_damage_that_workers_find(kept, tmp_path, capfd):
    """It comes back from another process as text."""
    target = tmp_path / "c4"
    shutil.copytree(kept[0], target)
    path, *_ = target.glob(".staging-*/*/staged/*.outcomes.arrow")
    flip(path)
    capfd.readouterr()
    assert build_c4.main([*kept[1][:-1], "2", "--output", str(target), "--overwrite"]) == 0
    assert f"note: {path} was damaged; it is rebuilt." in capfd.readouterr().err
    assert digests(target) == whole(kept)


MIXED = ".made-*/mixture/train-*"


@pytest.fixture(scope="module")
def unfinished(once):
    """A rebalancing that could not write its manifest, beside one that could, and the command."""

    def make(folder):
        write_corpus(folder / "c", {"en": 20, "sw": 3})
        assert rebalance.main([*arguments(folder), str(folder / "whole")]) == 0
        real = BeamStore.write

        def fails(self, path, **how):
            if path.endswith(MANIFEST):
                raise OSError(5, "Input/output error", path)
            return real(self, path, **how)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(BeamStore, "write", fails)
            assert rebalance.main([*arguments(folder), str(folder / "left")]) == 1

    def arguments(folder):
        return ["--corpus", str(folder / "c"), "--workers", "1", "--shards", "2", "--output"]

    folder = once("an unfinished rebalancing", make)
    return folder, arguments(folder)


@pytest.mark.parametrize(
    "name", [".staging-*/plan.json", ".staging-*/scattered/000001.rows", ".made-*/mixture/train-*"]
)
def test_a_rebalancing(unfinished, tmp_path, capfd, name):
    target = tmp_path / "m"
    shutil.copytree(unfinished[0] / "left", target)
    path, *_ = target.glob(name)
    flip(path)
    if path.suffix == ".rows":
        shutil.copy(next(target.glob(".staging-*/plan.json")), path)  # shorter than its index says
        for note in target.glob(".staging-*/written/*/*.json"):  # so that it is read
            note.unlink()
    capfd.readouterr()
    assert rebalance.main([*unfinished[1], str(target)]) == 0
    told = [f"note: {path} was damaged; it is rebuilt."] if name.startswith(".staging-") else []
    said = capfd.readouterr().err.splitlines()
    assert [line for line in said if "source files" not in line] == told
    assert digests(target) == digests(unfinished[0] / "whole")


# --- the parts --------------------------------------------------------------------------------------------------


def test_what_is_damaged_goes_and_the_rest_stays(tmp_path):
    store = BeamStore(str(tmp_path))
    for name in ("a", "b/c", "b/d"):
        with store.write(f"{tmp_path}/{name}") as stream:
            stream.write(name.encode())
    flip(tmp_path / "b" / "c")
    for plain in ("progress/000000.json", "inputs/0123", "b/.d.77.tmp"):
        (tmp_path / plain).parent.mkdir(exist_ok=True)
        (tmp_path / plain).write_text("plain")
    assert remove_damaged(str(tmp_path)) == [f"{tmp_path}/b/c"]
    assert len(digests(tmp_path)) == 5


def test_a_job_that_comes_upon_damage_is_run_once_more(tmp_path):
    store, out, runs = BeamStore(str(tmp_path)), io.StringIO(), []
    for number in range(8):
        with store.write(f"{tmp_path}/{number}") as stream:
            stream.write(b"x")
        flip(tmp_path / str(number))

    def job():
        runs.append(1)
        if len(runs) == 1:
            raise DamagedFile("0 is damaged")

    run_mended(job, str(tmp_path), "c4", out)
    assert len(runs) == 2
    told = [f"note: {tmp_path}/{number} was damaged; it is rebuilt." for number in range(5)]
    assert out.getvalue().splitlines() == [*told, "note: 3 more were damaged; they are rebuilt."]


@pytest.mark.parametrize("error", [BuildError("no"), ZeroDivisionError(), OSError(5, "bad"), KeyboardInterrupt()])
def test_any_other_error_ends_the_job(tmp_path, error):
    runs = []

    def job():
        runs.append(1)
        raise error

    with pytest.raises(type(error)):
        run_mended(job, str(tmp_path), "c4", io.StringIO())
    assert len(runs) == 1


def test_the_name_is_part_of_what_is_sealed(tmp_path):
    """A file of the same name from the staging of other inputs is not taken."""
    for key in ("a", "b"):
        with BeamStore(str(tmp_path / key)).write(f"{tmp_path}/{key}/x") as stream:
            stream.write(json.dumps(key).encode())
    shutil.copy(tmp_path / "a" / "x", tmp_path / "b" / "x")
    with pytest.raises(DamagedFile), BeamStore(str(tmp_path / "b")).read(f"{tmp_path}/b/x") as stream:
        stream.read()
    (tmp_path / "moved").mkdir()
    (tmp_path / "a").rename(tmp_path / "moved" / "a")
    with BeamStore(str(tmp_path / "moved" / "a")).read(f"{tmp_path}/moved/a/x") as stream:
        assert stream.read() == b'"a"'


@pytest.mark.soak
def test_trials(tmp_path):
    trials = Trials(tmp_path, seed=1)
    for number in range(6):
        trials.trial(workers=1 + number % 2)
    assert trials.failures == []
    assert trials.counts["the same bytes"] == 6
    assert staged_files(tmp_path) == []
