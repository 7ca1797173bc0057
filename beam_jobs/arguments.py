"""The command line of build_c4, and the parts that other jobs share."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from beam_jobs.array_task import array_task
from beam_jobs.beam_options import check_beam_options
from beam_jobs.benchmarks import benchmark_options
from beam_jobs.exclusions import add_exclusions
from beam_jobs.formats import format_options, output_format
from beam_jobs.low_memory import LOW_SPILL_ROWS, SPILL_ROWS
from beam_jobs.personal import personal_option
from c4pipe.command import Parser, count, is_command, memory_limit, positive, share, similarity, utf8
from c4pipe.dedup.near import STAYS
from c4pipe.errors import ConfigError
from c4pipe.flow.buckets import check_extra, is_remote, reach_with
from c4pipe.flow.lean import import_lean_beam
from c4pipe.langid import IDENTIFIERS
from c4pipe.presets import PRESETS
from c4pipe.stages.text_levels import NO_LEVELS, TEXT_LEVELS

EPILOG = """\
examples:
  the sample corpus           python -m beam_jobs.build_c4 --input data_samples --output out/c4
  some files of a crawl       python -m beam_jobs.build_c4 --input 'wet/*.warc.wet.gz' --output out/en --shards 8
  as TensorFlow Datasets      python -m beam_jobs.build_c4 --preset en.tfds --badwords-dir assets/badwords ...
  German instead of English   python -m beam_jobs.build_c4 --languages de ...
  mC4, languages one by one   python -m beam_jobs.build_c4 --preset multilingual --languages de,ko --staging tmp ...
  any text, the same rules    python -m beam_jobs.build_c4 --input-format jsonl --input wiki ...
  several corpora at once     python -m beam_jobs.build_c4 --preset en,en.noclean,multilingual ...
  near duplicates too         python -m beam_jobs.build_c4 --preset en.near --near-verify ...
  other dedups of text        python -m beam_jobs.build_c4 --dedup lines,windows,near ...
  the next crawl, only new    python -m beam_jobs.build_c4 --against out/2024-18 out/2024-22 ...
  honour opt-outs             python -m beam_jobs.build_c4 --exclude opt-out.txt --robots robotstxt/ ...
  mask personal data          python -m beam_jobs.build_c4 --mask-personal email,ip,phone ...
  drop benchmark items        python -m beam_jobs.build_c4 --benchmarks tests --benchmarks-drop ...
  as JSON Lines too           python -m beam_jobs.build_c4 --format jsonl ...
  what would it take?         python -m beam_jobs.build_c4 --dry-run ...
  a machine with 1 GB         python -m beam_jobs.build_c4 --low-memory ...
  local Dask processes        python -m beam_jobs.build_c4 --runner DaskRunner --workers 4 ...
  task 3 of a Slurm array     python -m beam_jobs.build_c4 --staging tmp --stage-only 3/64 ...
  a Dask cluster              python -m beam_jobs.build_c4 --runner DaskRunner --dask_client_address tcp://HOST:8786 ...
  a whole crawl on Dataflow   python -m beam_jobs.build_c4 --input wet.paths.gz --root s3://commoncrawl \\
                                --output gs://BUCKET/c4 --runner DataflowRunner --project P --region R \\
                                --temp_location gs://BUCKET/tmp --sdk_container_image IMAGE

