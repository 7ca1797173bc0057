"""Where a build spends its time: a flame graph, its stacks, and a table.

`make profile`, or `python -m bench.flame [--input WET...] [--pages 12000] [--workers 1] [--output out/profile]`.
Builds a corpus twice under py-spy, which writes one kind of file at a time:

    flame.svg     the flame graph: open it in a browser, click on a frame to zoom in
    stacks.raw    every sampled stack with its count, one per line, for other tools
    profile.txt   the share of each stage, and the c4pipe functions with the most time

py-spy inspects a running process. It needs no root if it starts the process itself, except on macOS.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.competitors import our_command
from bench.inputs import make_files
from bench.parity import ROOT, Lists
from bench.stages import seen, shares_of

OURS = ("c4pipe/", "beam_jobs/")
TOP = 25  # functions in the table


class ProfileError(Exception):
    """No profile was made; says why, and what to do."""


class Spent(NamedTuple):
    """Shares of samples by function."""

    function: str  # "name (file)"
    own: float  # in the function, and in libraries it called
    total: float  # also in c4pipe functions it called


def py_spy() -> str:
    """The program, next to the interpreter or on the PATH. ProfileError if it cannot work."""
    found = shutil.which("py-spy", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if found is None:
        raise ProfileError("py-spy is not installed. Run `make setup`, or `pip install py-spy`.")
    if platform.system() == "Darwin" and os.geteuid():
        raise ProfileError("on macOS py-spy needs root. Run `sudo make profile`.")
    return found


def record(command: Sequence[str], output: Path, kind: str, workers: int = 1, rate: int = 100) -> None:
    """Runs a Python command under py-spy, which writes `output`.

    Args:
        kind: "flamegraph" or "raw".
        workers: with more than one, child processes are sampled, too.
        rate: samples per second.

    Raises:
        ProfileError: py-spy is missing, lacks permission, or produced nothing.
    """
    output.unlink(missing_ok=True)
    spy = [py_spy(), "record", "--format", kind, "--rate", str(rate), "--output", str(output)]
    spy += ["--subprocesses"] if workers > 1 else []
    done = subprocess.run([*spy, "--", *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT)
    if done.returncode == 0 and output.exists():
        return
    said = done.stdout.strip()[-1000:]
    if "permission denied" in said.lower() or "ptrace" in said:
        raise ProfileError(
            "py-spy may not look into a process here. In a container: docker run --cap-add SYS_PTRACE; on Linux: "
            f"sudo sysctl kernel.yama.ptrace_scope=1. It said: {said}"
        )
    raise ProfileError(f"{' '.join(command[:4])} ... under py-spy failed: {said}")


def spent(stacks: Iterable[str]) -> list[Spent]:
    """c4pipe functions, those with the most time of their own first; waiting threads do not count.

    >>> for line in spent(["main (beam_jobs/a.py:9);f (c4pipe/b.py:1);loads (json/__init__.py:3) 3",
    ...                    "main (beam_jobs/a.py:9) 1"]): print(*line)
    f (c4pipe/b.py) 0.75 0.75
    main (beam_jobs/a.py) 0.25 1.0
    """
    own: Counter[str] = Counter()
    total: Counter[str] = Counter()
    samples = 0
    for stack, count in seen(stacks):
        frames = [frame.rpartition(":")[0] + ")" for frame in stack.split(";")]
        mine = [frame for frame in frames if frame.rpartition("(")[2].startswith(OURS)]
        samples += count
        own.update(dict.fromkeys(mine[-1:], count))
        total.update(dict.fromkeys(mine, count))
    return [Spent(frame, n / samples, total[frame] / samples) for frame, n in own.most_common()]


def table(stacks: Sequence[str]) -> str:
    """The text of profile.txt."""
    lines = [f"{'stage':<72} {'share':>7}"]
    lines += [f"{stage:<72} {share:>7.1%}" for stage, share in shares_of(stacks).items()]
    lines += ["", f"{'function':<72} {'own':>7} {'total':>7}"]
    lines += [f"{function:<72} {own:>7.1%} {total:>7.1%}" for function, own, total in spent(stacks)[:TOP]]
    return "\n".join(lines) + "\n"


def profile(inputs: Sequence[Path], output: Path, preset: str, workers: int, lists: Lists) -> str:
    """Writes the three files into a folder. Returns the table."""
    output.mkdir(parents=True, exist_ok=True)
    for kind, name in (("raw", "stacks.raw"), ("flamegraph", "flame.svg")):
        with tempfile.TemporaryDirectory(prefix="profile-") as folder:
            corpus = Path(folder) / "c4"
            record(our_command(inputs, corpus, preset, lists, workers), (output / name).absolute(), kind, workers)
            if not (corpus / "manifest.json").exists():
                raise ProfileError("the build failed; run it without the profile to see why: make build-c4 INPUT=...")
    text = table((output / "stacks.raw").read_text(encoding="utf-8").splitlines())
    (output / "profile.txt").write_text(text, encoding="utf-8")
    return text


def main(argv: Sequence[str] | None = None) -> int:
    """Makes the profile. Exit code 2 if that is impossible."""
    parser = argparse.ArgumentParser(prog="python -m bench.flame", description=__doc__.partition("\n")[0])
    parser.add_argument("--input", nargs="+", type=Path, metavar="WET", help="default: what bench.build reads")
    parser.add_argument("--pages", type=int, default=12_000, help="pages of the default input")
    parser.add_argument("--preset", default="en")
    parser.add_argument("--workers", type=int, default=1, help="with more, Beam's worker processes are sampled, too")
    parser.add_argument("--output", type=Path, default=ROOT / "out" / "profile", metavar="DIR")
    parser.add_argument("--badwords-dir", type=Path, metavar="DIR")
    args = parser.parse_args(argv)
    lists = Lists.find(args.badwords_dir)
    try:
        py_spy()  # checked before the inputs are made
        with tempfile.TemporaryDirectory(prefix="profile-") as folder:
            inputs = [path.absolute() for path in args.input or make_files(Path(folder), args.pages)]
            print(profile(inputs, args.output, args.preset, args.workers, lists), end="")
    except ProfileError as error:
        print(f"profile: {error}", file=sys.stderr)
        return 2
    print(f"written to {args.output}: flame.svg, stacks.raw, profile.txt")
    return 0


if __name__ == "__main__":
    sys.exit(main())
