"""The pages that a run read, and at which steps: all as RUN/exposure.parquet, or those of some steps as lines.

    python -m model.exposure --run out/t5                     writes out/t5/exposure.parquet
    python -m model.exposure --run out/t5 --step 12 --to 14   prints what these steps read

Nothing was logged: the stream of rows is replayed, see `model.tracing`. That costs tokenising everything that was read.
Memory is flat: about 100 MB besides tokenising, however long the run; the temporary folder needs 8 bytes for each page
of a row. A million steps of 128 rows, with rows of 512 tokens and pages of about 400, give some 300,000,000 of these.
"""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from c4pipe.command import Parser, utf8_path, whole
from c4pipe.disk import put_aside, sync_path
from c4pipe.keys import SortedRuns
from c4pipe.progress import PLAIN, ProgressReporter
from c4pipe.scratch import scratch
from c4pipe.shards import EXPOSURE, EXPOSURE_SCHEMA, PROVENANCE, ParquetSink
from c4pipe.text import many, visible
from model.command import run_model
from model.errors import ConfigError
from model.ranges import INT32
from model.run import held, say
from model.sums import RunSums
from model.tracing import RunTrace, TracedPage, open_trace

PAGES_A_GROUP = 65_536  # most rows of a shard per row group
READS_A_GROUP = 2 << 20  # most readings processed at a time, except those of one page

EPILOG = """\
exposure.parquet has one row per page that was read: corpus, config, shard, sha256 (of the shard), row, url, times (how
often reading it began), steps (that had tokens of it). Pages without a row were not read.

exit codes: 0 done; 1 failed; 2 wrong usage; 130 interrupted
"""


class _Steps(ProgressReporter):
    """Reports the progress of a trace."""

    def __init__(self, of: int) -> None:
        super().__init__()
        self.step, self._of = 0, of

    def show(self) -> None:
        while self.waited(PLAIN):
            say(f"exposure: step {self.step:,} of {self._of:,}")


def write_exposure(run: Path, trace: RunTrace) -> int:
    """Writes RUN/exposure.parquet for all steps up to the newest checkpoint. Returns its number of pages.

    ConfigError for a run without a checkpoint, or one that is being trained; errors of `RunTrace.steps`.
    """
    if not trace.done:
        raise ConfigError(f"{run} has no checkpoint yet: what it has read is unknown")
    with held(run), scratch("exposure") as folder:
        runs = SortedRuns(folder / "reads")
        with _Steps(trace.done) as progress:
            for step, read in trace.steps(1, trace.done):
                progress.step = step
                runs.add(np.array([one.page << 32 | step << 1 | one.begins for one in read], np.uint64))
        sums, path = RunSums(run), run / EXPOSURE
        made = {"step": trace.done, "state": trace.state, "shards": sorted({*trace.pages.sums})}
        if path.exists() and not sums.is_whole(EXPOSURE):
            say(f"note: {path} is not what was written: kept as {put_aside(path).name}")
        draft = run / f".{EXPOSURE}.tmp"
        draft.unlink(missing_ok=True)
        with draft.open("xb") as stream:
            schema = EXPOSURE_SCHEMA.with_metadata({PROVENANCE: json.dumps(made)})
            sink, pages = ParquetSink(stream, schema, write_page_index=False), 0
            for table in _tables(trace, runs):
                sink.write(table.cast(schema))
                pages += table.num_rows
            sink.close()
        sync_path(draft)
        sums.adopt(EXPOSURE, draft)
    return pages


def _tables(trace: RunTrace, runs: SortedRuns) -> Iterator[pa.Table]:
    """The rows of the file, a row group at a time."""
    for number, first in enumerate(trace.pages.files):
        begin, end = trace.pages.firsts[number : number + 2]
        stretches = [(low, min(low + PAGES_A_GROUP, end)) for low in range(begin, end, PAGES_A_GROUP)][::-1]
        while stretches:
            low, high = stretches.pop()
            bounds = low << 32, (high << 32) - 1
            if high - low > 1 and runs.count(*bounds) > READS_A_GROUP:
                middle = (low + high) // 2
                stretches += [(middle, high), (low, middle)]
            elif len(found := runs.between(*bounds)):
                yield _table(first, trace.pages.sums[number], begin, found)


