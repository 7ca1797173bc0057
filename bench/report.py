"""The results of the runs side by side: the tables of `make bench`, and the figures for its JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.competitors import Competitor
from bench.inputs import Inputs
from bench.runs import Cost, Rounds, Times, costs, times
from bench.tables import cost_table, net_per_page, number, ratio_table, skipped_lines


def report(
    rounds: Mapping[Competitor, Rounds], skipped: Mapping[str, str], long: Inputs, short: Inputs
) -> dict[str, Any]:
    """Prints the tables. Returns their figures."""
    found = {competitor.name: costs(made) for competitor, made in rounds.items()}
    ratios: dict[str, dict[str, Times]] = {}
    for kind, title in (("reader", "read only"), ("build", "whole build")):
        here = {competitor: made for competitor, made in rounds.items() if competitor.kind == kind}
        print(f"\n{cost_table(f'{title}, {long.pages:,} pages', {c.name: found[c.name] for c in here}, long, short)}")
        yardsticks = {c.name: made for c, made in here.items() if c.is_ours and "workers" not in c.name}
        against = {
            c.name: {name: times(made, mine) for name, mine in yardsticks.items()}
            for c, made in here.items()
            if not c.is_ours
        }
        if against:
            print(f"\n{ratio_table(against)}")
        ratios |= against
    faster = speed_up(rounds)
    for name, (whole, net) in faster.items():
        print(f"\n{name}: {whole:.2f} times one by wall time, {number(net, 2)} without the start-up")
    if skipped:
        print(f"\n{skipped_lines(skipped)}")
    return {
        "inputs": long.to_json(),
        "short_pages": short.pages,
        "costs": {name: figures(cost, long, short) for name, cost in found.items()},
        "ratios": {rival: {name: t._asdict() for name, t in mine.items()} for rival, mine in ratios.items()},
        "speed_up": {name: t._asdict() for name, t in faster.items()},
        "skipped": skipped,
        "runs": {c.name: made._asdict() for c, made in rounds.items()},
    }


def figures(cost: Cost, long: Inputs, short: Inputs) -> dict[str, float | None]:
    """A competitor's medians, and the figures derived from them."""
    return cost._asdict() | {
        "pages_per_s": long.pages / cost.wall,
        "text_mb_per_s": long.text / cost.wall / 1e6,
        "gz_mb_per_s": long.packed / cost.wall / 1e6,
        "ms_per_page": 1000 * cost.cpu / long.pages,
        "net_ms_per_page": net_per_page(cost, long, short),
    }


def speed_up(rounds: Mapping[Competitor, Rounds]) -> dict[str, Times]:
    """The speed-up of several workers of ours over one, by wall time."""
    named = {competitor.name: made for competitor, made in rounds.items()}
    found = {}
    for name, made in named.items():
        one = named.get(name.partition(", ")[0])
        if ", " in name and one is not None:
            found[name] = times(one, made, "wall")
    return found
