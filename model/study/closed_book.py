"""The study of closed-book questions: does it help to be asked for names and dates before?"""

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
        Arm("none", "pre-training alone", none),
        further(
            "control",
            f"{LONGER} times as long again, on random spans of the sentences with a salient span",
            {"--objective": "span", "--spans": ALL_SPANS},
        ),
        further("salient", "the same, each salient span masked once", {"--objective": SALIENT, "--spans": ALL_SPANS}),
    )


CLOSED_BOOK_STUDY = Study(
    name="closed_book",
    question="Does a model know more that was asked for names, dates and numbers before?",
    page="""\
One pre-training a seed goes on in three ways: not at all; on the sentences of its corpus that have a salient span,
random spans of them masked, which is the control; on the same sentences, a salient span masked at a time. Each is
fine-tuned on questions without a passage and scored by exact match. The paper reports gains by salient spans.

At tiny size: the sample questions are sentences of the sample pages with a word asked for, so that salient steps have
seen every answer in its sentence some ten times. That arm should win by far more than the noise: it has learned the
answers by heart, in nearly the words of the questions. It shows that the parts work together, and nothing about what
a model that has read an encyclopedia knows.""",
    arms=_closed_book,
    tasks=("nq_open",),
)
