"""One file from a host that misbehaves: it comes whole, or not at all and with the reason."""

from __future__ import annotations

import gzip
import os
import random
import threading
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from c4pipe.fetch import Client, FetchError, download
from c4pipe.fetch.files import PartialFile
from c4pipe.fetch.policy import DiskError, Policy, StoppedError, Version
from c4pipe.fetch.rate import RateLimiter
from tests.fetch.host import QUICK, Answer, FakeClock, Host, Request, cut, error, other, packed, page, redirect

DATA = packed(1)
PATH = "/a.warc.wet.gz"


class Desk:
    """A client with a pretended clock, and what it said."""

    def __init__(self, host: Host, tmp_path: Path, policy: Policy = QUICK) -> None:
        self.host, self.clock, self.said = host, FakeClock(), list[str]()
        self.client = Client(policy, self.clock, say=self.said.append, draw=lambda: 0.0)
        self.target = tmp_path / "a.warc.wet.gz"
        host.files[PATH] = DATA

    @property
    def port(self) -> int:
        return urlsplit(self.host.url).port or 0

    def get(self, *answers: Answer) -> bytes:
        """The file after these answers, and no part left beside it."""
        self.host.script[PATH] = list(answers)
        size = download(self.client, self.host.url + PATH, self.target)
        assert [path.name for path in self.target.parent.iterdir()] == [self.target.name]
        assert size == self.target.stat().st_size
        return self.target.read_bytes()

    def fails(self, *answers: Answer) -> str:
        """Why it cannot be had; nothing has the name of the file."""
        with pytest.raises(FetchError) as caught:
            self.get(*answers)
        assert not self.target.exists()
        return str(caught.value)


@pytest.fixture
def desk(host: Host, tmp_path: Path) -> Desk:
    return Desk(host, tmp_path)


def test_a_file_is_fetched_in_one_request(desk: Desk) -> None:
    assert desk.get() == DATA
    assert desk.host.seen == [("GET", PATH, "")]
    assert desk.clock.waits == []


def test_a_cut_is_continued_where_it_happened(desk: Desk) -> None:
    assert desk.get(cut(1000), cut(500, reset=True)) == DATA
    first, second, third = desk.host.gets(PATH)
    assert (first, second) == ("", "bytes=1000-")
    assert 1000 <= int(third[6:-1]) <= 1500  # a reset may take the last bytes with it


def test_cuts_at_random_bytes_do_not_matter_as_long_as_there_is_progress(desk: Desk) -> None:
    draw = random.Random(7)
    cuts = [cut(draw.randint(QUICK.progress, 2000), reset=draw.random() < 0.3) for _ in range(20)]
    assert len(cuts) > QUICK.attempts
    assert desk.get(*cuts) == DATA


def test_without_progress_attempts_come_to_an_end(desk: Desk) -> None:
    assert "8 attempts" in desk.fails(*[cut(1)] * 20)
    assert desk.host.gets(PATH) == ["", *(f"bytes={n}-" for n in range(1, 8))]
    assert desk.clock.waits == [1, 2, 4, 8, 16, 32, 60]


def test_the_first_bytes_of_a_part_are_no_progress_after_a_new_start(desk: Desk) -> None:
    """A host whose file changes with every attempt is not asked for ever."""

    def changed(number: int) -> Answer:
        def answer(request: Request) -> None:
            request.start(200, len(DATA), ETag=f'"{number}"')
            request.body(DATA[:5000])
            request.hang_up()

        return answer

    assert "8 attempts" in desk.fails(*map(changed, range(50)))
    assert len(desk.host.seen) <= 10


def wrong_range(shift: int) -> Answer:
    def answer(request: Request) -> None:
        data, etag = request.host.whole(request)
        start = request.asked() + shift
        request.start(206, len(data) - start, ETag=etag, Content_Range=f"bytes {start}-{len(data) - 1}/{len(data)}")
        request.body(data[start:])

    return answer


def no_range(request: Request) -> None:
    request.start(206, 3, Content_Range="bytes x-y/z")
    request.body(b"abc")


def whole_anyway(request: Request) -> None:
    data, etag = request.host.whole(request)
    request.start(200, len(data), ETag=etag)
    request.body(data)


@pytest.mark.parametrize("answer", [wrong_range(1), wrong_range(-1), no_range, error(416)])
def test_a_wrong_range_starts_the_file_over(desk: Desk, answer: Answer) -> None:
    assert desk.get(cut(1000), answer) == DATA
    assert desk.host.gets(PATH) == ["", "bytes=1000-", ""]


