"""A build that dies anywhere resumes with the same command, to the same bytes, without repeating finished work."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from beam_jobs import build_c4, corpora
from bench.soak import Fault, Seam, ended, start, wrong
from c4pipe.files.storage import TEMPORARY
from c4pipe.flow import apply, read, settings, write
from c4pipe.flow.files import BeamStore
from c4pipe.shards import MANIFEST
from tests.lists import word_lists
from tests.wetfiles import ROOT, WebPage, digests, story, wet


def two_files(folder):
    """Two small inputs."""
    folder.mkdir()
    for number in range(2):
        pages = [WebPage(f"http://a{number}.example/{i}", story(1000 * number + 10 * i)) for i in range(3)]
        (folder / f"{number}.warc.wet.gz").write_bytes(wet(pages))
    return folder


@pytest.fixture
def crawl(tmp_path):
    """A folder of them for the test alone."""
    return two_files(tmp_path / "wet")


@pytest.fixture
def arguments(badwords, crawl, tmp_path):
    return ["--input", str(crawl), "--output", str(tmp_path / "c4"), "--badwords-dir", str(badwords), "--workers", "1"]


@pytest.fixture
def expected(built, once):
    """What an undisturbed build makes of such inputs."""
    return lambda *options: digests(built(once("two inputs", two_files), *options))


@pytest.fixture
def target(tmp_path):
    return tmp_path / "c4"


@pytest.fixture
def staged(monkeypatch):
    """The numbers of the shards that are staged while the test runs, in order."""
    numbers = []

    def noted(verdicts, stagers, tick):
        numbers.append(int(Path(stagers[0].staged.summary).name[:6]))
        return stage_unit(verdicts, stagers, tick)

    stage_unit = read.stage_unit
    monkeypatch.setattr(read, "stage_unit", noted)
    return numbers


def broken_off(arguments, monkeypatch, name):
    """A build in this process that ends when it would write the first file whose name ends so."""

    @contextlib.contextmanager
    def fails(self, path, **how):
        if path.endswith(name):
            raise OSError(5, "Input/output error", path)
        with real(self, path, **how) as stream:
            yield stream

    real = BeamStore.write
    with monkeypatch.context() as patch:
        patch.setattr(BeamStore, "write", fails)
        assert build_c4.main(arguments) == 1


def staging(target):
    return sorted(path.name for path in target.glob(".staging-*"))


# --- killed -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("moments", [(12, 60, 20), pytest.param((130, 30, 8), marks=pytest.mark.soak)])
def test_killed_at_a_file_operation_and_gone_on_with(arguments, expected, target, tmp_path, moments):
    """The whole process group, with SIGKILL, at the so-many-th create, write, fsync, rename or mkdir of each run."""
    whole = expected()
    for number in moments:
        code = ended(start(arguments, tmp_path / "log", Fault(number)))
        assert code == -signal.SIGKILL, (tmp_path / "log").read_text()
        assert wrong(target, whole) == []
        assert not (target / MANIFEST).exists()
    assert ended(start(arguments, tmp_path / "log")) == 0, (tmp_path / "log").read_text()
    assert digests(target) == whole


def test_a_kill_behind_the_manifest_leaves_only_the_clearing_up(arguments, expected, target, staged):
    assert build_c4.main([*arguments, "--keep-staging"]) == 0
    (target / ".lock").write_text('{"pid": 4711, "host": "gone"}')
    assert len(staging(target)) == 1
    assert build_c4.main(arguments) == 0
    assert staged == [0, 1]
    assert digests(target) == expected()


@pytest.mark.soak
def test_an_ended_build_says_how_to_go_on_and_goes_on(badwords, built, target, tmp_path):
    """Two workers, SIGTERM to the starting process alone: nobody is left. (Ctrl-C: test_build_c4.)"""
    (tmp_path / "wet").mkdir()
    for number in range(2):
        pages = (WebPage(f"http://a{number}.example/{i}", story(20 * i, 20)) for i in range(1000))
        (tmp_path / "wet" / f"{number}.warc.wet").write_bytes(wet(pages, packed=False))
    lists = ["--badwords-dir", str(badwords)]
    command = ["--input", str(tmp_path / "wet"), "--output", str(target), *lists, "--workers", "2"]
    full = [sys.executable, "-m", "beam_jobs.build_c4", *command]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(full, cwd=ROOT, start_new_session=True, **pipes) as process:
        until(lambda: list(target.glob(".staging-*/*/staged/*")) or list(target.glob(".staging-*/progress/*.json")))
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (143, "")
    lines = [line for line in err.splitlines() if "ETA" not in line]
    assert lines == ["build_c4: interrupted. Run the same command again to resume."]
    until(lambda: not group(process.pid), 10)
    assert group(process.pid) == []
    assert ended(start([*command[:-1], "1"], tmp_path / "log")) == 0
    assert digests(target) == digests(built(tmp_path / "wet"))


def until(true, seconds=60):
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)


def group(leader):
    """Processes of a group that are not only waiting to be buried."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, leads = status.read_text().rpartition(")")[2].split()[:3]
            if int(leads) == leader and state != "Z":
                found.append(status.parent.name)
    return found


