"""What `--tasks` is given."""

import pytest

from model.errors import ConfigError
from model.tasks.naming import parse_tasks

OWN = "from model.tasks import Task, Template\n"
ROW = "sentence\tlabel\na\t1\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name in ("SST-2", "CoLA", "notes"):
        (tmp_path / "glue" / name).mkdir(parents=True)
        (tmp_path / "glue" / name / "train.tsv").write_text(ROW)
    (tmp_path / "glue" / "MNLI").mkdir()
    head = "sentence1\tsentence2\tgold_label\na\tb\tneutral\n"
    for split in ("train", "dev_matched", "dev_mismatched"):
        (tmp_path / "glue" / "MNLI" / f"{split}.tsv").write_text(head)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def names(*words):
    return [data.name for data in parse_tasks(words)]


def test_names_other_names_and_groups(folder):
    assert names("sst2=glue/SST-2") == ["sst2"]
    assert names("sst2=glue/SST-2", "sst2/mine=glue/SST-2") == ["sst2", "sst2/mine"]
    assert names("glue=glue") == ["cola", "sst2", "mnli", "mnli_mismatched"]


def test_a_task_of_ones_own(folder):
    (folder / "own_tasks.py").write_text(
        "from model.tasks import Task, Template\n"
        "MOOD = Task('mood', Template('mood: {sentence}', '{label}', labels=('sad', 'happy')), metrics=('accuracy',))\n"
        "ODD = Task('odd', Template('{sentence}', '{label}'), metrics=('acuracy',))\n"
        "NUMBER = 3\n"
    )
    (data,) = parse_tasks(["own_tasks:MOOD=glue/SST-2"])
    assert (data.name, [example.targets for example in data.examples("train")]) == ("mood", ["happy"])
    assert names("own_tasks:MOOD/a=glue/SST-2", "own_tasks:MOOD=glue/SST-2") == ["mood/a", "mood"]
    for word, message in {
        "own_tasks:MODE": "own_tasks has no 'MODE'; expected a Task",
        "own_tasks:NUMBER": "is a int: expected a model.tasks.Task",
        "own_tasks:ODD": r"unknown metric of own_tasks:ODD 'acuracy'\. Did you mean 'accuracy'",
        "no_tasks:MOOD": "No module named 'no_tasks'",
        ":MOOD": "expected MODULE:TASK, importable from here",
    }.items():
        with pytest.raises(ConfigError, match=message):
            parse_tasks([f"{word}=glue/SST-2"])


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("1 / 0\n", r"fault\d\.py:1: ZeroDivisionError: division by zero"),
        ("a b\n", r"fault\d\.py:1: invalid syntax"),
        ("import os\nos.nothing\n", r"fault\d\.py:2: AttributeError: module 'os' has no attribute 'nothing'"),
        ("import not_there\n", r"fault\d\.py:1: ModuleNotFoundError: No module named 'not_there'"),
        ("import sys\nsys.exit(0)\n", r"the module exited: \S+fault\d\.py:2: SystemExit: 0"),
        (f"{OWN}MOOD = Template('m: {{text', '{{mood}}')\n", r"fault\d\.py:2: Template 'm: {text': expected '}'"),
        (
            f"{OWN}MOOD = Task('x', 'm: {{text}}', ('accuracy',))\n",
            r"fault\d\.py:2: Task x: format is 'm: {text}': exp",
        ),
    ],
)
def test_a_fault_in_a_module_of_ones_own(folder, code, message, request):
    number = request.node.callspec.indices["code"]
    (folder / f"fault{number}.py").write_text(code)
    with pytest.raises(ConfigError, match=message) as error:
        parse_tasks([f"fault{number}:MOOD=glue"])
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "names no task"),
        (["sst2"], r"--tasks sst2: expected NAME=PATH"),
        (["=glue"], "expected NAME=PATH"),
        (["sst2="], "expected NAME=PATH"),
        (["SST2=glue"], r"unknown task 'SST2'\. Did you mean 'sst2'"),
        (["sst2=/dev/null"], r"/dev/null is neither a file nor a folder"),
        (["ssst2=glue"], r"unknown task 'ssst2'\. Did you mean 'sst2'"),
        (["sst2/../x=glue"], "expected letters, digits"),
        (["sst2=glue/SST-2", "sst2=glue/CoLA"], "--tasks has sst2 twice: give one of them another name"),
        (["glue=glue/SST-2"], "it has no task folder"),
        (["glue=none"], "is not a folder"),
        (["sst2=none"], "none does not exist"),
    ],
)
def test_what_is_wrong_is_said(folder, words, message):
    with pytest.raises(ConfigError, match=message):
        parse_tasks(words)