def test_a_host_that_ignores_ranges_starts_over(desk: Desk) -> None:
    assert desk.get(cut(1000), whole_anyway) == DATA
    assert desk.host.gets(PATH) == ["", "bytes=1000-"]


def test_a_range_that_nobody_asked_for_is_refused(desk: Desk) -> None:
    assert desk.get(wrong_range(5)) == DATA


def test_a_file_that_changes_between_attempts_is_never_joined(desk: Desk) -> None:
    new = packed(2)

    def change(request: Request) -> None:
        cut(1000)(request)
        request.host.files[PATH] = new

    assert desk.get(change) == new
    assert desk.host.gets(PATH) == ["", "bytes=1000-"]  # If-Range: the host sent all of the new one


def test_nor_where_the_host_forgets_about_if_range(desk: Desk) -> None:
    def stubborn(request: Request) -> None:
        request.host.files[PATH] = new = packed(2)
        request.start(206, len(new) - 1000, ETag='"new"', Content_Range=f"bytes 1000-{len(new) - 1}/{len(new)}")
        request.body(new[1000:])

    assert desk.get(cut(1000), stubborn) == packed(2)
    assert desk.host.gets(PATH) == ["", "bytes=1000-", ""]


def test_without_an_etag_or_a_date_a_part_is_not_continued(desk: Desk) -> None:
    def bare(request: Request) -> None:
        request.start(200, len(DATA))
        request.body(DATA[:1000])
        request.hang_up()

    assert desk.get(bare) == DATA
    assert desk.host.gets(PATH) == ["", ""]


def test_a_weak_etag_joins_nothing_and_a_date_does(desk: Desk) -> None:
    date = "Sat, 18 May 2024 02:00:00 GMT"

    def weak(request: Request) -> None:
        request.start(200, len(DATA), ETag='W/"1"', Last_Modified=date)
        request.body(DATA[:1000])
        request.hang_up()

    def by_date(request: Request) -> None:
        assert request.headers["If-Range"] == date
        span = f"bytes 1000-{len(DATA) - 1}/{len(DATA)}"
        request.start(206, len(DATA) - 1000, Content_Range=span)  # repeats no header that it need not
        request.body(DATA[1000:])

    assert desk.get(weak, by_date) == DATA
    assert len(desk.host.seen) == 2


@pytest.mark.parametrize("etag", ['"a\r\n b"', '"\x1b"', '"é"', '"' + "x" * 5000 + '"', '""', "", "x"])
def test_an_etag_that_cannot_be_sent_back_joins_nothing(desk: Desk, etag: str) -> None:
    def strange(request: Request) -> None:
        request.body(f"HTTP/1.1 200 OK\r\nETag: {etag}\r\nContent-Length: {len(DATA)}\r\n\r\n".encode("latin-1"))
        request.body(DATA[:1000])
        request.hang_up()

    assert desk.get(strange) == DATA
    assert desk.host.gets(PATH) == ["", ""]


def test_a_storm_of_503_is_waited_out_ever_longer(desk: Desk) -> None:
    assert desk.get(*[error(503)] * 7) == DATA
    assert desk.clock.waits == [1, 2, 4, 8, 16, 32, 60]
    assert desk.said[0] == "a.warc.wet.gz: HTTP 503 Service Unavailable; attempt 2 of 8 in 1.0 s"


def test_that_access_may_be_denied_is_said_from_the_first_wait_on(desk: Desk) -> None:
    """A 403 is a rate limit at Common Crawl's host, and an expired signature in most buckets."""
    doubt = "; or access is denied: a signature in the URL may have expired"
    told = desk.fails(*[error(403)] * 99)
    assert desk.said[0] == f"a.warc.wet.gz: HTTP 403 Forbidden; attempt 2 of 8 in 1.0 s{doubt}"
    assert told.startswith("HTTP 403 Forbidden (8 attempts; the host limits our rate")
    assert doubt in told


def echo(head: str) -> Answer:
    """An answer that quotes the URL that it was asked for."""
    return lambda request: (request.body(head.format(request.path).encode()), request.hang_up())[1]