# --- what is done again -----------------------------------------------------------------------------------------


def test_a_staged_shard_is_not_staged_again(arguments, expected, target, monkeypatch, staged):
    broken_off(arguments, monkeypatch, "000001.summary.json")
    assert staged == [0, 1]
    (summary,) = target.glob(".staging-*/*/staged/*.summary.json")
    before = summary.stat()
    assert build_c4.main([*arguments, "--keep-staging"]) == 0
    assert staged == [0, 1, 1]
    after = summary.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert build_c4.main(arguments) == 0
    assert digests(target) == expected()


def test_behind_the_last_shard_only_the_conclusion_is_done_again(arguments, expected, target, monkeypatch, staged):
    whole = expected()
    staged.clear()
    broken_off(arguments, monkeypatch, MANIFEST)
    assert not (target / MANIFEST).exists()
    shards = {path.name: path.stat().st_ino for path in target.glob(".made-*/en/*")}
    assert shards

    def never(*_):
        raise AssertionError("a finished group is finished again, or a written shard written")

    monkeypatch.setattr(apply, "apply_losses", never)
    monkeypatch.setattr(write, "write_shard", never)
    assert build_c4.main(arguments) == 0
    assert staged == [0, 1]
    assert {path.name: path.stat().st_ino for path in target.glob("en/*")} == shards
    assert digests(target) == whole


def test_from_another_folder_and_under_another_name_of_the_output(arguments, expected, target, monkeypatch, tmp_path):
    """What is finished is found wherever the output lies by now."""
    monkeypatch.chdir(tmp_path)
    relative = ["c4" if argument == str(target) else argument for argument in arguments]
    broken_off(relative, monkeypatch, MANIFEST)
    monkeypatch.chdir(ROOT)
    moved = [str(tmp_path / "moved") if argument == str(target) else argument for argument in arguments]
    target.rename(tmp_path / "moved")
    assert build_c4.main(moved) == 0
    assert digests(tmp_path / "moved") == expected()


def test_what_a_killed_build_was_writing_goes_away(arguments, expected, target, monkeypatch):
    broken_off(arguments, monkeypatch, MANIFEST)
    (made,) = target.glob(".made-*")
    for folder in (made, made / "en", made / "__rejected", *target.glob(".staging-*/*/")):
        (folder / ".x.parquet.4711.tmp").write_bytes(b"half")
    assert build_c4.main(arguments) == 0
    assert digests(target) == expected()


