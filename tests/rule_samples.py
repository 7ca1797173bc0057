"""The golden corpora's data on each reason: how much it removed, and texts that were dropped and kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from bench.outside import ROOT
from c4pipe.presets import PRESETS

GOLDEN = ROOT / "data_samples" / "expected"
EXAMPLES, SHOWN = 3, 160  # lost texts of a reason, from different URLs, and characters of each


class Example(NamedTuple):
    """A text of data_samples that was lost, and one that was kept beside it."""

    url: str
    lost: str
    kept_url: str  # the same page, where lines are lost
    kept: str


class Sampled(NamedTuple):
    """What the golden corpus of a preset says of a reason."""

    took: dict[tuple[str, str], int]  # stage, how the funnel calls what is lost -> how many
    examples: list[Example]


def samples() -> dict[str, dict[str, Sampled]]:
    """preset -> reason -> what its golden corpus says of it."""
    return {
        preset: sampled((GOLDEN / f"{preset}.txt").read_text(encoding="utf-8"))
        for preset in PRESETS
        if (GOLDEN / f"{preset}.txt").exists()
    }


def sampled(text: str) -> dict[str, Sampled]:
    funnel, *blocks = text.split("\n\n## ")
    found: dict[str, Sampled] = {}
    stage = ""
    for line in funnel.splitlines()[1:]:
        if named := re.match(r"  (\S+) +[\d,]+ kept", line):
            stage = named[1]
        called, _, counts = line.strip().partition(": ")
        for code, number in re.findall(r"(\w+) (\d[\d,]*)(?:, |$)", counts):
            found.setdefault(code, Sampled({}, [])).took[stage, called] = int(number.replace(",", ""))
    kept = [_KeptBlock.of(block) for block in blocks if block.startswith("kept  ")]
    for code, example in _examples(blocks, kept):
        known = found.get(code)
        if known and len(known.examples) < EXAMPLES and example.url not in {one.url for one in known.examples}:
            known.examples.append(example)
    return found


class _KeptBlock(NamedTuple):
    url: str
    lines: list[str]
    cut: list[tuple[str, str]]  # reason, line

    @classmethod
    def of(cls, block: str) -> _KeptBlock:
        head, _, _, *body = block.split("\n")
        cut = [line[4:].partition(": ") for line in body if line.startswith("  - ")]
        lines = [line[2:] for line in body if line.startswith("  ") and not line.startswith("  - ")]
        return cls(head.partition("  ")[2], lines, [(code, line.partition(" <- ")[0]) for code, _, line in cut])


def _examples(blocks: list[str], kept: list[_KeptBlock]) -> Iterator[tuple[str, Example]]:
    """(reason, example): lines from pages that are kept, with the first line that stands, then whole pages, with the
    first line of a page that is kept, of the same site if there is one."""
    for page in kept:
        for code, line in page.cut:
            yield code, Example(page.url, shortened(line), page.url, shortened(page.lines[0]) if page.lines else "")
    whole = [page for page in kept if page.lines]
    for block in blocks:
        verdict, _, url = block.partition("\n")[0].partition("  ")
        if verdict == "kept":
            continue
        detail, text = (line.strip() for line in [*block.split("\n")[2:4], "", ""][:2])
        lost = shortened(f"({detail}) {text}" if detail != "because of:" else text)
        other = next((page for page in whole if _host(page.url) == _host(url)), whole[0] if whole else None)
        beside = (other.url, shortened(other.lines[0])) if other else ("", "")
        yield verdict.partition(": ")[2], Example(shortened(url), lost, *beside)


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0]


def shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
