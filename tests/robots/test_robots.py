"""c4pipe.robots and c4pipe.files.robots: from files and WARC records to what holds for a host."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from c4pipe.errors import AssetError, ConfigError
from c4pipe.files.robots import RobotsIndex
from c4pipe.robots import RobotsFound, gather_robots

ALL = b"User-agent: *\nDisallow: /\n"
SOME = b"User-agent: CCBot\nDisallow: /private\n"
EVERYTHING, PRIVATE = "line 2: Disallow: /", "line 2: Disallow: /private"


class Warc:
    """A WARC file of answers."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("wb")
        self._writer = WARCWriter(self._file, gzip=True)

    def add(self, url: str, status: int, body: bytes = b"", date: str = "2024-05-01T00:00:00Z", **headers: str) -> Warc:
        named = [(name.replace("_", "-"), value) for name, value in headers.items()]
        http = StatusAndHeaders(f"{status} Said", named, protocol="HTTP/1.1")
        record = self._writer.create_warc_record(
            url, "response", payload=io.BytesIO(body), http_headers=http, warc_headers_dict={"WARC-Date": date}
        )
        self._writer.write_record(record)
        self._file.flush()
        return self


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "robots").mkdir()
    return tmp_path / "robots"


def index(folder: Path, agent: str = "CCBot") -> RobotsIndex:
    target = folder.parent / f"{agent}.jsonl"
    gather_robots(folder, agent, target)
    return RobotsIndex(target)


def test_single_files_hold_for_http_and_https(folder: Path) -> None:
    (folder / "A.example.txt").write_bytes(SOME)
    (folder / "b.example").mkdir()
    (folder / "b.example" / "robots.txt").write_bytes(ALL)
    (folder / "c.example:8080.txt").write_bytes(ALL)
    (folder / "d.example.txt").write_bytes(b"User-agent: CCBot\nDisallow:\n\nUser-agent: *\nDisallow: /\n")
    (folder / "notes.md").write_text("passed over")
    asked = index(folder)
    for url, line in [
        ("http://a.example/private/x", PRIVATE),
        ("https://A.example:443/private", PRIVATE),
        ("https://a.example/", None),
        ("https://www.a.example/private", None),  # another host
        ("http://a.example:81/private", None),  # and another port
        ("http://b.example", EVERYTHING),
        ("http://b.example?x", EVERYTHING),
        ("https://b.example/robots.txt", None),
        ("http://c.example:8080/x", EVERYTHING),
        ("http://c.example/x", None),
        ("http://d.example/", None),
        ("b.example/x", EVERYTHING),  # without a scheme
        ("ftp://b.example/x", None),
        ("http://unknown.example/", None),
        ("", None),
    ]:
        assert asked.offence_of(url) == line, url


def test_the_file_is_plain_and_holds_only_what_forbids(folder: Path) -> None:
    (folder / "b.example.txt").write_bytes(ALL)
    (folder / "a.example.txt").write_bytes(ALL)
    (folder / "free.example.txt").write_bytes(b"User-agent: *\nAllow: /\n")
    assert gather_robots(folder, "GPTBot", folder.parent / "x") == RobotsFound(3, 2, 3, 0)
    assert (folder.parent / "x").read_text() == (
        '{"robots": 1, "agent": "GPTBot"}\n'
        '{"of": ["http://a.example", "http://b.example", "https://a.example", "https://b.example"], '
        '"rules": [[2, false, "/"]]}\n'
    )


def test_section_2_3_1_what_the_status_says(folder: Path) -> None:
    warc = Warc(folder / "segment" / "x.warc.gz")
    warc.add("https://ok.example/robots.txt", 200, ALL)
    warc.add("https://gone.example/robots.txt", 404, ALL)
    warc.add("https://no.example/robots.txt", 403, ALL)
    warc.add("https://busy.example/robots.txt", 503, b"Busy")
    warc.add("https://page.example/index.html", 200, ALL)
    asked = index(folder)
    said = {name: asked.offence_of(f"https://{name}.example/x") for name in ("ok", "gone", "no", "busy", "page")}
    assert said.pop("busy") == "status 503: nothing may be fetched if robots.txt returns a server error"
    assert said == {"ok": EVERYTHING, "gone": None, "no": None, "page": None}


