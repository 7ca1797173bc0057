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
        pretrained("encoder-decoder", "two stacks with weights of their own"),
        pretrained("shared", "both stacks share their matrices", {"--architecture": "shared"}),
        pretrained("half", f"{half} layers a stack", {"--layers": half}),
        pretrained("decoder-lm", "one stack, which sees no token ahead", {"--architecture": "decoder-lm"}),
        pretrained("prefix-lm", "one stack, in which inputs see each other", {"--architecture": "prefix-lm"}),
    )


ARCHITECTURES_STUDY = Study(
    name="architectures",
    question="Which stack of blocks learns most from the same denoising?",
    page="""\
Five architectures are pre-trained by the same objective on the same text, and fine-tuned on each task: two stacks, two
that share their matrices (half of the weights, the same work), two of fewer layers, and one stack that is a language
model, or one over a prefix. The loss on held-out text is over the same targets in all arms and can be compared.

At tiny size: the paper's widest gap, between the encoder-decoder and the language model, is 8.6 points of GLUE. With
half a minute of pre-training all arms have hardly learned more than the frequencies of the tokens, so that what differs
is mostly how quickly each is fine-tuned. Small gaps (shared, fewer layers) cannot be seen.""",
    arms=_architectures,
    text=True,
)


def _objectives(_: Setting) -> tuple[Arm, ...]:
    told = {
        "iid": "each token by itself is noise, a run of them becomes a sentinel",
        "span": "spans of 3 tokens on average are noise",
        "bert": "noise is masked or random, the targets are the whole text",
        "mass": "noise is masked, the targets are the whole text",
        "replace-spans": "as iid, the targets are the noise in the order of a closing sentinel",
        "drop-tokens": "noise is left out without a trace",
        "prefix-lm": "the second part of a text behind the first",
        "lm": "all of the text behind nothing",
        "deshuffle": "the tokens in an order of chance, the targets in their own",
    }
    arms = [pretrained(name, difference, {"--objective": name}) for name, difference in told.items()]

    def untrained(setting: Setting, seed: int) -> ArmRuns:
        return tuned(setting, "none", seed, None)

    return (*arms, Arm("none", "no pre-training", untrained))


OBJECTIVES_STUDY = Study(
    name="objectives",
    question="Which way of hiding text teaches most?",
    page="""\
One model is pre-trained by each objective on the same text for as many steps, and fine-tuned on each task; one arm has
no pre-training at all. Losses are over other targets in each arm and are not compared, only scores of tasks.

At tiny size: what can be seen, if anything, is whether pre-training helps at all. The denoising objectives lie within
two points of each other in the paper and cannot be told apart by three seeds of a tiny model. An objective of short
targets takes less time; the arms have equal steps, as in the paper, and not equal time.""",
    arms=_objectives,
    shorter=(2, 1),
)


def _corpora(setting: Setting) -> tuple[Arm, ...]:
    return tuple(pretrained(name, f"text of {path}", corpus=name) for name, path in setting.corpora.items())


CORPORA_STUDY = Study(
    name="corpora",
    question="Which text is best to learn from?",
    page="""\
The same model is pre-trained on each corpus that `--data NAME=DIR ...` names, the first one being the baseline, with
one vocabulary, made from the first. Losses are over each corpus's own held-out pages and are not compared. Corpora
should be of one size, or larger than what is read of them: else it is a study of repeats, too. `--verdict DIR` puts
beside the table what `python -m c4pipe.compare --out DIR` found of two of them, by test text.

At tiny size: the samples have presets of 19 to 147 pages. So small a corpus is read many times over, and the tasks are
not of its kind; a difference larger than the noise would be a surprise.""",
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
    question="What is lost when little text is read many times?",
    page="""\
Each arm reads as many tokens, but of the first n of the corpus alone, again and again in exact epochs. The picture has
the losses on training and on held-out text: where the data set is small, the first falls below the second, for the text
is remembered. The paper's figure 6 shows the training loss.

At tiny size: the two losses part within seconds of training, which is the clearest effect of all these studies. The
whole sample corpus is itself read about twice. In the scores of tasks it may not be seen.""",
    arms=_repeats,
    text=True,
    curves=True,
)

PRETRAINING = (ARCHITECTURES_STUDY, OBJECTIVES_STUDY, CORPORA_STUDY, REPEATS_STUDY)
