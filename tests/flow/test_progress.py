"""The progress line: right numbers, plain where nobody looks, and live on a terminal."""

import io
import json
import os
import pty
import re
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from c4pipe.flow import progress, read
from c4pipe.flow.files import BeamStore
from c4pipe.flow.inputs import Input, units_of
from c4pipe.flow.progress import BuildProgress
from c4pipe.flow.read import Heartbeat, heartbeat_path
from c4pipe.passes.staged import Staged
from c4pipe.passes.staging import Progress
from c4pipe.text import duration
from tests.wetfiles import ROOT, WebPage, story, wet

UNITS = units_of([Input(f"/in/{i}", f"{i}", size) for i, size in enumerate((1000, 3000, 4000))], cut=False)


def folders(staging):
    """Of a corpus only the folders, which are all that is looked at."""
    return SimpleNamespace(staging=str(staging), prefix=lambda _: str(staging / "prefix"), own=str(staging / "own"))


@pytest.fixture
def staging(tmp_path):
    """One file done, one half way, one not begun."""
    summary = {
        "ledger": {"stages": [{"rejected": {"not_a_page": 1, "no_url": 2}}]},
        "stats": {"pages_read": 1500, "chars_read": 90_000},
        "staged": 600,
        "bytes": 1000,
    }
    done = Staged.of(str(tmp_path / "prefix"), 0)
    with BeamStore(str(tmp_path)).write(done.summary) as stream:
        stream.write(json.dumps(summary).encode())
    half = heartbeat_path(str(tmp_path), 1)
    half.parent.mkdir()
    half.write_text(json.dumps({"pages": 500, "chars": 30_000, "staged": 300, "lost": 7, "bytes": 1000}))
    return tmp_path


def test_a_look_adds_up_what_is_done_and_what_is_under_way(staging):
    found = BuildProgress([folders(staging)], UNITS).look()
    share = found.pop("share")
    assert found == {
        "phase": "reading",
        "files": 1,
        "pages": 2000,
        "chars": 120_000,
        "staged": 900,
        "lost": 10,
        "bytes": 2000,
    }
    assert share == pytest.approx(0.65 * 2000 / 8000)


@pytest.mark.parametrize("note", [b"", b"[1]", b'{"pages": 1}', b'{"pages": "x"}', b"\xff", b"3"])
def test_a_damaged_note_or_summary_does_no_harm(staging, note):
    heartbeat_path(str(staging), 1).write_bytes(note)
    Path(Staged.of(str(staging / "prefix"), 0).summary).write_bytes(note)
    watch = BuildProgress([folders(staging)], UNITS)
    assert watch.line(watch.look()).startswith("reading  1/3 units  0 pages ")


def test_the_line_says_it_in_words(staging, monkeypatch):
    watch = BuildProgress([folders(staging)], UNITS)
    started = watch._started
    monkeypatch.setattr(time, "monotonic", lambda: started + 10)
    line = watch.line(watch.look())
    assert line == (
        "reading  1/3 units  2,000 pages  200 pages/s  0.0 MB/s  kept 45.0% of pages so far  no page 10  ETA 0:52"
    )


def test_at_the_start_nothing_is_claimed(tmp_path):
    watch = BuildProgress([folders(tmp_path)], UNITS)
    line = watch.line(watch.look())
    assert line == "reading  0/3 units  0 pages  0 pages/s  0.0 MB/s  kept -  no page 0  ETA -"


def test_phases(staging):
    watch = BuildProgress([folders(staging)], UNITS)
    store = BeamStore(str(staging))
    with store.read(Staged.of(str(staging / "prefix"), 0).summary) as stream:
        data = stream.read()
    for shard in (1, 2):
        with store.write(Staged.of(str(staging / "prefix"), shard).summary) as stream:
            stream.write(data)
    assert watch.look()["phase"] == "deduplicating"
    assert watch.look()["share"] == pytest.approx(0.65)
    (staging / "own" / "finished").mkdir(parents=True)
    for shard in range(3):
        (staging / "own" / "finished" / f"{shard:06d}.rejected.parquet").touch()
        assert watch.look()["phase"] == "finishing"
    assert watch.look()["share"] == 1.0


