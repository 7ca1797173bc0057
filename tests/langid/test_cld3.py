"""CLD3 with a stand-in for gcld3 where that is not installed: the settings of mC4, and its answer passed on."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from c4pipe.errors import ConfigError
from c4pipe.langid import default_score, describe_identifier, load
from c4pipe.langid.base import Guess


class Found(NamedTuple):
    language: str
    is_reliable: bool
    probability: float


class Model:
    asked: list[str] = []

    def __init__(self, least: int, most: int) -> None:
        self.bounds = (least, most)

    def FindLanguage(self, text: str) -> Found:  # noqa: N802, the library's name
        text.encode()  # as the binding does: no lone surrogates
        self.asked.append(text)
        return Found("iw", "sure" in text, 1.0000001)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setitem(sys.modules, "gcld3", SimpleNamespace(NNetLanguageIdentifier=Model))
    return load("cld3")


def test_settings_of_mc4(made: Any) -> None:
    assert made._model.bounds == (100, 10_000)
    assert default_score("cld3") == 0.95


def test_answers(made: Any) -> None:
    assert made.guess("sure of it") == Guess("iw", 1.0)
    assert made.guess("in doubt") == Guess("und", 1.0)
    assert made.guess("12 \U0001f600") is None
    assert made.guess("sure \ud800") == Guess("iw", 1.0)


@pytest.mark.parametrize("installed", ["gcld3", "cld3-py"])
def test_the_manifest_names_whichever_is_installed(installed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def version(package: str) -> str:
        if package != installed:
            raise PackageNotFoundError(package)
        return "3.1.0"

    monkeypatch.setattr("c4pipe.langid.version", version)
    assert describe_identifier("cld3")["versions"] == {installed: "3.1.0"}


def test_its_languages_are_mc4s(made: Any) -> None:
    assert {"iw", "fil", "zh-Latn", "ru-Latn", "hr", "bs"} <= set(made.languages)


def test_without_gcld3_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gcld3", None)
    with pytest.raises(ConfigError, match=r"needs the package 'gcld3'.*: pip install cld3-py"):
        load("cld3")
