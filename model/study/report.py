"""`table.md`: means and spreads of all arms, significant differences, the paper's order next to ours."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from c4pipe.text import many
from model.study.base import Arm, Study
from model.study.gathering import OF_TEXT, Result, Samples, compared, samples_of
from model.study.noise import LEVEL, Difference, SeedSpread, arm_differences, smallest_step
from model.study.order import PaperOrder, orders
from model.study.paper import COLUMN_OF_TASK


class StudyFacts(NamedTuple):
    """The content of a report's header."""

    model: str
    steps: int
    fine_steps: int
    seeds: int
    corpora: str
    command: str
    verdicts: Sequence[str] = ()  # on its corpora by test text, one line each


def report(
    study: Study, arms: Sequence[Arm], results: Sequence[Result], missing: Sequence[str], facts: StudyFacts
) -> str:
    """The whole text; `missing` lists missing seeds of arms, in words."""
    samples = compared(samples_of(results), study)
    baseline = arms[0].name
    least = {
        key: max(smallest_step(row.examples) for row in results if (row.task, row.metric) == key)
        for key in samples
        if key[0] != OF_TEXT
    }
    found = arm_differences(samples, least, baseline)
    means = {
        task: {arm: SeedSpread.of(values.values()).mean for arm, values in by_arm.items() if values}
        for (task, _), by_arm in samples.items()
        if task != OF_TEXT
    }
    parts = [
        [f"# {study.name}", "", study.question, "", *_head(facts), ""],
        [*_table(study, arms, samples, found), ""],
        [f"Missing, for their runs are not done: {', '.join(missing)}.", ""] if missing else [],
        [*_verdicts(found, baseline, facts.seeds), ""],
        [*_by_text(facts.verdicts), ""] if facts.verdicts else [],
        [*_paper(study, orders(means, found, study.paper_table, baseline)), ""],
        ["## About this study", "", study.page, "", "Made by", "", f"    {facts.command}"],
    ]
    return "\n".join(line for part in parts for line in part) + "\n"


def _head(facts: StudyFacts) -> Iterator[str]:
    size = "tiny" if facts.model == "tiny" else facts.model
    yield (
        f"These numbers are samples of a model of size {size}: {facts.steps:,} steps of pre-training on "
        f"{facts.corpora}, {facts.fine_steps:,} of fine-tuning, {many(facts.seeds, 'seed')}."
    )
    if size == "tiny":
        yield "They show how this code behaves, and say nothing about models of useful size."
    yield (
        "A score is that of the best checkpoint on the validation examples, which also select it, as in the paper's "
        "ablations. Mean ± standard deviation over seeds."
    )


def _table(study: Study, arms: Sequence[Arm], samples: Samples, found: Sequence[Difference]) -> Iterator[str]:
    columns = [*samples]
    paper = study.paper_table
    beside = [*dict.fromkeys(COLUMN_OF_TASK.get(task.partition("/")[0], "") for task, _ in columns)]
    beside = [name for name in beside if name and paper.column(name)]
    heads = ["arm", "what is different", *(f"{task} {metric}" for task, metric in columns)]
    heads += [f"paper: {name}" for name in beside]
    yield f"| {' | '.join(heads)} |"
    yield f"|{' --- |' * len(heads)}"
    marks = {(one.task, one.metric, one.arm): one for one in found if one.real}
    for place, arm in enumerate(arms):
        told = arm.difference if place else ": ".join(filter(None, ("the baseline", arm.difference)))
        cells = [arm.name, told]
        for task, metric in columns:
            spread = SeedSpread.of(samples[task, metric].get(arm.name, {}).values())
            mark = marks.get((task, metric, arm.name))
            cells.append(shown_spread(spread) + (f" ({'higher' if mark.value > 0 else 'lower'})" if mark else ""))
        cells += [_figure(paper.column(name).get(arm.name)) for name in beside]
        yield f"| {' | '.join(cells)} |"


def shown_spread(spread: SeedSpread) -> str:
    """A mean with its spread, and the number of seeds if it is not the usual one.

    >>> [shown_spread(SeedSpread.of(values)) for values in ((80, 82.5, 81), (4.5,), ())]
    ['81.2 ± 1.3', '4.500', 'none']
    """
    if not spread.size:
        return "none"
    digits = 1 if abs(spread.mean) >= 10 else 3
    if math.isnan(spread.deviation):
        return f"{spread.mean:.{digits}f}"
    return f"{spread.mean:.{digits}f} ± {spread.deviation:.{digits}f}"


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _verdicts(found: Sequence[Difference], baseline: str, seeds: int) -> Iterator[str]:
    yield "## Larger than the noise?"
    yield ""
    if seeds < 2:
        yield "With one seed there is no spread, so differences cannot be distinguished from chance."
        return
    yield (
        f"Rule: Welch's t-test of an arm's seeds against those of {baseline}, two-sided, at {LEVEL:.0%} over all "
        f"{len(found)} comparisons together (Holm). A spread below the rounding of a score is raised to it. The noise "
        "is that of seeds; the examples are the same in all arms."
    )
    if seeds < 3:
        yield "Two seeds hardly give a spread: use three or more."
    yield ""
    real = [one for one in found if one.real]
    for one in real:
        yield f"* {one.arm}: {one.task} {one.metric} {one.value:+.3g} (p = {one.probability:.2g})"
    if not real:
        yield f"No arm differs from {baseline} by more than the noise."
    elif len(real) < len(found):
        yield f"* The other {len(found) - len(real)} differences are within the noise."


def _by_text(verdicts: Sequence[str]) -> Iterator[str]:
    yield "## By test text"
    yield ""
    yield "What `python -m c4pipe.compare` found for these corpora, without the tasks."
    yield ""
    for line in verdicts:
        yield f"* {line}"


def _paper(study: Study, found: Sequence[PaperOrder]) -> Iterator[str]:
    yield "## The paper's order"
    yield ""
    if not study.paper_table.figures:
        yield f"Table {study.paper_table.number} has whole benchmarks, and nothing comparable to this."
        return
    yield (
        f"Raffel et al. 2020, table {study.paper_table.number}; figures other than those of tables 9 and 10 "
        f"are from memory."
    )
    yield ""
    for one in found:
        yield f"* {one.task}, compared with {one.column}"
        yield f"  * paper: {' > '.join(one.paper)}"
        yield f"  * here: {' > '.join(one.ours)}"
        for arms, words in (
            (one.same, "as in the paper, and larger than the noise"),
            (one.otherwise, "unlike the paper, and larger than the noise"),
            (one.unsure, "within the noise here, where the paper has a difference from the baseline"),
        ):
            if arms:
                yield f"  * {words}: {', '.join(arms)}"
    if not found:
        yield "No task or no arm of this study is in the paper's table."


def missing_seeds(wanted: Iterable[tuple[str, int]], there: Collection[tuple[str, int]]) -> list[str]:
    """Arms and seeds that are incomplete, in words.

    >>> missing_seeds([("all", 0), ("all", 1)], {("all", 1)})
    ['all seed 0']
    """
    return [f"{arm} seed {seed}" for arm, seed in wanted if (arm, seed) not in there]
