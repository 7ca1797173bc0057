"""Metrics: the numbers are those that T5 0.9.4, mT5 and T5's closed-book code give; bench/metrics.py compares more."""

from __future__ import annotations

import subprocess
import sys
import warnings
from math import inf, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.tasks import METRICS, majority
from model.tasks.metrics.answers import normal_squad, normal_trivia_qa

CASES = [
    ("accuracy", [0, 1, 2, 1], [0, 1, -1, 2], {"accuracy": 50.0}),
    ("matthews", [0, 0, 1, 1, 1], [0, 1, 1, 1, -1], {"matthews_corrcoef": 30.8607}),
    ("matthews", [1, 1, 1], [1, 0, 1], {"matthews_corrcoef": 0.0}),
    ("matthews", [0, 1, 0, 1], [1, 1, 1, 1], {"matthews_corrcoef": 0.0}),
    ("f1", [1, 1, 0, 0, 1], [1, -1, -1, 0, 7], {"f1": 40.0}),
    ("f1", [0, 0], [0, 0], {"f1": 0.0}),
    ("f1", [0, 0], [-1, 0], {"f1": 0.0}),
    ("mean_f1_3", [0, 1, 2, 2, 1], [0, 1, 2, -1, 2], {"mean_3class_f1": 72.2222}),
    ("mean_f1_3", [0, 0, 1], [0, 0, 1], {"mean_3class_f1": 66.6667}),
    ("pearson", [1.0, 2.2, 3.8, 5.0], [1.2, -1.0, 3.8, 4.0], {"pearson_corrcoef": 75.4244}),
    ("pearson", [1.0, 2.0], [3.0, 2.5], {"pearson_corrcoef": -100.0}),
    ("pearson", [1.0, 2.0, 3.0], [2.0, 2.0, 2.0], {"pearson_corrcoef": nan}),
    ("pearson", [0.1, 0.1, 0.1], [1.0, 2.0, 3.0], {"pearson_corrcoef": nan}),
    ("pearson", [1.0, 2.0, 3.0], [1.0, nan, 2.0], {"pearson_corrcoef": nan}),
    ("spearman", [1.0, 2.2, 2.2, 5.0, 0.4], [1.2, -1.0, -1.0, 4.0, 4.0], {"spearman_corrcoef": -16.2221}),
    ("spearman", [1.0, 2.0, 3.0], [-1.0, -1.0, -1.0], {"spearman_corrcoef": nan}),
    ("spearman", [1.0, 2.0, 3.0], [1.0, inf, 2.0], {"spearman_corrcoef": 50.0}),
    (
        "multirc",
        [{"group": 0, "label": 1}, {"group": 0, "label": 0}, {"group": 3, "label": 1}, {"group": 4, "label": 0}],
        [1, 0, -1, 0],
        {"f1": 66.6667, "exact_match": 66.6667},
    ),
    (
        "squad",
        [["The Ebro River", "Ebro"], ["1,998"], ["a"], ["don't"]],
        ["an ebro", "1998", "", "dont know"],
        {"em": 75.0, "f1": 66.6667},
    ),
    ("squad", [["U.S. Navy"], ["naïve"]], ["US Navy", "naive"], {"em": 50.0, "f1": 50.0}),
    ("squad", [["the"]], ["a"], {"em": 100.0, "f1": 0.0}),
    (
        "trivia_qa",
        [["U.S. Navy"], ["Jean-Luc", "J L"], ["‘The’ `Beatles´"]],
        ["US Navy", "Jean Luc", "beatles"],
        {"em": 66.6667, "f1": 80.0},
    ),
    (
        "record",
        [
            {"group": [0, 1], "answers": ["Rome", "Roma"]},
            {"group": [0, 1], "answers": ["Rome", "Roma"]},
            {"group": [1, 1], "answers": ["Paris"]},
        ],
        ["Rome", "x", "the city of Paris"],
        {"em": 50.0, "f1": 75.0},
    ),
    (
        "nq_multi",
        [[["Mary-Kate", "Ashley"], ["Ashley"], []], [["yes"], []], [[], ["no"], ["no", "never"]]],
        [["ashley.", "mary-kate"], ["yes"], ["never"]],
        {"recall": 50.0, "golden_answers": 2.0},
    ),
    (
        "nq_multi_1",
        [[["Mary-Kate", "Ashley"], ["Ashley"], []], [["yes"], []], [[], []]],
        [["ashley.", "mary-kate"], ["yes"], ["never"]],
        {"recall": 100.0, "golden_answers": 2.0},
    ),
    ("mlqa_en", [["“The” river – Ebro"]], ["river Ebro"], {"em": 100.0, "f1": 100.0}),
    ("mlqa_es", [["¿El río Ebro?"], ["los Andes"]], ["río Ebro", "las Andes"], {"em": 100.0, "f1": 100.0}),
    ("mlqa_de", [["Der Rhein"], ["einem Dorf"]], ["den Rhein", "am Dorf"], {"em": 50.0, "f1": 83.3333}),
    ("mlqa_vi", [["những cái hồ của Hà Nội"]], ["hồ Hà Nội"], {"em": 100.0, "f1": 100.0}),
    ("mlqa_ar", [["الكتاب العربي"]], ["كتاب"], {"em": 0.0, "f1": 66.6667}),
    ("mlqa_hi", [["नई दिल्ली।"]], ["नई दिल्ली"], {"em": 100.0, "f1": 100.0}),
    ("mlqa_zh", [["1998年在北京"]], ["北京，1998 年"], {"em": 0.0, "f1": 88.8889}),
    (
        "span_f1",
        ["PER: rick $$ PER: rick $$ LOC: london", "ORG: a:b", ""],
        ["PER: rick$$LOC: london $$ PER: rick", "ORG: a", ""],
        {"span_f1": 40.0},
    ),
    ("span_f1", ["", ""], ["", ""], {"span_f1": 0.0}),
    ("exact_match", ["a b", "", "c"], ["a b", "", "c "], {"exact_match": 66.6667}),
    (
        "bleu",
        ["The cat sat on the mat .", "Es regnet , und zwar heute ."],
        ["The cat sat on a mat .", "es regnet heute ."],
        {"bleu": 30.5626},
    ),
    ("bleu", ["one two three four five", "6.5 km—gone"], ["one two three four five", "6.5 km — gone"], {"bleu": 100.0}),
    ("bleu", ["a b c d"], [""], {"bleu": 0.0}),
    (
        "rouge",
        ["the cat sat . it slept .", "a dog barked . it ran away ."],
        ["it slept . the cat sat .", "a dog . it barked"],
        {"rouge1": 90.0, "rouge2": 50.0, "rougeLsum": 90.0},
    ),
    ("rouge", ["a b c", "", "x"], ["a b c", "", "y"], {"rouge1": 33.3333, "rouge2": 33.3333, "rougeLsum": 33.3333}),
]


