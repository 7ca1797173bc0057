"""The parts of `bench.parts` that clean: C4's line rules, alone, followed by Punkt, and with a custom rule."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar

from bench.parity import ROOT, reference_python
from bench.reference_clean import digest
from bench.ways import Part, Row, Timed, Way, agreement
from c4pipe.clean import LineStep, clean, fast_clean
from c4pipe.page import Kept, Page, Reason, Unit, Verdict
from c4pipe.presets import EN, EN_TFDS
from c4pipe.rules import LineRule
from c4pipe.stages import Clean

# The ways of `own_rule` differ by less than a round varies on a busy machine, so they take many turns of one page.
TURNS, MOST = 4, 1000  # turns per round, pages in all


def clean_stage(preset: Any) -> Clean:
    """The cleaning stage of a preset."""
    return next(stage for stage in preset.stages if isinstance(stage, Clean))


def cleaning(pages: Sequence[Page]) -> Part:
    """The line rules of `en`."""
    lines = clean_stage(EN).lines
    fast = fast_clean(lines)
    ways: dict[str, Way] = {
        "plain loop": lambda: [clean(page, lines) for page in pages],
        "c4pipe fast_clean": lambda: [fast(page) for page in pages],
    }
    return Part("cleaning", len(pages), ways)


def cleaning_as_reference(pages: Sequence[Page], reference: Way | None) -> Part:
    """The line rules of `en.tfds`, and its sentence count by Punkt."""
    stage = clean_stage(EN_TFDS)
    lines, rules, fast = stage.lines, [rule.bind(None) for rule in stage.then], stage.bind(None)

    def plainly(page: Page) -> Any:
        verdict = clean(page, lines)
        return verdict if isinstance(verdict, Kept) and all(r.offence(verdict.page) is None for r in rules) else None

    def way(step: Callable[[Page], Any]) -> Way:
        return lambda: digest([(v.page.url, v.page.text) for v in map(step, pages) if isinstance(v, Kept)])

    ways = {"plain loop": way(plainly), "c4pipe": way(fast)}
    return Part("cleaning, Punkt", len(pages), ({"tfds clean_page": reference} if reference else {}) | ways)


@dataclass(frozen=True)
class NoShouting(LineRule):
    """The example of c4pipe/README.md: a rule that does not declare what it needs."""

    share: float = 0.5
    reason: ClassVar = Reason("shouting", Unit.LINE, "has more than {share} of its letters in capitals", source="ours")

    def breaks(self, line: str) -> bool:
        return sum(map(str.isupper, line)) > self.share * max(1, sum(map(str.isalpha, line)))


@dataclass(frozen=True)
class Heard(LineRule):
    """Records the lines it is given, and keeps them."""

    lines: list[str]
    reason: ClassVar = Reason("heard", Unit.LINE, "is heard", source="this bench")

    def breaks(self, line: str) -> bool:
        self.lines.append(line)
        return False


def own_rule(pages: Sequence[Page], rounds: int) -> list[Row]:
    """The line rules of `en`: alone, with a custom rule that runs separately, and with that rule among them.

    "Beside" minus "alone" is the rule's own work; "among" minus "beside" is the overhead of having such a rule. The
    ways alternate on each page, and the shortest of a way's turns counts.
    """
    steps, rule, pages = clean_stage(EN).lines, NoShouting(), pages[:MOST]
    own = (*steps, rule)
    alone, among = fast_clean(steps), fast_clean(own)
    asked = [_asked_about(page, steps) for page in pages]

    def beside(at: int) -> Verdict:
        verdict = alone(pages[at])
        for line in asked[at]:
            rule.breaks(line)
        return verdict

    ways: dict[str, tuple[Callable[[int], Verdict], Sequence[LineStep]]] = {
        "C4's steps": (lambda at: alone(pages[at]), steps),
        "the rule beside them": (beside, steps),
        "the rule among them": (lambda at: among(pages[at]), own),
    }
    every = range(len(pages))
    least = dict.fromkeys(product(ways, every), math.inf)
    for _, at, name in product(range(rounds * TURNS), every, ways):
        least[name, at] = min(least[name, at], _cpu(ways[name][0], at))
    seconds = {name: sum(least[name, at] for at in every) for name in ways}
    first = seconds["C4's steps"]
    return [
        Row("own rule", name, len(pages), seconds[name] / len(pages) * 1e6, first / seconds[name], agrees)
        for name, (way, told) in ways.items()
        for agrees in [agreement([clean(page, told) for page in pages], [way(at) for at in every])]
    ]


def told_of_own_rule(rows: Sequence[Row]) -> str:
    """The result of `own_rule` in words."""
    alone, beside, among = (row.micros for row in rows)
    more = f"{among - beside:+.1f} µs, {(among - beside) / alone:+.0%} of the rest"
    return f"A custom rule takes {beside - alone:.1f} µs per page itself; running it among C4's rules adds {more}."


def _asked_about(page: Page, steps: Sequence[LineStep]) -> list[str]:
    """The lines of the page that reach a rule after these steps."""
    heard = Heard([])
    clean(page, (*steps, heard))
    return heard.lines


def _cpu(way: Callable[[int], Any], at: int) -> float:
    started = time.process_time()
    way(at)
    return time.process_time() - started


@contextmanager
def reference_cleaning(pages: Sequence[Page]) -> Iterator[Way | None]:
    """The reference's `clean_page`, in a process with its own packages; None if they are not installed."""
    if not reference_python().exists():
        print(f"parts: without the reference, for {reference_python()} does not exist (make bench).", file=sys.stderr)
        yield None
        return
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump([(page.url, page.text, page.timestamp) for page in pages], file)
        file.flush()
        command = [str(reference_python()), str(ROOT / "bench" / "reference_clean.py"), file.name]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdin
            assert process.stdout

            def way() -> Timed:
                print("again", file=process.stdin, flush=True)
                return Timed(*json.loads(process.stdout.readline()))  # type: ignore[union-attr]

            yield way
            process.stdin.close()
