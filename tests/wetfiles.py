"""Small WET files with known pages, and helpers to read a corpus folder in tests of whole builds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from bench.outside import ROOT
from tests.wet.writer import info, member, record

SAMPLES = ROOT / "data_samples"
DATE = "2024-05-22T10:11:12Z"
BAD_WORD = "snollygoster"  # the one entry of the tests' own list


class WebPage(NamedTuple):
    """A page to be written."""

    url: str
    text: str
    date: str = DATE


def sentence(n: int) -> str:
    """An English sentence that no other number gives."""
    what = ("ships", "gulls", "lanterns", "barrels", "letters", "windows", "apples")[n % 7]
    where = ("harbour", "market", "valley", "village", "garden")[n % 5]
    when = ("before the storm", "after the long winter", "on the first morning of spring")[n % 3]
    return f"The keeper of house number {n} counted all of the {what} in the {where} {when}."


def story(start: int, lines: int = 4) -> str:
    """A page that passes every rule: that many lines, each a sentence that stands nowhere else."""
    return "\n".join(sentence(start + i) for i in range(lines))


def wet(pages: Iterable[WebPage], packed: bool = True) -> bytes:
    """A WET file: a warcinfo record, then the pages."""
    if packed:
        return info() + b"".join(member(i, p.text, url=p.url, date=p.date) for i, p in enumerate(pages))
    return b"".join(record(i, p.text, url=p.url, date=p.date) for i, p in enumerate(pages))


REPEATED = "\n".join(sentence(9000 + i) for i in range(3))  # the span that several pages hold
GERMAN = "\n".join(
    (
        "Der alte Leuchtturm steht seit vielen Jahren auf der Klippe über dem Meer.",
        "Jeden Abend steigt der Wärter die lange Treppe hinauf und zündet das Licht an.",
        "Im Winter kommen die Schiffe nur selten in den kleinen Hafen unter dem Dorf.",
        "Dann sitzen die Leute in der warmen Stube und erzählen sich Geschichten.",
    )
)
# One page for each way to go, among pages that stay; `corpus` puts them into three files.
ODD = {
    "older": WebPage("http://www.twice.example/page", story(100), "2024-05-01T00:00:00Z"),
    "newer": WebPage("https://twice.example/page/", story(200), "2024-05-02T00:00:00Z"),
    "short": WebPage("http://short.example/", "Menu\nThis page says one thing and nothing else.\nImprint"),
    "brace": WebPage("http://brace.example/", story(300) + "\nfunction run() { return one or two of them.\n"),
    "lorem": WebPage("http://lorem.example/", "Lorem ipsum dolor sit amet, they say.\n" + story(400)),
    "long": WebPage("http://long.example/", "A word. " * 25_000),
    "german": WebPage("http://deutsch.example/", GERMAN),
    "bad": WebPage("http://bad.example/", story(500) + f"\nEvery {BAD_WORD.title()} in the town laughed at him."),
    "menu": WebPage("http://menu.example/", "Home\nAbout us\n" + story(600) + "\nThis site uses cookies for comfort."),
    "repeat-1": WebPage("http://repeat.example/1", story(700) + "\n" + REPEATED),
    "repeat-2": WebPage("http://repeat.example/2", REPEATED + "\n" + story(800)),
    "repeat-3": WebPage("http://repeat.example/3", story(900) + "\n" + REPEATED + "\n" + sentence(999)),
    "within": WebPage("http://within.example/", f"{REPEATED}\n{story(1000)}\n{REPEATED}"),
    "all-gone": WebPage("http://gone.example/", REPEATED),
    "held-out": WebPage("http://validation.example/976", story(1100)),  # md5 of its key modulo 1000 is 0
}


def corpus(folder: Path, plain: int = 30) -> Path:
    """Three WET files, one not compressed, with the odd pages and `plain` good ones a file; the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    odd = list(ODD.values())
    for number in range(3):
        host = f"http://site{number}.example"
        good = [WebPage(f"{host}/{i}", story(10_000 * (number + 1) + 10 * i)) for i in range(plain)]
        packed = number < 2
        name = f"part-{number}.warc.wet" + (".gz" if packed else "")
        (folder / name).write_bytes(wet([*good, *odd[number::3]], packed))
    return folder


def digests(folder: Path) -> dict[str, str]:
    """sha256 of every file of a folder, by its name in it."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def manifest_of(folder: Path) -> dict[str, Any]:
    """The manifest, as it stands."""
    parsed: dict[str, Any] = json.loads((folder / "manifest.json").read_bytes())
    return parsed


def rows(folder: Path, pattern: str = "*/*-of-*.parquet") -> Iterator[dict[str, Any]]:
    """The rows of the files that match, in the order of their names; page checksums are verified."""
    for path in sorted(folder.glob(pattern)):
        yield from pq.read_table(path, page_checksum_verification=True).to_pylist()


def rejected(folder: Path) -> list[dict[str, Any]]:
    """The rejected table."""
    return list(rows(folder, "__rejected/part-*.parquet"))
