"""The cost of a crawl on Dataflow, from measurements here: `python -m bench.scale [--write]`.

Reads bench/results/shape.json (`bench.shuffle --shape`), shuffle.json (`bench.shuffle`), dedup.json (`bench.dedup`) and
bench.json (`make bench`). Prints the tables of docs/explanation/scale.md; with `--write` they go into it.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bench.crawls import CRAWL_FILES, CRAWL_PAGES, FILE_BYTES, Shape
from bench.parity import ROOT

DOCS = ROOT / "docs" / "explanation" / "scale.md"
RESULTS = ROOT / "bench" / "results"

# US dollars, Dataflow batch in us-central1 and Cloud Storage there: recalled from 2025's price lists. Check current
# prices.
VCPU_HOUR, VCPU_HOUR_FLEX = 0.056, 0.0336
GB_HOUR, GB_HOUR_FLEX = 0.003557, 0.0021342
SHUFFLE_GB = 0.011
STORAGE_GB_MONTH = 0.020
MEMORY = 4  # GB per vCPU: n2-standard-4

REFERENCE_CPU_DAYS = 335  # a crawl on Dataflow, from the README of google-research/text-to-text-transfer-transformer
REFERENCE_PAGES = 2.5e9  # pages of that crawl, about: not documented
STORED_DAYS = 3  # days for which staged files are stored


class Cost(NamedTuple):
    """CPU milliseconds per page here, on one core."""

    ours: float
    reference: float
    stages: dict[str, float]  # stage -> share of ours

    @property
    def factor(self) -> float:
        """vCPU cost of a page on Dataflow for each millisecond here, according to the reference: slower cores, Beam,
        retries, idle machines.
        """
        return REFERENCE_CPU_DAYS * 86_400_000 / REFERENCE_PAGES / self.reference


class Bill(NamedTuple):
    """The bill for one crawl."""

    vcpu_hours: float
    shuffle_gb: float  # written and read
    staged_gb: float

    def dollars(self, flex: bool = False) -> float:
        """The total, without transferring the input from another cloud."""
        hour = VCPU_HOUR_FLEX + MEMORY * GB_HOUR_FLEX if flex else VCPU_HOUR + MEMORY * GB_HOUR
        stored = self.staged_gb * STORAGE_GB_MONTH * STORED_DAYS / 30
        return self.vcpu_hours * hour + self.shuffle_gb * SHUFFLE_GB + stored


def bill(cost: Cost, shape: Shape, build: dict[str, Any]) -> Bill:
    """The bill for one crawl."""
    hours = CRAWL_PAGES * cost.ours * cost.factor / 3_600_000
    staged = shape.pages_bytes + shape.outcomes_bytes
    return Bill(hours, 2 * sum(build["bytes"].values()) / 1e9, CRAWL_PAGES * staged / 1e9)


def markdown(rows: Iterable[Sequence[str]]) -> str:
    """A table; the first row is its header."""
    head, *body = rows
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---", *["---:"] * (len(head) - 1)], *body))


def bill_table(cost: Cost, shape: Shape, build: dict[str, Any]) -> str:
    """Our bill and the reference's."""
    ours = bill(cost, shape, build)
    theirs = Bill(REFERENCE_CPU_DAYS * 24 * CRAWL_PAGES / REFERENCE_PAGES, 0, 0)
    rows = [
        ("one crawl", "c4pipe `en`", "the reference"),
        ("CPU ms a page, one core here", f"{cost.ours:.2f}", f"{cost.reference:.2f}"),
        ("vCPU-hours on Dataflow", f"{ours.vcpu_hours:,.0f}", f"{theirs.vcpu_hours:,.0f}"),
        ("hours on 500 vCPUs", f"{ours.vcpu_hours / 500:.1f}", f"{theirs.vcpu_hours / 500:.1f}"),
        ("GB shuffled, written and read", f"{ours.shuffle_gb:,.0f}", "texts; unknown"),
        ("staged GB", f"{ours.staged_gb:,.0f}", "0"),
        ("dollars", f"{ours.dollars():,.0f}", f"{theirs.dollars():,.0f} and the shuffle"),
        ("dollars with FlexRS", f"{ours.dollars(flex=True):,.0f}", f"{theirs.dollars(flex=True):,.0f} and the shuffle"),
    ]
    return markdown(rows)


def stage_table(cost: Cost) -> str:
    """vCPU-hours by stage."""
    hours = CRAWL_PAGES * cost.ours * cost.factor / 3_600_000
    rows = [("stage", "share", "CPU ms a page", "vCPU-hours a crawl")]
    for stage, share in cost.stages.items():
        rows.append((stage, f"{share:.1%}", f"{share * cost.ours:.3f}", f"{share * hours:,.0f}"))
    return markdown(rows) if cost.stages else "Not measured yet (`make bench`)."


def shuffle_table(builds: Sequence[dict[str, Any]]) -> str:
    """One column per build."""
    web = [build["spreads"]["web"] for build in builds]
    rows = [
        ("", *(f"{build['crawls']} crawl{'s' if build['crawls'] > 1 else ''}" for build in builds)),
        ("WET files", *(f"{build['inputs']:,}" for build in builds)),
        ("pages", *(f"{build['pages']:.2e}" for build in builds)),
        ("claims", *(f"{build['claims']:.2e}" for build in builds)),
        ("groups", *(f"{build['groups']:,}" for build in builds)),
        ("partitions", *(f"{build['partitions']:,}" for build in builds)),
        ("elements of a shuffle", *(f"{build['elements']:.2e}" for build in builds)),
        ("GB: URLs out", *(f"{build['bytes']['urls'] / 1e9:,.0f}" for build in builds)),
        ("GB: claims out", *(f"{build['bytes']['text'] / 1e9:,.0f}" for build in builds)),
        ("GB: losses back", *(f"{build['bytes']['losses'] / 1e9:,.0f}" for build in builds)),
        ("claims of the largest partition", *(f"{spread['largest']:,.0f}" for spread in web)),
        ("its size by the mean", *(f"{spread['skew']:.3f}" for spread in web)),
        ("pairs of lines that collide", *(f"{build['collisions']:,.0f}" for build in builds)),
    ]
    return markdown(rows)