def test_inputs_without_a_size_do_no_harm(tmp_path):
    watch = BuildProgress([folders(tmp_path)], units_of([Input("gs://b/1", "1", -1)], cut=False))
    assert watch.look()["share"] == 0.0


def test_plain_lines_where_there_is_no_terminal(staging, monkeypatch):
    monkeypatch.setattr(progress, "PLAIN", 0.05)
    out = io.StringIO()
    with BuildProgress([folders(staging)], UNITS, out):
        time.sleep(0.5)
    lines = out.getvalue().splitlines()
    assert len(lines) >= 2
    assert all(re.fullmatch(r"reading  1/3 units  2,000 pages .* no page 10  ETA \d+:\d\d", line) for line in lines)


def test_a_quick_build_says_nothing(staging):
    out = io.StringIO()
    with BuildProgress([folders(staging)], UNITS, out):
        pass
    assert out.getvalue() == ""


def test_a_heartbeat_is_read_back(tmp_path, monkeypatch):
    monkeypatch.setattr(read, "HEARTBEAT", 0.0)
    heartbeat = Heartbeat(str(tmp_path), 2)
    heartbeat.stream = read.Watched(io.BytesIO(b"x" * 100))
    heartbeat.stream.read(40)
    heartbeat(Progress(pages=10, chars=1000, staged=4, lost=1))
    found = BuildProgress([folders(tmp_path)], UNITS).look()
    assert [found[name] for name in ("files", "pages", "chars", "staged", "lost", "bytes")] == [0, 10, 1000, 4, 1, 40]


@pytest.mark.parametrize(("seconds", "said"), [(0, "0:00"), (59.6, "1:00"), (245, "4:05"), (3723, "1:02:03")])
def test_duration(seconds, said):
    assert duration(seconds) == said


# --- the real command -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def long_input(tmp_path_factory):
    """A file that takes some seconds to read."""
    folder = tmp_path_factory.mktemp("long")
    pages = (WebPage(f"http://a.example/{i}", story(20 * i, 20)) for i in range(2500))
    (folder / "a.warc.wet").write_bytes(wet(pages, packed=False))
    return folder


def arguments(source, target, badwords):
    command = [sys.executable, "-m", "beam_jobs.build_c4", "--input", source, "--output", target]
    return [*map(str, command), "--badwords-dir", str(badwords), "--workers", "1"]


@pytest.mark.soak
def test_a_terminal_sees_a_live_line(long_input, badwords, tmp_path):
    ours, theirs = pty.openpty()
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "160"}
    command = arguments(long_input, tmp_path / "c4", badwords)
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=theirs) as process:
        os.close(theirs)
        seen = b""
        while True:
            try:
                data = os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
            if not data:
                break
            seen += data
        out = process.stdout.read()
    os.close(ours)
    assert process.returncode == 0
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", seen.decode())
    assert re.search(r"(reading|deduplicating|finishing)  [01]/1 files", shown)
    assert b"\x1b[?25l" in seen  # the cursor is hidden ...
    assert seen.rindex(b"\x1b[?25h") > seen.rindex(b"\x1b[?25l")  # ... and shown again at the end
    assert "Traceback" not in shown
    assert b"\x1b" not in out
    assert b"2,500 kept" in out


@pytest.mark.slow
def test_a_pipe_sees_no_escape_codes(long_input, badwords, tmp_path):
    command = arguments(long_input, tmp_path / "c4", badwords)
    environment = os.environ | {"TERM": "xterm-256color"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=120, check=True)
    assert b"\x1b" not in done.stdout + done.stderr
    assert b"2,500 kept" in done.stdout
