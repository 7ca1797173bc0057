"""Studies of what follows or replaces pre-training: methods, mixtures, the order of phases, and scaling."""

from __future__ import annotations

from model.study.base import Arm, ArmRuns, Study
from model.study.planned import PlannedRun
from model.study.pretraining import pretrained, tuned
from model.study.setting import AS_IT_IS, Changes, Larger, Setting

MEMBERS = 4  # members of an ensemble


def _fine(name: str, difference: str, changes: Changes = AS_IT_IS) -> Arm:
    """An arm that differs in its fine-tuning; all arms share one pre-training."""

    def runs(setting: Setting, seed: int) -> ArmRuns:
        return tuned(setting, name, seed, setting.pretrain("baseline", seed), changes)

    return Arm(name, difference, runs)


def _methods(setting: Setting) -> tuple[Arm, ...]:
    adapters = (
        _fine(
            f"adapters-{width}",
            f"adapters of {width} and norms",
            {"--method": "adapters", "--adapter-width": width},
        )
        for width in setting.scale.widths
    )
    gradual = _fine("gradual", "layer by layer from the top", {"--method": "gradual"})
    return (_fine("all", "all weights are trained"), *adapters, gradual)


METHODS_STUDY = Study(
    name="methods",
    question="Must all weights be fine-tuned?",
    page="""\
For each seed, one pre-training is fine-tuned in several ways: all weights; only adapters of several widths and norms;
layer by layer from the top. The paper finds that narrow adapters suffice for small tasks and that large tasks need wide
ones.

At tiny size: adapters change a small part of what a barely trained model computes. With half of the steps, those of
width 8 wrote no label at all in three seeds, while all weights had 69 ± 21 %; with so large a spread this is no proof.
Gradual unfreezing of three layers trains nearly all weights for most of the time, and cannot be distinguished from
training all.""",
    arms=_methods,
)


def _separate(name: str, difference: str) -> Arm:
    def runs(setting: Setting, seed: int) -> ArmRuns:
        return ArmRuns(None, tuned(setting, "baseline", seed, setting.pretrain("baseline", seed)).tasks)

    return Arm(name, difference, runs)


def _mixed(name: str, difference: str, rate: float, changes: Changes) -> Arm:
    def runs(setting: Setting, seed: int) -> ArmRuns:
        return ArmRuns(None, (setting.together(name, seed, tuple(setting.tasks), rate, changes),))

    return Arm(name, difference, runs)


def _mixing(setting: Setting) -> tuple[Arm, ...]:
    limits, most = setting.scale.limits, setting.scale.limits[-1]
    return (
        _separate("separate", "pre-training, then a fine-tuning of each task"),
        _mixed("equal", "all at once, equally", 1, {"--mixture": "equal"}),
        *(
            _mixed(f"limit-{limit}", f"by examples up to {limit:,}", limit, {"--mixture": "examples", "--limit": limit})
            for limit in limits
        ),
        *(
            _mixed(
                f"temperature-{t}",
                f"temperature {t}, up to {most:,} examples",
                most ** (1 / t),
                {"--mixture": "temperature", "--temperature": t, "--limit": most},
            )
            for t in (2, 4, 8)
        ),
    )


MIXING_STUDY = Study(
    name="mixing",
    question="In which proportions should tasks and text be mixed?",
    page="""\
For each seed, one model learns all tasks and denoises text at the same time, from new weights, with the combined steps
of pre-training and fine-tuning; each task is scored at its best checkpoint. Text counts as a task with as many examples
as the limit allows. The baseline is pre-training, then fine-tuning on each task.

At tiny size: the sample tasks have 200 examples each, so limits and temperatures change only the share of the text, not
the balance of the tasks. To study that, give tasks of different sizes in `--tasks`.""",
    arms=_mixing,
    shorter=(2, 1),
    tasks=("sst2", "superglue_rte"),
)


