"""The study of languages: fine-tuned on one, on translations, or on each; and which answers are illegal."""

from __future__ import annotations

from model.study.base import Arm, ArmRuns, Study
from model.study.setting import AS_IT_IS, Changes, Setting

CURE_RATE = 0.01  # rows of text per row of the task: mT5, section 5
CURE: Changes = {"--mixture": "equal", "--alpha": "0.1", "--objective": "span-bare"}


def _languages(setting: Setting) -> tuple[Arm, ...]:
    words = tuple(setting.tasks)
    english, others = words[:1], words[1:]
    text: Changes = {"--unsupervised": f"{setting.corpora[setting.corpus]}={CURE_RATE:g}", **CURE}

    def at_once(name: str, difference: str, trained: tuple[str, ...], changes: Changes = AS_IT_IS) -> Arm:
        left = tuple(word for word in others if word not in trained)
        more: Changes = {**changes, "--evaluate": left} if left else changes

        def runs(setting: Setting, seed: int) -> ArmRuns:
            run = setting.finetune(name, seed, setting.pretrain("baseline", seed), trained, more)
            return ArmRuns(None, (setting.scored(name, seed, run, words),))

        return Arm(name, difference, runs)

    def each(setting: Setting, seed: int) -> ArmRuns:
        start = setting.pretrain("baseline", seed)
        tuned = ((setting.finetune("in-language", seed, start, (word,)), word) for word in words)
        return ArmRuns(None, tuple(setting.scored("in-language", seed, run, (word,)) for run, word in tuned))

    return (
        at_once("zero-shot", "trained only on the first language", english),
        at_once("zero-shot-cured", "the same, with one row of text in a hundred", english, text),
        at_once(
            "translate-train", "trained on all, which are translations of the first", words, {"--mixture": "equal"}
        ),
        Arm("in-language", "one model per language, trained on that one", each),
    )


LANGUAGES = Study(
    name="languages",
    question="Must a model be fine-tuned on a language to answer in it?",
    page="""\
For each seed, one pre-training is fine-tuned on questions in the first language of `--tasks`, with and without the cure
for accidental translation (one row in a hundred of span corruption without sentinels in its targets, languages by alpha
0.1); on all languages at once; and on each language alone. All are scored on all languages by exact match, and by the
share of illegal answers: those not in their context, and of these, those in another script. The paper finds
translate-train ahead of zero-shot, and over 70 % fewer illegal answers of small models with the cure. This needs a
corpus of these languages: `--data out/mc4`.

At tiny size: a model that has seen a few pages of a language copies no answer from it. Zero-shot scores are near 0 and
most answers are illegal; training on a language should win by more than the noise. In 60 steps of 16 rows the cure has
ten rows, which have no visible effect.""",
    arms=_languages,
    tasks=("xquad/en", "xquad/de", "xquad/ru"),
    metrics=("not_in_context", "other_script"),
)
