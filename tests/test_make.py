"""`make` says what it does while pip says nothing. A script stands in for Python."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from bench.outside import ROOT

# Makes the folder of a venv, and takes everything else that is asked of it.
PYTHON = """#!/bin/sh
[ "$2" = venv ] && mkdir -p "$3/bin" && cp "$0" "$3/bin/python"
exit 0
"""


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("build-c4", ["Setting up .venv: about a minute, this once."]),
        ("test", ["Setting up .venv: about a minute, this once."]),
        ("bench/.venv-docs/ready", ["Setting up bench/.venv-docs: a minute or two, this once."]),
        (
            "bench/.venv-html/ready",
            [
                "Setting up .venv: about a minute, this once.",
                "Setting up bench/.venv-html: a minute or two, this once.",
            ],
        ),
    ],
)
def test_a_first_call_says_what_takes_so_long(tmp_path: Path, target: str, said: list[str]) -> None:
    if shutil.which("make") is None:
        pytest.skip("needs make")
    (tmp_path / "bench").mkdir()
    names = ("Makefile", "requirements.lock", "requirements-cpu.lock", "pyproject.toml")
    for path in (*map(Path, names), *(ROOT / "bench").glob("requirements-*.txt")):
        shutil.copy(ROOT / path, tmp_path / path.relative_to(ROOT) if path.is_absolute() else tmp_path)
    (tmp_path / "python").write_text(PYTHON)
    (tmp_path / "python").chmod(0o755)

    def lines() -> list[str]:
        call = ["make", target, f"PYTHON={tmp_path / 'python'}", "CORES=1"]
        done = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, check=True)
        return done.stderr.splitlines()

    assert lines() == said
    assert lines() == []  # it is there by now
