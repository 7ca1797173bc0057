"""The cost of exclusion lists: microseconds per page, seconds to load and bytes to hold them.

`python -m bench.exclusions [--entries 1000000]`: made-up domains, URL prefixes, and robots.txt files of as many hosts,
checked against made-up URLs of which one in a hundred is listed. Writes bench/results/exclusions.json.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.parity import ROOT
from bench.tables import table
from c4pipe.files.exclusions import read_exclusions
from c4pipe.files.lists import NamedList
from c4pipe.files.robots import RobotsIndex, write_robots
from c4pipe.robots.answers import said_by

RESULTS = ROOT / "bench" / "results" / "exclusions.json"
PAGES = 20_000
LISTED = 100  # one page in so many is of a listed host
RULES = b"User-agent: *\n" + b"".join(b"Disallow: /private-%d/\n" % n for n in range(12)) + b"Disallow: /*.cgi$\n"


def host(n: int) -> str:
    """A made-up host, different for each number."""
    return f"site{n * 2654435761 % 2**32:x}.example{n % 977}.com"


def urls(entries: int) -> list[str]:
    """URLs of pages; one in LISTED has a host with a number below `entries`."""
    made = random.Random(3)
    hosts = (made.randrange(entries) if n % LISTED == 0 else entries + n for n in range(PAGES))
    return [f"https://www.{host(at)}/path/to/page-{n}.html?id={n}" for n, at in enumerate(hosts)]


def memory() -> int:
    """Resident bytes of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def measured(what: str, entries: int, load: Callable[[], Callable[[str], str | None]]) -> dict[str, Any]:
    """Loads a list, and checks each URL against it three times; the best time counts."""
    before, began = memory(), time.process_time()
    asked = load()
    loaded, held = time.process_time() - began, memory() - before
    pages, best = urls(entries), float("inf")
    for _ in range(3):
        began = time.process_time()
        found = sum(asked(url) is not None for url in pages)
        best = min(best, time.process_time() - began)
    row = {"what": what, "entries": entries, "us a page": best / PAGES * 1e6, "pages out": found}
    return row | {"load, s": loaded, "held, MB": held / 1e6}


def main(argv: Sequence[str] | None = None) -> int:
    """Measures and prints. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.exclusions", description=__doc__.partition("\n")[0])
    parser.add_argument("--entries", type=int, default=1_000_000)
    entries = parser.parse_args(argv).entries
    with tempfile.TemporaryDirectory() as folder:
        lists = {"domains": "", "beginnings of URLs": "/path/*"}
        rows = []
        for name, end in lists.items():
            path = Path(folder, f"{name}.txt")
            path.write_text("".join(f"{host(n)}{end}\n" for n in range(entries)))
            listed = NamedList(path.name, path)
            rows.append(measured(name, entries, lambda x=listed: read_exclusions((x,)).exclusions.offence_of))
        words = Path(folder, "words.txt")
        words.write_text("[words]\n" + "".join(f"word{n}\n" for n in range(1000)))
        listed = NamedList(words.name, words)
        rows.append(measured("words", 1000, lambda: read_exclusions((listed,)).exclusions.offence_of))
        robots = Path(folder, "CCBot.jsonl")
        each = [RULES + b"Disallow: /only-here-%d\n" % n for n in range(100)]
        groups: dict[str, list[str]] = {said_by(text, "CCBot"): [] for text in each}
        for n in range(entries):
            groups[list(groups)[n % 100]].append(f"https://www.{host(n)}")
        write_robots(robots, "CCBot", groups)
        rows.append(measured("hosts with robots.txt", entries, lambda: RobotsIndex(robots).offence_of))
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps({"rows": rows}, indent=1) + "\n")
    print(table([[*rows[0]], *([_told(value) for value in row.values()] for row in rows)]))
    return 0


def _told(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"


if __name__ == "__main__":
    sys.exit(main())
