"""Parts of a build next to compiled libraries that do the same: lines, near duplicates, the text of HTML, languages.

    python -m bench.compiled [--pages 3000] [--rounds 5] [--input WET...] [--html FOLDER] [--parts NAME,...]

Each library runs in its own process on one thread, most in their own venv (`make bench-rivals`), by its script in
bench/rivals/, which says what it does less or more. All alternate, c4pipe included; only the CPU time of the work
counts, without start-up and imports (`rivals.contest`). `times` above 1 is faster than c4pipe. A library that is
missing or fails is named with the reason. Tables go to stdout, all numbers to bench/results/compiled.json.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any, NamedTuple

from bench.build import save, surroundings
from bench.competitors import OFFLINE, OURS, lacking, model, venv_python
from bench.inputs import pages_of
from bench.parity import ROOT, default_inputs
from bench.rivals.identify import MODEL
from bench.tables import skipped_lines
from bench.warc import html_in, samples
from bench.ways import Part, Row, Timed, run, table

RESULTS = ROOT / "bench" / "results" / "compiled.json"
JUDGED = 300  # texts for language identification: some libraries take 10 ms for one
HTML_PAGES = 1_000
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "RAYON_NUM_THREADS", "POLARS_MAX_THREADS", "OPENBLAS_NUM_THREADS"), "1")


class Contest(NamedTuple):
    """A task, and the libraries that do it."""

    name: str
    script: str  # in bench/rivals/
    rivals: dict[str, str]  # the venv of each library
    own: str = ""  # the venv for ours; "": the current one


CONTESTS = (
    Contest("exact lines", "exact_lines", {"duckdb": "lines", "polars": "lines"}),
    Contest("near duplicates", "near_duplicates", dict.fromkeys(("rensa", "rensa rho", "datasketch"), "near")),
    Contest("HTML", "html_text", {"resiliparse": "html", "selectolax": "html"}, own="html"),
    Contest("language", "identify", {"fasttext": "fasttext", "cld3": "judges", "cld2": "judges", "lingua": "judges"}),
)


class Contender(NamedTuple):
    """A library doing its task: `way` returns its seconds and answers."""

    library: str
    script: str
    python: Path
    missing: str

    def way(self, texts: Path) -> Timed:
        """One run. Raises CalledProcessError if it fails."""
        return self.told(texts)[0]

    def told(self, texts: Path) -> tuple[Timed, str]:
        """The same, with the version of the library."""
        with tempfile.NamedTemporaryFile(suffix=".json") as file:
            subprocess.run(
                [str(self.python), "-m", f"bench.rivals.{self.script}", self.library, str(texts), file.name],
                cwd=ROOT,
                env=os.environ | OFFLINE | ONE_THREAD | {MODEL: str(model())},
                check=True,
                capture_output=True,
                text=True,
            )
            told = json.loads(Path(file.name).read_bytes())
        return Timed(told["cpu"], told["result"]), told["version"]


def contenders(contest: Contest) -> Iterator[Contender]:
    """The libraries, ours first."""
    python = venv_python(contest.own) if contest.own else Path(sys.executable)
    yield Contender(OURS, contest.script, python, lacking(contest.own) if contest.own else "")
    for library, venv in contest.rivals.items():
        yield Contender(library, contest.script, venv_python(venv), lacking(venv))


def hold(contest: Contest, texts: Sequence[str], rounds: int, folder: Path) -> tuple[list[Row], dict[str, str], Any]:
    """The times of each, who was skipped and why, and the versions. A first run, which does not count, finds out who
    can do the task. Exits if ours cannot.
    """
    every = folder / "every.json"
    every.write_text(json.dumps(texts), encoding="utf-8")
    ways, skipped, versions = {}, {}, {}
    for one in contenders(contest):
        if reason := one.missing:
            skipped[f"{contest.name}: {one.library}"] = reason
            continue
        try:
            _, versions[one.library] = one.told(every)
        except subprocess.CalledProcessError as error:
            words = (error.stderr.strip().splitlines() or ["it printed nothing"])[-1][:300]
            if one.library == OURS:
                raise SystemExit(f"bench: {contest.name}: {OURS} failed: {words}") from error
            skipped[f"{contest.name}: {one.library}"] = f"failed: {words}"
        else:
            ways[one.library] = partial(one.way, every)
    if OURS not in ways or len(ways) == 1:
        return [], skipped, versions
    return run(Part(contest.name, len(texts), ways, judges=True), rounds), skipped, versions


def ahead(rows: Sequence[Row]) -> list[str]:
    """A line for each library that is faster than ours."""
    return [
        f"ahead of {OURS}: {row.way}, {row.part}: {row.times:.2f} times as fast, {row.agrees:.1%} the same"
        for row in rows
        if row.way != OURS and row.times > 1
    ]


def texts_of(contest: Contest, pages: Sequence[str], html: Path | None) -> list[str]:
    """The texts of a contest."""
    if contest.script != "html_text":
        return [*pages[:JUDGED]] if contest.script == "identify" else [*pages]
    bodies = html_in(html, HTML_PAGES) if html else islice(cycle(samples()), HTML_PAGES)
    return [body.decode() for body in bodies]


def main(argv: Sequence[str] | None = None) -> int:
    """Measures, prints the table and writes the JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.compiled", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--input", nargs="+", type=Path, metavar="WET", help="default: ../shared/wet_bench, or samples")
    parser.add_argument("--pages", type=int, default=3000)
    parser.add_argument("--html", type=Path, metavar="FOLDER", help="HTML files (default: data_samples)")
    parser.add_argument("--rounds", type=int, default=5)
    names = [contest.script for contest in CONTESTS]
    parser.add_argument("--parts", type=lambda told: told.split(","), default=names, help=f"default: {','.join(names)}")
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="JSON")
    args = parser.parse_args(argv)
    if unknown := {*args.parts} - {*names}:
        parser.error(f"--parts: no {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    files = args.input or [path for path in default_inputs() if "bench" in path.parent.name] or default_inputs()
    pages = [page.text for page in islice(pages_of(files), args.pages)]
    rows: list[Row] = []
    skipped: dict[str, str] = {}
    versions: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="bench-compiled-") as folder:
        for contest in CONTESTS:
            if contest.script in args.parts:
                found, left_out, told = hold(contest, texts_of(contest, pages, args.html), args.rounds, Path(folder))
                if found:
                    print(table(found, header=not rows), flush=True)
                rows, skipped, versions = rows + found, skipped | left_out, versions | told
    print("\n".join([*ahead(rows), skipped_lines(skipped)]).strip())
    results = surroundings() | {"pages": len(pages), "rounds": args.rounds, "rivals": versions, "skipped": skipped}
    save(results | {"rows": [row._asdict() for row in rows]}, args.output)
    print(f"written to {args.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
