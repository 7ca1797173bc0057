"""Studies of pre-training: which stack, which objective, which text, how much of it."""

from __future__ import annotations

from model.study.base import Arm, ArmRuns, Study
from model.study.planned import PlannedRun
from model.study.setting import AS_IT_IS, Changes, Setting


def tuned(setting: Setting, label: str, seed: int, start: PlannedRun | None, changes: Changes = AS_IT_IS) -> ArmRuns:
    """A fine-tuning on each word of `--tasks`, after a pre-training or from new weights."""
    runs = (setting.finetune(label, seed, start, (word,), changes) for word in setting.tasks)
    return ArmRuns(start, tuple(runs))


def pretrained(name: str, difference: str, changes: Changes = AS_IT_IS, corpus: str = "") -> Arm:
    """An arm that differs in its pre-training."""

    def runs(setting: Setting, seed: int) -> ArmRuns:
        return tuned(setting, name, seed, setting.pretrain(name, seed, changes, corpus))

    return Arm(name, difference, runs)


def _architectures(setting: Setting) -> tuple[Arm, ...]:
    half = setting.scale.half
    return (
        pretrained("encoder-decoder", "two stacks with separate weights"),
        pretrained("shared", "both stacks share their matrices", {"--architecture": "shared"}),
        pretrained("half", f"{half} layers per stack", {"--layers": half}),
        pretrained("decoder-lm", "one stack, which sees no token ahead", {"--architecture": "decoder-lm"}),
        pretrained("prefix-lm", "one stack, in which inputs see each other", {"--architecture": "prefix-lm"}),
    )


ARCHITECTURES_STUDY = Study(
    name="architectures",
    question="Which stack of blocks learns most from the same denoising?",
    page="""\
Five architectures are pre-trained with the same objective on the same text, and fine-tuned on each task: two stacks;
two stacks that share their matrices (half of the weights, the same work); two stacks with fewer layers; and one stack
as a language model, or as one over a prefix. The loss on held-out text has the same targets in all arms, so it can be
compared.

At tiny size: the paper's widest gap, between the encoder-decoder and the language model, is 8.6 points of GLUE. After
half a minute of pre-training all arms know little more than the frequencies of the tokens, so differences mostly show
how quickly each can be fine-tuned. Small gaps (shared, fewer layers) are not visible.""",
    arms=_architectures,
    text=True,
)


def _objectives(_: Setting) -> tuple[Arm, ...]:
    told = {
        "iid": "each token is noise independently, a run of them becomes a sentinel",
        "span": "spans of 3 tokens on average are noise",
        "bert": "noise is masked or random, the targets are the whole text",
        "mass": "noise is masked, the targets are the whole text",
        "replace-spans": "as iid, but each target follows its own sentinel, with a closing one",
        "drop-tokens": "noise is removed without a trace",
        "prefix-lm": "the second part of a text after the first",
        "lm": "all of the text after nothing",
        "deshuffle": "the tokens in random order, the targets in the original order",
    }
    arms = [pretrained(name, difference, {"--objective": name}) for name, difference in told.items()]

    def untrained(setting: Setting, seed: int) -> ArmRuns:
        return tuned(setting, "none", seed, None)

    return (*arms, Arm("none", "no pre-training", untrained))


OBJECTIVES_STUDY = Study(
    name="objectives",
    question="Which way of hiding text teaches most?",
    page="""\
One model is pre-trained with each objective on the same text for the same number of steps, and fine-tuned on each task;
one arm has no pre-training at all. Losses have different targets in each arm and are not compared, only scores of
tasks.

At tiny size: at most it is visible whether pre-training helps at all. In the paper, the denoising objectives are within
two points of each other, which three seeds of a tiny model cannot distinguish. An objective with short targets takes
less time; as in the paper, the arms have equal steps, not equal time.""",
    arms=_objectives,
    shorter=(2, 1),
)


def _corpora(setting: Setting) -> tuple[Arm, ...]:
    return tuple(pretrained(name, f"text of {path}", corpus=name) for name, path in setting.corpora.items())


CORPORA_STUDY = Study(
    name="corpora",
    question="Which text is best to learn from?",
    page="""\
The same model is pre-trained on each corpus in `--data NAME=DIR ...`; the first one is the baseline, and its vocabulary
is used for all. Losses are over each corpus's own held-out pages and are not compared. Corpora should be of the same
size, or larger than what is read of them; otherwise this is also a study of repeats. `--verdict DIR` adds the verdict
of `python -m c4pipe.compare --out DIR` on two of them, by test text, to the table.

At tiny size: the presets of the samples have 19 to 147 pages. So small a corpus is read many times over, and the tasks
are of another kind; a difference larger than the noise would be a surprise.""",
    arms=_corpora,
    corpora=2,
)


def _repeats(setting: Setting) -> tuple[Arm, ...]:
    scale = setting.scale
    read = setting.steps * scale.batch * setting.chunk
    looks: Changes = {"--eval-every": max(1, setting.steps // 8)}

    def arm(times: int) -> Arm:
        tokens = max(read // times, 1)
        told = f"the first {tokens:,} tokens, {times:,} times"
        return pretrained(f"x{times}", told, {**looks, "--first-tokens": tokens})

    return (pretrained("all", f"the whole corpus, for {read:,} tokens", looks), *map(arm, scale.repeats))


REPEATS_STUDY = Study(
    name="repeats",
    question="What is lost if a little text is repeated many times?",
    page="""\
Each arm reads the same number of tokens, but only from the first n of the corpus, repeated in exact epochs. The picture
shows the losses on training and held-out text: for a small data set the first falls below the second, because the text
is memorised. The paper's figure 6 shows the training loss.

At tiny size: the two losses separate within seconds of training, which is the clearest effect of all these studies. The
whole sample corpus is itself read about twice. The scores of tasks may not show the effect.""",
    arms=_repeats,
    text=True,
    curves=True,
)

PRETRAINING = (ARCHITECTURES_STUDY, OBJECTIVES_STUDY, CORPORA_STUDY, REPEATS_STUDY)
