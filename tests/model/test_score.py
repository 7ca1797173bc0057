"""Scoring: what it writes where, of which models, ensembles, prediction files, and what it refuses."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from model.answers import put_answers
from model.decode import beam_search, greedy
from model.ensemble import Ensemble
from model.errors import ConfigError
from model.predictions import record_predictions
from model.score import main
from model.scorebook import ScoredTask, beside, record_scores, scores_shown
from model.scored_models import model_folder
from model.scoring import TaskScore, score_examples
from model.t5 import T5, padding
from model.tasks import TASKS, Task, TaskExample, Template
from model.tasks.data import TaskData
from model.tokens import train_tokenizer
from tests.conftest import Once
from tests.model.test_beforehand import MINI
from tests.model.training import rows
from tests.model.tuning import make_home, tasks_of

OLD = (".old", ".old-2", ".old-3")


@pytest.fixture(scope="module")
def home(once: Once) -> Path:
    """See `make_home`. Look at it, and leave it as it is."""
    return once("tuning", make_home)


def score(home: Path, *arguments: str, run: str = "straight") -> int:
    return main(["--run", str(home / run), "--device", "cpu", *arguments])


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_run_gets_its_scores(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same numbers as its last evaluation, and for the questions how many answers are not in their context."""
    run = Path(shutil.copytree(home / "straight", tmp_path / "straight"))
    kept = "3,sst2,validation,accuracy,12.500000,8\n"
    (run / "scores.csv").write_text(
        f"step,task,split,metric,value,examples\n{kept}6,sst2,validation,accuracy,1.000000,8\n"
    )
    assert score(tmp_path) == 0
    found = rows(run / "scores.csv")
    told = [row for row in rows(run / "validation.csv") if row["step"] == "6"]
    assert (run / "scores.csv").read_text().splitlines()[1] + "\n" == kept
    assert [row for row in found[1:] if row["metric"] in ("accuracy", "em", "f1")] == told
    legal = [row["metric"] for row in found[len(told) + 1 :]]
    assert legal == [
        *("empty", "not_in_context", "not_in_context_nfkc", "other_script", "other_language", "language_unknown")
    ]
    written = lines(run / "written/sst2.jsonl")
    assert [*written[0]] == ["input", "target", "written"]
    assert (len(written), written[1]["target"]) == (8, "positive")
    assert len(lines(run / "written/squad.jsonl")) == 6
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].split() == ["task", "split", "metric", "value", "majority", "examples"]
    assert shown[1].split()[:3] == ["sst2", "validation", "accuracy"]
    assert shown[1].split()[4:] == ["50.00", "8"]
    assert shown[2] == "  answers: negative 50.0 %, positive 50.0 %"