def part_table(builds: Sequence[dict[str, Any]]) -> str:
    """Memory and time of the heaviest element of each step."""
    rows = [("its heaviest element", "is", *(f"at {b['crawls']}" for b in builds))]
    for name, part in builds[0]["parts"].items():
        took = [build["parts"][name] for build in builds]
        rows.append((name, part["unit"], *(f"{t['size']:,}: {t['mib']:,.0f} MiB, {t['cpu_s']:,.0f} s" for t in took)))
    sizes = [build["parts"]["Finalize"]["file"] / 1e6 for build in builds]
    rows.append(("manifest.json", "megabytes", *(f"{size:,.0f}" for size in sizes)))
    return markdown(rows)


def shape_table(shape: Shape) -> str:
    """Sizes per page of the input."""
    gz = CRAWL_FILES * FILE_BYTES / CRAWL_PAGES
    rows = [
        ("of a page of the input", "measured"),
        ("compressed bytes (a crawl has about " + f"{gz:,.0f})", f"{shape.input_bytes:,.0f}"),
        ("pages that reach the dedup of text", f"{shape.staged:.2f}"),
        ("sentences of these", f"{shape.atoms:.1f}"),
        ("claims on spans", f"{shape.claims:.1f}"),
        ("bytes staged: pages and hashes", f"{shape.pages_bytes:,.0f}"),
        ("bytes staged: outcomes and URL keys", f"{shape.outcomes_bytes:,.0f}"),
    ]
    return markdown(rows)


def dedup_table(runs: Sequence[dict[str, Any]]) -> str:
    """The text dedup alone. The cost per line is measured above the smallest run of its way, unless that is noise."""
    rows = [("lines", "shuffle", "CPU s", "peak MiB", "CPU us a line", "bytes a line")]
    for run in runs:
        base = min((other for other in runs if other["way"] == run["way"]), key=lambda other: other["rows"])
        beyond = run["rows"] - base["rows"]
        net = ("", "")
        if run["cpu"] > 1.4 * base["cpu"]:
            net = (
                f"{1e6 * (run['cpu'] - base['cpu']) / beyond:.2f}",
                f"{(run['rss'] - base['rss']) * 2**20 / beyond:.1f}",
            )
        rows.append((f"{run['rows']:,}", run["way"], f"{run['cpu']:.1f}", f"{run['rss']:,.0f}", *net))
    return markdown(rows)


def measured_cost(results: dict[str, Any]) -> Cost:
    """The cost from the results of `make bench`: per page, without start-up."""
    costs = results["costs"]
    shares = dict(results.get("stages", {}).get("c4pipe en", {}).get("shares", {}))
    rest = 1 - shares.pop("start-up", 0)
    shares = {stage: share / rest for stage, share in shares.items()}
    return Cost(costs["c4pipe en"]["net_ms_per_page"], costs["reference"]["net_ms_per_page"], shares)


def tables(results: Path, cost: Cost | None = None) -> dict[str, str]:
    """Every generated block of docs/explanation/scale.md, by name."""

    def read(name: str) -> Any:
        return json.loads((results / f"{name}.json").read_text(encoding="utf-8"))

    shape, builds = Shape(**read("shape")), read("shuffle")["builds"]
    cost = cost or measured_cost(read("bench"))
    return {
        "shape": shape_table(shape),
        "bill": bill_table(cost, shape, builds[0]),
        "stages": stage_table(cost),
        "dedup": dedup_table(read("dedup")),
        "shuffles": shuffle_table(builds),
        "parts": part_table(builds),
    }


def filled(text: str, blocks: dict[str, str]) -> str:
    """The text with these generated blocks replaced."""

    def block(match: re.Match[str]) -> str:
        return (
            f"<!-- generated: {match[1]} -->\n\n{blocks[match[1]]}\n\n<!-- end -->" if match[1] in blocks else match[0]
        )

    return re.sub(r"<!-- generated: (\w+) -->.*?<!-- end -->", block, text, flags=re.DOTALL)


def keep(name: str, found: Any, block: str, write: bool) -> None:
    """Keeps the measurements of another program in bench/results/NAME.json; prints its table and, with `write`, puts it
    into its block of docs/explanation/scale.md.
    """
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if write:
        DOCS.write_text(filled(DOCS.read_text(encoding="utf-8"), {name: block}), encoding="utf-8")
    print(block)


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the tables, or writes them into docs/explanation/scale.md."""
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description="The cost of a crawl on Dataflow.")
    parser.add_argument(
        "--ms-per-page", type=float, nargs=2, metavar=("OURS", "REFERENCE"), help="instead of bench.json's"
    )
    parser.add_argument("--write", action="store_true", help="write docs/explanation/scale.md anew")
    args = parser.parse_args(argv)
    blocks = tables(RESULTS, Cost(*args.ms_per_page, {}) if args.ms_per_page else None)
    if args.write:
        DOCS.write_text(filled(DOCS.read_text(encoding="utf-8"), blocks), encoding="utf-8")
    else:
        print("\n\n".join(f"{name}\n\n{block}" for name, block in blocks.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
