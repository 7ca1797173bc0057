"""Names of crawls, lists of paths, choices from them."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from c4pipe.errors import BuildError, ConfigError
from c4pipe.fetch import crawl
from c4pipe.fetch.crawl import choose, crawl_id, host_url, is_wet_path, read_list
from c4pipe.fetch.policy import content_range, one_line, retry_after
from tests.fetch.host import CRAWL, packed_list, wet_path

OLD = (
    "crawl-data/CC-MAIN-2013-20/segments/1368696381249/wet/"
    "CC-MAIN-20130516092621-00000-ip-10-60-113-184.ec2.internal.warc.wet.gz"
)


@pytest.mark.parametrize("text", ["CC-MAIN-2024-22", "CC-MAIN-2013-20"])
def test_a_crawl(text: str) -> None:
    assert crawl_id(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2024-22",
        "cc-main-2024-22",
        "CC-MAIN-2024-2",
        "CC-MAIN-2024-222",
        "CC-NEWS-2024-05",
        "CC-MAIN-2024-22/..",
        "CC-MAIN-2024-22\n",
        "CC-MAIN-٢٠٢٤-22",
    ],
)
def test_no_crawl(text: str) -> None:
    with pytest.raises(ConfigError, match="expected CC-MAIN-YEAR-WEEK, such as CC-MAIN-2024-22") as caught:
        crawl_id(text)
    assert str(caught.value).isprintable()


def test_a_host() -> None:
    assert host_url("https://data.commoncrawl.org") == "https://data.commoncrawl.org"
    assert host_url("http://mirror.example:8080/cc/") == "http://mirror.example:8080/cc"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "data.commoncrawl.org",
        "ftp://a.example",
        "s3://commoncrawl",
        "http://",
        "http://a b",
        "http://a:x",
        "http://u:p@a",
        "http://a?b",
        "http://a#b",
        "http://[",
        "http://ü.example",
    ],
)
def test_no_host(text: str) -> None:
    with pytest.raises(ConfigError, match="expected a URL such as"):
        host_url(text)


def test_paths_of_all_years() -> None:
    assert is_wet_path(wet_path(0))
    assert is_wet_path(OLD)
    assert is_wet_path(OLD, "CC-MAIN-2013-20")
    assert not is_wet_path(OLD, CRAWL)
    assert not any(is_wet_path(f"{wet_path(0)}{blank}") for blank in (" ", "\u2028", "\r"))


GOOD = wet_path(7)
HOSTILE = [
    "../../etc/passwd",
    "/etc/passwd",
    f"/{GOOD}",
    f"../{GOOD}",
    f"./{GOOD}",
    f"{GOOD}/../../../../x.warc.wet.gz",
    GOOD.replace("/wet/", "/wet/../"),
    GOOD.replace("/wet/", "/../../../../wet/"),
    GOOD.replace("segments/", "segments/../"),
    GOOD.replace("/wet/CC", "/wet/.CC"),
    GOOD.replace("/wet/CC", "/wet/-rf/CC"),
    GOOD.replace("CC-MAIN-2024-22", ".."),
    GOOD.replace("/", "\\"),
    GOOD.replace("/wet/", "/warc/"),
    GOOD.replace(".wet.gz", ".gz"),
    GOOD.replace(CRAWL, "CC-MAIN-2024-18"),
    f"https://evil.example/{GOOD}",
    f"//evil.example/{GOOD}",
    f"{GOOD}?x=1",
    f"{GOOD}#x",
    f"{GOOD}\0",
    f"{GOOD}\x1b[31m",
    GOOD.replace("00007", "%2e%2e"),
    GOOD.replace("00007", "0" * 400),
    "<!DOCTYPE html>",
]


@pytest.mark.parametrize("line", HOSTILE)
def test_a_list_with_a_strange_line_is_refused_whole(line: str, tmp_path: Path) -> None:
    assert not is_wet_path(line, CRAWL)
    path = tmp_path / "wet.paths.gz"
    path.write_bytes(packed_list(wet_path(0), line))
    with pytest.raises(BuildError, match=r"http://h/l, line 2: .* is not the path of a WET file") as caught:
        read_list(path, CRAWL, "http://h/l")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 600


def test_a_list_is_read_in_its_order_and_without_repeats(tmp_path: Path) -> None:
    path = tmp_path / "wet.paths.gz"
    path.write_bytes(gzip.compress(f"{wet_path(3)}\r\n{wet_path(1)}\n\n{wet_path(3)}\n{wet_path(2)}".encode()))
    assert read_list(path, CRAWL, "") == [wet_path(3), wet_path(1), wet_path(2)]


@pytest.mark.parametrize("lines", [(), ("",), ("", "")])
def test_an_empty_list(tmp_path: Path, lines: tuple[str, ...]) -> None:
    path = tmp_path / "wet.paths.gz"
    path.write_bytes(packed_list(*lines))
    with pytest.raises(BuildError, match="the list is empty: CC-MAIN-2024-22 has no WET files there"):
        read_list(path, CRAWL, "the list")


def test_a_list_that_is_a_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crawl, "LARGEST_LIST", 2 << 20)
    path = tmp_path / "wet.paths.gz"
    path.write_bytes(gzip.compress(b"\n" * (3 << 20)))
    with pytest.raises(BuildError, match="the list has more than 2 MB of text; it cannot be such a list"):
        read_list(path, CRAWL, "the list")


def test_binary_junk_in_a_list(tmp_path: Path) -> None:
    path = tmp_path / "wet.paths.gz"
    path.write_bytes(gzip.compress(bytes(range(256))))
    with pytest.raises(BuildError, match="line 1: "):
        read_list(path, CRAWL, "the list")


NAMES = [f"{number:04d}" for number in range(1000)]


def test_the_first_and_the_next() -> None:
    assert choose(NAMES, 2) == ["0000", "0001"]
    assert choose(NAMES, 2, start=998) == ["0998", "0999"]
    assert choose(NAMES, 9, start=998) == ["0998", "0999"]
    with pytest.raises(ConfigError, match="--start 1000: the crawl has 1,000 files, numbered from 0"):
        choose(NAMES, 1, start=1000)


def test_a_sample_is_spread_and_the_same_everywhere() -> None:
    assert choose(NAMES, 5, seed=1) == ["0060", "0283", "0483", "0771", "0993"]
    assert choose(NAMES, 5, seed=2) != choose(NAMES, 5, seed=1)
    for files in (1, 3, 7, 999):
        found = choose(NAMES, files, seed=3)
        assert [int(name) * files // 1000 for name in found] == sorted(int(name) * files // 1000 for name in found)
        assert len(set(found)) == files
    assert choose(NAMES, 1000, seed=3) == choose(NAMES, 5000, seed=3) == NAMES


@pytest.mark.parametrize(
    ("value", "span"),
    [
        ("bytes 0-0/1", (0, 0, 1)),
        ("bytes 5-9/*", None),
        ("bytes */10", None),
        ("bytes 9-5/10", None),
        ("bytes 5-10/10", None),
        ("items 5-9/10", None),
        ("", None),
        (None, None),
        ("bytes " + "9" * 5000 + "-1/2", None),
    ],
)
def test_content_range(value: str | None, span: tuple[int, int, int] | None) -> None:
    assert content_range(value) == span


def test_retry_after_goes_by_the_clock_of_the_host() -> None:
    """A clock of ours that is a day off does no harm."""
    assert retry_after("Sat, 18 May 2024 02:40:30 GMT", "Sat, 18 May 2024 02:40:00 GMT", 0.0) == 30
    assert retry_after("Sat, 18 May 2024 02:40:30 GMT", "yesterday", 1_716_000_000.0) == 30
    assert retry_after("Sat, 99 May 2024 02:40:30 GMT", None, 0.0) is None


def test_what_is_shown_of_strangers() -> None:
    assert one_line("a\x1b[31m\r\nb\u202e") == "a\\x1b[31m\\r\\nb\\u202e"
    assert one_line("x" * 200) == "x" * 120 + "..."