def test_test_sets_without_labels_get_a_file_of_predictions(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the tasks that have one, the others being named; there is no table then. Files of the user's are kept."""
    record_scores(tmp_path, 0, ())  # what makes the folder one of scorings
    mine = [tmp_path / "predictions/sst2.tsv", tmp_path / "written/sst2.test.jsonl"]
    for path in mine:
        path.parent.mkdir()
        path.write_text("index\tprediction\n0\t1\n")
    assert score(home, "--output", str(tmp_path), "--split", "test") == 0
    assert [path.with_name(f"{path.name}.old").read_text() for path in mine] == ["index\tprediction\n0\t1\n"] * 2
    assert (tmp_path / "predictions/sst2.tsv").read_text().splitlines()[:2] == ["index\tprediction", "0\t0"]
    assert rows(tmp_path / "scores.csv") == []
    assert lines(tmp_path / "written/sst2.test.jsonl")[0]["target"] is None
    told = capsys.readouterr()
    assert "sst2 has no labels in test: 5 answers in" in told.err
    assert "has no such files of squad, only train, validation: the task is skipped" in told.err
    assert told.out == ""


def test_answers_are_kept_from_what_is_less(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Those of a scoring to as many examples are replaced; others, to more, or changed by hand, are not."""
    path = tmp_path / "written/sst2.jsonl"
    path.parent.mkdir()
    for content, examples in ((b"one", 4), (b"two", 4), (b"three", 2)):
        put_answers(tmp_path, path, content, examples)
    assert path.with_name("sst2.jsonl.old").read_bytes() == b"two"
    assert "has answers to 4 examples; the new answers cover 2: kept as sst2.jsonl.old" in capsys.readouterr().err
    path.write_bytes(b"mine")
    put_answers(tmp_path, path, b"four", 2)
    assert path.with_name("sst2.jsonl.old-2").read_bytes() == b"mine"
    (tmp_path / "answers.json").write_text('{"mine": 1}')
    put_answers(tmp_path, path, b"four", 2)
    assert (tmp_path / "answers.json.old").read_text() == '{"mine": 1}'
    assert {one.name for one in path.parent.iterdir()} == {f"sst2.jsonl{old}" for old in ("", *OLD)}


def test_each_task_by_its_best_checkpoint(home: Path, tmp_path: Path) -> None:
    assert score(home, "--output", str(tmp_path), "--checkpoint", "best") == 0
    best = json.loads((home / "straight/best.json").read_bytes())
    assert {row["task"]: int(row["step"]) for row in rows(tmp_path / "scores.csv")} == {
        task: best[task]["step"] for task in ("sst2", "squad")
    }
    with pytest.raises(ConfigError, match=r"best.json has no rte, only sst2, squad, mean"):
        model_folder(home / "straight", "best", "rte")


def test_a_task_without_a_best_checkpoint_is_left_out(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Such as one without a validation split; without any other it is refused."""
    other = f"sst2/other={home / 'tasks/sst2'}"
    words = ("--output", str(tmp_path / "out"), "--checkpoint", "best", "--examples", "1", "--tasks", other)
    assert score(home, *words) == 2
    assert "best.json has no sst2/other, only sst2, squad, mean: name others with --tasks" in capsys.readouterr().err
    assert score(home, *words, tasks_of(home)[0]) == 0
    assert {row["task"] for row in rows(tmp_path / "out/scores.csv")} == {"sst2"}
    assert "sst2/other, only sst2, squad, mean: the task is skipped" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ("[1]", "is not an object with one checkpoint per task"),
        ('["sst2"]', "is not an object with one checkpoint per task"),
        ('{"sst2": 5}', "is not an object with one checkpoint per task"),
        ('{"sst2": {"checkpoint": 5}}', "names no checkpoint for sst2"),
        ('{"sst2": {}}', "names no checkpoint for sst2"),
        ("{", "cannot be read"),
        (
            '{"sst2": {"checkpoint": "checkpoints/step-00000006"}}',
            "which is not, or no longer, a checkpoint of .*: choose another one",
        ),
        ('{"sst2": {"checkpoint": "../x"}}', "which is not, or no longer, a checkpoint of"),
    ],
)
def test_a_damaged_list_of_the_best_is_told(tmp_path: Path, found: str, message: str) -> None:
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "best.json").write_text(found)
    with pytest.raises(ConfigError, match=f"best.json {message}|best.json names .* {message}"):
        model_folder(tmp_path, "best", "sst2")


