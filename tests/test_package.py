"""Facts stated in several places agree: versions, Pythons, extras, and paths."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from bench.outside import ROOT
from c4pipe import __version__
from c4pipe.cli.subcommands import SUBCOMMANDS
from c4pipe.flow.buckets import EXTRAS

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
GUIDES = {"CONTRIBUTING.md": 80, "AGENTS.md": 40}  # and their most lines


def test_the_newest_version_of_the_changelog_is_this_one() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## (.*)$", changelog, re.MULTILINE)
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d|\[Unreleased\]", version) for version in versions)
    assert re.findall(r"\[([\d.]+)\]", " ".join(versions))[0] == __version__
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert {*re.findall(r"^### (.*)$", changelog, re.MULTILINE)} <= kinds


def test_the_citation_is_of_this_version() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= {*cited}  # what the format asks for
    assert cited["cff-version"] == "1.2.0"
    assert cited["version"] == __version__
    assert cited["license"] == PROJECT["license"]
    (version, date) = re.findall(r"^## \[([\d.]+)\] - (\S+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[0]
    assert (cited["version"], cited["date-released"]) == (version, date)


def test_pythons_are_the_same_everywhere() -> None:
    known = [item.rpartition(" ")[2] for item in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", item)]
    assert known == ["3.11", "3.12", "3.13"]
    assert PROJECT["requires-python"] == ">=3.11,<3.14"
    assert "(3, 11) <= sys.version_info < (3, 14)" in MAKEFILE
    assert "needs Python 3.11, 3.12 or 3.13" in MAKEFILE


def test_the_plain_package_has_no_trainer_and_extras_that_are_named_are_there() -> None:
    extras = PROJECT["optional-dependencies"]
    plain = {re.split(r"[=<>~\[]", item)[0] for item in PROJECT["dependencies"]}
    assert not plain & {"torch", "sentencepiece", "safetensors", "tensorboard", "datasets", "transformers"}
    hinted = {
        extra
        for folder in ("c4pipe", "beam_jobs", "model")
        for path in (ROOT / folder).rglob("*.py")
        for extra in re.findall(r"c4pipe\[(\w+)\]", path.read_text(encoding="utf-8"))
    }
    named = {command.extra for command in SUBCOMMANDS.values()} | {extra for extra, _ in EXTRAS.values()} | hinted
    assert named - {""} <= {*extras}


@pytest.mark.parametrize("package", ["c4pipe", "beam_jobs", "model"])
def test_a_package_is_typed_for_others(package: str) -> None:
    assert (ROOT / package / "py.typed").read_bytes() == b""


@pytest.mark.parametrize("name", GUIDES)
def test_a_guide_is_short_and_names_what_is_there(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert text.count("\n") <= GUIDES[name]
    for target in re.findall(r"\bmake ([a-z][a-z-]+)", text):
        assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE), target
    places = re.findall(r"`((?:c4pipe|beam_jobs|model|tests|docs|data_samples|\.ci)/[\w./]*)`", text)
    places += [place for place in re.findall(r"\]\(([^)#]+)", text) if "://" not in place]
    assert len(places) > 5
    assert [place for place in places if not (ROOT / place).exists()] == []
    for section in re.findall(r"[Ss]ection \"([^\"]+)\"", text):
        assert any(
            f"## {section}\n" in Path(ROOT / rooms).read_text() for rooms in ("c4pipe/README.md", "model/README.md")
        )
