"""The files of a checkout in the image of a Dataflow worker: those it installs, and downloaded assets."""

import re
import tomllib
from pathlib import PurePosixPath

import pytest

from bench.outside import ROOT

RULES = [line for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = [pattern.rstrip("*") for pattern in PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]]


def let_in(path: str) -> bool:
    """Whether Docker copies it: the last rule that fits the path or a folder above decides."""
    places = [place.as_posix() for place in (PurePosixPath(path), *PurePosixPath(path).parents)]
    allowed = True
    for rule in RULES:
        pattern = re.escape(rule.removeprefix("!")).replace(r"\*\*/", "(.*/)?").replace(r"\*", "[^/]*")
        if any(re.fullmatch(pattern, place) for place in places):
            allowed = rule.startswith("!")
    return allowed


def ignored_by_git() -> list[str]:
    """A file in each thing that .gitignore names; of what may lie anywhere, also one within a package."""
    found = []
    for line in (ROOT / ".gitignore").read_text(encoding="utf-8").split():
        name = line.strip("/").replace("*", "some")
        found += [f"{name}/file"] if "/" in line.rstrip("/") else [f"{name}/file", f"c4pipe/{name}/file"]
    return found


@pytest.mark.parametrize("path", [path for path in ignored_by_git() if path != "assets/file"])
def test_nothing_that_git_ignores_goes_into_the_image(path):
    assert not let_in(path)


@pytest.mark.parametrize(
    "path", [".git/config", "bench/parity.py", "tests/conftest.py", "data_samples/urls.txt", "a.log"]
)
def test_nor_what_no_worker_needs(path):
    assert not let_in(path)


@pytest.mark.parametrize(
    "path",
    [
        "pyproject.toml",
        "requirements.lock",
        "LICENSE",
        "NOTICE",
        "assets/nltk_data/x",
        *(f"{p}/x.py" for p in PACKAGES),
    ],
)
def test_what_is_installed_and_what_was_fetched_does(path):
    assert let_in(path)


def test_every_package_is_there():
    assert {*PACKAGES} >= {"c4pipe", "beam_jobs", "model"}
