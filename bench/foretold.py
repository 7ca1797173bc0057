"""The predictions of `--dry-run` next to the results and costs of a build: `python -m bench.foretold [--presets]`.

Exit code 1 if a number is further off than allowed: 15 % for pages, share kept and size, if the corpus has more than
1,000 pages, and 25 % for CPU time.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.outside import SHARED, name_punkt

PRESETS = ("en", "en.tfds", "en.2019", "en.noblocklist", "en.noclean", "realnewslike", "multilingual")
MOST = {"pages": 0.15, "share": 0.15, "bytes": 0.15, "seconds": 0.25}
COUNTED = 1000  # pages of a corpus: smaller ones prove little


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", nargs="+", default=[str(SHARED / "wet"), str(SHARED / "wet_bench")])
    parser.add_argument("--presets", nargs="+", default=PRESETS)
    parser.add_argument("--judged", type=int, help="pages that the dry run builds, instead of its default")
    parser.add_argument("--one", choices=("predict", "build"), help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.one:
        (preset,) = args.presets
        with tempfile.TemporaryDirectory() as folder:
            print(
                json.dumps(
                    (predicted if args.one == "predict" else built)(arguments(args.inputs, preset, folder), args.judged)
                )
            )
        return 0
    if not name_punkt() or not all(map(os.path.exists, args.inputs)):
        print("bench.foretold needs ../shared, and Punkt data: make assets")
        return 2
    wrong = [line for preset in args.presets for line in compared(args, preset)]
    print("\n".join(wrong) or "all predictions are close enough")
    return 1 if wrong else 0


def compared(args: argparse.Namespace, preset: str) -> Iterator[str]:
    """Prints a line for each number, and yields those that are too far off."""
    said, found = (one_of(args, preset, kind) for kind in ("predict", "build"))
    for name, most in MOST.items():
        off = said[name] / found[name] - 1 if found[name] else 0.0
        line = f"{preset:<15} {name:<8} {said[name]:>14,.2f} foretold {found[name]:>14,.2f} found {off:>+8.1%}"
        print(line, flush=True)
        if abs(off) > most and found["kept"] > COUNTED:
            yield line


def one_of(args: argparse.Namespace, preset: str, kind: str) -> dict[str, float]:
    """Measures in a separate process, as for a user: one-time loading is part of a build's cost."""
    command = [sys.executable, "-m", "bench.foretold", "--one", kind, "--presets", preset, "--inputs", *args.inputs]
    command += ["--judged", str(args.judged)] if args.judged else []
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def arguments(inputs: Sequence[str], preset: str, folder: str) -> list[str]:
    lists = ["--badwords-dir", str(SHARED / "badwords")]
    if preset == "realnewslike":
        lists += ["--news-domains", str(next((SHARED / "realnews").glob("*.json")))]
    lists = lists if preset not in ("en.noblocklist", "en.noclean") else []
    return ["--input", *inputs, "--output", f"{folder}/c4", "--preset", preset, "--workers", "1", *lists]


def predicted(argv: list[str], judged: int | None) -> dict[str, float]:
    from beam_jobs import build_c4, dry_run
    from c4pipe.flow.searching import Found

    dry_run.JUDGED = judged or dry_run.JUDGED
    said: dict[str, float] = {}

    def noted(corpora: dry_run.Corpora, found: Found) -> dry_run.Prediction:
        now = predict(corpora, found)
        (share,), (size,) = now.share.values(), now.corpus.values()
        kept = now.pages.value * share.value
        said.update(pages=now.pages.value, share=share.value, kept=kept, bytes=size, seconds=now.seconds)
        return now

    predict, dry_run.predict = dry_run.predict, noted
    build_c4.main([*argv, "--dry-run"])
    return said


def built(argv: list[str], _: int | None) -> dict[str, float]:
    from beam_jobs import build_c4
    from c4pipe.shards import read_manifest

    assert build_c4.main(argv) == 0
    seconds = time.process_time() + resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    manifest = read_manifest(Path(argv[argv.index("--output") + 1]))
    stages, shards = manifest["ledger"]["stages"], manifest["shards"]
    pages, kept = stages[0]["kept"], stages[-1]["kept"]
    size = sum(shard["bytes"] for shard in shards)
    return {"pages": pages, "share": kept / pages, "kept": kept, "bytes": size, "seconds": seconds}


if __name__ == "__main__":
    sys.exit(main())
