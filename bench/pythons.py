"""Under each supported Python on PATH: the wheel with the lock's versions in a venv of its own, and a corpus by it.

    python -m bench.pythons

Builds the samples and takes the sha256 of their rows, but for `language_score`, whose last digit depends on the Python
(docs/explanation/guarantees.md). Fails where an installation or a build does, or where two Pythons differ. Each takes
about two minutes and downloads 250 MB.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from bench.outside import ROOT
from tests.wetfiles import SAMPLES
from tests.wheels import environment, wheel

PIN = re.compile(r"^([^ \n]+==[^\\\n]*)", re.MULTILINE)
DIGEST = """
import hashlib, sys
from pathlib import Path
import pyarrow.parquet as pq
told = hashlib.sha256()
for path in sorted(Path(sys.argv[1]).glob("en/*.parquet")):
    table = pq.read_table(path).drop_columns(["language_score"])
    told.update(f"{path.name} {table.to_pylist()}\\n".encode())
print(told.hexdigest())
"""


def supported() -> list[str]:
    """The names of the commands of the Pythons that pyproject.toml names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = (re.search(r":: (3\.\d+)$", name) for name in project["classifiers"])
    return [f"python{version[1]}" for version in found if version]


def starts(python: str) -> bool:
    """Whether there is such a command, and it is no stand-in for a Python that nobody has chosen."""
    return shutil.which(python) is not None and subprocess.run([python, "-c", ""], capture_output=True).returncode == 0


def built_by(python: str, package: Path, pins: Path) -> str:
    """The digest of the samples' corpus, built by the package under that Python. CalledProcessError where it fails."""
    with tempfile.TemporaryDirectory() as place:
        tools = Path(place, "venv", "bin")

        def run(*words: object) -> str:
            return subprocess.run(
                [*map(str, words)], cwd=place, env=environment(), check=True, stdout=subprocess.PIPE, text=True
            ).stdout

        run(python, "-m", "venv", "venv")
        quiet = ("--quiet", "--disable-pip-version-check")
        run(tools / "python", "-m", "pip", *quiet, "install", "--constraint", pins, package)
        run(tools / "c4pipe", "build", "--input", SAMPLES, "--output", "c4")
        return run(tools / "python", "-c", DIGEST, "c4").strip()


def main() -> int:
    digests = {}
    with tempfile.TemporaryDirectory() as folder:
        wheel(Path(folder))
        [package] = Path(folder).glob("*.whl")
        pins = Path(folder, "versions.txt")
        pins.write_text("\n".join(PIN.findall((ROOT / "requirements.lock").read_text(encoding="utf-8"))))
        for python in supported():
            if not starts(python):
                print(f"{python}: not on PATH")
                continue
            digests[python] = built_by(python, package, pins)
            print(f"{python}: {digests[python]}", flush=True)
    if not digests:
        print(f"none of {', '.join(supported())} is on PATH", file=sys.stderr)
    return 0 if len({*digests.values()}) == 1 else 1


if __name__ == "__main__":
    sys.exit(main())