def test_other_data_than_those_of_the_run_are_told(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And refused where they are not what SHA256SUMS says."""
    data = Path(shutil.copytree(home / "tasks/sst2", tmp_path / "sst2"))
    words = ("--output", str(tmp_path / "out"), "--examples", "1", "--tasks", f"sst2={data}")
    assert score(home, *words) == 0
    assert "note" not in capsys.readouterr().err
    with (data / "dev.tsv").open("a") as file:
        file.write("one more\t1\n")
    assert score(home, *words) == 0
    assert f"note: {data}: dev.tsv of sst2 is not what {home}/straight was trained" in capsys.readouterr().err
    (data / "SHA256SUMS").write_text(f"{'0' * 64}  dev.tsv\n")
    assert score(home, *words) == 2
    assert "dev.tsv is damaged or a different file" in capsys.readouterr().err


def test_paths_of_a_run_are_seen_from_its_folder(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "checkpoints").mkdir()
    config = (home / "straight/config.json").read_text().replace(f"{home}/tasks", "my/tasks")
    (tmp_path / "config.json").write_text(config)
    assert main(["--run", str(tmp_path), "--device", "cpu"]) == 2
    said = capsys.readouterr().err
    assert f"my/tasks/sst2 does not exist relative to {Path.cwd()}" in said
    assert "Change to that folder, or name the data with --tasks" in said


def test_models_of_others_and_ensembles(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder as transformers has it, with two examples of one task, alone and with a run."""
    hub = tmp_path / "hub"
    hub.mkdir()
    for name in ("config.json", "model.safetensors", "spiece.model", "tokenizer_config.json"):
        shutil.copyfile(home / "base/checkpoints/step-00000001" / name, hub / name)
    few = ("--tasks", tasks_of(home)[0], "--examples", "2", "--targets", "12", "--output", str(tmp_path / "out"))
    assert main(["--run", str(hub), "--device", "cpu", *few]) == 0
    assert [row["step"] for row in rows(tmp_path / "out/scores.csv")] == ["0"]
    assert score(home, *few, "--ensemble", str(hub), "--beams", "2") == 0
    assert f"scoring {home}/straight/checkpoints/step-00000006 and {hub}\n" in capsys.readouterr().err
    train_tokenizer(["other words than those"] * 20, hub, 30)
    assert score(home, *few, "--ensemble", str(hub)) == 2
    assert "has a different vocabulary from" in capsys.readouterr().err


def test_an_ensemble_averages_logits() -> None:
    torch.manual_seed(0)
    models = [T5(MINI).eval() for _ in range(3)]
    inputs = torch.randint(2, MINI.vocab, (4, 6))
    many = Ensemble(models).eval()
    mean = torch.stack([model.start(inputs, padding(inputs))[1] for model in models]).mean(0)
    cache, logits = many.start(inputs, padding(inputs))
    assert torch.allclose(logits, mean)
    tokens = logits.argmax(-1)
    caches = [model.start(inputs, padding(inputs))[0] for model in models]
    mean = torch.stack([model.step(tokens, one) for model, one in zip(models, caches, strict=True)]).mean(0)
    assert torch.allclose(many.step(tokens, cache), mean)
    alike = Ensemble(models[:1] * 2).eval()
    assert torch.equal(greedy(alike, inputs, 5), greedy(models[0], inputs, 5))
    assert torch.equal(beam_search(alike, inputs, 5, beams=3), beam_search(models[0], inputs, 5, beams=3))


@pytest.mark.parametrize(
    ("task", "row", "written", "name", "expected"),
    [
        ("rte", {"index": 7, "sentence1": "a", "sentence2": "b"}, "not_entailment", "rte.tsv", "7\tnot_entailment"),
        ("cola", {"idx": 3, "sentence": "a"}, "acceptable", "cola.tsv", "3\t1"),
        ("mrpc", {"sentence1": "a", "sentence2": "b"}, "nonsense", "mrpc.tsv", "0\t0"),
        ("stsb", {"index": 0, "sentence1": "a", "sentence2": "b"}, "3.8", "stsb.tsv", "0\t3.800"),
        ("stsb", {"index": 0, "sentence1": "a", "sentence2": "b"}, "x", "stsb.tsv", "0\t0.000"),
        ("boolq", {"idx": 4, "passage": "p", "question": "q"}, "True", "boolq.jsonl", {"idx": 4, "label": "true"}),
        ("cb", {"idx": 4, "premise": "p", "hypothesis": "q"}, "neutral", "cb.jsonl", {"idx": 4, "label": "neutral"}),
        (
            "copa",
            {"idx": 1, "premise": "p", "choice1": "a", "choice2": "b", "question": "cause"},
            *("choice2", "copa.jsonl", {"idx": 1, "label": 1}),
        ),
        (
            "wsc",
            {"idx": 2, "text": "Tom saw it", "span1_text": "Tom", "span2_text": "it", "span2_index": 2},
            *("Tom", "wsc.jsonl", {"idx": 2, "label": "True"}),
        ),
        (
            "record",
            {"idx": {"passage": 5, "query": 9}, "passage": "p", "query": "q", "entities": ["Ada"]},
            *("Ada", "record.jsonl", {"idx": 9, "label": "Ada"}),
        ),
        (
            "multirc",
            {"idx": {"paragraph": 5, "question": 6, "answer": 7}, "paragraph": "p", "question": "q", "answer": "a"},
            *("True", "multirc.jsonl"),
            {"idx": 5, "passage": {"questions": [{"idx": 6, "answers": [{"idx": 7, "label": 1}]}]}},
        ),
        ("xnli/de", {"premise": "a", "hypothesis": "b"}, "2", "xnli/de.jsonl", {"idx": 0, "prediction": "2"}),
    ],
)
def test_predictions_have_the_form_of_their_benchmark(
    tmp_path: Path, task: str, row: dict[str, Any], written: str, name: str, expected: Any
) -> None:
    (tmp_path / "test.jsonl").write_text(json.dumps(row) + "\n")
    data = TaskData(task, TASKS[task], tmp_path / "test.jsonl")
    asked = [*data.examples_by_row("test")]
    path, wrong = record_predictions(tmp_path, data, "test", asked, [written])
    assert path == tmp_path / "predictions" / name
    last = path.read_text().splitlines()[-1]
    assert (last if path.suffix == ".tsv" else json.loads(last)) == expected
    assert wrong == (written == "nonsense")


def test_a_file_of_others_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "scores.csv").write_text("my,own,notes\n")
    record_scores(tmp_path, 5, [TaskScore("rte", "test", "accuracy", 50.0, 4)])
    assert (tmp_path / "scores.csv.old").read_text() == "my,own,notes\n"
    assert "is not a table of scores: kept as scores.csv.old" in capsys.readouterr().err
    record_scores(tmp_path, 6, [TaskScore("rte", "test", "accuracy", 60.0, 4)])
    record_scores(tmp_path, 5, [TaskScore("rte", "test", "accuracy", 70.0, 4)])
    assert [(row["step"], row["value"]) for row in rows(tmp_path / "scores.csv")] == [
        ("6", "60.000000"),
        ("5", "70.000000"),
    ]