def test_section_2_3_1_2_redirects_are_followed_in_the_data(folder: Path) -> None:
    warc = Warc(folder / "x.warc.gz")
    warc.add("http://a.example/robots.txt", 301, Location="https://www.b.example/rules?x")
    warc.add("https://www.b.example/rules?x", 302, Location="/real.txt")
    warc.add("https://www.b.example/real.txt", 200, SOME)
    warc.add("http://lost.example/robots.txt", 302, Location="https://lost.example/robots.txt")
    warc.add("http://empty.example/robots.txt", 302)
    warc.add("http://none.example/robots.txt", 302, Location="http://[none")
    warc.add("http://busy.example/robots.txt", 307, Location="http://down.example/robots.txt")
    warc.add("http://down.example/robots.txt", 500)
    warc.add("http://loop.example/robots.txt", 301, Location="http://loop.example/robots.txt")
    for hop in range(7):
        warc.add(f"http://h{hop}.example/robots.txt", 301, Location=f"http://h{hop + 1}.example/robots.txt")
    warc.add("http://h7.example/robots.txt", 200, ALL)
    asked = index(folder)
    assert asked.offence_of("http://a.example/private") == PRIVATE  # in the context of the first host
    assert asked.offence_of("https://www.b.example/private") is None
    assert [asked.offence_of(f"http://{name}.example/") for name in ("lost", "empty", "none", "loop")] == [None] * 4
    assert str(asked.offence_of("http://busy.example/")).startswith("status 500")
    assert asked.offence_of("http://h2.example/") == EVERYTHING  # five redirects
    assert asked.offence_of("http://h1.example/") is None  # six


def test_the_newest_answer_counts_in_whatever_file_it_is(folder: Path) -> None:
    Warc(folder / "1.warc.gz").add("http://a.example/robots.txt", 200, ALL, "2024-05-03T00:00:00Z")
    Warc(folder / "2.warc.gz").add("http://a.example/robots.txt", 200, SOME, "2024-05-02T00:00:00Z")
    Warc(folder / "3.warc.gz").add("http://b.example/robots.txt", 200, ALL, "2024-05-02T00:00:00Z")
    Warc(folder / "4.warc.gz").add("http://b.example/robots.txt", 404, b"", "2024-05-03T00:00:00Z")
    asked = index(folder)
    assert asked.offence_of("http://a.example/") == EVERYTHING
    assert asked.offence_of("http://b.example/") is None
    (folder / "a.example.txt").write_bytes(SOME)  # one that was put there outranks what a crawl has seen
    assert index(folder).offence_of("http://a.example/") is None


def test_what_a_host_says_to_one_scheme_holds_for_the_other_where_that_was_not_asked(folder: Path) -> None:
    warc = Warc(folder / "x.warc.gz")
    warc.add("https://one.example/robots.txt", 200, ALL)
    warc.add("https://two.example/robots.txt", 200, ALL)
    warc.add("http://two.example/robots.txt", 404)
    warc.add("http://port.example:8080/robots.txt", 200, ALL)
    asked = index(folder)
    assert asked.offence_of("http://one.example/") == EVERYTHING
    assert asked.offence_of("http://two.example/") is None
    assert asked.offence_of("https://port.example:8080/") is None


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (gzip.compress(ALL), {"Content_Encoding": "gzip"}),
        (ALL, {"Content_Encoding": "gzip"}),  # unpacked already, as Common Crawl keeps it
        (b"5\r\nUser-\r\n%x;x=y\r\n" % (len(ALL) - 5) + ALL[5:] + b"\r\n0\r\n\r\n", {"Transfer_Encoding": "chunked"}),
        (ALL, {"Transfer_Encoding": "chunked"}),
    ],
)
def test_how_an_answer_was_sent(folder: Path, body: bytes, headers: dict[str, str]) -> None:
    Warc(folder / "x.warc.gz").add("http://a.example/robots.txt", 200, body, **headers)
    assert index(folder).offence_of("http://a.example/") == EVERYTHING


def test_damage_costs_its_record_and_is_counted(folder: Path) -> None:
    Warc(folder / "x.warc.gz").add("http://a.example/robots.txt", 200, ALL).add("http://b.example/robots.txt", 200, ALL)
    whole = (folder / "x.warc.gz").read_bytes()
    (folder / "x.warc.gz").write_bytes(whole[:40] + b"\0\0\0\0" + whole[44:])
    counts = gather_robots(folder, "CCBot", folder.parent / "x")
    assert (counts.hosts, counts.unreadable) == (1, 1)
    assert RobotsIndex(folder.parent / "x").offence_of("http://b.example/") == EVERYTHING


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("README.txt", "README.txt does not name a host"),
        ("robots.txt", "does not name a host"),
        ("notes.md", "holds no robots.txt"),
    ],
)
def test_wrong_folders_are_named(folder: Path, name: str, said: str) -> None:
    (folder / name).write_bytes(ALL)
    with pytest.raises(ConfigError, match=rf"{said}.*: expected HOST\.txt or HOST/robots\.txt"):
        gather_robots(folder, "CCBot", folder.parent / "x")


def test_two_files_of_one_host_are_refused(folder: Path) -> None:
    (folder / "a.example.txt").write_bytes(ALL)
    (folder / "A.EXAMPLE.txt").write_bytes(SOME)
    with pytest.raises(ConfigError, match="belong to the same host"):
        gather_robots(folder, "CCBot", folder.parent / "x")


@pytest.mark.parametrize("body", [b"", b"User-agent: *\n", b"{}\n", b'{"robots": 1, "agent": "x"}\n[]\n'])
def test_another_file_is_refused(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "x").write_bytes(body)
    with pytest.raises(AssetError, match=r"does not hold robots\.txt rules in c4pipe"):
        RobotsIndex(tmp_path / "x")