def _table(first: TracedPage, sha256: str, begin: int, reads: NDArray[np.uint64]) -> pa.Table:
    """The rows for some pages of a file whose first page has the number `begin`."""
    pages, again = np.unique(reads >> np.uint64(32), return_index=True)
    times = np.add.reduceat((reads & np.uint64(1)).astype(np.int64), again)
    steps = np.unique(reads >> np.uint64(1))  # distinct steps of each page
    ends = np.append(np.searchsorted(steps, pages << np.uint64(31)), len(steps))
    rows = pages.astype(np.int64) - begin
    columns = [*([word] * len(rows) for word in (first.corpus, first.config, first.shard, sha256)), rows]
    lists = pa.ListArray.from_arrays(pa.array(ends, pa.int32()), pa.array((steps & np.uint64(INT32)).astype(np.int32)))
    return pa.table([*columns, urls_of(first, rows), times.astype(np.int32), lists], names=EXPOSURE_SCHEMA.names)


def urls_of(of: TracedPage, rows: NDArray[np.int64]) -> list[str]:
    """The URLs of some ascending rows of a page's shard; "" if there is none."""
    with pq.ParquetFile(Path(of.corpus) / of.shard) as file:
        if "url" not in file.schema_arrow.names:
            return [""] * len(rows)
        found: list[str] = []
        begin = 0
        for group in range(file.num_row_groups):
            end = begin + file.metadata.row_group(group).num_rows
            own = rows[np.searchsorted(rows, begin) : np.searchsorted(rows, end)] - begin
            if len(own):
                found += file.read_row_group(group, columns=["url"])["url"].take(pa.array(own)).to_pylist()
            begin = end
    return found


def steps_read(trace: RunTrace, first: int, last: int) -> Iterator[dict[str, Any]]:
    """For each step {"step": n, "pages": [...]}: each page once, in the order of the corpora, with its URL."""
    for step, read in trace.steps(first, last):
        by_shard: dict[TracedPage, list[int]] = {}
        for number in sorted({one.page for one in read}):
            page = trace.pages.page(number)
            by_shard.setdefault(page._replace(row=0), []).append(page.row)
        pages = [
            shard._replace(row=row)._asdict() | {"url": url}
            for shard, rows in by_shard.items()
            for row, url in zip(rows, urls_of(shard, np.array(rows)), strict=True)
        ]
        yield {"step": step, "pages": pages}


def exposure_parser() -> Parser:
    """The options of `python -m model.exposure`."""
    p = Parser("python -m model.exposure", "Show which pages a run has read, and at which steps.", EPILOG)
    a = p.add_argument
    a("--run", type=utf8_path, required=True, metavar="DIR", help="folder of a run")
    a("--data", type=utf8_path, nargs="+", default=[], metavar="DIR", help="its corpora, if they have moved")
    a(
        "--step",
        type=whole(1, INT32),
        metavar="N",
        help="print the pages of this step and write nothing",
    )
    a("--to", type=whole(1, INT32), metavar="M", help="with --step: the pages of all steps up to this one")
    a("--json", action="store_true", help="with --step: one JSON object per step instead of lines")
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command. Returns the exit code."""
    return run_model("exposure", lambda: _run(_parsed(argv)), shows=True)


def _parsed(argv: Sequence[str] | None) -> Namespace:
    args = exposure_parser().parse_args(argv)
    for option, given in (("--to", args.to is not None), ("--json", args.json)):
        if given and args.step is None:
            raise ConfigError(f"{option} needs --step. See --help.")
    if args.to is not None and args.to < args.step:
        raise ConfigError(f"--to {args.to} is before --step {args.step}: expected a later step")
    return args


def _run(args: Namespace) -> int:
    trace = open_trace(args.run, args.data)
    if args.step is None:
        pages = write_exposure(args.run, trace)
        print(f"{visible(str(args.run / EXPOSURE))}: {many(pages, 'page')} read in {many(trace.done, 'step')}")
        return 0
    last = args.step if args.to is None else args.to
    if last > trace.done:
        option = "--step" if args.to is None else "--to"
        raise ConfigError(
            f"{option} {last}: the newest checkpoint of {args.run} is of step {trace.done}; expected that step or an "
            "earlier one"
        )
    for found in steps_read(trace, args.step, last):
        if args.json:
            print(json.dumps(found))
            continue
        for page in found["pages"]:
            place = Path(page["corpus"]) / page["shard"]
            print(f"step {found['step']}: {visible(str(place))} row {page['row']} {visible(page['url'])}".rstrip())
    return 0


if __name__ == "__main__":
    sys.exit(main())