# --- what is not gone on with -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        (("--shards", "2"), []),  # nothing that the first pass knows of
        (("--languages", "de"), [0, 1]),  # other sentences
        (("--preset", "en.noblocklist"), []),
        (("--preset", "en.noclean"), [0, 1]),
        (("--limit-pages", "20"), [0, 1]),
        (("--rejected", "all"), [0, 1]),
    ],
)
def test_other_settings_take_what_is_staged_if_it_is_the_same(
    arguments, badwords, expected, target, monkeypatch, staged, options, numbers
):
    broken_off(arguments, monkeypatch, MANIFEST)
    (before,) = staging(target)
    staged.clear()
    if not word_lists(Path(), options):
        arguments = [word for word in arguments if word not in ("--badwords-dir", str(badwords))]
    code = 4 if "de" in options else 0  # there is no German page
    assert build_c4.main([*arguments, *options, "--keep-staging"]) == code
    assert staged == numbers
    assert staging(target) == [before]
    assert build_c4.main([*arguments, *options]) == code  # it is there; now the rest goes
    assert staging(target) == []
    assert digests(target) == expected(*options)


def test_a_shard_that_is_not_as_it_was_noted_is_not_taken(arguments, expected, target, monkeypatch):
    broken_off(arguments, monkeypatch, MANIFEST)
    (shard, *_) = target.glob(".made-*/en/train-*")
    shard.write_bytes(b"of another build")
    assert build_c4.main(arguments) == 0
    assert digests(target) == expected()


@pytest.mark.parametrize("change", ["time", "content", "code", "fresh"])
def test_what_may_be_stale_starts_over(arguments, built, crawl, target, tmp_path, monkeypatch, staged, change):
    broken_off(arguments, monkeypatch, MANIFEST)
    source = crawl / "0.warc.wet.gz"
    if change == "time":
        os.utime(source, ns=(1, 1))
    elif change == "content":  # of the same size and, within one tick, perhaps of the same time: another tick, then
        found = source.stat()
        data = wet([WebPage(f"http://a0.example/{i}", story(10 * i)) for i in (0, 1, 3)])
        source.write_bytes(data.ljust(found.st_size, b"\0"))
        os.utime(source, ns=(found.st_atime_ns, found.st_mtime_ns + 1))
    elif change == "code":
        for module, name in ((settings, "code_behind"), (corpora, "code_of_corpus")):
            monkeypatch.setattr(module, name, lambda *_: {"c4pipe.wet.splitter": "another"})
    assert build_c4.main([*arguments, *(["--fresh"] if change == "fresh" else [])]) == 0
    assert staged == [0, 1, 0, 1]
    assert staging(target) == []
    assert build_c4.main([*arguments[:3], str(tmp_path / "anew"), *arguments[4:]]) == 0
    assert digests(target) == digests(tmp_path / "anew")


def test_other_workers_and_spilling_go_on(arguments, expected, target, monkeypatch, staged):
    """What does not decide the bytes may differ."""
    broken_off(arguments, monkeypatch, "groups-of-1/000000.json")
    assert build_c4.main([*arguments, "--spill-rows", "1", "--max-bad-share", "0.5"]) == 0
    assert staged == [0, 1]
    assert digests(target) == expected()


def test_the_seam_sees_every_file_of_a_build(arguments, target, monkeypatch):
    """A file is created, written, flushed, renamed, and then the folder is flushed; the manifest is the last."""
    seam = Seam(target)
    seam.install(lambda where, name, value: monkeypatch.setattr(where, name, value))
    assert build_c4.main(arguments) == 0
    written = [path for what, path in seam.hits if what == "replace" and path.endswith(TEMPORARY)]
    moved = [path for what, path in seam.hits if what == "replace" and not path.endswith(TEMPORARY)]
    assert moved[-1].endswith(f"/{MANIFEST}")
    for number, (what, path) in enumerate(seam.hits):
        if what == "replace" and path.endswith(TEMPORARY) and "/progress/" not in path:
            assert seam.hits[number - 1] == ("fsync", path)
            assert seam.hits[number + 1] == ("fsync", str(Path(path).parent))
    made = moved[-1].removesuffix(MANIFEST)
    assert {path.removeprefix(made) for path in moved} == set(digests(target))
    names = {f"{Path(path).parent}/{Path(path).name[1:].rpartition('.')[0].rpartition('.')[0]}" for path in written}
    assert set(moved) <= names
