"""Scoring: what it writes where, of which models, ensembles, prediction files, and what it refuses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from model.decode import beam_search, greedy
from model.ensemble import Ensemble
from model.errors import ConfigError
from model.predictions import record_predictions
from model.score import main
from model.scorebook import beside, record_scores
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

CPU = torch.device("cpu")


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
    assert score(home, "--output", str(tmp_path), "--split", "test", "--tasks", tasks_of(home)[0]) == 0
    assert (tmp_path / "predictions/sst2.tsv").read_text().splitlines()[:2] == ["index\tprediction", "0\t0"]
    assert rows(tmp_path / "scores.csv") == []
    assert lines(tmp_path / "written/sst2.test.jsonl")[0]["target"] is None
    assert "sst2 has no labels in test: 5 answers in" in capsys.readouterr().err


def test_each_task_by_its_best_checkpoint(home: Path, tmp_path: Path) -> None:
    assert score(home, "--output", str(tmp_path), "--checkpoint", "best") == 0
    best = json.loads((home / "straight/best.json").read_bytes())
    assert {row["task"]: int(row["step"]) for row in rows(tmp_path / "scores.csv")} == {
        task: best[task]["step"] for task in ("sst2", "squad")
    }
    with pytest.raises(ConfigError, match=r"best.json has no rte, only sst2, squad, mean"):
        model_folder(home / "straight", "best", "rte")


def test_models_of_others_and_ensembles(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder as transformers has it, with two examples of one task, alone and with a run."""
    hub = tmp_path / "hub"
    hub.mkdir()
    for name in ("config.json", "model.safetensors", "spiece.model", "tokenizer_config.json"):
        shutil.copyfile(home / "base/checkpoints/step-00000001" / name, hub / name)
    few = ("--tasks", tasks_of(home)[0], "--examples", "2", "--targets", "3", "--output", str(tmp_path / "out"))
    assert main(["--run", str(hub), "--device", "cpu", *few]) == 0
    assert [row["step"] for row in rows(tmp_path / "out/scores.csv")] == ["0"]
    assert score(home, *few, "--ensemble", str(hub), str(home / "straight"), "--beams", "2") == 0
    assert f"scoring {home}/straight/checkpoints/step-00000006 and {hub}\n" in capsys.readouterr().err
    train_tokenizer(["other words than those"] * 20, hub, 30)
    assert score(home, *few, "--ensemble", str(hub)) == 2
    assert "has another vocabulary than" in capsys.readouterr().err


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
    assert "is no table of scores: kept as scores.csv.old" in capsys.readouterr().err
    record_scores(tmp_path, 6, [TaskScore("rte", "test", "accuracy", 60.0, 4)])
    record_scores(tmp_path, 5, [TaskScore("rte", "test", "accuracy", 70.0, 4)])
    assert [(row["step"], row["value"]) for row in rows(tmp_path / "scores.csv")] == [
        ("6", "60.000000"),
        ("5", "70.000000"),
    ]


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
        (("--run", "nowhere"), "nowhere: expected the folder of a run, of a checkpoint, or of a T5"),
        (("--run", "HOME/base"), "was fine-tuned on no task: name some by --tasks NAME=PATH"),
        (("--tasks", "sst2=nowhere"), "nowhere is not there"),
        (("--split", "test"), "--split test: HOME/tasks/questions has no such files of squad, only train, validation"),
        (("--split", "dev"), "argument --split: invalid choice"),
        (("--targets", "1"), "--targets 1: expected 2 to"),
        (("--examples", "0"), "argument --examples"),
        (("--device", "gpu"), "--device gpu: expected cpu, cuda"),
        (("--checkpoint", "nowhere"), "there is no checkpoint nowhere"),
        (("--checkpoint", "x", "--ensemble", "y"), "--checkpoint names one model, and --ensemble several"),
        (("--ensemble", "nowhere"), "nowhere: expected the folder of a run"),
        (("--run", "HOME/base", "--checkpoint", "best", "--tasks", "sst2=HOME/tasks/sst2"), "base has no best.json"),
        (("--run", "HOME/straight/checkpoints/step-00000006", "--tasks", "sst2=HOME/tasks/sst2"), "by --output"),
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
