"""Strings of every task, equal to those that T5's own functions made of the same rows (`bench/tasks.py --write`)."""

import json
from pathlib import Path

import pytest

from model.errors import ConfigError
from model.tasks import METRICS, TASKS, UNLABELLED, Task, TaskExample, Template, find_task
from model.tasks.base import label_number
from model.tasks.glue import fifths
from model.tasks.multilingual import padded_anywhere
from model.tasks.pronouns import found_referent, is_referent, referent_rows, starred
from model.tasks.reading import padded_ascii
from model.tasks.superglue import multirc_rows, record_rows

CASES = [json.loads(line) for line in (Path(__file__).parent / "t5_strings.jsonl").read_text("utf-8").splitlines()]


def examples(name: str, row: dict, training: bool = True) -> list[TaskExample]:
    return [*TASKS[name].format(row, training)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["task"])
def test_strings_are_those_of_t5(case):
    name, _, evaluated = case["task"].partition(", ")
    training = not evaluated and name != "wnli"
    assert [[e.inputs, e.targets] for e in examples(name, case["row"], training)] == case["pairs"]


def test_every_task_has_such_a_string():
    """But NQ with all answers, which is below, and tasks that differ from another in their language alone."""
    same = {name for name in TASKS if "/" in name} | {"nq", "tydiqa", "mlqa"}
    assert {case["task"].partition(",")[0] for case in CASES} >= TASKS.keys() - same


@pytest.mark.parametrize("task", TASKS.values(), ids=lambda task: task.name)
def test_a_task_says_where_it_is_from(task):
    assert task.source
    assert task.metrics
    assert {*task.metrics} <= {*METRICS}
    assert hash(task)


@pytest.mark.parametrize(
    ("name", "row", "answer"),
    [
        ("rte", {"sentence1": "a", "sentence2": "b", "label": "not_entailment"}, 1),
        ("rte", {"sentence1": "a", "sentence2": "b", "label": -1}, None),
        ("rte", {"sentence1": "a", "sentence2": "b"}, None),
        ("boolq", {"passage": "a", "question": "b", "label": True}, 1),
        ("mnli", {"premise": "a", "hypothesis": "b", "label": "-"}, None),
        ("xnli", {"premise": "a", "hypothesis": "b", "label": "contradictory"}, 2),
        ("stsb", {"sentence1": "a", "sentence2": "b", "label": "3.84"}, 3.8),
        ("stsb", {"sentence1": "a", "sentence2": "b", "label": -1.0}, None),
        ("cnn_dailymail", {"article": "a"}, None),
        ("wmt_ende", {"en": "a"}, None),
        ("squad", {"question": "a", "context": "b", "answers": {"text": ["x.", "y"]}}, ["x . ", "y"]),
        ("squad", {"question": "a", "context": "b", "answers": [{"text": "x"}, {"text": "y"}]}, ["x", "y"]),
        ("squad", {"question": "a", "context": "b", "answers": []}, None),
        ("nq_open", {"question": "a", "answer": ["x", "y"]}, ["x", "y"]),
        ("triviaqa_open", {"question": "a", "answer": {"value": "X", "aliases": ["X", "x"]}}, ["X", "x"]),
        ("triviaqa_open", {"question": "a", "answer": {"value": "<unk>", "aliases": []}}, None),
        ("dpr", {"sentence": "a it b", "pronoun": "it", "candidates": ["x", "y"], "label": 1}, "y"),
    ],
)
def test_answers(name, row, answer):
    assert [example.answer for example in examples(name, row, training=False)] == [answer]


def test_answers_of_groups():
    idx = {"paragraph": 1, "question": 2, "answer": 3}
    row = {"paragraph": "p", "question": "q", "answer": "a", "idx": idx, "label": 1}
    assert [e.answer for e in examples("multirc", row)] == [{"group": 2, "label": 1}]
    assert [e.answer for e in examples("multirc", row | {"label": -1})] == [None]
    row = {"passage": "p", "query": "q", "entities": ["x"], "answers": ["x", "y"], "idx": {"passage": 1, "query": 2}}
    answer = {"group": [1, 2], "answers": ["x", "y"]}
    assert [(e.targets, e.answer) for e in examples("record", row, training=True)] == [("x", answer), ("y", answer)]
    assert [(e.targets, e.answer) for e in examples("record", row, training=False)] == [("x", answer)]


def test_all_answers_of_natural_questions():
    """t5_cbqa: yes and no first, then the short answers; a list an annotator."""
    short = [{"text": ["Ada", "Bob"]}, {"text": []}, {"text": []}]
    row = {"question": {"text": "who"}, "annotations": {"yes_no_answer": [-1, 1, -1], "short_answers": short}}
    expected = TaskExample("nq question: who", "answer: yes answer: Ada answer: Bob", [["Ada", "Bob"], ["yes"], []])
    assert examples("nq", row) == [expected]
    nested = {"yes_no_answer": ["NONE", "YES", "NONE"], "short_answers": {"text": [["Ada", "Bob"], [], []]}}
    assert examples("nq", {"question": "who", "annotations": nested}) == [expected]
    rows = [{"yes_no_answer": -1, "short_answers": [{"text": "Ada"}, {"text": "Bob"}]}]
    rows += [{"yes_no_answer": 1, "short_answers": []}, {"yes_no_answer": -1, "short_answers": []}]
    assert examples("nq", {"question": "who", "annotations": rows}) == [expected]
    empty = {"yes_no_answer": [-1], "short_answers": [{"text": []}]}
    assert examples("nq", {"question": "who", "annotations": empty}) == []
    assert TASKS["nq"].read("answer: Ada answer:  Bob ", expected) == ["Ada", "Bob"]
    assert TASKS["nq"].read("Ada", expected) == []