exit codes: 0 done; 1 the build failed; 2 wrong usage (including an option without effect), reported before any work;
3 done, but some inputs were unreadable and --strict was given; 4 done, but no page was kept; 130 interrupted (Ctrl-C);
143 terminated (SIGTERM). With several presets, the highest code is returned. After a crash or a kill, run the same
command again: it resumes from what is finished. Apache Beam's own options are passed on to it.
"""

LOCAL_RUNNER = "FnApiRunner"
DASK, DATAFLOW = "DaskRunner", "DataflowRunner"
DASK_RUNNER = "apache_beam.runners.dask.dask_runner.DaskRunner"  # Beam knows optional runners only by full name

# Below this many bytes of input per worker, more workers gain little: on two cores, 18 MB took 8.2 to 8.9 s with two
# workers and 9.9 to 12.0 s with one; 1 MB took the same. A worker that cannot be forked (see `local`) costs seconds to
# start.
WORKER_BYTES = 8 << 20

# Address space that a process of a build may need: with 1, 2 and 4 workers the largest took 2.3, 2.9 and 3.1 GB, of
# which 0.3 GB was memory. With 2.5 GB, gRPC waited forever for a thread that it could not start.
ADDRESS_SPACE = 4 << 30


def parser() -> Parser:
    """The options of the job itself."""
    p = Parser(
        prog="python -m beam_jobs.build_c4",
        description="Build a C4 corpus of sharded Parquet from Common Crawl WET files.",
        epilog=EPILOG,
    )
    a = p.add_argument
    a(
        "--input",
        nargs="+",
        required=True,
        metavar="PATH",
        help="files, folders, globs or lists of paths (wet.paths.gz); https:// works too",
    )
    format_options(a)
    a("--root", metavar="URL", help="base URL or folder for the paths in a list (default: the list's own folder)")
    a("--sizes", metavar="FILE", help="expected sizes, 'BYTES NAME' per line; an input of another size is truncated")
    a("--output", type=utf8, required=True, metavar="DIR", help="folder for the corpus: local, gs:// or s3://")
    a(
        "--preset",
        default="en",
        metavar="NAME,...",
        help=f"{', '.join(PRESETS)}; or your own as MODULE:NAME (default: en). Several share one read",
    )
    a("--languages", metavar="L,L", help="languages to keep instead of the preset's, such as de or de,fr,und")
    a("--langid", metavar="NAME", help=f"language identifier: {', '.join(IDENTIFIERS)}, or a model as fasttext:FILE")
    a(
        "--dedup",
        metavar="NAME,...",
        help=f"text deduplication instead of the preset's: {', '.join(TEXT_LEVELS)}, or {NO_LEVELS}; page rules stay",
    )
    a(
        "--near-verify",
        nargs="?",
        const=0.0,
        type=similarity,
        metavar="T",
        help="link two near duplicates only if the exact Jaccard similarity of their word n-grams is at least T (T if "
        "left out: 0.72, where the sketch finds half of all pairs); not applied to pages from --against",
    )
    a(
        "--near-stays",
        choices=STAYS,
        help="which near duplicate stays: the one chosen by URL hash (default), the newest or the longest; a page from "
        "--against always wins",
    )
    a("--min-pages", type=count, metavar="N", help="drop languages with fewer pages than N (default: 0; mC4: 10000)")
    a(
        "--runner",
        default="DirectRunner",
        help="DirectRunner (this machine, the default), DaskRunner, DataflowRunner, PortableRunner",
    )
    a("--workers", type=positive, metavar="N", help="processes on this machine (default: chosen by cores and input)")
    a(
        "--badwords-dir",
        metavar="DIR",
        help="blocklists, one file per language (default: ./assets, else our small ones)",
    )
    a("--news-domains", metavar="FILE", help="the RealNews list of domains, for realnewslike")
    a("--url-list", metavar="FILE", help="URLs, one per line, for webtextlike")
    add_exclusions(p)
    benchmark_options(a)
    personal_option(a)
    a("--shards", type=shards, default=None, metavar="N", help="train shards per config (default: auto, 256 MB each)")
    a(
        "--rejected",
        choices=("none", "sample", "all"),
        default="sample",
        help="which rejected pages to keep for inspection (default: sample)",
    )
    output_format(a)
    a("--limit-pages", type=positive, metavar="N", help="read only about N pages, spread evenly over all inputs")
    a(
        "--spill-rows",
        type=count,
        metavar="N",
        help=f"spill larger shuffles to local files, never to a bucket (default: {SPILL_ROWS}; 0: never spill)",
    )
    a(
        "--low-memory",
        action="store_true",
        help=f"for small machines; the corpus has the same bytes: one worker, shuffles above {LOW_SPILL_ROWS} rows "
        "spilled to files, output shards assembled 32 MiB at a time",
    )
    a("--strict", action="store_true", help="exit with 3 if any input could not be read")
    a(
        "--max-bad-share",
        type=share,
        default=1.0,
        metavar="X",
        help="fail after reading if more than this share of the inputs was too damaged to yield a page (default: 1, "
        "never)",
    )
    a(
        "--against",
        nargs="+",
        type=utf8,
        default=[],
        metavar="DIR",
        help="finished corpora of earlier crawls: a page that one of them has wins over this crawl's. The corpora that "
        "they were built against are included",
    )
    a(
        "--keys",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="keep the keys that a later build --against this corpus needs: about 14 bytes for each distinct line, "
        "span or URL (default: yes)",
    )
    a(
        "--restorable",
        choices=("yes", "no"),
        default="yes",
        help="keep the pages that may return when others are removed later (`python -m beam_jobs.remove`); --no-keys "
        "implies no",
    )
    a("--overwrite", action="store_true", help="replace the corpus in the output folder once the new one is complete")
    a("--fresh", action="store_true", help="start over instead of resuming an unfinished build")
    a("--keep-staging", action="store_true", help="keep the intermediate files after success")
    a(
        "--staging",
        type=utf8,
        metavar="DIR",
        help="keep the intermediate files in DIR, so that later builds need not read the same inputs again",
    )
    a(
        "--stage-only",
        type=array_task,
        metavar="K/N",
        help="of an array of N tasks, read and clean the share of task K (1 to N) into --staging, which all share, and "
        "stop; the same command without this option builds the rest",
    )
    a("--dry-run", action="store_true", help="read a small part and predict pages, time, disk space and the share kept")
    return p


def shards(text: str) -> int | None:
    return None if text == "auto" else positive(text)


def parse(argv: Sequence[str] | None) -> tuple[argparse.Namespace, list[str]]:
    """(our arguments, Beam's). ConfigError for an option that neither has."""
    return parse_with(parser(), argv)


def parse_with(own: Parser, argv: Sequence[str] | None) -> tuple[argparse.Namespace, list[str]]:
    """The same for the parser of another job. Beam is imported if a remaining word may be an option of its."""
    args, rest = own.parse_known_args(argv)
    args.given = own.given
    if args.runner == DASK:
        load_beam(args)
        _find_dask()
    if args.runner == DATAFLOW:
        check_extra("gs", f"--runner {DATAFLOW}")
    if rest:
        check_beam_options(rest, [flag for action in own._actions for flag in action.option_strings])
    reach_with(rest)
    if args.runner not in ("DirectRunner", LOCAL_RUNNER):  # their workers have other working folders
        for name in ("output", "staging"):
            if (path := getattr(args, name, None)) and not is_remote(path):
                setattr(args, name, os.path.abspath(path))
    return args, rest


def _find_dask() -> None:
    """Registers Dask's options; ConfigError if it is not installed."""
    try:
        import beam_jobs.dask  # noqa: F401
    except ImportError as error:
        raise ConfigError(f"--runner {DASK}: {error.name} is missing. Install it: pip install 'c4pipe[dask]'") from None


def cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def load_beam(args: argparse.Namespace) -> None:
    """Imports Beam, without unneeded parts if this process is a command of ours that runs the work locally."""
    if is_command() and args.runner in ("DirectRunner", LOCAL_RUNNER, DASK):
        import_lean_beam()


def beam_flags(args: argparse.Namespace, rest: list[str], units: int, size: int) -> list[str]:
    """Beam's flags for the runner and its workers, given the number of units of work and their total bytes.

    Beam's bare DirectRunner may try to download a Go binary and hang, so the Python runner is named explicitly.
    """
    limit = memory_limit()
    if limit is not None and limit < ADDRESS_SPACE:
        raise ConfigError(
            f"ulimit -v allows {limit / 1e6:,.0f} MB of address space; expected {ADDRESS_SPACE / 1e6:,.0f} or more, of "
            "which most is never used. Raise it: ulimit -v unlimited."
        )
    most = 1 if getattr(args, "low_memory", False) else cores()
    workers = args.workers or min(most, units, 1 + size // WORKER_BYTES)
    if args.runner == DASK:
        return [f"--runner={DASK_RUNNER}", f"--direct_num_workers={workers}", *rest]
    local = args.runner in ("DirectRunner", LOCAL_RUNNER)
    flags = [f"--runner={LOCAL_RUNNER if local else args.runner}", *rest]
    if local and workers > 1:
        flags += [f"--direct_num_workers={workers}", "--direct_running_mode=multi_processing"]
    return flags
