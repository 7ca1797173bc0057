"""Identifiers by name: what is loaded when, and what a person is told when it cannot be."""

from __future__ import annotations

import subprocess
import sys

import pytest

import c4pipe.langid
from c4pipe.errors import ConfigError
from c4pipe.langid import IDENTIFIERS, Guess, load


@pytest.mark.parametrize("name", IDENTIFIERS)
def test_every_identifier_loads_and_guesses(name: str) -> None:
    made = load(name)
    assert made.name == name
    guess = made.guess("This is a page of plain English text, long enough for anyone to tell its language.")
    assert isinstance(guess, Guess)
    assert guess.language == "en"
    assert 0.9 < guess.score <= 1.0
    assert made.guess("") is None


def test_unknown_name_prints_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"unknown language identifier 'langdetct'. Did you mean 'langdetect'\?"):
        load("langdetct")


def test_an_absent_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "c4pipe.langid.langdetect", raising=False)
    monkeypatch.delitem(sys.modules, "c4pipe.langid.langdetect_text", raising=False)
    monkeypatch.setitem(sys.modules, "langdetect.detector", None)  # importing it raises ModuleNotFoundError
    with pytest.raises(ConfigError, match=r"needs the package 'langdetect'.*pip install langdetect"):
        load("langdetect")


def test_a_missing_module_of_ours_is_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(c4pipe.langid.IDENTIFIERS, "gone", "c4pipe.langid.gone:Gone")
    with pytest.raises(ModuleNotFoundError, match=r"c4pipe\.langid\.gone"):
        load("gone")


def test_importing_the_package_imports_no_library() -> None:
    code = "import c4pipe.langid, sys; print(sorted({'langdetect', 'numba', 'numpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
