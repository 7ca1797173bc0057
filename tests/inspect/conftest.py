"""Corpora to look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from c4pipe.facts.corpus import Corpus, open_corpus
from tests.conftest import Build, Once
from tests.inspect import crawls

SAMPLES = Path(__file__).parents[2] / "data_samples"


@pytest.fixture(scope="session")
def samples(built: Build) -> Corpus:
    """data_samples as English C4, with the default sample of rejected pages."""
    return open_corpus(built(SAMPLES))


@pytest.fixture(scope="session")
def languages(built: Build) -> Corpus:
    """data_samples in all their languages."""
    return open_corpus(built(SAMPLES, "--preset", "multilingual"))


@pytest.fixture(scope="session")
def first_crawl(built: Build, once: Once) -> Corpus:
    """The first of two crawls, without near duplicates."""
    source = once("first crawl", lambda folder: crawls.write(folder, crawls.FIRST))
    return open_corpus(built(source, "--preset", "en.near", "--rejected", "all"))


@pytest.fixture(scope="session")
def second_crawl(built: Build, once: Once, first_crawl: Corpus) -> Corpus:
    """The second of them, built against the first."""
    source = once("second crawl", lambda folder: crawls.write(folder, crawls.SECOND))
    options = ("--preset", "en.near", "--rejected", "all", "--against", str(first_crawl.folder))
    return open_corpus(built(source, *options))