def test_a_row_of_more_examples_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def found(value: float, examples: int) -> list[dict[str, str]]:
        record_scores(tmp_path, 5, [TaskScore("rte", "test", "accuracy", value, examples)])
        return rows(tmp_path / "scores.csv")

    assert found(50.0, 64)[0]["value"] == "50.000000"
    assert found(25.0, 4)[0]["examples"] == "64"
    where = f"note: {tmp_path}/scores.csv, step 5, rte test: "
    assert f"{where}scores over more examples stay (accuracy of 64)" in capsys.readouterr().err
    assert found(50.0, 64)[0]["value"] == "50.000000"
    assert capsys.readouterr().err == ""
    assert found(60.0, 64)[0]["value"] == "60.000000"
    assert f"{where}replaced accuracy 50.000000 by 60.000000" in capsys.readouterr().err


@pytest.mark.parametrize("line", ["5,rte,test,accu", "5,rte,test,f1,x,4\n", "5,rte,test,accuracy,50.000000,4"])
def test_a_table_with_a_damaged_row_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str) -> None:
    before = f"step,task,split,metric,value,examples\n4,rte,test,accuracy,50.000000,4\n{line}"
    (tmp_path / "scores.csv").write_text(before)
    record_scores(tmp_path, 6, [TaskScore("rte", "test", "accuracy", 70.0, 4)])
    assert (tmp_path / "scores.csv.old").read_text() == before
    assert "has 1 damaged lines: kept as scores.csv.old" in capsys.readouterr().err
    assert [row["step"] for row in rows(tmp_path / "scores.csv")] == ["4", "6"]


