"""The studies of closed-book questions and of languages: what they plan, and that the trainer takes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from model.study.closed_book import CLOSED_BOOK_STUDY
from model.study.gathering import compared
from model.study.languages import LANGUAGES
from model.study.opening import check_runs, open_setting
from model.study.planned import PlannedRun, with_needs
from model.study.setting import TINY_STUDY
from tests.model.training import write_stories

SAMPLES = Path(__file__).parents[3] / "data_samples/tasks"


def planned(tmp_path: Path, study: Any) -> dict[str, tuple[PlannedRun, ...]]:
    """The runs of each arm whose scores count, for seed 0; each is one that its command takes."""
    words = [f"{name}={SAMPLES / name}" for name in study.tasks]
    setting = open_setting(study, TINY_STUDY, [f"en={write_stories(tmp_path / 'c4')}"], words, 10)
    found = {arm.name: arm.runs(setting, 0).tasks for arm in study.arms(setting)}
    check_runs(with_needs(run for runs in found.values() for run in runs))
    return found


def test_closed_book_goes_on_from_one_pretraining_in_two_ways(tmp_path: Path) -> None:
    found = planned(tmp_path, CLOSED_BOOK_STUDY)
    assert [*found] == ["none", "control", "salient"]
    starts = {name: runs[0].needs[0] for name, runs in found.items()}
    before = {name: dict(run.options) for name, run in starts.items()}
    assert (before["control"]["--objective"], before["salient"]["--objective"]) == (("span",), ("salient",))
    assert before["control"]["--spans"] == before["salient"]["--spans"] == ("dates+numbers+names",)
    for name in ("control", "salient"):
        assert starts[name].needs == (starts["none"],)
        assert [str(word) for word in before[name]["--init-from"]] == [
            f"{starts['none'].name}/checkpoints/step-00000010"
        ]
        assert before[name]["--steps"] == ("40",)


def test_languages_are_trained_on_or_only_scored(tmp_path: Path) -> None:
    found = planned(tmp_path, LANGUAGES)
    tuned = {name: [dict(need.options) for score in scores for need in score.needs] for name, scores in found.items()}
    languages = {
        name: [[word.partition("=")[0] for word in options["--tasks"]] for options in several]
        for name, several in tuned.items()
    }
    every = ["xquad/en", "xquad/de", "xquad/ru"]
    assert languages == {
        "zero-shot": [every[:1]],
        "zero-shot-cured": [every[:1]],
        "translate-train": [every],
        "in-language": [[name] for name in every],
    }
    assert len(tuned["zero-shot"][0]["--evaluate"]) == 2
    cured = tuned["zero-shot-cured"][0]
    assert cured["--unsupervised"][0].endswith("c4=0.01")
    assert (cured["--objective"], cured["--alpha"], cured["--mixture"]) == (("span-bare",), ("0.1",), ("equal",))
    assert all(run.command == "score" for runs in found.values() for run in runs)
    # Zero-shot runs read the files of the languages that they are scored on.
    assert len(found["zero-shot"][0].needs[0].files) == 3


def test_illegal_answers_are_compared_beside_the_first_metric() -> None:
    samples = {("xquad/de", name): {"zero-shot": {0: 1.0}} for name in ("em", "f1", "empty", "not_in_context")}
    assert [metric for _, metric in compared(samples, LANGUAGES)] == ["em", "not_in_context"]


@pytest.mark.parametrize("study", [CLOSED_BOOK_STUDY, LANGUAGES], ids=lambda study: study.name)
def test_a_table_without_figures_has_no_order(study: Any) -> None:
    assert study.paper_table.column("GLUE") == {}
