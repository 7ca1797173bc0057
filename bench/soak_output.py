"""What happens to an output folder: builds that are killed while they replace a corpus, and folders that are not ours:
`make soak`.

A build with --overwrite is killed at one of its file operations (1 worker) or at a random time (2 workers): the old or
the new corpus is then complete, and the same command finishes the job. Files in a folder that no build wrote, even
under names that builds use, keep every byte after any command.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from io import StringIO
from pathlib import Path

from bench.soak import Fault, ended, send, start
from c4pipe.flow.lock import LOCK
from c4pipe.flow.ours import MADE_NAME, STAGING_NAME
from tests.wetfiles import WebPage, digests, story, wet

OPERATIONS = 330  # more than the file operations of a build of `SOURCE` that replaces another one
SECONDS = 6.0  # more than such a build takes with two workers
WORK = (STAGING_NAME, MADE_NAME, ".c4pipe", LOCK)

HEX = "0123456789abcdef"
NAMES = (
    *("README.md", "stats.json", "manifest.json", "manifest.json.sha256", "added.json", "report.html", "placing.json"),
    *(f"{STAGING_NAME}{HEX}/inputs.jsonl", f"{MADE_NAME}{HEX}/manifest.json", f"{MADE_NAME}{HEX}/placing.json"),
    *("en/train-00000-of-00001.parquet", "data/train-00000-of-00001.parquet", "__rejected/part-kept.parquet"),
    *("lists/badwords/en.txt", "en/.train-00000-of-00001.parquet.17.tmp", ".notes.tmp", "notes/thesis.tex", LOCK),
)
CONTENTS = (b"mine", b"[]", b"{}", b'{"name": "app", "icons": []}', b'{"schema_version": 1}', b"PAR1 of somebody")
FLAGS = ("--overwrite", "--fresh", "--keep-staging", "--strict")


def source(folder: Path) -> Path:
    """Writes a small input."""
    folder.mkdir(parents=True)
    pages = [WebPage(f"http://a.example/{i}", story(10 * i)) for i in range(4)]
    (folder / "one.warc.wet.gz").write_bytes(wet(pages))
    return folder


def without_work(folder: Path) -> dict[str, str]:
    """The checksums of a corpus's files, except work folders of builds."""
    return {name: sha for name, sha in digests(folder).items() if not name.startswith(WORK)}


def kill_while_replacing(
    arguments: Sequence[str], old: Path, new: Path, target: Path, log: Path, chosen: random.Random, workers: int
) -> str:
    """Replaces a copy of the old corpus in `target` by the new one, made with these arguments, is killed during that,
    and resumes. Returns what went wrong, "" if nothing did.
    """
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(old, target)
    told = [*arguments, "--output", str(target), "--overwrite", "--workers", str(workers)]
    if workers == 1:
        ended(start(told, log, Fault(chosen.randint(1, OPERATIONS))))
    else:
        process = start(told, log)
        time.sleep(chosen.uniform(0.1, SECONDS))
        send(process, signal.SIGKILL)
        with suppress(TimeoutError):
            ended(process)
    if without_work(target) not in (digests(old), digests(new)):
        return f"neither corpus stands: {sorted(without_work(target))}"
    if code := ended(start(told, log)):
        return f"the next command ends with {code}: {log.read_text()[-300:]}"
    if digests(target) != digests(new):
        return f"not as it must be: {sorted(set(digests(target).items()) ^ set(digests(new).items()))[:3]}"
    beside = [path.name for path in target.parent.iterdir() if MADE_NAME in path.name]
    return f"left beside it: {beside}" if beside else ""


def commands_over(folder: Path, files: dict[str, bytes], arguments: Sequence[str]) -> str:
    """Runs a build over a folder with these files. Returns which of them were lost, "" if none."""
    from beam_jobs import build_c4

    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    before = digests(folder)
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        build_c4.main([*arguments, "--output", str(folder), "--workers", "1"])
    found = digests(folder)
    return ", ".join(name for name, sha in before.items() if found.get(name) != sha)


def main() -> int:
    """Runs the soak. Returns 1 if anything was lost."""
    p = argparse.ArgumentParser(prog="python -m bench.soak_output", description=(__doc__ or "").partition("\n")[0])
    p.add_argument("--kills", type=int, default=60)
    p.add_argument("--folders", type=int, default=300)
    p.add_argument("--seed", type=int, default=0)
    args = p.parse_args()
    chosen, counts, failures = random.Random(args.seed), Counter[str](), []
    with tempfile.TemporaryDirectory(prefix="c4-soak-") as scratch:
        place = Path(scratch)
        common, log = ["--input", str(source(place / "wet"))], place / "log"
        for name, options in (("old", ()), ("new", ("--shards", "2"))):
            assert ended(start([*common, *options, "--output", str(place / name)], log)) == 0, log.read_text()
        for number in range(args.kills):
            workers = 2 if number % 4 == 3 else 1
            told = [*common, "--shards", "2"]
            wrong = kill_while_replacing(told, place / "old", place / "new", place / "c4" / "c4", log, chosen, workers)
            counts[f"kills of a replacement with {workers} workers"] += 1
            failures += [f"kill {number}: {wrong}"] if wrong else []
        for number in range(args.folders):
            files = {name: chosen.choice(CONTENTS) for name in chosen.sample(NAMES, chosen.randint(1, 6))}
            flags = [flag for flag in FLAGS if chosen.random() < 0.5]
            lost = commands_over(place / "folders" / str(number), files, [*common, *flags])
            counts["folders that no build wrote"] += 1
            failures += [f"{files} with {flags}: {lost} lost"] if lost else []
    print(", ".join(f"{n} {what}" for what, n in sorted(counts.items())), f"{len(failures)} failures", sep="; ")
    print("\n".join(failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