@pytest.mark.parametrize(
    "head",
    [
        "HTTP/1.1 404 No such {}\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 503 Try {} later\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 {}\r\n\r\n",
        "no {} here\r\n\r\n",
        "HTTP/1.1 206 OK\r\nContent-Range: {}\r\nContent-Length: 9\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Encoding: {}\r\nContent-Length: 9\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: http:{}\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: //b.example{}\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: //[{}\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_what_a_host_says_is_not_repeated(desk: Desk, head: str) -> None:
    """It may quote the URL, and what lets one in with it."""
    path = f"{PATH}?token=s3cr3t"
    desk.host.script[path] = [echo(head)] * 99
    with pytest.raises(FetchError) as caught:
        download(desk.client, desk.host.url + path, desk.target)
    assert "s3cr3t" not in "".join([str(caught.value), *desk.said])


def test_and_given_up_in_the_end(desk: Desk) -> None:
    assert desk.fails(*[error(503)] * 99) == (
        "HTTP 503 Service Unavailable (8 attempts; the host limits our rate: come back later, with fewer connections)"
    )
    assert len(desk.host.seen) == 8


@pytest.mark.parametrize("status", [403, 408, 429, 500, 502, 503, 504, 520])
def test_a_passing_trouble_is_tried_again(desk: Desk, status: int) -> None:
    assert desk.get(error(status), error(status)) == DATA
    assert desk.clock.waits == [1, 2]


@pytest.mark.parametrize("status", [400, 401, 404, 410, 451])
def test_what_will_not_get_better_is_asked_once(desk: Desk, status: int) -> None:
    assert desk.fails(error(status)).startswith(f"HTTP {status} ")
    assert len(desk.host.seen) == 1
    assert desk.clock.waits == []


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "0"}, 1),  # our own wait is longer
        ({"Retry-After": "-5"}, 1),
        ({"Retry-After": "soon"}, 1),
        ({"Retry-After": "99999999999999999999"}, 1),  # no number of seconds that means anything
        ({"Retry-After": "Sat, 18 May 2024 02:40:30 GMT"}, 30),
        ({"Retry-After": "Sat, 18 May 2024 01:00:00 GMT"}, 1),
        ({"Retry-After": "3600"}, 300),
        ({"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}, 300),
    ],
)
@pytest.mark.parametrize("status", [429, 503, 403])
def test_retry_after_is_honoured(desk: Desk, status: int, headers: dict[str, str], seconds: float) -> None:
    def answer(request: Request) -> None:
        request.send_response_only(status)  # without a Date of the real clock
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", "0")
        request.end_headers()

    assert desk.get(answer) == DATA
    assert desk.clock.waits == [seconds]
    assert ("is the longest we wait" in desk.said[0]) == (seconds == 300)


def test_the_spread_of_waits_comes_on_top() -> None:
    policy = Policy()
    assert [policy.wait(1, None, draw) for draw in (0.0, 0.5, 1.0)] == [1.0, 1.25, 1.5]
    assert [policy.wait(1, 100, draw) for draw in (0.0, 1.0)] == [100, 101]
    assert max(policy.wait(n, None, 1.0) for n in range(1, 2000)) == 90


def test_one_slow_down_holds_every_connection(host: Host, tmp_path: Path) -> None:
    clock = FakeClock()
    limiter = RateLimiter(clock)
    limiter.hold(12)
    limiter.hold(3)
    limiter.before_request()
    assert clock.waits == [12]


def test_a_page_with_status_200_is_refused_and_tried_again(desk: Desk) -> None:
    assert desk.get(page(), page(), page()) == DATA
    assert "a web page instead of gzip" in desk.said[0]


def test_and_named_when_there_is_nothing_else(desk: Desk) -> None:
    assert desk.fails(*[page()] * 99) == "a web page instead of gzip (8 attempts)"


def test_nothing_is_no_file(desk: Desk) -> None:
    assert desk.get(other(b"")) == DATA
    assert "no bytes" in desk.said[0]


