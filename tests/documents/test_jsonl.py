"""c4pipe.documents.jsonl: lines of any kind, and what a break in the file costs."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import subprocess
import sys
import zlib
from functools import partial
from pathlib import Path

import pytest
import zstandard

from c4pipe.documents import read_documents
from c4pipe.documents.unpack import HOLD
from c4pipe.page import Kept, Page
from c4pipe.wet import Limits
from c4pipe.wet.kinds import REMEDIES
from tests.documents.reading import details, read, short

DATE = "2019-04-25T12:57:54Z"
A = hashlib.md5(b"a").hexdigest()
packed = partial(gzip.compress, mtime=0)


def line(n: int, text: str | None = None) -> bytes:
    return (
        json.dumps({"text": text or f"Page {n}.", "url": f"http://a.example/{n}", "timestamp": DATE}) + "\n"
    ).encode()


ABC = line(1) + line(2) + line(3)
ALL = ["Page 1.", "Page 2.", "Page 3."]


@pytest.mark.parametrize(
    ("data", "page", "tally"),
    [
        (line(1), Page("http://a.example/1", "Page 1.", DATE, "f#0"), set()),
        (line(1)[:-1], Page("http://a.example/1", "Page 1.", DATE, "f#0"), set()),
        (b'\xef\xbb\xbf{"text": "a"}\r\n', Page("", "a", "", "f#0", text_md5=A), {"no_url_given", "no_date_given"}),
        (
            b'\n \r\n{"id": 12, "text": " a\\n\\n b\\u0000", "url": "u", "timestamp": null, "x": [{"y": NaN}]}',
            Page("u", "a\nb\0", "", "f#4", "12"),
            {"no_date_given"},
        ),
        (b'{"text": "a", "url": 5, "timestamp": NaN, "id": true}', Page("", "a", "", "f#0", text_md5=A), None),
        (b'{"text": "a", "Url": "u", "Date": "2019"}', Page("", "a", "", "f#0", text_md5=A), None),
        # Of a repeated key the last counts.
        (b'{"text": "a", "text": "b", "url": "u", "timestamp": 1556197074}', Page("u", "b", DATE, "f#0"), set()),
        # Half of a surrogate pair, a whole one, a byte that is not UTF-8.
        (b'{"text": "\\ud83d", "url": "u"}', Page("u", "\ufffd" * 3, "", "f#0"), {"undecodable", "no_date_given"}),
        (b'{"text": "\\ud83d\\ude00", "url": "u"}', Page("u", "😀", "", "f#0"), {"no_date_given"}),
        (b'{"text": "\xe9!", "url": "u"}', Page("u", "\ufffd!", "", "f#0"), {"undecodable", "no_date_given"}),
        (b'{"text": "a\xe2\x80\xa8b", "url": "u"}', Page("u", "a\u2028b", "", "f#0"), {"no_date_given"}),
    ],
)  # fmt: skip
def test_a_line_is_a_page(data: bytes, page: Page, tally: set[str] | None) -> None:
    flags = {"no_url_given", "no_date_given"} if tally is None else tally
    assert read(data, "jsonl") == [Kept(page, dict.fromkeys(flags, 1))]
    assert read(data, "jsonl", chunk=1) == [Kept(page, dict.fromkeys(flags, 1))]


@pytest.mark.parametrize(
    ("data", "reason", "detail"),
    [
        (b'{"title": "t", "body": "b"}', "no_text", "no text among the keys title, body"),
        (b"{}", "no_text", "no text among the keys none"),
        (b'{"text": null}', "no_text", "text is null"),
        (b'{"text": 5}', "no_text", "text is a number"),
        (b'{"text": true}', "no_text", "text is true or false"),
        (b'{"text": ["a"]}', "no_text", "text is an array"),
        (b'{"text": {"text": "a"}}', "no_text", "text is an object"),
        (b'{"text": " \\n "}', "no_text", "3 bytes"),
        (b'{"text": "a", "url": "u\\u0007"}', "bad_url", "control character '\\x07'"),
        (b'["text"]', "bad_json", "an array instead of an object"),
        (b'"text"', "bad_json", "a string instead of an object"),
        (b"12", "bad_json", "a number instead of an object"),
        (b"null", "bad_json", "null instead of an object"),
        (b"text", "bad_json", "Expecting value at character 0"),
        (b"{'text': 'a'}", "bad_json", "Expecting property name enclosed in double quotes at character 1"),
        (b'{"text": "a"} {"text": "b"}', "bad_json", "Extra data at character 14"),
        (b'{"text": "a\x00b"}', "bad_json", "Invalid control character at character 11"),
        (b"\0" * 50, "bad_json", "Expecting value at character 0"),
        (b"[" * 100_000, "bad_json", "nested too deep"),
        (b'{"a":' * 30_000, "bad_json", "nested too deep"),
        (b'{"text": "' + b"a" * 200_000 + b'"}', "too_large", "a line of more than 200000 bytes"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_line_that_is_no_page_says_why_and_the_next_is_read(data: bytes, reason: str, detail: str) -> None:
    verdicts = read(line(1) + data + b"\n" + line(3), "jsonl", Limits(record=200_000))
    assert short(verdicts) == ["Page 1.", f"<{reason}>", "Page 3."]
    assert details(verdicts)[1].startswith(detail)
    assert [v.page.source for v in verdicts] == ["f#0", f"f#{len(line(1))}", f"f#{len(line(1) + data) + 1}"]


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (b"", "empty file"),
        (b"\n\r\n \n", "nothing but blank lines"),
        (packed(b""), "nothing but blank lines"),
        (b"\n<!DOCTYPE html>\n<html>\n", "an HTML or XML page"),
        (b"\xff\xfe{\0", "UTF-16 or UTF-32 text, not UTF-8"),
        (b"PAR1....", "a Parquet file"),
        (b"BZh91AY", "bzip2 data"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_is_no_jsonl_is_one_verdict(data: bytes, detail: str) -> None:
    verdicts = read(data, "jsonl")
    assert (short(verdicts), details(verdicts)) == (["<unreadable>"], [detail])


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b'[\n{"text": "a"},\n{"text": "b"}\n]\n', "a JSON array"),
        (b'[{"text": "a"},\n{"text": "b"}]\n', "a JSON array"),
        (b'\xef\xbb\xbf[{"text": "a"}, {"text": "%s"}]\n' % (b"a" * 900), "a JSON array"),  # longer than a record
        (b'{\n  "text": "a"\n}\n{\n  "text": "b"\n}\n', "a JSON object over several lines"),
        (b'{"text": "a"}\r{"text": "b"}\r', "lines that end in CR alone"),
        (b'{"text": "%s"}\r{"text": "b"}' % (b"a" * 300), "lines that end in CR alone"),
        (b'{"text": "a"}\r{"text": "%s"}' % (b"a" * 900), "lines that end in CR alone"),
    ],
)
def test_json_that_is_not_an_object_a_line_is_told_once(data: bytes, says: str) -> None:
    verdicts = read(data, "jsonl", Limits(record=400))
    assert (short(verdicts), details(verdicts)) == (["<unreadable>"], [says])
    assert says in REMEDIES


@pytest.mark.parametrize("first", [b'[{"text": "a"}]', b"[INFO] begun", b'{"text": "a"', b'{"a": 1}\r{"b": 2}', b"[]"])
def test_one_odd_line_takes_no_other_with_it(first: bytes) -> None:
    assert short(read(first + b"\n" + line(1), "jsonl"))[1:] == ["Page 1."]


def test_a_number_of_thousands_of_digits_takes_no_page_with_it() -> None:
    many = b"9" * 5000
    data = b'{"text": "a", "n": %s, "id": 7, "date": %s, "url": "u"}' % (many, many)
    [verdict] = read(data, "jsonl")
    assert verdict == Kept(Page("u", "a", "", "f#0", "7"), {"bad_date": 1})


@pytest.mark.parametrize("behind", [b" ,", b" junk", b"}", b"\r{", b'\r{"text": "b"}', b"\0"])
def test_what_stands_behind_a_whole_object_does_not_cut_it(behind: bytes) -> None:
    assert short(read(line(1) + b'{"text": "a"}' + behind, "jsonl"))[1] == "<bad_json>"


@pytest.mark.parametrize("last", [b'{"text": nothing, "a": 1}', b'{"text": "a\tb"}', b"{'text': 1}", b"words", b"[1,"])
def test_nor_is_what_is_broken_in_its_midst_cut(last: bytes) -> None:
    assert short(read(line(1) + last, "jsonl"))[1] == "<bad_json>"


def test_wherever_the_last_line_is_cut_it_is_truncated() -> None:
    last = rb' {"text": "a\u00e9\ud83d\ude00 \"\\", "n": [-1.5e+7, null, true, {"k": false}], "m": {}, "z": NaN}'
    last += b" "
    for size in range(2, len(last) - 1):
        assert short(read(line(1) + last[:size], "jsonl"))[1] == "<truncated>", last[:size]


def test_what_is_rejected_shows_how_it_begins() -> None:
    [verdict] = read(b"words " * 1000, "jsonl")
    assert verdict.page == Page("", ("words " * 1000)[:200], "", "f#0")


def flip(data: bytes, at: int) -> bytes:
    spoilt = bytearray(data)
    spoilt[at] ^= 0x55
    return bytes(spoilt)


MEMBERS = [packed(line(n)) for n in (1, 2, 3)]
LARGE = packed(b"".join(line(n, f"{n} " * 500) for n in range(9000)))


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (packed(ABC), ALL),
        (b"".join(MEMBERS), ALL),
        (packed(ABC[:50]) + packed(ABC[50:]), ALL),  # a line in two members
        (MEMBERS[0] + packed(b"") + MEMBERS[2], ["Page 1.", "Page 3."]),
        (zstandard.compress(ABC), ALL),
        (zstandard.compress(line(1)) + zstandard.compress(line(2)), ALL[:2]),
        (b"\x50\x2a\x4d\x18\x02\0\0\0xx" + zstandard.compress(ABC), ALL),  # what pzstd puts in front
        # A bit of the checksum: what a small member says is not believed.
        (MEMBERS[0] + flip(MEMBERS[1], -8) + MEMBERS[2], ["Page 1.", "<damaged_member>", "Page 3."]),
        (MEMBERS[0] + flip(MEMBERS[1], 20) + MEMBERS[2], ["Page 1.", "<damaged_member>", "Page 3."]),
        (MEMBERS[0] + MEMBERS[1][20:] + MEMBERS[2], ["Page 1.", "<damaged_member>", "Page 3."]),
        (MEMBERS[0] + b"noise" * 9 + MEMBERS[2], ["Page 1.", "<damaged_member>", "Page 3."]),
        (MEMBERS[0] + bytes(512), ["Page 1.", "<damaged_member>"]),
        (flip(packed(ABC), -8), ["<damaged_member>"]),
        # A cut: what stands before it stays.
        (b"".join(MEMBERS)[:-4], ["Page 1.", "Page 2.", "Page 3.", "<truncated>"]),
        (packed(ABC)[:-4], ["Page 1.", "Page 2.", "Page 3.", "<truncated>"]),
        (packed(ABC, compresslevel=0)[:-40], ["Page 1.", "Page 2.", "<truncated>"]),
        (ABC[:-2], ["Page 1.", "Page 2.", "<truncated>"]),
        (ABC[:-1] + b" ", ALL),
        (zstandard.compress(ABC)[:-5], ["<truncated>"]),
        (zstandard.compress(ABC) + b"noise", [*ALL, "<damaged_member>"]),
        (flip(zstandard.ZstdCompressor(write_checksum=True).compress(ABC), -1), ["<damaged_member>"]),
    ],
    ids=range(21),
)  # fmt: skip
def test_damage_costs_what_it_hits(data: bytes, found: list[str]) -> None:
    for chunk in (0, 1, 30):
        verdicts = read(data, "jsonl", chunk=chunk)
        assert short(verdicts) == found
        assert len({v.page.source for v in verdicts}) == len(found)


def test_of_a_large_damaged_member_the_lines_before_the_damage_are_kept() -> None:
    """It cannot be held back until its checksum is seen."""
    assert len(zlib.decompress(LARGE, 31)) > 2 * HOLD
    kept = short(read(flip(LARGE, -8), "jsonl"))
    assert (len(kept), kept[-1]) == (9001, "<damaged_member>")
    kept = short(read(flip(LARGE, len(LARGE) * 3 // 4), "jsonl"))
    assert 5000 < len(kept) < 8000
    assert kept[-1] == "<damaged_member>"
    assert all(text == (f"{n} " * 500).strip() for n, text in enumerate(kept[:4500]))


def test_damage_anywhere_leaves_the_members_that_it_does_not_hit() -> None:
    random.seed(4)
    members = [packed(line(n, f"{n} {random.random()} " * 20)) for n in range(20)]
    texts = [json.loads(zlib.decompress(member, 31))["text"].strip() for member in members]
    whole = b"".join(members)
    for _ in range(100):
        spoilt = flip(whole, random.randrange(len(whole)))
        intact = [text for text, member in zip(texts, members, strict=True) if member in spoilt]
        found = [text for text in short(read(spoilt, "jsonl")) if text[0] != "<"]
        assert set(intact) <= set(found) <= set(texts)  # a bit of a member's header may not matter


def test_of_a_damaged_zstd_file_the_lines_before_the_damage_are_kept() -> None:
    """But for some kilobytes, and for what the frame's checksum would have said."""
    whole = zstandard.compress(b"".join(line(n, f"{n} {n * 7919}") for n in range(20_000)))
    for spoilt, reason, least in (
        (whole + b"noise", "damaged_member", 19_900),
        (whole[:-5], "truncated", 18_000),  # a block of zstd is 128 KB of text
        (whole[: len(whole) // 2], "truncated", 8_000),
    ):
        *kept, last = short(read(spoilt, "jsonl"))
        assert last == f"<{reason}>"
        assert kept == [f"{n} {n * 7919}" for n in range(len(kept))]
        assert least < len(kept) <= 20_000 - (reason == "truncated")


def test_errors_of_the_stream_pass_through() -> None:
    class Broken:
        def __init__(self, data: bytes):
            self._data = data

        def read(self, size: int = -1, /) -> bytes:
            if not self._data:
                raise OSError(5, "Input/output error")
            data, self._data = self._data[:99], self._data[99:]
            return data

    noise = random.Random(1).randbytes(2000).hex()
    for data in (b"", ABC, packed(line(1, noise))[:500], zstandard.compress(line(1, noise))[:500]):
        with pytest.raises(OSError, match="Input/output"):
            list(read_documents(Broken(data), "f", "jsonl"))  # type: ignore[arg-type]


MEASURE = """
import sys
from c4pipe.documents import read_documents
from c4pipe.page import Kept

def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) // 1024

before, found = peak(), []
with open(sys.argv[1], "rb") as stream:
    for verdict in read_documents(stream, "f", sys.argv[2]):
        if not isinstance(verdict, Kept):
            found.append(verdict.reason.code)
        elif len(verdict.page.text) < 100:
            found.append(verdict.page.url[-1])
        del verdict
print(*found, peak() - before)
"""


def squeezed(times: int) -> bytes:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    parts = [line(1) + b'{"text": "', *[b"a" * (1 << 20)] * times, b'"}\n' + line(3)]
    return b"".join(map(squeeze.compress, parts)) + squeeze.flush()


def zsqueezed(times: int) -> bytes:
    squeeze = zstandard.ZstdCompressor().compressobj()
    parts = [line(1) + b'{"text": "', *[b"a" * (1 << 20)] * times, b'"}\n' + line(3)]
    return b"".join(map(squeeze.compress, parts)) + squeeze.flush()


BOMBS = {
    "gzip": (lambda: squeezed(150), 60),
    "zstd": (lambda: zsqueezed(150), 60),
    "plain": (lambda: line(1) + b'{"text": "' + b"a" * (200 << 20) + b'"}\n' + line(3), 60),
    "many lines": (lambda: line(1) + line(2, "word " * 100) * 60_000 + line(3), 20),
    "blank lines": (lambda: line(1) + b"\n" * (20 << 20) + b"{\n" + line(3), 40),
}
FOUND = {"many lines": ["1", "3"], "blank lines": ["1", "bad_json", "3"]}


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from Linux's /proc")
@pytest.mark.parametrize("bomb", BOMBS)
def test_memory_stays_bounded(bomb: str, tmp_path: Path) -> None:
    make, megabytes = BOMBS[bomb]
    path = tmp_path / "bomb"
    path.write_bytes(make())
    command = [sys.executable, "-c", MEASURE, str(path), "jsonl"]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    *found, peak = run.stdout.split()
    assert found == FOUND.get(bomb, ["1", "too_large", "3"])
    assert int(peak) < megabytes
