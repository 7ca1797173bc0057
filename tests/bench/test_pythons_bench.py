"""The check of every supported Python: which it asks for, and which of them are there."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from bench import pythons


def test_the_pythons_are_those_of_the_project() -> None:
    assert pythons.supported() == ["python3.11", "python3.12", "python3.13"]
    assert f"python3.{sys.version_info.minor}" in pythons.supported()


def test_a_command_that_only_says_how_to_get_a_python_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, line in (("python3.12", "echo python3.12: command not found; exit 127"), ("python3.13", "exit 0")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{line}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/nowhere")
    assert [pythons.starts(name) for name in pythons.supported()] == [False, False, True]


def test_without_any_nothing_is_proved(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(pythons, "wheel", lambda folder: (folder / "c4pipe-1-py3-none-any.whl").touch())
    monkeypatch.setenv("PATH", str(tmp_path))
    assert pythons.main() == 1
    said = capsys.readouterr()
    assert said.out == "python3.11: not on PATH\npython3.12: not on PATH\npython3.13: not on PATH\n"
    assert said.err == "none of python3.11, python3.12, python3.13 is on PATH\n"


@pytest.mark.parametrize(("digests", "code"), [(["a", "a", "a"], 0), (["a", "b", "a"], 1)])
def test_two_that_differ_fail(monkeypatch: pytest.MonkeyPatch, digests: list[str], code: int) -> None:
    monkeypatch.setattr(pythons, "wheel", lambda folder: (folder / "c4pipe-1-py3-none-any.whl").touch())
    monkeypatch.setattr(pythons, "starts", lambda python: True)
    pins = []

    def built_by(python: str, package: Path, listed: Path) -> str:
        pins.append(listed.read_text(encoding="utf-8"))
        return digests.pop()

    monkeypatch.setattr(pythons, "built_by", built_by)
    assert pythons.main() == code
    assert pins[0].splitlines()[0].startswith("absl-py==")
    assert 'google-apitools==0.5.31 ; python_version < "3.13"' in pins[0]