@pytest.mark.parametrize(("name", "answers", "predictions", "values"), CASES)
def test_the_numbers_are_those_of_the_sources(name, answers, predictions, values):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = METRICS[name](answers, predictions)
    assert found == pytest.approx(values, abs=5e-5, nan_ok=True)
    assert all(type(value) is float for value in found.values())


def test_every_metric_has_a_case():
    assert {name for name, *_ in CASES} == METRICS.keys()


@pytest.mark.parametrize("name", METRICS)
def test_nothing_to_measure_is_nan_and_no_warning(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        values = METRICS[name]([], [])
    assert all(np.isnan(value) for key, value in values.items() if key != "golden_answers")


@pytest.mark.parametrize("name", METRICS)
def test_as_many_answers_as_predictions_or_it_is_a_bug(name):
    _, answers, predictions, _ = next(case for case in CASES if case[0] == name)
    with pytest.raises(ValueError, match=r"longer|shorter|answers and"):
        METRICS[name](answers, [*predictions, predictions[0]])


def test_a_metric_leaves_what_it_was_given():
    predictions = [1, -1, 7]
    METRICS["f1"]([1, 0, 1], predictions)
    assert predictions == [1, -1, 7]


def test_rouge_is_the_same_twice_and_leaves_the_global_generator():
    answers, predictions = ["a b", "c d", "e f", "g"], ["a", "c d x", "f e", ""]
    np.random.seed(5)
    ahead = np.random.random()
    np.random.seed(5)
    first = METRICS["rouge"](answers, predictions)
    assert np.random.random() == ahead
    assert METRICS["rouge"](answers, predictions) == first


@settings(max_examples=30)
@given(st.lists(st.floats(-5, 5), min_size=2, max_size=20), st.data())
def test_spearman_asks_for_the_order_alone(answers, data):
    predictions = data.draw(st.lists(st.integers(-9, 9), min_size=len(answers), max_size=len(answers)))
    found = METRICS["spearman"](answers, predictions)
    assert METRICS["spearman"](answers, [number**3 for number in predictions]) == pytest.approx(found, nan_ok=True)


@settings(max_examples=30)
@given(st.text(), st.text())
def test_normal_forms_are_stable(text, other):
    for normal in (normal_squad, normal_trivia_qa):
        assert "  " not in normal(text)
        assert normal(f" {text}\n") == normal(text)
    assert METRICS["squad"]([[other, text]], [text])["em"] == 100


@pytest.mark.parametrize(
    ("name", "answers", "prediction", "balance", "values"),
    [
        ("accuracy", [2, 0, 2, 1], 2, ((2, 50), (0, 25), (1, 25)), {"accuracy": 50}),
        ("f1", [0, 1, 0], 0, ((0, 200 / 3), (1, 100 / 3)), {"f1": 0}),
        ("pearson", [1.0, 1.0, 3.8], 1.0, ((1.0, 200 / 3), (3.8, 100 / 3)), {"pearson_corrcoef": nan}),
        ("squad", [["Ebro", "Rome"], ["Rome", "Rome"]], "Rome", (("Rome", 100), ("Ebro", 50)), {"em": 100, "f1": 100}),
        ("record", [{"group": 1, "answers": ["a b"]}], "a b", (("a b", 100),), {"em": 100, "f1": 100}),
        ("multirc", [{"group": 1, "label": 1}], 1, ((1, 100),), {"f1": 100, "exact_match": 100}),
        ("nq_multi_1", [[["x"]], [["y"], []]], ["x"], ((["x"], 50), (["y"], 50)), {"recall": 50, "golden_answers": 2}),
        ("exact_match", ["", "é", "é"], "é", (("é", 200 / 3), ("", 100 / 3)), {"exact_match": 200 / 3}),
        ("accuracy", [], None, (), {"accuracy": nan}),
        ("squad", [[], []], None, (), {"em": nan, "f1": nan}),
    ],
)  # fmt: skip
def test_the_most_frequent_answer_and_its_score(name, answers, prediction, balance, values):
    found = majority(answers, METRICS[name])
    assert found.prediction == prediction
    assert [key for key, _ in found.balance] == [key for key, _ in balance]
    assert [share for _, share in found.balance] == pytest.approx([share for _, share in balance])
    assert found.values == pytest.approx(values, nan_ok=True)


def test_a_balance_lists_the_first_answers_of_many():
    found = majority([f"text {number}" for number in range(100)], METRICS["exact_match"])
    assert len(found.balance) == 30
    assert found.values == {"exact_match": 1.0}


def test_importing_tasks_loads_no_library_of_metrics():
    code = "import sys, model.tasks; print({'torch', 'sacrebleu', 'rouge_score', 'nltk'} & sys.modules.keys())"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "set()\n"


@pytest.mark.parametrize("name", ["squad", "trivia_qa", "mlqa_en", "nq_multi", "nq_multi_1", "span_f1", "exact_match"])
def test_a_text_is_one_accepted_answer(name):
    """As a `Template` without labels gives it."""
    values = METRICS[name](["PER: rick"], ["PER: rick"])
    assert {*values.values()} - {values.get("golden_answers")} == {100.0}
    assert METRICS[name](["PER: rick"], ["morty"]) != values


def test_records_answers_may_be_a_text():
    assert METRICS["record"]([{"group": 0, "answers": "Rome"}], ["rome"]) == {"em": 100.0, "f1": 100.0}
