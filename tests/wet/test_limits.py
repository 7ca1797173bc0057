"""Memory and time stay bounded, whatever the file claims and however it was made."""

from __future__ import annotations

import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from c4pipe.page import Kept
from c4pipe.wet import Limits
from tests.wet.writer import flip, member, names, pack, read, record

MEASURE = """
import sys
from c4pipe.wet import read_wet

def peak():  # not ru_maxrss: that is handed down by the process that started this one
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) // 1024

before = peak()
found = []
with open(sys.argv[1], "rb") as stream:
    for verdict in read_wet(stream, "f", quirks=sys.argv[2] == "quirks"):
        if hasattr(verdict, "detail"):
            found.append(verdict.reason.code)
        elif len(verdict.page.text) < 1000:
            found.append(verdict.page.url[-1])
        del verdict
print(*found, peak() - before)
"""


def squeezed(*parts: bytes, times: int) -> bytes:
    """A member of the parts, the last one over and over; one part squeezed is squeezed for all times."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    squeezed = {part: squeeze.compress(part) + squeeze.flush(zlib.Z_FULL_FLUSH) for part in parts}
    crc = size = 0
    out = [b"\x1f\x8b\x08\x00\0\0\0\0\0\x03"]
    for part in [*parts[:-1], *([parts[-1]] * times)]:
        crc, size = zlib.crc32(part, crc), size + len(part)
        out.append(squeezed[part])
    out.append(squeeze.flush() + crc.to_bytes(4, "little") + (size % 2**32).to_bytes(4, "little"))
    return b"".join(out)


HEAD = record(2, "", end=b"", length=None)
MB = 1 << 20
BOMBS: dict[str, Callable[[], bytes]] = {
    "text": lambda: member(1) + squeezed(HEAD, b"a" * MB, times=1024) + member(3),
    "text with a length": lambda: (
        member(1) + squeezed(record(2, "", end=b"", length=200 * MB), b"a" * MB, times=200) + member(3)
    ),
    "blank lines": lambda: member(1) + squeezed(HEAD, b"\n" * MB, times=64) + member(3),
    "no record": lambda: member(1) + squeezed(b"x", b"a" * MB, times=64) + member(3),
    "header": lambda: member(1) + squeezed(b"WARC/1.0\r\nX: ", b"a" * MB, times=64) + member(3),
    "plain": lambda: record(1) + HEAD + b"line\n" * 12_000_000 + b"\r\n" + record(3),
    "very short lines": lambda: member(1) + pack(record(2, b"ab\n" * 5_500_000)) + member(3),
    "one wide character": lambda: member(1) + pack(record(2, "😀" + "a\n" * 4_000_000)) + member(3),
}
LOST = {"no record": "no_header"}
WHOLE = {"very short lines", "one wide character"}


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from Linux's /proc")
@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.parametrize("mode", ["usual", "quirks"])
def test_memory_stays_bounded(bomb: str, mode: str, tmp_path: Path) -> None:
    path = tmp_path / "bomb.warc.wet.gz"
    path.write_bytes(BOMBS[bomb]())
    command = [sys.executable, "-c", MEASURE, str(path), mode]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    *verdicts, megabytes = run.stdout.split()
    if mode == "usual":
        assert verdicts == (["1", "3"] if bomb in WHOLE else ["1", LOST.get(bomb, "too_large"), "3"])
    else:
        assert verdicts[-1] == "3"
    assert int(megabytes) < (200 if bomb in WHOLE else 100)


HOSTILE: dict[str, Callable[[], bytes]] = {  # up to 3 MB each
    "false magics": lambda: member(1) + b"\x1f\x8b\x08\x00\0\0\0\0\0\x03" * 100_000 + member(3),
    "false magics with a stored block": lambda: (
        member(1) + b"\x1f\x8b\x08\x00\0\0\0\0\0\x03\x00\xff\xff\0\0" * 100_000 + member(3)
    ),
    "members that swallow each other": lambda: (
        member(1) + (b"\x1f\x8b\x08\x00\0\0\0\0\0\x03\x00\xff\xff\0\0WARC/1.0\r\n" + b"x" * 300) * 4_000 + member(3)
    ),
    "empty members": lambda: pack(b"") * 50_000 + member(1) + member(3),
    "members of one byte": lambda: pack(b"W") * 50_000 + member(1) + member(3),
    "members of one byte in a record": lambda: (
        pack(record(1, "", length=10**7, end=b"")) + pack(b"w") * 50_000 + member(3)
    ),
    "many names without end": lambda: member(1) + (b"\x1f\x8b\x08\x08" + b"n" * 500) * 5_000 + member(3),
    "version lines": lambda: pack(record(1) + b"WARC/1.0\n" * 50_000) + member(3),
    "version words in one line": lambda: member(1) + pack(record(2, "WARC/1.0 " * 300_000)) + member(3),
    "lengths that lead nowhere": lambda: b"".join(record(n, length=10**7) for n in range(10_000)),
    "header names": lambda: member(1) + pack(b"WARC/1.0\n" + b"A:\n" * 1_000_000) + member(3),
    "headers without text": lambda: b"WARC/1.0\nA:\n" * 100_000 + record(3),
    "headers without text behind damage": lambda: member(1) + b"x" + b"WARC/1.0\nA:\n" * 200_000 + member(3),
    "records that claim a lot behind damage": lambda: (
        member(1) + b"x" + b"WARC/1.0\nContent-Length: 8000000\n\n" * 80_000 + member(3)
    ),
    "plain text and members in turns": lambda: (record(1) + member(2)) * 3_000,
    "false magics in plain text": lambda: record(1) + record(2, b"\n\x1f\x8b\x08\x00" * 500_000) + record(3),
    "damaged members": lambda: flip(member(1), -8) * 5_000 + member(3),
    "folded headers": lambda: member(2, extra=b"X: y" + b"\r\n z" * 12_000) * 60 + member(3),
    "headers without a blank line": lambda: member(2, extra=b"X\r\n" * 15_000, length=9) * 60 + member(3),
    "carriage returns": lambda: member(1) + pack(record(2, "\r" * 3_000_000, length=None)) + member(3),
    "vanishing lines": lambda: member(1) + pack(record(2, "WARC\nx\n" * 400_000)) + member(3),
}


@pytest.mark.parametrize("quirks", [False, True], ids=["usual", "quirks"])
@pytest.mark.parametrize("hostile", HOSTILE)
def test_time_stays_linear(hostile: str, quirks: bool) -> None:
    data = HOSTILE[hostile]()
    start = time.process_time()
    verdicts = read(data, quirks=quirks)
    assert time.process_time() - start < 30  # 8 s on a quiet machine; a quadratic reader takes minutes
    assert any(isinstance(verdict, Kept) for verdict in verdicts)


def test_limits_are_options() -> None:
    limits = Limits(record=100, header=300)
    data = member(1) + member(2, "word " * 21) + member(3, extra=b"X: " + b"y" * 200) + member(4, length=None)
    assert names(read(data, limits)) == (["1", "4"], ["too_large", "too_large"])
    assert names(read(record(1) + record(2, "x" * 101) + record(3), limits)) == (["1", "3"], ["too_large"])


def test_the_limit_itself_is_allowed() -> None:
    limits = Limits(record=100)
    for length in (-1, None, 7):
        data = member(1) + member(2, "x" * 100, length=length, end=b"") + member(3, "x" * 101, length=length, end=b"")
        assert names(read(data, limits)) == (["1", "2"], ["too_large"])
