"""Copies of corpora that are published, and the command that does it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from c4pipe.card.__main__ import main
from tests.conftest import Build, Once
from tests.wetfiles import SAMPLES

Card = Callable[..., tuple[int, str]]
DATE = ("--date", "2026-11-29")


@pytest.fixture
def card(capsys: pytest.CaptureFixture[str]) -> Card:
    """`card(folder, "--summary")`: the exit code of the command, and what it said."""

    def call(*arguments: object) -> tuple[int, str]:
        capsys.readouterr()  # what a build has said
        code = main([*map(str, arguments)])
        out, error = capsys.readouterr()
        return code, out + error

    return call


@pytest.fixture(scope="session")
def published(built: Build, once: Once) -> Callable[..., Path]:
    """`published("--preset", "multilingual")`: data_samples built so and published. The folder is shared: leave it."""

    def make(*options: str) -> Path:
        def publish(folder: Path) -> None:
            shutil.copytree(built(SAMPLES, *options), folder)
            assert main([str(folder), "--summary", *DATE]) == 0

        return once(f"published {options}", publish)

    return make


@pytest.fixture
def copy(built: Build, tmp_path: Path) -> Path:
    """A corpus of a test's own."""
    return shutil.copytree(built(SAMPLES), tmp_path / "c4")
