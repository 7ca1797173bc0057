"""A build whose disk, inputs, workers or environment fail: one clear line, nothing lost."""

import errno
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from beam_jobs import build_c4, workers
from beam_jobs.arguments import parse
from beam_jobs.corpora import make_corpora
from beam_jobs.pipelines import options_of, pipeline_of
from bench.soak import Fault, Seam, wrong
from c4pipe.files.assets import find_assets
from c4pipe.flow.build import BuildCorpora
from c4pipe.flow.files import BeamStore
from c4pipe.flow.inputs import write_input_list
from c4pipe.flow.searching import find_inputs
from c4pipe.presets import find_preset
from c4pipe.shards import MANIFEST
from tests.wetfiles import ROOT, SAMPLES, WebPage, digests, manifest_of, rows, story, wet

HTML = b"<html>503 Slow Down</html>"


def one_file(path, pages=3, start=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    host = path.name.split(".")[0]
    path.write_bytes(wet(WebPage(f"http://{host}.example/{i}", story(start + 10 * i)) for i in range(pages)))
    return path


@pytest.fixture
def crawl(tmp_path):
    """Two small inputs."""
    for number in range(2):
        one_file(tmp_path / "wet" / f"{number}.warc.wet.gz", start=1000 * number)
    return tmp_path / "wet"


@pytest.fixture(scope="session")
def tiny(once):
    """One small input, for the builds of the run."""
    return once("tiny", lambda folder: one_file(folder / "one.warc.wet.gz"))


@pytest.fixture
def run(badwords, capsys):
    """`run(source, target, ...)`: exit code, stdout, lines of stderr of main in this process."""

    def call(source, target, *options):
        capsys.readouterr()
        lists = ["--badwords-dir", str(badwords), "--workers", "1"]
        code = build_c4.main(["--input", str(source), "--output", str(target), *lists, *map(str, options)])
        said = capsys.readouterr()
        return code, said.out, [line for line in said.err.splitlines() if "ETA" not in line]

    return call


def command(badwords, source, target, *options, before=(), **environment):
    """The same as a process, behind other words such as prlimit."""
    lists = ["--badwords-dir", str(badwords), "--workers", "1"]
    job = [sys.executable, "-m", "beam_jobs.build_c4", "--input", str(source), "--output", str(target), *lists]
    kept = {name: value for name, value in os.environ.items() if name != "HOME"}
    done = subprocess.run(
        [*before, *job, *options],
        cwd=ROOT,
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout, [line for line in done.stderr.splitlines() if "ETA" not in line]


# --- the disk ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def operations(tiny, badwords, tmp_path_factory):
    """Every file operation of a build of `tiny`: (what, name below the output folder)."""
    target = tmp_path_factory.mktemp("seen") / "c4"
    with pytest.MonkeyPatch.context() as patch:
        seam = Seam(target).install(patch_with(patch))
        lists = ["--badwords-dir", str(badwords), "--workers", "1"]
        assert build_c4.main(["--input", str(tiny), "--output", str(target), *lists]) == 0
    return [(what, os.path.relpath(path, target)) for what, path in seam.hits]


def patch_with(monkeypatch):
    return lambda where, name, value: monkeypatch.setattr(where, name, value, raising=False)


@pytest.mark.parametrize(
    ("what", "name", "code", "lasting"),
    [
        ("mkdir", ".staging-", errno.EIO, False),
        ("write", ".inputs.jsonl", errno.ENOSPC, True),
        ("create", "staged/.000000.pages", errno.ENOSPC, True),
        ("write", "staged/.000000.summary", errno.EIO, False),
        ("fsync", "finished/.000000.pages", errno.EIO, False),
        ("replace", "groups-of-1/.000000.json", errno.ENOSPC, True),
        ("write", "en/.train-", errno.ENOSPC, True),
        ("replace", "en/.train-", errno.EIO, False),
        ("create", "written/en/.train-", errno.ENOSPC, True),
        ("fsync", "__rejected/.part-kept", errno.EIO, False),
        ("write", ".README.md", errno.ENOSPC, True),
        ("replace", ".manifest.json", errno.EIO, False),
        ("replace", "/en/train-", errno.EIO, False),
        ("replace", "/manifest.json", errno.ENOSPC, True),
    ],
)
def test_an_operation_that_fails(operations, built, tiny, run, tmp_path, monkeypatch, what, name, code, lasting):
    expected, target = digests(built(tiny)), tmp_path / "c4"
    at = next(i for i, (did, path) in enumerate(operations, 1) if did == what and name in path)
    with monkeypatch.context() as patch:
        Seam(target, Fault(at, code, lasting)).install(patch_with(patch))
        found, out, err = run(tiny, target)
    assert (found, out) in ((1, ""), (2, "")), err
    (line,) = err
    assert line.startswith("build_c4: ")
    assert os.strerror(code) in line
    assert str(target) in line
    if found == 1:
        assert "MB free" in line
    assert wrong(target, expected) == []
    assert not (target / MANIFEST).exists()
    assert not [path for path in target.rglob("*.tmp") if not lasting]
    assert run(tiny, target)[0] == 0
    assert digests(target) == expected


def test_a_folder_that_cannot_be_flushed_behind_the_manifest(operations, built, tiny, run, tmp_path, monkeypatch):
    """The corpus is there, but not surely for good: the build says that it failed, and the next one finds it whole."""
    target = tmp_path / "c4"
    at = max(i for i, (what, name) in enumerate(operations, 1) if (what, name) == ("fsync", "."))
    with monkeypatch.context() as patch:
        Seam(target, Fault(at, errno.EIO)).install(patch_with(patch))
        assert run(tiny, target)[0] == 1
    assert wrong(target, digests(built(tiny))) == []
    code, out, _ = run(tiny, target)
    assert (code, "was already built" in out) == (0, True)
    assert digests(target) == digests(built(tiny))


@pytest.fixture
def small_disk(tmp_path):
    """A tmpfs of 64 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount(folder, "size=64k")
    yield folder
    subprocess.run(["umount", str(folder)], check=False, capture_output=True)


def mount(folder, options):
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("only root may mount a tmpfs")
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "none", str(folder)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip(f"a tmpfs cannot be mounted here: {done.stderr.decode().strip()}")


def test_a_disk_that_is_full(built, crawl, small_disk, run):
    target = small_disk / "c4"
    code, out, (line,) = run(crawl, target)
    assert (code, out) == (1, "")
    assert "No space left on device" in line
    assert "0 MB free" in line
    assert wrong(target, digests(built(crawl))) == []
    mount(small_disk, "remount,size=16m")
    assert run(crawl, target)[0] == 0
    assert digests(target) == digests(built(crawl))


def test_a_read_only_output_is_refused_before_any_input_is_read(tmp_path, crawl, run, monkeypatch):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount(disk, "ro")

    def never(*_):
        raise AssertionError("an input is read")

    monkeypatch.setattr(BeamStore, "open_input", never)
    try:
        code, out, (line,) = run(crawl, disk / "c4")
        assert (code, out) == (2, "")
        assert line == f"build_c4: --output {disk / 'c4'} cannot be written: Read-only file system."
        assert run(crawl, disk)[::2] == (2, [f"build_c4: --output {disk} cannot be written: Read-only file system."])
    finally:
        subprocess.run(["umount", str(disk)], check=False, capture_output=True)


def test_staging_that_cannot_be_removed_costs_nothing(built, tiny, run, tmp_path, monkeypatch):
    target = tmp_path / "c4"
    with monkeypatch.context() as patch:
        patch.setattr(build_c4, "clear_staging", lambda *_: (_ for _ in ()).throw(OSError(errno.EBUSY, "busy")))
        code, _, (line,) = run(tiny, target)
    assert code == 0
    assert line.startswith(f"note: {target}/.staging-")
    assert run(tiny, target)[0] == 0
    assert digests(target) == digests(built(tiny))


# --- inputs -----------------------------------------------------------------------------------------------------


class Failing:
    """A stream that does something at its second read."""

    def __init__(self, stream, then):
        self._stream, self._then, self._reads = stream, then, 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stream.close()

    def read(self, size=-1):
        self._reads += 1
        if self._reads == 2:
            self._then()
        return self._stream.read(min(size, 400) if size > 0 else 400)

    def seek(self, offset, whence=os.SEEK_SET):
        return self._stream.seek(offset, whence)

    def fileno(self):
        return self._stream.fileno()


@pytest.mark.parametrize("what", ["vanishes", "cut", "unreadable"])
def test_an_input_that_fails_while_it_is_read(badwords, crawl, run, tmp_path, monkeypatch, what):
    """It is named and counted; whole pages before the fault stay, the other file is built."""
    bad, target = one_file(crawl / "0.warc.wet.gz", pages=80), tmp_path / "c4"
    assert bad.stat().st_size > 20_000
    find, open_input = build_c4.find_inputs, BeamStore.open_input

    def found_and_gone(*arguments):
        inputs = find(*arguments)
        bad.unlink()
        return inputs

    def fails():
        if what == "cut":
            os.truncate(bad, 9000)  # beyond what is in the stream's buffer by now
        else:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    def opened(self, path):
        stream = open_input(self, path)
        return Failing(stream, fails) if path == str(bad) else stream

    if what == "vanishes":
        monkeypatch.setattr(build_c4, "find_inputs", found_and_gone)
    else:
        monkeypatch.setattr(BeamStore, "open_input", opened)
    code, out, _ = run(crawl, target, "--strict")
    assert code == 3
    reason = "truncated" if what == "cut" else "unreadable"
    also = {"changed": 1} if what == "cut" else {}
    told = {"cut": "changed 1, truncated 1", "vanishes": "No such file or directory"}.get(what, "Input/output error")
    assert f"    0.warc.wet.gz: {told}\n" in out
    assert [item["faults"] for item in manifest_of(target)["inputs"]] == [{reason: 1} | also, {}]
    fault, *rest = json.loads((target / "stats.json").read_bytes())["faults"]
    assert [other["reason"] for other in rest] == [*also]
    assert (fault["file"], fault["reason"]) == ("0.warc.wet.gz", reason)
    urls = {row["url"] for row in rows(target)}
    assert {f"http://1.example/{i}" for i in range(3)} <= urls
    balanced(manifest_of(target))


def balanced(manifest):
    """Asserts that each stage gets what the one before it keeps, and that the ledger has the faults of the inputs."""
    stages = manifest["ledger"]["stages"]
    assert stages[0]["in"] == sum(item["records"] for item in manifest["inputs"])
    for before, stage in zip([None, *stages], stages, strict=False):
        assert stage["in"] == stage["kept"] + sum(stage["rejected"].values())
        assert before is None or stage["in"] == before["kept"]
    for item in manifest["inputs"]:
        for reason in item["faults"]:
            found = sum(other["faults"].get(reason, 0) for other in manifest["inputs"])
            assert found == stages[0]["rejected"][reason]


def test_the_table_of_faults(run, tmp_path):
    """File, byte offset, record and reason of every damaged record; as many as the manifest counts."""
    source, target = tmp_path / "wet", tmp_path / "c4"
    whole = one_file(source / "cut#1.warc.wet.gz", pages=4).read_bytes()
    starts = [i for i in range(len(whole)) if whole.startswith(b"\x1f\x8b\x08", i)]
    (source / "cut#1.warc.wet.gz").write_bytes(whole[:-10])
    flipped = bytearray(one_file(source / "flipped.warc.wet.gz", pages=4, start=500).read_bytes())
    members = [i for i in range(len(flipped)) if flipped.startswith(b"\x1f\x8b\x08", i)]
    flipped[members[3] - 6] ^= 0xFF  # the checksum of the member before
    (source / "flipped.warc.wet.gz").write_bytes(flipped)
    (source / "page.warc.wet.gz").write_bytes(HTML)
    (source / "gone.warc.wet.gz").symlink_to("nowhere")
    shutil.copy(SAMPLES / "damaged.warc.wet.gz", source)
    code, out, _ = run(source, target)
    assert code == 0
    table = json.loads((target / "stats.json").read_bytes())["faults"]
    assert all(list(row) == ["file", "offset", "record", "reason", "detail"] for row in table)
    assert [(row["file"], row["offset"], row["record"], row["reason"]) for row in table] == [
        ("cut#1.warc.wet.gz", starts[-1], 4, "truncated"),
        *(
            ("damaged.warc.wet.gz", offset, record, "damaged_member")
            for offset, record in ((847, 2), (1367, 3), (2110, 5), (3019, 7), (3666, 9), (17796, 39))
        ),
        ("flipped.warc.wet.gz", members[2], 2, "damaged_member"),
        ("gone.warc.wet.gz", None, 0, "unreadable"),
        ("page.warc.wet.gz", 0, 0, "unreadable"),
    ]
    manifest = manifest_of(target)
    balanced(manifest)
    for item in manifest["inputs"]:
        own = [row["reason"] for row in table if row["file"] == item["path"]]
        assert item["faults"] == {reason: own.count(reason) for reason in sorted(set(own))}
    assert f"      byte {starts[-1]:,}, record 4: truncated (" in out
    assert f"      byte {members[2]:,}, record 2: damaged_member (" in out
    assert "    gone.warc.wet.gz: No such file or directory\n" in out
    assert "      ... and 3 more, in stats.json" in out


def test_a_build_whose_inputs_are_mostly_bad_stops(built, run, tmp_path):
    source, target = tmp_path / "wet", tmp_path / "c4"
    one_file(source / "good.warc.wet.gz")
    (source / "empty.warc.wet.gz").write_bytes(wet([]))  # no page, and no fault either
    (source / "a.warc.wet.gz").write_bytes(HTML)
    (source / "b\n.warc.wet.gz").write_bytes(b"")
    code, out, err = run(source, target, "--max-bad-share", "0.49")
    assert (code, out) == (1, "")
    assert err == [
        "build_c4: 2 of 4 inputs gave no page, more than --max-bad-share 0.49 allows: a.warc.wet.gz: an HTML or XML "
        "page: a server sent it instead of the file: download the file again; "
        "b\\n.warc.wet.gz: empty file: download the file again."
    ]
    assert not (target / MANIFEST).exists()
    assert not list(target.glob("*/*.parquet"))
    assert not list(target.glob(".staging-*/*/finished/*"))
    assert run(source, target, "--max-bad-share", "0.5")[0] == 0  # goes on: the share is not of the corpus
    assert digests(target) == digests(built(source))


@pytest.mark.parametrize("share", ["-0.1", "1.1", "half", "nan"])
def test_a_share_is_from_0_to_1(run, tiny, tmp_path, share):
    code, _, (line,) = run(tiny, tmp_path / "c4", f"--max-bad-share={share}")
    assert code == 2
    assert "--max-bad-share" in line
    assert repr(share) in line


# --- surroundings -----------------------------------------------------------------------------------------------


@pytest.mark.soak
def test_few_open_files_no_home_and_a_package_that_cannot_be_written(badwords, built, tiny, tmp_path):
    before = ["prlimit", "--nofile=64"] if shutil.which("prlimit") else []
    if os.geteuid() == 0 and shutil.which("unshare"):
        package = ROOT / "c4pipe"
        script = f'mount --bind "{package}" "{package}" && mount -o remount,bind,ro "{package}" && exec "$@"'
        private = ["unshare", "--mount", "sh", "-c", script, "sh"]
        if subprocess.run([*private, "true"], capture_output=True, check=False).returncode == 0:
            before = [*private, *before]
    code, _, err = command(badwords, tiny, tmp_path / "c4", before=before)
    assert (code, err) == (0, [])
    assert digests(tmp_path / "c4") == digests(built(tiny))


def test_a_deep_output_with_an_odd_name(built, tiny, run, tmp_path):
    target = tmp_path / ("a b [x] %s {y} é " + "n" * 200) / ("ü" * 120) / "--c4 * ?"
    assert run(tiny, target)[0] == 0
    assert digests(target) == digests(built(tiny))
    assert sorted(path.name for path in tmp_path.iterdir()) == [target.relative_to(tmp_path).parts[0]]


@pytest.mark.soak
def test_a_worker_that_is_killed(badwords, built, tmp_path):
    """As the kernel does it when memory runs out. The build ends within a minute, and the same command is right."""
    source, target = tmp_path / "wet", tmp_path / "c4"
    source.mkdir()
    for number in range(2):
        pages = (WebPage(f"http://a{number}.example/{i}", story(20 * i, 20)) for i in range(1000))
        (source / f"{number}.warc.wet").write_bytes(wet(pages, packed=False))
    options = ["--badwords-dir", str(badwords), "--workers", "2"]
    job = [sys.executable, "-m", "beam_jobs.build_c4", "--input", str(source), "--output", str(target), *options]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(job, cwd=ROOT, start_new_session=True, **pipes) as process:
        deadline = time.monotonic() + 60
        while not list(target.glob(".staging-*/*/staged/*")) and time.monotonic() < deadline:
            time.sleep(0.02)
        worker = next(iter(workers_of(process.pid)))
        os.kill(worker, signal.SIGKILL)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    (line,) = (line for line in err.splitlines() if "ETA" not in line)
    assert line.startswith("build_c4: a worker process died: ")
    assert workers_of(process.pid) == []
    assert not (target / MANIFEST).exists()
    assert build_c4.main([*job[3:-1], "1"]) == 0
    assert digests(target) == digests(built(source))


def test_a_build_that_would_wait_for_a_dead_worker_is_ended(monkeypatch):
    """Should Beam itself not notice it."""

    def waits_for_worker():
        raise RuntimeError("Worker subprocess exited with return code -9")

    monkeypatch.setattr(workers, "GRACE", 0.1)
    with pytest.raises(KeyboardInterrupt), workers.tended():
        threading.Thread(target=waits_for_worker).start()
        time.sleep(20)
    assert workers.worker_died()
    assert not workers.terminated()
    assert "a worker process died" in str(workers.as_build_error(KeyboardInterrupt(), "c4"))
    with workers.tended():
        assert not workers.worker_died()


def test_a_thread_of_beam_that_had_too_little_memory_ends_the_build(monkeypatch):
    def serves_a_worker():
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(workers, "GRACE", 0.1)
    with pytest.raises(KeyboardInterrupt), workers.tended():
        threading.Thread(target=serves_a_worker).start()
        time.sleep(20)
    assert workers.worker_died()
    assert "out of memory (can't start new thread)" in str(workers.as_build_error(KeyboardInterrupt(), "c4"))


def test_a_worker_that_had_too_little_memory_is_told_in_a_line():
    """What a worker process raises comes as the text of a traceback."""
    sent = RuntimeError("Traceback (most recent call last):\n  x.py\nMemoryError: 8 GiB [while running 'Read']")
    with workers.tended():
        found = workers.as_build_error(sent, "c4")
    assert str(found).startswith("out of memory (MemoryError: 8 GiB [while running 'Read']). ")


def test_of_what_is_held_back_notes_are_shown(capfd):
    with workers.tended() as stderr:
        os.write(2, b"note: a folder was left.\na log of Beam\nnote: from a worker\n")
        print("progress", file=stderr, flush=True)
    assert capfd.readouterr().err == "progress\nnote: a folder was left.\nnote: from a worker\n"


def test_the_full_disk_is_named(monkeypatch, tmp_path):
    free = {str(tmp_path): 3_000_000, str(tmp_path / "staging"): 0}
    with workers.tended():
        assert "which is gone" in str(workers.as_build_error(OSError(28, "x"), str(tmp_path / "gone")))
        monkeypatch.setattr(workers.shutil, "disk_usage", lambda folder: SimpleNamespace(free=free[folder]))
        found = workers.as_build_error(OSError(28, "No space left on device"), *free)
    told = f"[Errno 28] No space left on device, writing to {tmp_path / 'staging'}, which has 0 MB free."
    assert str(found) == f"{told} Fix that, then run the same command again."


def workers_of(session):
    """Beam's worker processes of a session."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, group = status.read_text().rpartition(")")[2].split()[:3]
            words = (status.parent / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if int(group) == session and state != "Z" and b"apache_beam.runners.worker.sdk_worker_main" in words:
            found.append(int(status.parent.name))
    return found


@pytest.mark.soak
def test_a_hundred_thousand_inputs(badwords, tmp_path):
    """Found, listed and put into a job graph of the usual size."""
    source = tmp_path / "wet"
    for i in range(100):
        folder = source / f"{i:03d}"
        folder.mkdir(parents=True)
        for j in range(1000):
            os.close(os.open(folder / f"{j:03d}.warc.wet.gz", os.O_CREAT))
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    inputs = find_inputs([str(source)]).inputs
    assert len(inputs) == 100_000
    assert inputs[1001].name == "001/001.warc.wet.gz"
    args, _ = parse(["--input", str(source), "--output", str(tmp_path / "c4"), "--badwords-dir", str(badwords)])
    (settings,) = make_corpora(args, [find_preset("en")], find_assets(badwords), inputs)
    write_input_list(inputs, BeamStore(settings.staging), settings.inputs_list)
    pipeline = pipeline_of(BuildCorpora((settings,)), options_of(["--runner=FnApiRunner"]))
    assert len(pipeline.to_runner_api().SerializeToString()) < 2_000_000
    assert time.process_time() - start < 30
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # KB
