"""The three files that a study writes from its finished runs: results.csv, table.md, picture.svg."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from c4pipe.text import many
from model.disk import put
from model.study.base import Arm, ArmRuns, Study
from model.study.gathering import Result, compared, curves_of, results_csv, samples_of, task_results, text_results
from model.study.picture import draw_arms, draw_curves
from model.study.report import StudyFacts, missing_seeds, report
from model.study.setting import Setting

STUDY_RESULTS, STUDY_TABLE, STUDY_PICTURE = "results.csv", "table.md", "picture.svg"


class StudyAtHand(NamedTuple):
    """A study with everything from its command line."""

    study: Study
    setting: Setting
    arms: Sequence[Arm]
    seeds: int
    planned: Mapping[tuple[str, int], ArmRuns]  # by arm and seed
    command: str
    verdicts: Sequence[str] = ()  # on its corpora


def write_outcome(out: Path, hand: StudyAtHand, done: Collection[str], runs: Path) -> None:
    """Writes the files from the runs named in `done`; missing seeds of arms are listed."""
    results: list[Result] = []
    for (arm, seed), found in hand.planned.items():
        for run in found.tasks:
            if run.name in done:
                results += task_results(hand.study.name, arm, seed, run, runs)
        if found.text and found.text.name in done:
            results += text_results(hand.study.name, arm, seed, found.text, runs)
    scale = hand.setting.scale
    corpora = ", ".join(f"{name} ({path})" for name, path in hand.setting.corpora.items())
    facts = StudyFacts(
        scale.model, hand.setting.steps, hand.setting.fine_steps, hand.seeds, corpora, hand.command, hand.verdicts
    )
    whole = {key for key, found in hand.planned.items() if all(run.name in done for run in found)}
    missing = missing_seeds(hand.planned, whole)
    put(out / STUDY_RESULTS, results_csv(results))
    put(out / STUDY_TABLE, report(hand.study, hand.arms, results, missing, facts).encode())
    title = f"{hand.study.name}: {hand.study.question} ({scale.model}, {many(hand.seeds, 'seed')})"
    put(out / STUDY_PICTURE, _picture(hand, results, done, runs, title))


def _picture(hand: StudyAtHand, results: Sequence[Result], done: Collection[str], runs: Path, title: str) -> bytes:
    if not hand.study.curves:
        return draw_arms(compared(samples_of(results), hand.study), [arm.name for arm in hand.arms], title)
    curves = {}
    for arm in hand.arms:
        texts = [hand.planned[arm.name, seed].text for seed in range(hand.seeds)]
        curves[arm.name] = curves_of([run for run in texts if run and run.name in done], runs)
    return draw_curves(curves, title)
