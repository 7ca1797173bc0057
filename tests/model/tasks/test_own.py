"""Tasks of a user's own: what is wrong with one is a line, before any work, with the place in the user's file."""

from dataclasses import dataclass, field

import pytest

from model.errors import ConfigError, TrainError
from model.tasks import TASK_SPLITS, TASKS, Format, Task, TaskExample, TaskLengths, Template
from model.tasks.data import TaskData

MOOD = Template("mood: {text}", "{mood}")


@dataclass(frozen=True)
class Made(Format):
    """Gives what it is told to; a function is called."""

    made: object = None
    reads: object = None
    columns: object = field(default=("text",))

    def __call__(self, row, training):
        return self.made(row) if callable(self.made) else self.made

    def read(self, written, example):
        return self.reads(written) if self.reads else written


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Template("m: {text", "{mood}"), r"Template 'm: \{text': expected '\}'"),
        (lambda: Template("m: {}", "{mood}"), "expected the name of a column in each pair of braces"),
        (lambda: Template(3, "{mood}"), "Template is 3: expected two patterns"),
        (lambda: Template("{text}", "a", labels=("a", "b")), "with labels has the targets 'a': expected one column"),
        (lambda: Template("{text}", "{mood}", labels="ab"), "labels of a Template is 'ab': expected a tuple"),
        (lambda: Task("x", "m: {text}", ("squad",)), r"Task x: format is 'm: \{text\}': expected a Format"),
        (lambda: Task("x", Template, ("squad",)), "Task x: format is <class"),
        (lambda: Task("x", Made(columns="text"), ("squad",)), "Task x: columns of the format is 'text': expected a"),
        (lambda: Task("x", MOOD, "squad"), r"Task x: metrics is 'squad': expected a tuple of names, as in \('acc"),
        (lambda: Task("x", MOOD, ()), "Task x: metrics"),
        (lambda: Task("x", MOOD, ("squad",), lengths=512), "Task x: lengths is 512: expected TaskLengths"),
        (lambda: Task("x", MOOD, ("squad",), lengths=TaskLengths(512, 1)), "Task x: lengths"),
        (lambda: Task("x", MOOD, ("squad",), beams=0), "Task x: beams is 0: expected 1 or more"),
        (lambda: Task("x", MOOD, ("squad",), layout={}), "Task x: layout"),
        (lambda: Task("x", MOOD, ("squad",), splits=("dev",)), f"Task x: splits .*{', '.join(TASK_SPLITS)}"),
    ],
)
def test_a_wrong_task_is_refused_where_it_is_made(make, message):
    with pytest.raises(ConfigError, match=message):
        make()


@pytest.fixture
def rows(tmp_path):
    path = tmp_path / "train.tsv"
    path.write_text("text\tmood\na\tb\n")
    return path


ONE = TaskExample("a", "b", "b")
HERE = rf"{__file__}:\d+: "


@pytest.mark.parametrize(
    ("form", "metric", "message"),
    [
        (Made(lambda row: 1 / 0), "squad", f"tsv:2 is not an example of x: {HERE}ZeroDivisionError: division by zero"),
        (Made(lambda row: [row["none"]]), "squad", f"tsv:2 is not an example of x: {HERE}KeyError: 'none'"),
        (Made(None), "squad", "tsv:2 is not an example of x: .*TypeError"),
        (Made(ONE), "squad", "tsv:2: the format gave a str: expected TaskExamples"),
        (Made([TaskExample("a", "b", {"b"})]), "squad", "tsv:2: the answer cannot be stored as JSON"),
        (Made([TaskExample("a", 3, 3)]), "squad", "tsv:2: the targets are a int: expected a text"),
        (Made([ONE], lambda written: 1 / 0), "squad", f"x cannot read what was written, 'b': {HERE}ZeroDivisionError"),
        (Made([ONE], int), "accuracy", f"x cannot read what was written, 'b': {HERE}ValueError"),
        (MOOD, "pearson", "x: the metric pearson cannot compare 'b' with the answer 'b'"),
        (Template("{text}", "{mood}", ("a", "b")), "squad", "x: the metric squad cannot compare 1 with the answer 1"),
        *((MOOD, metric, f"the metric {metric} cannot") for metric in ("spearman", "f1", "mean_f1_3", "multirc")),
    ],
)
def test_a_fault_of_a_format_is_a_line(rows, form, metric, message):
    with pytest.raises(ConfigError, match=message) as error:
        TaskData("x", Task("x", form, (metric,)), rows).check()
    assert "\n" not in str(error.value)


def test_numbers_without_labels_are_not_compared_as_texts(rows):
    """The answer "3.5" passes for a number, and what a model writes does not."""
    rows.write_text("text\tmood\na\t3.5\n")
    with pytest.raises(ConfigError, match="the metric pearson cannot compare"):
        TaskData("x", Task("x", MOOD, ("pearson",)), rows).check()


def test_a_fault_while_a_run_reads_answers_ends_it_with_a_line():
    task = Task("x", Made([ONE], lambda written: int(written)), ("squad",))
    assert task.read("3", ONE) == 3
    with pytest.raises(TrainError, match=f"x cannot read what was written, 'three': {HERE}ValueError: invalid literal"):
        task.read("three", ONE)


def test_what_is_right_passes(rows):
    for metric in ("squad", "trivia_qa", "nq_multi", "exact_match", "accuracy", "bleu"):
        TaskData("x", Task("x", MOOD, (metric,)), rows).check()
    TaskData("x", Task("x", Made([ONE], str.strip), ("squad",)), rows).check()


@pytest.mark.parametrize("wrong", [b"a", ["a"]])
@pytest.mark.parametrize(
    "name", ["sst2", "stsb", "multirc", "record", "wmt_ende", "cnn_dailymail", "xnli", "nq", "squad"]
)
def test_no_task_reads_what_is_neither_text_nor_number(name, wrong):
    """Its repr would be trained on."""
    form = TASKS[name].format
    rest = {"entities": [], "idx": {}, "annotations": {"yes_no_answer": [1], "short_answers": [[]]}, "passage": "a"}
    row = {column: rest.get(column, wrong) for column in form.columns}
    with pytest.raises((ConfigError, TypeError, AttributeError)):  # TaskData makes a line of the latter two
        [*form(row, False)]
