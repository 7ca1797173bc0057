"""The study of closed-book questions: whether training on names and dates helps."""

from __future__ import annotations

from model.salient import ALL_SPANS, SALIENT
from model.study.base import Arm, ArmRuns, Study
from model.study.planned import PathIn, PlannedRun
from model.study.pretraining import tuned
from model.study.setting import Changes, Setting

LONGER = 4  # multiple of the pre-training steps, so that a fact of the sample pages is read about ten times


def _further(setting: Setting, label: str, seed: int, changes: Changes) -> PlannedRun:
    """Continues the pre-training from its last checkpoint, at the fine-tuning rate."""
    start, steps = setting.pretrain("baseline", seed), LONGER * setting.steps
    rate = setting.scale.fine.get("--lr", ("0.001",))
    options: Changes = {
        "--init-from": (PathIn(start, f"checkpoints/step-{setting.steps:08d}"),),
        "--model": None,
        "--tokenizer": None,
        "--schedule": "constant",
        "--lr": rate,
        "--steps": steps,
        "--eval-every": steps,
    }
    return setting.pretrain(label, seed, {**options, **changes})


def _closed_book(_: Setting) -> tuple[Arm, ...]:
    def none(setting: Setting, seed: int) -> ArmRuns:
        return tuned(setting, "none", seed, setting.pretrain("baseline", seed))

    def further(name: str, difference: str, changes: Changes) -> Arm:
        def runs(setting: Setting, seed: int) -> ArmRuns:
            return ArmRuns(None, tuned(setting, name, seed, _further(setting, name, seed, changes)).tasks)

        return Arm(name, difference, runs)

    return (
        Arm("none", "only pre-training", none),
        further(
            "control",
            f"{LONGER} times as long again, on random spans of the sentences with a salient span",
            {"--objective": "span", "--spans": ALL_SPANS},
        ),
        further("salient", "the same, each salient span masked once", {"--objective": SALIENT, "--spans": ALL_SPANS}),
    )


CLOSED_BOOK_STUDY = Study(
    name="closed_book",
    question="Does a model know more if it has first practised restoring names, dates and numbers?",
    page="""\
For each seed, one pre-training continues in three ways: not at all; on the sentences of its corpus that have a salient
span, with random spans masked (the control); or on the same sentences with one salient span masked at a time. Each is
fine-tuned on questions without a passage and scored by exact match. The paper reports gains from salient spans.

At tiny size: the sample questions are sentences of the sample pages with one word asked for, so salient training has
seen every answer in its sentence about ten times. That arm should win by far more than the noise, because it has
memorised the answers, in nearly the words of the questions. This shows that the parts work together; it says nothing
about a model that has read an encyclopedia.""",
    arms=_closed_book,
    tasks=("nq_open",),
)