def test_a_damaged_file_is_fetched_once_more_and_then_named(desk: Desk) -> None:
    spoilt = bytearray(DATA)
    spoilt[len(DATA) // 2] ^= 0x55
    assert desk.get(other(bytes(spoilt))) == DATA
    desk.target.unlink()
    desk.host.seen.clear()
    assert "in 2 downloads: the host's copy is damaged" in desk.fails(*[other(bytes(spoilt))] * 9)
    assert len(desk.host.seen) == 2


@pytest.mark.parametrize("by", [1, 3, 8, 9, 700])
def test_a_body_cut_without_a_word_is_found_by_its_gzip(desk: Desk, by: int) -> None:
    assert desk.get(other(DATA[:-by])) == DATA
    assert "cut short" in desk.said[0]


@pytest.mark.parametrize("place", [0, 1, 2, -1, -4, -5, -8])
def test_every_byte_of_a_frame_counts(desk: Desk, place: int) -> None:
    """Magic number, method; the length and the checksum of the last member."""
    spoilt = bytearray(DATA)
    spoilt[place] ^= 0xE0
    assert desk.get(other(bytes(spoilt))) == DATA
    assert len(desk.host.seen) == 2


def test_a_length_that_says_too_much(desk: Desk) -> None:
    assert desk.get(other(DATA, length=len(DATA) + 10)) == DATA
    assert "10 bytes to come" in desk.said[0]


def test_a_length_that_says_too_little(desk: Desk) -> None:
    assert desk.get(other(DATA, length=len(DATA) - 10)) == DATA


def test_no_length_at_all(desk: Desk) -> None:
    def close_delimited(request: Request) -> None:
        request.start(200, None, Connection="close")
        request.body(DATA)
        request.hang_up()

    def chunked(request: Request) -> None:
        request.start(200, None, Transfer_Encoding="chunked")
        request.body(b"%x\r\n%s\r\n0\r\n\r\n" % (len(DATA), DATA))

    assert desk.get(close_delimited, chunked) == DATA
    assert ["no Content-Length" in line for line in desk.said] == [True, True]


@pytest.mark.parametrize("length", ["-1", "+5", "1e3", "٣", "5, 5", "9" * 30, ""])
def test_a_length_that_is_none(desk: Desk, length: str) -> None:
    def answer(request: Request) -> None:
        request.send_response(200)
        request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n" % length.encode())
        request.body(b"abc")
        request.hang_up()

    def bare(request: Request) -> None:
        request._headers_buffer = []
        answer(request)

    assert desk.get(bare) == DATA


def test_a_file_that_is_larger_than_any(host: Host, tmp_path: Path) -> None:
    desk = Desk(host, tmp_path, Policy(largest=1000))
    assert desk.fails() == f"{len(DATA):,} bytes are more than the 1,000 that a file may have"


def test_a_connection_that_is_reset_before_the_answer(desk: Desk) -> None:
    assert desk.get(lambda request: request.reset(), lambda request: request.hang_up()) == DATA


def test_a_person_is_told_which_host_does_not_answer(host: Host, tmp_path: Path) -> None:
    said: list[str] = []
    desk = Desk(host, tmp_path, Policy(timeout=2.0, silence=0.05))
    heard = threading.Event()

    def late(request: Request) -> None:
        heard.wait(5)
        request.start(200, len(DATA))
        request.body(DATA)

    def say(line: str) -> None:
        said.append(line)
        heard.set()

    desk.client.say = say
    assert desk.get(late) == DATA
    assert said == [f"waiting for 127.0.0.1:{desk.port}: no answer for 0.05 s; an attempt ends after 2 s"]


def test_a_host_that_cannot_be_reached_is_named(desk: Desk) -> None:
    port = desk.port
    desk.host.server.server_close()
    assert desk.fails().startswith(f"no connection to 127.0.0.1:{port}: Connection refused (8 attempts")
    said = f"a.warc.wet.gz: no connection to 127.0.0.1:{port}: Connection refused; attempt 8 of 8 in "
    assert desk.said[-1].startswith(said)  # the first one may reach the host that is just closing


def test_junk_instead_of_http(desk: Desk) -> None:
    def junk(request: Request) -> None:
        request.body(b"\x1b[31mSSH-2.0\r\n\r\n" * 5)
        request.hang_up()

    assert desk.get(junk) == DATA
    assert desk.said
    assert not any("\x1b" in line for line in desk.said)


def test_words_of_the_host_are_spelt_out(desk: Desk) -> None:
    def rude(request: Request) -> None:
        request.wfile.write(b"HTTP/1.1 404 \x1b]0;owned\x07" + b"x" * 500 + b"\r\nContent-Length: 0\r\n\r\n")

    line = desk.fails(rude)
    assert line.isprintable()
    assert len(line) < 100


def test_silence_ends_by_a_timeout(host: Host, tmp_path: Path) -> None:
    desk = Desk(host, tmp_path, Policy(timeout=0.2))
    over = threading.Event()

    def mute(request: Request) -> None:
        over.wait(5)
        request.hang_up()

    assert desk.get(mute) == DATA
    assert "timed out" in desk.said[0]
    over.set()


def drip(head: bool) -> Answer:
    """A byte now and then: never silent for long, never done."""

    def answer(request: Request) -> None:
        data, etag = request.host.whole(request)
        start = f"HTTP/1.1 200 OK\r\nETag: {etag}\r\nContent-Length: {len(data)}\r\n\r\n".encode()
        if not head:
            request.body(start)
        for byte in (start if head else data)[:80]:
            request.body(bytes([byte]))
            time.sleep(0.05)
        request.hang_up()

    return answer


@pytest.mark.parametrize("head", [True, False])
def test_a_drip_counts_as_stuck(host: Host, tmp_path: Path, head: bool) -> None:
    host.files[PATH] = DATA
    host.script[PATH] = [drip(head)]
    said: list[str] = []
    client = Client(Policy(timeout=2, stall_window=0.3, first_wait=0.01), say=said.append, draw=lambda: 0.0)
    began = time.monotonic()
    download(client, host.url + PATH, tmp_path / "a.gz")
    assert time.monotonic() - began < 2
    assert (tmp_path / "a.gz").read_bytes() == DATA
    assert head or said[0].startswith("a.warc.wet.gz: stuck: ")


def test_a_rate_cap_does_not_look_like_a_drip(host: Host, tmp_path: Path) -> None:
    clock = FakeClock()
    client = Client(Policy(stall_window=0.5, stall_rate=1000.0), clock, RateLimiter(clock, 10.0))
    host.files[PATH] = DATA
    download(client, host.url + PATH, tmp_path / "a.gz")
    assert clock.time == pytest.approx(len(DATA) / 10)


# Redirects


def test_redirects_on_the_same_host_are_followed_and_the_range_goes_along(desk: Desk) -> None:
    desk.host.files["/there"] = DATA
    desk.host.script["/there"] = [cut(1000)]
    assert desk.get(redirect("/there"), redirect(f"{desk.host.url}/there", 308)) == DATA
    assert desk.host.gets("/there") == ["", "bytes=1000-"]


@pytest.mark.parametrize(
    "location",
    ["http://other.example/a", "ftp://127.0.0.1/a", "file:///etc/passwd", "", "https://user:pw@x.example/", "http://[", "https:///x"],
)  # fmt: skip
def test_others_are_not(desk: Desk, location: str) -> None:
    assert "redirected to" in desk.fails(redirect(location))
    assert len(desk.host.seen) == 1


def test_a_ring_of_redirects_ends(desk: Desk) -> None:
    assert "more than 5 redirects" in desk.fails(*[redirect(PATH)] * 99)
    assert len(desk.host.seen) == 6


# Parts on the disk


def leave_part(desk: Desk, data: bytes, url: str | None = None, etag: str | None = None, size: int = len(DATA)) -> None:
    part = PartialFile(desk.target, url or desk.host.url + PATH)
    part.begin(Version(size, etag or desk.host.etag(PATH)))
    part.path.write_bytes(data)


def test_a_part_of_an_earlier_run_is_continued(desk: Desk) -> None:
    leave_part(desk, DATA[:3000])
    assert desk.get() == DATA
    assert desk.host.gets(PATH) == ["bytes=3000-"]


def test_a_part_that_is_all_there_is_only_checked(desk: Desk) -> None:
    leave_part(desk, DATA)
    assert desk.get() == DATA
    assert desk.host.seen == []


def test_a_part_of_other_bytes_is_forgotten(desk: Desk) -> None:
    for kw in ({"url": "http://x.example/"}, {"etag": '"old"'}, {"size": len(DATA) + 1}, {"size": 10}):
        leave_part(desk, b"\x00" * 3000, **kw)  # type: ignore[arg-type]
        assert desk.get() == DATA
        desk.target.unlink()


def test_holes_in_a_part_are_found(desk: Desk) -> None:
    """A power cut may leave zeros."""
    leave_part(desk, DATA[:1000] + bytes(2000))
    assert desk.get() == DATA
    assert desk.host.gets(PATH) == ["bytes=3000-", ""]


@pytest.mark.parametrize("note", [b"", b"{", b"[]", b"null", b'{"url": 1}', b'{"size": "x", "etag": 1}', b"\xff"])
def test_a_torn_note_means_a_new_start(desk: Desk, note: bytes) -> None:
    leave_part(desk, DATA[:1000])
    (desk.target.parent / ".a.warc.wet.gz.part.json").write_bytes(note)
    assert desk.get() == DATA
    assert desk.host.gets(PATH) == [""]


def test_a_file_has_its_name_only_when_it_is_on_the_disk(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def synced(fd: int) -> None:
        done.append(f"fsync {Path(os.readlink(f'/proc/self/fd/{fd}')).name}")
        fsync(fd)

    def replaced(self: Path, target: Path) -> Path:
        done.append(f"rename {self.name} {target.name}")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", replaced)
    desk.get()
    part = ".a.warc.wet.gz.part"
    assert done == [f"fsync {part}", f"rename {part} a.warc.wet.gz", f"fsync {desk.target.parent.name}"]


def test_a_full_disk_is_one_line_and_is_not_tried_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    room = type("Usage", (), {"free": 10, "total": 20})()
    monkeypatch.setattr("shutil.disk_usage", lambda path: room)
    with pytest.raises(DiskError, match=r"a\.warc\.wet\.gz needs 0\.0 MB, and 0\.0 MB are free"):
        desk.get()
    assert len(desk.host.seen) == 1


def test_a_stop_ends_a_read_at_once_and_leaves_the_part(host: Host, tmp_path: Path) -> None:
    host.files[PATH] = DATA
    over, there = threading.Event(), threading.Event()

    def half(request: Request) -> None:
        request.start(200, len(DATA), ETag=host.etag(PATH))
        request.body(DATA[:5000])
        there.set()
        over.wait(10)
        request.hang_up()

    host.script[PATH] = [half]
    client = Client(Policy(timeout=10))
    caught: list[BaseException] = []

    def work() -> None:
        try:
            download(client, host.url + PATH, tmp_path / "a.gz")
        except BaseException as error:
            caught.append(error)

    worker = threading.Thread(target=work)
    worker.start()
    assert there.wait(5)
    time.sleep(0.1)
    began = time.monotonic()
    client.stop()
    worker.join(5)
    over.set()
    assert time.monotonic() - began < 1
    assert [type(error) for error in caught] == [StoppedError]
    assert (tmp_path / ".a.gz.part").read_bytes() == DATA[:5000]
    download(Client(), host.url + PATH, tmp_path / "a.gz")
    assert host.gets(PATH) == ["", "bytes=5000-"]
    assert (tmp_path / "a.gz").read_bytes() == DATA


# The connection


def test_a_connection_is_kept_from_file_to_file_and_made_anew_when_the_host_drops_it(desk: Desk) -> None:
    for _ in range(5):
        desk.get()
    assert desk.host.connections == 1

    def last(request: Request) -> None:
        whole_anyway(request)
        request.hang_up()  # after a whole answer, without a word

    desk.get(last)
    assert desk.get() == DATA
    assert desk.host.connections == 2
    assert desk.clock.waits == []


def test_the_rate_cap_holds_for_all_connections_together(host: Host, tmp_path: Path) -> None:
    """400 kB at 1 MB/s, on the real clock."""
    for number in range(4):
        host.files[f"/{number}"] = packed(number, members=50)
    client = Client()
    client.limiter = RateLimiter(client.clock, 1e6)
    began = time.monotonic()
    threads = [threading.Thread(target=download, args=(client, f"{host.url}/{n}", tmp_path / str(n))) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    size = sum(map(len, host.files.values()))
    assert size / 1e6 * 0.95 < time.monotonic() - began < size / 1e6 + 0.5


def test_a_proxy_of_the_environment_is_used(host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", host.url.replace("://", "://me:secret@"))
    monkeypatch.setenv("no_proxy", "")
    told: list[str] = []

    def answer(request: Request) -> None:
        told.append(request.headers["Proxy-Authorization"])
        request.start(200, len(DATA))
        request.body(DATA)

    host.script["http://data.example/a.gz"] = [answer]
    download(Client(QUICK, FakeClock()), "http://data.example/a.gz", tmp_path / "a.gz")
    assert told == ["Basic bWU6c2VjcmV0"]
    assert gzip.decompress((tmp_path / "a.gz").read_bytes()) == gzip.decompress(DATA)


def test_a_host_that_is_not_there(tmp_path: Path, host: Host) -> None:
    host.server.server_close()
    clock = FakeClock()
    with pytest.raises(FetchError, match=r"Connection refused \(8 attempts\)"):
        download(Client(QUICK, clock), host.url + PATH, tmp_path / "a.gz")
    assert len(clock.waits) == 7


def encoded(coding: str, body: bytes) -> Answer:
    """The file as a host sends it that says it was packed."""

    def answer(request: Request) -> None:
        request.start(200, len(body), ETag='"packed"', Content_Encoding=coding)
        request.body(body)

    return answer


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "GZIP", "identity"])
def test_a_file_that_is_called_gzip_because_it_is_stays_as_it_is(desk: Desk, coding: str) -> None:
    assert desk.get(encoded(coding, DATA)) == DATA


@pytest.mark.parametrize(
    ("coding", "pack"), [("gzip", gzip.compress), ("x-gzip", gzip.compress), ("deflate", zlib.compress)]
)
def test_a_file_that_was_packed_on_the_way_is_unpacked(desk: Desk, coding: str, pack: Callable[[bytes], bytes]) -> None:
    assert desk.get(encoded(coding, pack(DATA))) == DATA
    assert desk.host.gets(PATH) == [""]


def test_a_list_that_was_packed_on_the_way_is_unpacked(desk: Desk) -> None:
    desk.host.script["/list"] = [encoded("gzip", gzip.compress(b"one\n") + gzip.compress(b"two\n"))]
    assert download(desk.client, desk.host.url + "/list", desk.target, check=None) == 8
    assert desk.target.read_bytes() == b"one\ntwo\n"
    assert [path.name for path in desk.target.parent.iterdir()] == [desk.target.name]


def test_nor_does_it_take_an_etag_to_unpack(desk: Desk) -> None:
    def bare(request: Request) -> None:
        request.start(200, len(gzip.compress(DATA)), Content_Encoding="gzip")
        request.body(gzip.compress(DATA))

    assert desk.get(bare) == DATA


def test_what_is_packed_on_the_way_is_continued_as_it_was_sent(desk: Desk) -> None:
    body = gzip.compress(DATA)

    def begin(request: Request) -> None:
        request.start(200, len(body), ETag='"packed"', Content_Encoding="gzip")
        request.body(body[:3000])
        request.hang_up()

    def rest(request: Request) -> None:
        assert request.headers["If-Range"] == '"packed"'
        at = request.asked()
        request.start(206, len(body) - at, ETag='"packed"', Content_Range=f"bytes {at}-{len(body) - 1}/{len(body)}")
        request.body(body[at:])

    assert desk.get(begin, rest) == DATA
    assert desk.host.gets(PATH) == ["", "bytes=3000-"]


def test_a_part_that_is_packed_is_not_joined_with_one_that_is_not(desk: Desk) -> None:
    def other_coding(request: Request) -> None:
        at, size = request.asked(), len(DATA)
        request.start(206, size - at, ETag=desk.host.etag(PATH), Content_Encoding="gzip",
                      Content_Range=f"bytes {at}-{size - 1}/{size}")  # fmt: skip
        request.body(DATA[at:])

    assert desk.get(cut(1000), other_coding) == DATA
    assert desk.host.gets(PATH) == ["", "bytes=1000-", ""]


def test_what_is_not_packed_as_it_says_is_damage(desk: Desk) -> None:
    assert "in 2 downloads" in desk.fails(*[encoded("deflate", b"\x1f\x8b no zlib data")] * 9)
    assert "cut short" in desk.fails(*[encoded("deflate", zlib.compress(DATA)[:-9])] * 9)


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "\x1b[31m"])
def test_another_encoding_is_refused(desk: Desk, coding: str) -> None:
    says = desk.fails(*[encoded(coding, b"x" * 50)] * 9)
    assert "Content-Encoding: " in says
    assert "not requested" in says
    assert says.isprintable()
    assert len(desk.host.seen) == 1


def test_a_bomb_of_an_encoding_is_cut(host: Host, tmp_path: Path) -> None:
    desk = Desk(host, tmp_path, Policy(largest=100_000))
    assert "unpacks to more" in desk.fails(encoded("deflate", zlib.compress(bytes(3_000_000))))


@pytest.mark.parametrize("place", ["http://127.0.0.2/a.gz", "file:///etc/passwd", "ftp://a.example/a.gz", "//[bad", ""])
def test_a_redirect_to_elsewhere_is_not_followed(desk: Desk, place: str) -> None:
    assert "redirected to" in desk.fails(redirect(place))