def test_what_is_not_defined_is_explained() -> None:
    scored = ScoredTask([TaskScore("stsb", "validation", "pearson_corrcoef", math.nan, 4)], {}, "")
    assert scores_shown([scored]).splitlines()[-1].startswith("  nan: undefined, such as a correlation when")
    assert scores_shown([ScoredTask([], {}, "")]) == ""


def test_the_balance_of_classes_is_told_and_not_that_of_texts() -> None:
    examples = [TaskExample("", "", answer) for answer in (0, 1, 1, None, 1)]
    assert beside(TASKS["rte"], examples) == ({"accuracy": 75.0}, "not_entailment 75.0 %, entailment 25.0 %")
    assert beside(TASKS["squad"], [TaskExample("", "", ["Ada"])]) == ({"em": 100.0, "f1": 100.0}, "")
    assert beside(TASKS["rte"], [TaskExample("", "")]) == ({}, "")


def test_a_task_with_a_sentinel_is_read_without_it() -> None:
    task = Task("x", Template("{a}", "{b}"), ("exact_match",), sentinel=True)
    (found,) = score_examples(task, "test", [TaskExample("", "Ada", "Ada")], ["<extra_id_0> Ada"])
    assert found.value == 100.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--run", "nowhere"), "nowhere does not exist: name a run"),
        (("--run", "HOME/base"), "was not fine-tuned on tasks: name some with --tasks NAME=PATH"),
        (("--tasks", "sst2=nowhere"), "nowhere does not exist"),
        (
            ("--split", "test", "--tasks", "squad=HOME/tasks/questions"),
            "--split test: HOME/tasks/questions has no such files of squad, only train, validation",
        ),
        (("--split", "dev"), "argument --split: invalid choice"),
        (("--targets", "1"), "--targets 1: expected 2 to"),
        (("--targets", "3"), "--targets 3: the label 'positive' of sst2 has "),
        (("--examples", "0"), "argument --examples"),
        (("--device", "gpu"), "--device gpu: expected cpu, cuda"),
        (("--checkpoint", "nowhere"), "there is no checkpoint nowhere"),
        (("--checkpoint", "x", "--ensemble", "y"), "--checkpoint names one model, but --ensemble needs several"),
        (("--ensemble", "nowhere"), "nowhere does not exist: name a run"),
        (
            ("--ensemble", "HOME/straight"),
            "step-00000006 is listed twice, since --run counts as the first: list each model once",
        ),
        (("--ensemble", "HOME/base", "HOME/base/checkpoints/step-00000001"), "step-00000001 is listed twice"),
        (
            ("--run", "HOME/straight", "--checkpoint", "HOME/base/checkpoints/step-00000001"),
            "HOME/base/checkpoints/step-00000001: not a checkpoint of HOME/straight, and its scores would be mistaken",
        ),
        (
            ("--output", "HOME/tasks"),
            "exists and was not written by scoring: give --output another folder, new or empty",
        ),
        (("--output", "HOME/base"), "not a checkpoint of HOME/base, and its scores"),
        (("--output", "HOME/straight", "--ensemble", "HOME/base"), "not a checkpoint of HOME/straight, and its scores"),
        (("--run", "HOME/base", "--checkpoint", "best", "--tasks", "sst2=HOME/tasks/sst2"), "base has no best.json"),
        (("--run", "HOME/straight/checkpoints/step-00000006", "--tasks", "sst2=HOME/tasks/sst2"), "give --output"),
    ],
)
def test_wrong_use_is_said_in_a_line(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    run = [] if "--run" in arguments else ["--run", str(home / "straight"), "--output", str(tmp_path / "out")]
    try:
        code = main([*run, "--device", "cpu", *(word.replace("HOME", str(home)) for word in arguments)])
    except SystemExit as end:
        code = end.code
    assert code == 2
    said = capsys.readouterr().err
    assert message.replace("HOME", str(home)) in said
    assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()