def _combining(setting: Setting) -> tuple[Arm, ...]:
    limit = setting.scale.limit
    shares: Changes = {"--mixture": "examples", "--limit": limit}

    def multi(setting: Setting, seed: int, words: tuple[str, ...], rate: float | None = limit) -> PlannedRun:
        names = "multi" if rate else "supervised"
        return setting.together(names, seed, words, rate, {**shares, "--steps": setting.steps})

    def once(setting: Setting, seed: int) -> ArmRuns:
        return ArmRuns(None, (setting.together("multi-task", seed, tuple(setting.tasks), limit, shares),))

    def then(setting: Setting, seed: int) -> ArmRuns:
        return ArmRuns(None, tuned(setting, "multi", seed, multi(setting, seed, tuple(setting.tasks))).tasks)

    def left_out(setting: Setting, seed: int) -> ArmRuns:
        found = []
        for word in setting.tasks:
            others = tuple(other for other in setting.tasks if other != word)
            found.append(setting.finetune("left-out", seed, multi(setting, seed, others), (word,)))
        return ArmRuns(None, tuple(found))

    def supervised(setting: Setting, seed: int) -> ArmRuns:
        start = multi(setting, seed, tuple(setting.tasks), None)
        return ArmRuns(None, tuned(setting, "supervised", seed, start).tasks)

    arms = [
        _separate("unsupervised", "pre-training on text, then fine-tuning"),
        Arm("multi-task", "tasks and text at once, no fine-tuning", once),
        Arm("multi-task-tuned", "tasks and text at once, then fine-tuning", then),
    ]
    if len(setting.tasks) > 1:
        arms.append(Arm("leave-one-out", "the other tasks and text at once, then fine-tuning", left_out))
    return (*arms, Arm("supervised", "tasks at once without text, then fine-tuning", supervised))


COMBINING_STUDY = Study(
    name="combining",
    question="Does pre-training need tasks, and does fine-tuning need pre-training on text?",
    page="""\
Five orders of phases: text first, then each task; all at once and nothing after it; all at once, then each task; the
same with that task left out of the first phase; tasks at once without text, then each task.

At tiny size: a task in the first phase is trained longer, which outweighs everything else on the samples. Arms with
tasks in both phases should win by more than the noise, which says nothing about pre-training.""",
    arms=_combining,
    tasks=("sst2", "superglue_rte"),
)


def _scaling(setting: Setting) -> tuple[Arm, ...]:
    scale = setting.scale
    two, four = scale.larger

    def larger(size: Larger) -> Changes:
        return {"--model": size.model, "--layers": size.layers}

    def member(setting: Setting, number: int) -> tuple[PlannedRun, ...]:
        return tuned(setting, "baseline", number, setting.pretrain("baseline", number)).tasks

    def first(seed: int) -> int:
        return seed * MEMBERS  # ensembles of different seeds share no member

    def base(setting: Setting, seed: int) -> ArmRuns:
        return ArmRuns(None, member(setting, first(seed)))

    def ensemble(setting: Setting, seed: int) -> ArmRuns:
        members = [member(setting, first(seed) + place) for place in range(MEMBERS)]
        return _averaged(setting, "ensemble", seed, members)

    def retuned(setting: Setting, seed: int) -> ArmRuns:
        start = setting.pretrain("baseline", first(seed))
        members = [tuned(setting, "baseline", first(seed) + place, start).tasks for place in range(MEMBERS)]
        return _averaged(setting, "ensemble-tuned", seed, members)

    return (
        Arm("baseline", "", base),
        pretrained("steps-4", "4 times the steps", {"--steps": 4 * setting.steps, "--eval-every": 4 * setting.steps}),
        pretrained("batch-4", "4 times the batch", {"--batch": 4 * scale.batch}),
        pretrained(
            "size-2-steps-2",
            f"{two.model} of {two.layers} layers, twice the steps",
            {**larger(two), "--steps": 2 * setting.steps, "--eval-every": 2 * setting.steps},
        ),
        pretrained("size-4", f"{four.model} of {four.layers} layers", larger(four)),
        Arm("ensemble", "4 pre-trained and fine-tuned, logits averaged", ensemble),
        Arm("ensemble-tuned", "4 fine-tunings of one pre-training, logits averaged", retuned),
    )


def _averaged(setting: Setting, label: str, seed: int, members: list[tuple[PlannedRun, ...]]) -> ArmRuns:
    by_task = zip(setting.tasks, zip(*members, strict=True), strict=True)
    return ArmRuns(None, tuple(setting.ensemble(label, seed, runs, word) for word, runs in by_task))


SCALING_STUDY = Study(
    name="scaling",
    question="How should four times the compute be used?",
    page="""\
Four times the steps of pre-training, four times the batch, a larger model, or four models with averaged logits: each
costs about four times the baseline. The members of an ensemble differ in all their seeds, or only in those of the
fine-tuning; no two seeds of the study share a member.

At tiny size: everything is half as long as in other studies, because the ensembles alone take twelve models. Ensembles
average out chance, so their spread should be smaller; that larger is better will not be visible.""",
    arms=_scaling,
    shorter=(2, 2),
)

FINETUNING = (METHODS_STUDY, MIXING_STUDY, COMBINING_STUDY, SCALING_STUDY)
