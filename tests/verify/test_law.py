"""The law of damaged corpora: a file that is not what was written is named, and no answer is another one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.soak_corpus import soak
from tests.conftest import Build, Once
from tests.wetfiles import SAMPLES


@pytest.fixture(scope="module")
def corpora(built: Build, once: Once) -> Callable[[str], Path]:
    def find(name: str) -> Path:
        if name == "english":
            return built(SAMPLES)
        from beam_jobs import rebalance

        languages = built(SAMPLES, "--preset", "multilingual")
        given = ["--corpus", str(languages), "--workers", "1"]
        return once("mixture of the languages", lambda folder: rebalance.main([*given, "--output", str(folder)]))

    return find


@pytest.mark.parametrize(
    ("name", "ways"), [("english", ["json", "sql"]), ("english", ["html", "reason"]), ("mixture", ["against", "url"])]
)
def test_whatever_is_damaged_is_named_and_no_answer_changes(
    corpora: Callable[[str], Path], name: str, ways: list[str]
) -> None:
    done, faults = soak(corpora(name), 8, seed=len(ways[0]), names=ways)
    assert done.total() == 8
    assert faults == []
