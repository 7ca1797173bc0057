"""Inputs that make a unit of work each, so that the tasks of an array have something to share."""

from __future__ import annotations

from pathlib import Path

from tests.wetfiles import WebPage, story, wet

UNITS = 5
TOO_LARGE_TO_SHARE = "A line that is no sentence\n" * 40_000  # more than a unit of several inputs may have


def five_units(folder: Path) -> None:
    """Five inputs; pages of different ones repeat lines of one another."""
    folder.mkdir()
    for number in range(UNITS):
        pages = [WebPage(f"http://a{number}.example/{i}", story(40 * number + 10 * i, 20)) for i in range(4)]
        rest = WebPage(f"http://b{number}.example/", TOO_LARGE_TO_SHARE)
        (folder / f"{number}.warc.wet").write_bytes(wet([*pages, rest], packed=False))
