"""Builds in emulated S3 and GCS give the bytes of local ones, whatever fails."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from beam_jobs import build_c4
from c4pipe.flow.buckets import reach_with
from c4pipe.flow.files import BeamStore
from tests import needs
from tests.conftest import Build
from tests.emulators import Emulator, Fault, emulator
from tests.wetfiles import digests

pytestmark = needs.emulators

OUTPUTS = count()


@pytest.fixture(scope="module", params=["s3", "gs"])
def running(request: pytest.FixtureRequest, small: Path) -> Iterator[Emulator]:
    """An emulator that has the inputs."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "emulated")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        from apache_beam.internal.gcp.auth import _Credentials

        patch.setattr(_Credentials, "_credentials_init", True)  # none are looked for, which takes a minute
        with emulator(request.param) as found:
            patch.setenv("STORAGE_EMULATOR_HOST", found.url)
            reach_with(found.flags)
            for path in small.iterdir():
                with BeamStore().write(f"{found.folder}/wet/{path.name}") as stream:
                    stream.write(path.read_bytes())
            yield found
    reach_with([])


@pytest.fixture
def there(running: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """The same, where nothing fails yet, and a clock on which waiting for the next try takes no time."""
    slept, now = [0.0], time.monotonic
    monkeypatch.setattr(time, "sleep", lambda seconds: slept.append(slept.pop() + seconds))
    monkeypatch.setattr(time, "monotonic", lambda: now() + slept[0])
    running.faults.clear()
    running.asked.clear()
    yield running
    running.faults.clear()


@pytest.fixture
def build(there: Emulator, badwords: Path) -> Callable[..., tuple[int, str]]:
    """`build(input, ...)`: the exit code, and the folder of the corpus."""
    output = f"{there.folder}/out-{next(OUTPUTS)}/c4"

    def call(*options: str, source: str = "") -> tuple[int, str]:
        places = ["--input", source or f"{there.folder}/wet", "--output", output, "--badwords-dir", str(badwords)]
        return build_c4.main([*places, "--workers", "1", *there.flags, *options]), output

    return call


def remote(folder: str) -> dict[str, str]:
    """sha256 of every object below a folder, by its name there."""
    store = BeamStore()
    found = {}
    for path in store.list(folder):
        with store.read(path) as stream:
            found[path.removeprefix(f"{folder}/")] = hashlib.sha256(stream.read()).hexdigest()
    return found


def test_the_bytes_are_those_of_a_local_build(build, built: Build, small: Path) -> None:
    code, folder = build()
    assert code == 0
    assert remote(folder) == digests(built(small))
    assert build()[0] == 0  # it is there already


@pytest.mark.parametrize("how", ["reset", "cut", "503"])
def test_what_fails_a_few_times_is_done_again(how: str, build, there: Emulator, built: Build, small: Path) -> None:
    there.faults += [Fault(how, "GET", "wet/part-", 3), Fault(how, "GET", ".staged", 2), Fault(how, "GET", "keys", 2)]
    there.faults += [Fault("503", method, ".made-", 2) for method in ("PUT", "POST", "HEAD")]
    code, folder = build()
    assert code == 0
    assert there.faults[0].times == 0
    assert remote(folder) == digests(built(small))


@pytest.mark.parametrize("how", ["403", "reset", "short"])
def test_an_object_that_cannot_be_read_is_told(how: str, build, there: Emulator, capsys) -> None:
    there.faults.append(Fault(how, "GET", "wet/part-2"))
    assert build()[0] == 0
    said = capsys.readouterr()
    assert "1 of 3 inputs gave no page:\n    part-2.warc.wet: " in said.out
    assert "Traceback" not in said.err


def test_so_is_one_that_is_listed_and_not_there(build, there: Emulator, tmp_path: Path, capsys) -> None:
    (tmp_path / "wet.paths").write_text("wet/part-0.warc.wet.gz\nwet/none.warc.wet.gz\n")
    staging = str(tmp_path / "staging")  # on this machine, though the corpus is not
    assert build("--root", there.folder, "--staging", staging, source=str(tmp_path / "wet.paths"))[0] == 0
    assert not [asked for asked in there.asked if ".staging-" in asked]
    assert "1 of 2 inputs gave no page:\n    none.warc.wet.gz: " in capsys.readouterr().out


@pytest.mark.parametrize("part", [".staging-", ".made-", "/manifest.json"])
def test_a_bucket_that_may_not_be_written_ends_the_build(part: str, build, there, built, small, capsys) -> None:
    there.faults += [Fault("403", method, part) for method in ("PUT", "POST")]
    code, folder = build()
    said = capsys.readouterr().err
    assert code in (1, 2)
    assert "Traceback" not in said
    assert "403" in said.splitlines()[-1]
    there.faults.clear()
    assert build()[0] == 0
    assert remote(folder) == digests(built(small))


def test_a_bucket_that_cannot_be_listed_is_told(build, there: Emulator, capsys) -> None:
    there.faults.append(Fault("403", "GET", "prefix=wet"))
    assert build()[0] == 2
    assert f"{there.folder}/wet/** cannot be listed" in capsys.readouterr().err


@pytest.mark.slow
def test_workers_that_are_processes_reach_it(build, there: Emulator, built: Build, small: Path) -> None:
    if there.kind == "gs":
        pytest.skip("without credentials each process looks for them for a minute")
    code, folder = build("--workers", "2")
    assert code == 0
    assert remote(folder) == digests(built(small))
