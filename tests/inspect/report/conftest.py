"""Reports of the corpora that tests look at, written once a session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from c4pipe.facts.corpus import Corpus, open_corpus
from tests.conftest import Once
from tests.inspect.report.written import report_of


@pytest.fixture(scope="session")
def mixture(languages: Corpus, once: Once) -> Corpus:
    """The languages of data_samples, rebalanced."""
    from beam_jobs import rebalance

    def mix(folder: Path) -> None:
        assert rebalance.main(["--corpus", str(languages.folder), "--output", str(folder), "--workers", "1"]) == 0

    return open_corpus(once("mixture of the languages", mix))


@pytest.fixture(scope="session")
def reported(
    samples: Corpus, languages: Corpus, mixture: Corpus, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], tuple[Corpus, str]]:
    """`reported("samples")`: the corpus of that name and its report."""
    corpora = {"samples": samples, "languages": languages, "mixture": mixture}
    done: dict[str, str] = {}

    def report(name: str) -> tuple[Corpus, str]:
        if name not in done:
            done[name] = report_of(corpora[name], tmp_path_factory.mktemp(name))
        return corpora[name], done[name]

    return report


@pytest.fixture(scope="session")
def file_of(
    reported: Callable[[str], tuple[Corpus, str]], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """The report of that name as a file."""

    def write(name: str) -> Path:
        path = tmp_path_factory.getbasetemp() / f"{name}.html"
        path.write_text(reported(name)[1], encoding="utf-8")
        return path

    return write
