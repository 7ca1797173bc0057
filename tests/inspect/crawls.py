"""Two crawls, the second built against the first: the ways in which a page stands for another."""

from __future__ import annotations

import random
from pathlib import Path

from tests.wetfiles import REPEATED, WebPage, wet

TOWN = (
    "the old harbour town keeps many boats that sail early while people walk slowly along quiet streets "
    "and look at high houses with green doors where children play near warm bread shops before evening "
    "bells ring over narrow bridges and far hills turn red under clear summer skies as farmers bring "
    "apples cheese flowers and fresh fish "
)


def told(seed: int, sentences: int = 12) -> str:
    """English sentences of forty words, a line each, which no other seed gives."""
    drawn = random.Random(seed)
    return "\n".join(" ".join(drawn.choices(TOWN.split(), k=40)).capitalize() + "." for _ in range(sentences))


def edited(text: str, word: str) -> str:
    """The text with this word in the middle of every third sentence: no three sentences are as they were, and most runs
    of words are."""
    lines = [line.split(" ") for line in text.split("\n")]
    for line in lines[::3]:
        line[20] = word
    return "\n".join(map(" ".join, lines))


LATER = "2024-06-01T00:00:00Z"
FIRST = [
    WebPage("http://old.example/fog", told(1)),
    WebPage("http://old.example/fog-again", edited(told(1), "elephants")),
    WebPage("http://old.example/span", f"{told(2)}\n{REPEATED}"),
    WebPage("http://old.example/news", told(3)),
]
SECOND = [
    WebPage("http://new.example/fog", edited(told(1), "umbrellas"), LATER),
    WebPage("http://old.example/news", f"{told(4)}\nThe news of today.", LATER),
    WebPage("http://new.example/span", f"{REPEATED}\n{told(5)}", LATER),
    WebPage("http://new.example/a", told(6), LATER),
    WebPage("http://new.example/b", "Menu\n" + edited(told(6), "trumpets"), LATER),
    WebPage("http://new.example/alone", told(7), LATER),
]


def write(folder: Path, pages: list[WebPage]) -> None:
    """The crawl as a folder with one WET file."""
    folder.mkdir(parents=True)
    (folder / "crawl.warc.wet.gz").write_bytes(wet(pages))
