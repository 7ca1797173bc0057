"""The progress line: right numbers, live on a terminal and plain elsewhere."""

import io
import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from c4pipe.flow import read
from c4pipe.flow.files import BeamStore
from c4pipe.flow.inputs import Input, units_of
from c4pipe.flow.progress import PHASES, BuildProgress, Look
from c4pipe.flow.read import Heartbeat, heartbeat_path
from c4pipe.passes.staged import Staged
from c4pipe.passes.staging import Progress
from c4pipe.text import duration
from tests.wetfiles import ROOT, WebPage, story, wet

UNITS = units_of([Input(f"/in/{i}", f"{i}", size) for i, size in enumerate((1000, 3000, 4000))], cut=False)


def folders(staging, name="prefix", stages=("read",)):
    """Of a corpus only the folders, which are all that is looked at, and how it reads."""
    own = str(staging / f"own-{name}")
    preset = SimpleNamespace(stages=stages)
    return SimpleNamespace(staging=str(staging), prefix=lambda _: str(staging / name), own=own, preset=preset)


def note(staging, unit, pages, name="prefix", **numbers):
    """A unit of which so many pages are read."""
    path = heartbeat_path(str(staging / name), unit)
    path.parent.mkdir(parents=True, exist_ok=True)
    told = {"pages": pages, "chars": 60 * pages, "staged": pages * 3 // 5, "lost": pages // 70, "bytes": 2 * pages}
    path.write_text(json.dumps(told | numbers))


def read_to_end(staging, unit, pages, name="prefix"):
    """A unit that is staged."""
    summary = {
        "ledger": {"stages": [{"rejected": {"not_a_page": 1, "no_url": 2}}]},
        "stats": {"pages_read": pages, "chars_read": 60 * pages},
        "staged": pages * 2 // 5,
    }
    with BeamStore(str(staging)).write(Staged.of(str(staging / name), unit).summary) as stream:
        stream.write(json.dumps(summary).encode())


def finish(staging, unit, name="prefix"):
    """A unit that has passed the last stage."""
    folder = staging / f"own-{name}" / "finished"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{unit:06d}.rejected.arrow").touch()


@pytest.fixture
def staging(tmp_path):
    """One file done, one half way, one not begun."""
    read_to_end(tmp_path, 0, 1500)
    note(tmp_path, 1, 500, bytes=1000)
    return tmp_path


def test_a_look_adds_up_what_is_done_and_what_is_under_way(staging):
    found = BuildProgress([folders(staging)], UNITS).look()
    assert found == Look(0, 2000 / 8000, 0.0, 1, 2000, 900, 10, 2000, 0, 1500, 0)
    assert found.share == pytest.approx(0.65 * 2000 / 8000)


@pytest.mark.parametrize("data", [b"", b"[1]", b'{"pages": 1}', b'{"pages": "x"}', b"\xff", b"3"])
def test_a_damaged_note_or_summary_does_no_harm(staging, data):
    heartbeat_path(str(staging / "prefix"), 1).write_bytes(data)
    Path(Staged.of(str(staging / "prefix"), 0).summary).write_bytes(data)
    watch = BuildProgress([folders(staging)], UNITS)
    assert watch.line(watch.look()).startswith("reading 0 %  1 of 3 groups of files  0 pages read, 0 kept before dedup")


class Clock:
    """The seconds of a watch, as a test sets them."""

    def __init__(self, watch):
        self.now = 0.0
        watch.seconds = lambda: self.now


def test_the_line_says_of_each_phase_what_is_final(tmp_path):
    watch = BuildProgress([folders(tmp_path)], UNITS)
    clock = Clock(watch)
    read_to_end(tmp_path, 0, 1500)
    note(tmp_path, 1, 500, bytes=1000)
    clock.now = 10.0
    assert watch.line(watch.look()) == (
        "reading 25 %  1 of 3 groups of files  2,000 pages read, 900 kept before dedup  200 pages/s  0.0 MB/s  "
        "non-page records 10  ETA 0:52"
    )
    read_to_end(tmp_path, 1, 1500)
    read_to_end(tmp_path, 2, 2000)
    clock.now = 50.0
    assert watch.line(watch.look()) == (
        "deduplicating  5,000 pages read, 2,000 kept before dedup  non-page records 10  ETA 0:27"
    )
    finish(tmp_path, 0)
    watch.look()
    finish(tmp_path, 2)
    clock.now = 60.0
    assert watch.line(watch.look()) == "finishing 66 %  3,500 of 5,000 pages finished  200 pages/s  ETA 0:08"
    finish(tmp_path, 1)
    note_of_file = tmp_path / "own-prefix/written/en/train-00000-of-00001.parquet.json"
    note_of_file.parent.mkdir(parents=True)
    note_of_file.touch()
    assert watch.line(watch.look()) == "writing  5,000 pages finished  1 file written"


def test_at_the_start_nothing_is_claimed(tmp_path):
    watch = BuildProgress([folders(tmp_path)], UNITS)
    assert watch.line(watch.look()) == (
        "reading 0 %  0 of 3 groups of files  0 pages read, 0 kept before dedup  0 pages/s  0.0 MB/s  "
        "non-page records 0  ETA -"
    )


def test_rates_are_of_this_process_and_not_of_what_it_found(staging):
    watch = BuildProgress([folders(staging)], UNITS)
    clock = Clock(watch)
    note(staging, 1, 600, bytes=1200)
    clock.now = 1.0
    assert "2,100 pages read" in watch.line(watch.look())
    assert "  100 pages/s  " in watch.line(watch.look())


def test_phases(staging):
    watch = BuildProgress([folders(staging)], UNITS)
    for unit in (1, 2):
        read_to_end(staging, unit, 10)
    assert PHASES[watch.look().phase] == "deduplicating"
    assert watch.look().share == pytest.approx(0.65)
    for unit in range(3):
        finish(staging, unit)
        assert PHASES[watch.look().phase] == ("writing" if unit == 2 else "finishing")
    assert watch.look().share == pytest.approx(1.0)


def test_presets_that_read_in_different_ways_count_each_for_itself(tmp_path):
    """`en.tfds` finds other pages in a file than `en`: of whichever note came last, pages went up and down."""
    corpora = [folders(tmp_path), folders(tmp_path, "tfds", ("read as the reference",))]
    watch = BuildProgress(corpora, UNITS[:1])
    note(tmp_path, 0, 300, "tfds", bytes=500)
    assert (watch.look().pages, watch.look().read) == (300, 0.25)
    note(tmp_path, 0, 290, bytes=500)
    assert (watch.look().pages, watch.look().read) == (590, 0.5)
    read_to_end(tmp_path, 0, 590)
    read_to_end(tmp_path, 0, 610, "tfds")
    finish(tmp_path, 0)
    assert watch.look()[:2] == (2, 1.0)
    assert (watch.look().done, watch.look().expected, watch.look().finished) == (590, 1200, 0.5)


def test_a_preset_that_came_later_is_read_for(staging):
    """Units count as read when they are staged for all prefixes of a way of reading."""
    watch = BuildProgress([folders(staging), folders(staging, "later")], UNITS)
    assert watch.look().units == 0
    read_to_end(staging, 0, 1500, "later")
    assert watch.look().units == 1


_UNIT, _WAY = st.integers(0, 2), st.sampled_from(["prefix", "tfds"])
_EVENTS = st.one_of(
    st.tuples(st.just(note), _UNIT, st.integers(0, 2_000), _WAY),  # also fewer: a unit is read again
    st.tuples(st.just(read_to_end), _UNIT, st.just(1_000), _WAY),
    st.tuples(st.just(finish), _UNIT, _WAY),
    st.tuples(st.sampled_from(["note", "summary", "all", "kill"]), _UNIT, _WAY),
)


@settings(max_examples=60)
@given(events=st.lists(_EVENTS, max_size=14))
def test_what_is_shown_never_goes_back(events):
    """Whatever lies in the folder from one look to the next, and with a process that takes over from a killed one."""
    with TemporaryDirectory() as name:
        staging = Path(name)
        corpora = [folders(staging), folders(staging, "tfds", ("as the reference",))]
        watch, shown, seconds, gone = BuildProgress(corpora, UNITS), None, 0.0, False
        clock = Clock(watch)
        for what, unit, *rest in events:
            if what == "kill":
                found = watch._found()
                watch, shown = BuildProgress(corpora, UNITS), None
                clock, seconds = Clock(watch), 0.0
                assert gone or watch.look() == found  # it goes on from what its predecessor has left
            elif isinstance(what, str):  # a file goes: it was damaged, or the unit begins again
                prefix, gone = str(staging / rest[0]), True
                for path in (heartbeat_path(prefix, unit), Path(Staged.of(prefix, unit).summary)):
                    if what in ("all", path.suffixes[0].strip(".").replace("json", "note")):
                        path.unlink(missing_ok=True)
            else:
                what(staging, unit, *rest)
            clock.now = seconds = seconds + 1.0
            now = watch.look()
            line = watch.line(now)
            assert "ETA -" not in line or shown is None or "ETA -" in shown[1]
            assert not re.search(r"-\d", line)
            assert 0 <= now.share <= 1
            if shown is not None:
                assert all(new >= old for new, old in zip(now, shown[0], strict=True))
                assert now.share >= shown[0].share
            shown = now, line


def test_inputs_without_a_size_are_counted(tmp_path):
    units = units_of([Input(f"gs://b/{i}", f"{i}", size) for i, size in enumerate((-1, 2000))], cut=False)
    watch = BuildProgress([folders(tmp_path)], units)
    note(tmp_path, 0, 10, bytes=1 << 40)
    assert watch.look().share == 0.0
    read_to_end(tmp_path, 0, 10)
    assert watch.look().read == 0.5


def test_plain_lines_where_there_is_no_terminal(staging, monkeypatch):
    turns = iter((True, True, False))
    monkeypatch.setattr(BuildProgress, "waited", lambda *_: next(turns))
    out = io.StringIO()
    with BuildProgress([folders(staging)], UNITS, out):
        pass
    lines = out.getvalue().splitlines()
    assert len(lines) == 2
    assert all(
        re.fullmatch(r"reading 25 %  1 of 3 groups of files  2,000 pages read, .* non-page records 10  ETA -", line)
        for line in lines
    )


def test_a_quick_build_says_nothing(staging):
    out = io.StringIO()
    with BuildProgress([folders(staging)], UNITS, out):
        pass
    assert out.getvalue() == ""


def test_a_heartbeat_is_read_back(tmp_path, monkeypatch):
    monkeypatch.setattr(read, "HEARTBEAT", 0.0)
    heartbeat = Heartbeat(str(tmp_path / "prefix"), 2)
    heartbeat.stream = read.Watched(io.BytesIO(b"x" * 100))
    heartbeat.stream.read(40)
    heartbeat(SimpleNamespace(progress=Progress(pages=10, chars=1000, staged=4, lost=1)))
    found = BuildProgress([folders(tmp_path)], UNITS).look()
    assert (found.units, found.pages, found.staged, found.lost, found.bytes) == (0, 10, 4, 1, 40)


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
    assert re.search(r"(reading [0-9]+ %|deduplicating|finishing [0-9]+ %|writing)  ", shown)
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
