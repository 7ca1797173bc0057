"""Our metrics against those of T5 0.9.4 itself, and of mT5 and T5's closed-book code if their files are given.

    answers and predictions, random and odd -> model/tasks/metrics
                                            -> t5/evaluation/metrics.py   -> the largest difference, one metric per line

`make bench/.venv-t5/ready && bench/.venv-t5/bin/python -m bench.metrics [--mt5 FILE] [--cbqa FILE]`; exit code 1 on any
difference above 1e-9. The two files are not on a package index: multilingual_t5/evaluation/metrics.py of
google-research/multilingual-t5, and t5_closed_book_qa/t5_cbqa/metrics.py of google-research/google-research.

T5's code is unchanged. Its package is loaded without its __init__, since `import t5` needs TensorFlow, and its
edit-distance module, which no metric here uses, is replaced by an empty one.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import logging
import math
import random
import sys
import types
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from model.tasks.metrics import METRICS
from model.tasks.metrics.answers import MLQA_LANGUAGES
from model.tasks.metrics.texts import BOOTSTRAP_SEED

SIZES = (1, 2, 3, 7, 1_000)  # numbers of answers in a trial
CLOSE = 1e-9
# Words on which normal forms, tokenizers and span parsers differ
_PLAIN_WORDS = """
the a an The A AN river Ebro ebro U.S. don't ‘quoted’ ´ ` _ __ - — ... . , ! $ $$ 1998 1,998 3.5 -1 北京大学 在 年。
ال الكتاب der Die das los el un của là PER: LOC: rick london PER:rick a:b:c : 🦋 é İ ß Ⅳ ﬁ
"""
WORDS = (*_PLAIN_WORDS.split(), "e\u0301", "\u00a0", "\u200b", "\u3000", "\n")

Trial = tuple[list[Any], list[Any]]  # answers, predictions
Values = dict[str, float]


class Rival(NamedTuple):
    """The source of a metric, and its trials."""

    theirs: Callable[[Any, Any], Values]
    draw: Callable[[random.Random, int], Trial]  # for so many answers
    adapt: Callable[[Trial], Trial] = lambda trial: trial  # to the forms that theirs takes
    scale: float = 1  # theirs times this is ours
    called: str = ""  # their name for the value, if ours differs


def enter_t5() -> Any:
    """`t5.evaluation.metrics` of the installed package, without the imports of `import t5`."""
    found = importlib.util.find_spec("t5")
    if found is None or found.submodule_search_locations is None:
        raise SystemExit("t5 is not installed here: run `make bench/.venv-t5/ready` and use its Python")
    (folder,) = found.submodule_search_locations
    for package, place in (("t5", Path(folder)), ("t5.evaluation", Path(folder) / "evaluation")):
        sys.modules[package] = types.ModuleType(package)
        sys.modules[package].__path__ = [str(place)]
    sys.modules["t5"].evaluation = sys.modules["t5.evaluation"]  # type: ignore[attr-defined]
    sys.modules.setdefault("editdistance", types.ModuleType("editdistance"))
    return importlib.import_module("t5.evaluation.metrics")


def module_at(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def text(rng: random.Random, longest: int = 6) -> str:
    return rng.choice((" ", "  ", "")).join(rng.choices(WORDS, k=rng.randrange(longest)))


def sentence(rng: random.Random) -> str:
    return " . ".join(text(rng, 12) for _ in range(rng.randrange(4)))


def near(rng: random.Random, answer: str) -> str:
    """Often the answer, the answer in another case or with words before it, or another text."""
    return rng.choice((answer, answer.upper(), f"{rng.choice(WORDS)} {answer}", text(rng), ""))


def classes(number: int, invalid: bool = True) -> Callable[[random.Random, int], Trial]:
    def draw(rng: random.Random, n: int) -> Trial:
        few = rng.randrange(1, number + 1)  # sometimes all of one class
        answers = [rng.randrange(few) for _ in range(n)]
        return answers, [rng.choice((answer, rng.randrange(-1 if invalid else 0, number))) for answer in answers]

    return draw


def numbers(rng: random.Random, n: int) -> Trial:
    answers = [rng.randrange(26) / 5 for _ in range(n)]
    odd = rng.choice(([], [], [-1.0], [-1.0, 1e9, 1e-9]))
    return answers, [rng.choice([round(answer), rng.random() * 5, *odd]) for answer in answers]


def questions(rng: random.Random, n: int) -> Trial:
    answers = [[text(rng) for _ in range(rng.randrange(1, 4))] for _ in range(n)]
    return answers, [near(rng, rng.choice(accepted)) for accepted in answers]


def pairs(write: Callable[[random.Random], str]) -> Callable[[random.Random, int], Trial]:
    def draw(rng: random.Random, n: int) -> Trial:
        answers = [write(rng) for _ in range(n)]
        return answers, [rng.choice((answer, near(rng, answer), write(rng))) for answer in answers]

    return draw


def spans(rng: random.Random) -> str:
    tags = (f"{rng.choice(('PER', 'LOC', ' ORG', ''))}: {text(rng, 3)}" for _ in range(rng.randrange(4)))
    return rng.choice((" $$ ", "$$ ")).join(tags)


def multirc(rng: random.Random, n: int) -> Trial:
    labels, predictions = classes(2)(rng, n)
    return [{"group": rng.randrange(n // 3 + 1), "label": label} for label in labels], predictions


def record(rng: random.Random, n: int) -> Trial:
    answers, predictions = questions(rng, n)
    return [{"group": (rng.randrange(n), rng.randrange(2)), "answers": accepted} for accepted in answers], predictions


def annotators(rng: random.Random, n: int) -> Trial:
    answers = [[[text(rng) for _ in range(rng.randrange(3))] for _ in range(5)] for _ in range(n)]
    return answers, [[near(rng, word) for word in rng.choice(lists)] for lists in answers]


def valued(name: str) -> Callable[[Trial], Trial]:
    """T5's dictionaries, which use "value" where we use `name`."""

    def adapt(trial: Trial) -> Trial:
        answers, predictions = trial
        theirs = [{"group": answer["group"], "value": answer[name]} for answer in answers]
        return theirs, [{"value": prediction} for prediction in predictions]

    return adapt


