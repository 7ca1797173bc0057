"""`python -m c4pipe.fetch`: WET files of a crawl into a folder. `--help` has examples and the exit codes."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from c4pipe.command import Parser, as_called, own_name, run_command, whole
from c4pipe.fetch.client import Client
from c4pipe.fetch.crawl import CRAWL_HOST, crawl_id, host_url
from c4pipe.fetch.files import only_one
from c4pipe.fetch.policy import Policy
from c4pipe.fetch.progress import FetchProgress
from c4pipe.fetch.rate import Clock, RateLimiter
from c4pipe.fetch.run import GIVE_UP, LIST, FetchResult, FetchRun, Job, check_list, write_list
from c4pipe.text import many

CONNECTIONS = 8  # at most: the mirror is shared by many
EPILOG = f"""\
examples:
  two files of a crawl             python -m c4pipe.fetch --crawl CC-MAIN-2024-22 --files 2 --output wet
  the next ten                     python -m c4pipe.fetch --crawl CC-MAIN-2024-22 --start 2 --files 10 --output wet
  a hundred, spread over it        python -m c4pipe.fetch --crawl CC-MAIN-2024-22 --files 100 --sample 1 --output wet
  build from them                  python -m beam_jobs.build_c4 --input wet --output out/c4

Run it again to resume: finished files stay, partial ones are continued. DIR/{LIST} lists the files that are there.

exit codes: 0 all fetched; 1 some could not be fetched, the rest is there; 2 wrong usage, reported before any download;
130 interrupted.
"""


def parser() -> argparse.ArgumentParser:
    """The options."""
    p = Parser(
        prog="python -m c4pipe.fetch",
        description="Download WET files of a Common Crawl crawl, politely and resumably.",
        epilog=EPILOG,
    )
    a = p.add_argument
    a("--crawl", required=True, metavar="ID", help="such as CC-MAIN-2024-22")
    a("--files", required=True, type=whole(1, 10**6), metavar="N", help="how many")
    a("--output", required=True, type=Path, metavar="DIR", help="folder for the files, created if needed")
    which = p.add_mutually_exclusive_group()
    which.add_argument(
        "--start", type=whole(0, 10**6), default=0, metavar="K", help="skip the first K files of the crawl's list"
    )
    which.add_argument(
        "--sample", type=whole(0, 2**63), metavar="SEED", help="fetch N files spread at random over the whole crawl"
    )
    a("--verify", action="store_true", help="also check existing files, and fetch damaged ones again")
    a("--connections", type=whole(1, CONNECTIONS), default=2, metavar="N", help=f"1 to {CONNECTIONS} (default: 2)")
    a("--max-rate", type=_rate, metavar="MB", help="megabytes a second, all connections together (default: no cap)")
    a("--host", default=CRAWL_HOST, metavar="URL", help=f"a mirror (default: {CRAWL_HOST})")
    return p


def main(argv: Sequence[str] | None = None, policy: Policy | None = None, clock: Clock | None = None) -> int:
    """Runs the command; returns the exit code. `policy` and `clock` are for tests."""
    previous = None
    if threading.current_thread() is threading.main_thread():
        previous = signal.signal(signal.SIGTERM, signal.default_int_handler)  # treated like an interrupt
    try:
        again = "interrupted. Run it again to resume."
        return run_command("fetch", lambda: _run_with(argv, policy or Policy(), clock or Clock()), again)
    finally:
        if previous is not None:
            signal.signal(signal.SIGTERM, previous)


def _run_with(argv: Sequence[str] | None, policy: Policy, clock: Clock) -> int:
    args = parser().parse_args(argv)
    job = Job(
        crawl=crawl_id(args.crawl),
        folder=args.output,
        files=args.files,
        start=args.start,
        seed=args.sample,
        host=host_url(args.host),
        connections=args.connections,
        verify=args.verify,
    )
    return run(job, policy, clock, args.max_rate)


def run(job: Job, policy: Policy, clock: Clock, rate: float | None) -> int:
    """The job, with a line for every file. `rate`: bytes a second, or None."""
    with only_one(job.folder), FetchProgress() as progress:
        earlier = check_list(job.folder)
        client = Client(policy, clock, RateLimiter(clock, rate), say=progress.note)
        work = FetchRun(job, client, progress)
        paths = work.paths()
        progress.expect(len(paths))
        outcomes: list[FetchResult] = []
        try:
            for outcome in work.files(paths):
                outcomes.append(outcome)
                _count(outcome, progress)
        finally:
            there = write_list(job.folder, earlier, outcomes)
    return _conclude(job, outcomes, there)


def _count(outcome: FetchResult, progress: FetchProgress) -> None:
    if outcome.state in ("failed", "untried"):
        progress.failed()
        if outcome.says:
            progress.note(f"failed   {outcome.path}: {outcome.says}")
    else:
        progress.finished(outcome.bytes, outcome.state == "fetched")
        if outcome.state == "fetched":
            progress.note(f"fetched  {outcome.path}  {many(outcome.bytes, 'byte')}")


def _conclude(job: Job, outcomes: list[FetchResult], there: int) -> int:
    """The closing message, and the exit code."""
    by = {state: [o for o in outcomes if o.state == state] for state in ("there", "fetched", "failed", "untried")}
    size = sum(outcome.bytes for outcome in outcomes)
    if len(outcomes) < job.files:
        print(f"note: the crawl has only {many(len(outcomes), 'file')} from there on.")
    good = len(by["there"]) + len(by["fetched"])
    print(
        f"{good:,} of {many(len(outcomes), 'file')} in {job.folder}, {size / 1e6:,.1f} MB: "
        f"{len(by['fetched']):,} fetched, {len(by['there']):,} there already. {job.folder / LIST} lists {there:,}."
    )
    if by["untried"]:
        print(
            f"left     {many(len(by['untried']), 'file')} untried: the host returned none of the last {GIVE_UP}",
            file=sys.stderr,
        )
    if by["failed"]:
        first, missing = by["failed"][0], len(outcomes) - good
        print(
            f"{own_name('fetch')}: {missing:,} could not be fetched, such as {first.path} ({first.says}). Run it again "
            "for the rest.",
            file=sys.stderr,
        )
        return 1
    print(as_called(f"Build from them: make build-c4 INPUT={job.folder}"))
    return 0


def _rate(text: str) -> float:
    """Megabytes a second, as bytes a second."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.01 <= value <= 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of megabytes per second of 0.01 or more")
    return value * 1e6


if __name__ == "__main__":
    sys.exit(main())
