"""model.evaluate: the numbers against transformers' own loss, and the command."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
import transformers  # whose parts are imported when they are asked for: five seconds

from model.data import open_entries, validation
from model.distributed import ProcessGroup
from model.evaluate import entropy, evaluate, main
from model.objectives import OBJECTIVES
from model.run import open_checkpoint
from model.stream import Recipe
from tests.model.training import rows, train, write_stories

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_stories(tmp_path_factory.mktemp("data") / "c4")


@pytest.fixture(scope="module")
def run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("run")
    assert train(data, run, steps=3) == 0
    return run


@pytest.mark.parametrize("rows", [3, 4, 16])
def test_scores_are_those_of_transformers(data: Path, run: Path, rows: int) -> None:
    """Over all targets at once, however they are cut into batches; a last batch has empty rows."""
    folder, model, tokenizer = open_checkpoint(run, None, CPU)
    entries = open_entries([data], "validation")
    recipe = Recipe(entries, (1.0,), tokenizer, OBJECTIVES["span"], 32)
    english, overall = evaluate(model.forward, recipe, entries, rows, None, ProcessGroup(CPU), bf16=False)
    judge = transformers.T5ForConditionalGeneration.from_pretrained(folder).eval()
    loss, right, tokens, ids = 0.0, 0, 0, []
    for batch in validation(recipe, entries[0], 1):
        with torch.no_grad():
            mask = torch.ones_like(batch.inputs) if batch.input_segments is None else batch.input_segments
            logits = judge(batch.inputs, attention_mask=mask, labels=batch.targets).logits
        known = batch.targets != -100
        loss += float(torch.nn.functional.cross_entropy(logits[known], batch.targets[known], reduction="sum"))
        right += int((logits[known].argmax(-1) == batch.targets[known]).sum())
        tokens += int(known.sum())
        ids += batch.targets[known].tolist()
    assert (english.entry, overall.entry) == ("en", "all")
    assert english[1:] == overall[1:]
    assert (english.tokens, english.accuracy) == (tokens, pytest.approx(right / tokens, abs=1e-9))
    assert english.loss == pytest.approx(loss / tokens, rel=1e-5)
    shares = [ids.count(number) / len(ids) for number in {*ids}]
    assert english.unigram == pytest.approx(-sum(share * math.log(share) for share in shares), rel=1e-9)


def test_the_yardstick() -> None:
    assert entropy(torch.tensor([5, 0, 0])) == 0
    assert entropy(torch.tensor([2, 0, 2, 2, 2])) == pytest.approx(math.log(4))


def test_the_command_says_what_the_run_has_written(data: Path, run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--run", str(run), "--device", "cpu"]) == 0
    said = capsys.readouterr().out
    last = rows(run / "eval.csv")[-1]
    assert "checkpoints/step-00000003, validation text of" in said
    cells = [line.split() for line in said.splitlines()[2:]]
    assert [line[0] for line in cells] == ["en", "all"]
    assert float(cells[1][1]) == pytest.approx(float(last["loss"]), abs=1e-4)
    assert cells[1][3] == last["tokens"]


def test_the_command_reads_other_text(data: Path, run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = ["--run", str(run), "--device", "cpu"]
    assert main([*own, "--data", str(data), "--split", "train", "--languages", "de", "--batches", "1"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[2:]] == ["de", "all"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--run", "nowhere"], "nowhere holds no run: it has no config.json"),
        (["--run", "RUN", "--languages", "de"], "unknown config of split 'validation' 'de'"),
        (["--run", "RUN", "--batch", "0"], "'0' is not a whole number from 1 to"),
        (["--run", "RUN", "--checkpoint", "nowhere"], "there is no checkpoint nowhere"),
    ],
)
def test_wrong_use_is_said(run: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    assert main([str(run) if word == "RUN" else word for word in arguments]) == 2
    assert message in capsys.readouterr().err