def rivals(t5: Any, mt5: Any | None, cbqa: Any | None) -> Iterator[tuple[str, Rival]]:
    matthews = t5.sklearn_metrics_wrapper("matthews_corrcoef", metric_post_process_fn=lambda x: 100 * x)
    yield "accuracy", Rival(t5.accuracy, classes(3))
    yield "matthews", Rival(matthews, classes(2))
    yield "f1", Rival(t5.f1_score_with_invalid, classes(2), lambda trial: (trial[0], [*trial[1]]))
    yield "mean_f1_3", Rival(t5.mean_multiclass_f1(num_classes=3), classes(3))
    yield "pearson", Rival(t5.pearson_corrcoef, numbers)
    yield "spearman", Rival(t5.spearman_corrcoef, numbers)
    yield "squad", Rival(t5.squad, questions)
    yield "trivia_qa", Rival(t5.trivia_qa, questions)
    yield (
        "exact_match",
        Rival(lambda *trial: {"exact_match": t5.sequence_accuracy(*trial)["sequence_accuracy"]}, pairs(text)),
    )

    def multirc_metrics(answers: Any, predictions: Any) -> Values:
        over_all = t5.multirc_f1_over_all_answers(answers, predictions)
        return {**over_all, **t5.mean_group_metric(t5.all_match)(answers, predictions)}

    yield "multirc", Rival(multirc_metrics, multirc, valued("label"))
    yield "record", Rival(t5.deduplicate_metric(t5.squad), record, valued("answers"))
    yield "bleu", Rival(t5.bleu, pairs(sentence))

    def rouge(answers: Any, predictions: Any) -> Values:
        np.random.seed(BOOTSTRAP_SEED)
        return t5.rouge(answers, predictions)

    yield "rouge", Rival(rouge, pairs(sentence))
    if mt5 is not None:
        yield "span_f1", Rival(mt5.span_f1, pairs(spans), scale=100)
        for language in MLQA_LANGUAGES:
            yield f"mlqa_{language}", Rival(partial(mt5.mlqa, lang=language), questions)
    if cbqa is not None:
        tuples = lambda trial: (  # noqa: E731
            [[tuple(words) for words in lists] for lists in trial[0]], [[tuple(words)] for words in trial[1]]
        )  # fmt: skip
        yield "nq_multi", Rival(cbqa.natural_questions, annotators, tuples)
        yield "nq_multi_1", Rival(partial(cbqa.natural_questions, non_null_threshold=1), annotators, tuples)


def difference(ours: Values, theirs: Values, scale: float) -> float:
    """The largest difference of all values; nan equals nan."""
    if ours.keys() != theirs.keys():
        return math.inf
    both = [(ours[key], float(theirs[key]) * scale) for key in ours]
    return max(
        0.0 if math.isnan(a) and math.isnan(b) else math.inf if math.isnan(a) or math.isnan(b) else abs(a - b)
        for a, b in both
    )


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--mt5", type=Path, metavar="FILE", help="multilingual_t5/evaluation/metrics.py")
    parser.add_argument("--cbqa", type=Path, metavar="FILE", help="t5_closed_book_qa/t5_cbqa/metrics.py")
    parser.add_argument("--trials", type=int, default=20, help="of each size")
    args = parser.parse_args(argv)
    warnings.simplefilter("ignore")  # theirs, about a single class, a constant, or tokenized texts
    logging.disable()
    t5 = enter_t5()
    others = [module_at(path) if path else None for path in (args.mt5, args.cbqa)]
    worst = 0.0
    print(f"{'metric':12} {'trials':>6} {'answers':>8}  largest difference")
    for name, rival in rivals(t5, *others):
        found, trials, answers, refused = 0.0, 0, 0, 0
        for n in SIZES:
            for seed in range(args.trials):
                trial = rival.draw(random.Random(f"{name} {n} {seed}"), n)
                ours = METRICS[name](*trial)
                try:
                    theirs = rival.theirs(*rival.adapt(trial))
                    theirs = {name: theirs[rival.called]} if rival.called else theirs
                except ValueError:  # too few for a correlation, or no question left
                    theirs, refused = dict.fromkeys(ours, math.nan), refused + 1
                    ours = {key: value for key, value in ours.items() if key != "golden_answers"}
                    theirs.pop("golden_answers", None)
                off = difference(ours, theirs, rival.scale)
                if off > CLOSE and off > found:
                    print(f"  {name}, {n} answers, trial {seed}: ours {ours}, theirs {theirs}")
                found, trials, answers = max(found, off), trials + 1, answers + n
        said = f"   (theirs refuses {refused}, ours gives nan)" if refused else ""
        print(f"{name:12} {trials:6,} {answers:8,}  {found:.1e}{said}", flush=True)
        worst = max(worst, found)
    return int(worst > CLOSE)


if __name__ == "__main__":
    sys.exit(main())
