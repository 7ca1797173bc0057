"""Compares the strings of our tasks with those that T5's own functions make, example by example.

PyPI's t5 0.9.4 with TensorFlow runs in its own virtual environment:

    make bench/.venv-t5-strings/ready && bench/.venv-t5-strings/bin/pip install --no-deps t5==0.9.4
    PYTHONPATH=. bench/.venv-t5-strings/bin/python -m bench.tasks            # 1,000 random rows a task
    PYTHONPATH=. bench/.venv-t5-strings/bin/python -m bench.tasks --write    # the strings of the tests

    ... --mt5 FILE --closed-book FILE      preprocessors.py of google-research/multilingual-t5 and of t5_closed_book_qa

seqio, gin and t5's metrics are replaced: T5's string functions need only `map_over_dataset`, which maps.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import os
import random
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

from bench.task_rows import READINGS, ROWS
from model.errors import ConfigError
from model.tasks import TASKS, TaskExample

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
STRINGS = Path(__file__).parent.parent / "tests" / "model" / "tasks" / "t5_strings.jsonl"
Row = dict[str, Any]
Pairs = list[tuple[str, str]]


class T5:
    """The functions of the installed package, importable without libraries that they do not call."""

    def __init__(self, mt5: Path | None, closed_book: Path | None) -> None:
        import tensorflow.compat.v2 as tf
        import tensorflow_datasets as tfds

        def map_over_dataset(fn: Any = None, **_: int) -> Any:
            return lambda data, *a, **k: data.map(lambda x: fn(x, *a, **k))

        self.tf = tf
        stand_ins = {
            name: MagicMock(name=name) for name in ("seqio", "gin", "t5", "t5.evaluation", "t5.evaluation.metrics")
        }
        stand_ins["seqio"].map_over_dataset = map_over_dataset
        stand_ins["gin"].configurable = lambda *fn: fn[0] if fn else lambda fn: fn
        sys.modules.update(stand_ins)
        home = Path(str(importlib.metadata.distribution("t5").locate_file("t5/data")))
        package = sys.modules["t5.data"] = types.ModuleType("t5.data")
        for name in ("preprocessors", "postprocessors", "glue_utils"):
            setattr(package, name, _module(f"t5.data.{name}", home / f"{name}.py"))
        self.data: Any = package
        builders = {**tfds.text.glue.Glue.builder_configs, **tfds.text.super_glue.SuperGlue.builder_configs}
        builders["superglue_rte"] = tfds.text.super_glue.SuperGlue.builder_configs["rte"]
        builders["rte"] = tfds.text.glue.Glue.builder_configs["rte"]
        self.functions = {**self._english(builders), **self._mt5(mt5), **self._closed_book(closed_book)}

    def _english(self, builders: dict[str, Any]) -> dict[str, Callable[[Any], Any]]:
        pre, of_glue = self.data.preprocessors, self.data.glue_utils.get_glue_text_preprocessor
        found = {name: of_glue(builders[name]) for name in TASKS if name in builders and name not in ("wnli", "wsc")}
        found |= {
            "wsc": lambda data: pre.wsc_simple(data, correct_referent_only=True),
            "wsc, evaluated": pre.wsc_simple,
            "wnli": pre.wnli_simple,
            "dpr": pre.definite_pronoun_resolution_simple,
            "squad": pre.squad,
            "triviaqa": pre.trivia_qa,
            "cnn_dailymail": lambda data: pre.summarize(data, "article", "highlights"),
        }
        return found | {f"wmt_en{to}": lambda data, to=to: pre.translate(data, "en", to) for to in ("de", "fr", "ro")}

    def _mt5(self, path: Path | None) -> dict[str, Callable[[Any], Any]]:
        paws = ["different_meaning", "paraphrase"]
        own = {"pawsx": lambda data: self.data.preprocessors.glue(data, "paws", paws, ["sentence1", "sentence2"], None)}
        if path is None:
            return own
        pre = _module("mt5_preprocessors", path)
        return own | {
            "xnli": pre.process_mnli,
            "xnli/de": lambda data: pre.process_xnli(data, ["de"]),
            "xquad": pre.xquad,
            "ner": pre.wikiann,
        }

    def _closed_book(self, path: Path | None) -> dict[str, Callable[[Any], Any]]:
        if path is None:
            return {}
        pre = _module("closed_book_preprocessors", path)
        return {
            "nq_open": pre.natural_questions_open,
            "webquestions": pre.web_questions_open,
            "triviaqa_open": pre.trivia_qa_open,
        }

    def pairs(self, name: str, rows: Sequence[Row]) -> Pairs:
        """T5's pairs for rows of a task, in order."""
        data = self.tf.data.Dataset.from_generator(lambda: iter(rows), output_signature=self._spec(rows[0]))
        made = self.functions[name](data).as_numpy_iterator()
        return [(example["inputs"].decode(), example["targets"].decode()) for example in made]

    def _spec(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._spec(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return self.tf.TensorSpec((None,), self.tf.string)
        kinds = {str: self.tf.string, int: self.tf.int32, float: self.tf.float32}
        return self.tf.TensorSpec((), kinds[type(value)])

    def read(self, name: str, written: str, example: TaskExample) -> Any:
        """The prediction that T5 reads from a model's output."""
        post = self.data.postprocessors
        if name in ("wsc", "wnli"):
            return post.wsc_simple(written, example={"targets_pretokenized": example.targets})
        if name == "stsb":
            return post.string_to_float(written)
        return post.string_label_to_class_id(written, TASKS[name].format.labels)


def _module(name: str, path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec
    assert spec.loader
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def ours(name: str, row: Row) -> Pairs:
    """Our pairs for a row; T5's functions do the same as in training, except for two tasks."""
    task = TASKS[name.partition(",")[0]]
    training = "evaluated" not in name and name != "wnli"
    return [(example.inputs, example.targets) for example in task.format(row, training)]


def compared(t5: T5, name: str, rows: Sequence[Row]) -> Iterator[str]:
    """A line for each row for which our strings differ."""
    if name == "wnli":  # T5 raises on a sentence without a match, and so do we
        for row in rows:
            yield from _wnli(t5, row)
        return
    theirs = iter(t5.pairs(name, rows))
    for row in rows:
        made = ours(name, row)
        told = [next(theirs, ("", "")) for _ in made]
        if made != told:
            yield f"{name}: {row}\n  T5:   {told}\n  ours: {made}"
    if next(theirs, None):
        yield f"{name}: T5 makes more examples of the rows than we do"


def _wnli(t5: T5, row: Row) -> Iterator[str]:
    try:
        told = t5.pairs("wnli", [row])
    except Exception:
        told = []
    try:
        made = ours("wnli", row)
    except ConfigError:
        made = []
    if made != told:
        yield f"wnli: {row}\n  T5:   {told}\n  ours: {made}"


def misread(t5: T5, count: int) -> Iterator[str]:
    """A line for each answer that T5 reads differently."""
    draw = random.Random(20)
    for name, texts in READINGS.items():
        for _ in range(count):
            example = TaskExample("", draw.choice(texts), 1)
            written = draw.choice(texts)
            told, made = t5.read(name, written, example), TASKS[name].read(written, example)
            if made != told and made == made:  # nan equals nan
                yield f"{name}: {written!r} for {example.targets!r}\n  T5: {told}\n  ours: {made}"


def write(t5: T5) -> None:
    """Writes T5's strings next to the rows of the file."""
    cases = [json.loads(line) for line in STRINGS.read_text(encoding="utf-8").splitlines()]
    for case in cases:
        if case["task"] in t5.functions:
            case["pairs"] = t5.pairs(case["task"], [case["row"]])
    text = "".join(json.dumps(case, ensure_ascii=False) + "\n" for case in cases)
    STRINGS.write_text(text, encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000, help="random rows per task")
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--write", action="store_true", help="write T5's strings next to the rows of the tests")
    parser.add_argument("--only", nargs="+", help="names of tasks (default: all)")
    parser.add_argument("--mt5", type=Path)
    parser.add_argument("--closed-book", type=Path)
    arguments = parser.parse_args()
    t5 = T5(arguments.mt5, arguments.closed_book)
    if arguments.write:
        write(t5)
    faults = 0
    for name in arguments.only or t5.functions:
        draw = random.Random(f"{name} {arguments.seed}")
        rows = [ROWS[name](draw) for _ in range(arguments.count if name != "wnli" else arguments.count // 5)]
        lines = [*compared(t5, name, rows)]
        faults += len(lines)
        print(f"{name}: {len(rows)} rows, {len(lines)} differ", *lines[:3], sep="\n  ")
    lines = [*misread(t5, arguments.count)]
    print(f"answers: {len(READINGS) * arguments.count} read, {len(lines)} differ", *lines[:3], sep="\n  ")
    return 1 if faults or lines else 0


if __name__ == "__main__":
    raise SystemExit(main())