@pytest.mark.parametrize(
    ("name", "written", "targets", "prediction"),
    [
        ("mnli", "neutral", "", 1),
        ("mnli", "Neutral", "", -1),
        ("stsb", "3.8", "", 3.8),
        ("stsb", "about 3", "", -1.0),
        ("wsc", "The fuzzy Bunny", "bunny", 1),
        ("wsc", "dog", "the bunny", 0),
        ("wsc", "the", "the bunny", -1),
        ("wnli", "Mia", "Mia's hat", 0),
        ("squad", " Ada ", "Ada", " Ada "),
    ],
)
def test_reading_what_was_written(name, written, targets, prediction):
    assert TASKS[name].read(written, TaskExample("", targets, 1)) == prediction


def test_a_sentinel_in_front_is_none_of_the_answer():
    from dataclasses import replace

    task = replace(TASKS["boolq"], sentinel=True)
    assert task.read("<extra_id_0> True", TaskExample("", "True", 1)) == 1
    assert TASKS["boolq"].read("<extra_id_0> True", TaskExample("", "True", 1)) == -1


def test_halves_go_to_the_even_fifth_and_32_bits_are_enough():
    assert [fifths(score) for score in (0.1, 0.3, 0.5, 2.5, 3.1, 5)] == ["0.0", "0.4", "0.4", "2.4", "3.2", "5.0"]


def test_a_pronoun_beside_its_number_is_found_as_t5_has_it_by_exception():
    assert starred('He ran over. "Good for him," she said. ', "him", 5) == 'He ran over. "Good for *him* ," she said.'
    assert starred("They might want to use it , but not now?", "it", 4) == "They might want to use *it* , but not now?"
    with pytest.raises(ConfigError, match="'it' is not a word of"):
        starred("No pronoun here", "it", 1)


def test_a_premise_without_a_pronoun():
    with pytest.raises(ConfigError, match="no pronoun in 'The trunk was heavy"):
        found_referent("The trunk was heavy.", "The trunk was heavy.")


def test_superglue_as_it_is_published():
    answers = [{"text": "The mill", "idx": 7, "label": 1}, {"text": "Ada", "idx": 8}]
    passage = {"text": "It burned.", "questions": [{"question": "What?", "idx": 5, "answers": answers}]}
    rows = [*multirc_rows({"idx": 3, "passage": passage})]
    assert [(row["answer"], row["label"], row["idx"]["question"]) for row in rows] == [
        ("The mill", 1, 5),
        ("Ada", None, 5),
    ]

    passage = {"text": "Ada met Bob. Ada left.", "entities": [{"start": 0, "end": 2}, {"start": 8, "end": 10}]}
    passage["entities"].append({"start": 13, "end": 15})
    query = {"query": "@placeholder left", "idx": 4, "answers": [{"text": "Ada"}, {"text": "Ada"}]}
    (row,) = record_rows({"idx": 3, "passage": passage, "qas": [query]})
    assert (row["entities"], row["answers"], row["idx"]) == (["Ada", "Bob"], ["Ada"], {"passage": 3, "query": 4})


def test_spans_are_mended_as_tfds_mends_them():
    target = {"span1_text": "The old mill.", "span1_index": 2, "span2_text": "it", "span2_index": 7}
    (row,) = referent_rows({"text": "Ada sold the old mill because of it .", "target": target, "label": True})
    assert row["span1_text"] == "the old mill"


@pytest.mark.parametrize("value", ["maybe", 2, -2, "3", 0.5, [1]])
def test_another_label_is_named(value):
    with pytest.raises(ConfigError, match="is not a label: expected one of no, yes, its number"):
        label_number(value, ("no", "yes"))


def test_punctuation_is_of_ascii_in_t5_and_of_all_scripts_in_mt5():
    assert padded_ascii("a\u00a0b — c_d\u2003e!") == "a\u00a0b — c _ d\u2003e ! "
    assert padded_anywhere("a\u00a0b — c_d, e\u0301") == "a \u00a0 b — c_d , e\u0301"


def test_a_referent_among_words():
    assert is_referent("big dog", "the big  dog") == 1  # two blanks leave an empty word, which T5 keeps as well


def test_a_task_in_four_lines():
    task = Task("mood", Template("mood: {text}", "{mood}", labels=("sad", "happy")), metrics=("accuracy",), source="me")
    assert [*task.format({"text": "{x}", "mood": "happy"}, True)] == [TaskExample("mood: {x}", "happy", 1)]
    assert [*task.format({"text": "x"}, True)] == [TaskExample("mood: x", UNLABELLED)]


def test_an_unknown_task_is_told_what_is_near():
    with pytest.raises(ConfigError, match=r"unknown task 'xnly'\. Did you mean 'xnli'"):
        find_task("xnly")
