"""The folder of a run in safe hands: what damage becomes of, and that nothing of the user's is touched."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest

from model import generate
from model.shelf import CHECKPOINT_SUMS
from tests.model.damage import LOGS, OFTEN, TEXT, Runs, commands, harm, prepare, ran, verdict
from tests.model.training import train, untimed, write_stories


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Look at them, and leave them as they are."""
    folder = tmp_path_factory.mktemp("runs")
    return prepare(write_stories(folder / "c4"), folder)


@pytest.fixture
def run(runs: Runs, tmp_path: Path) -> Path:
    """A copy of the run of eight steps."""
    return Path(shutil.copytree(runs.eight, tmp_path / "run"))


@pytest.mark.parametrize("seed", range(6))
def test_what_is_damaged_changes_nothing_or_is_named(runs: Runs, run: Path, seed: int) -> None:
    """`make soak` tries many more."""
    draw = random.Random(seed)
    command = ("train", "generate", "evaluate")[seed % 3]
    assert verdict(runs, run, command, harm(run, draw)) in ("same", "named", "refused")


FILES = (
    *("sha256.json", "sums.json", "config.json", "loss.svg", *LOGS),
    *(f"tokenizer/{name}" for name in ("spiece.model", "tokenizer.json", "tokenizer_config.json")),
)


def test_a_run_of_which_every_file_but_its_checkpoints_is_damaged_goes_on(runs: Runs, run: Path) -> None:
    before = {}
    for name in FILES:
        before[name] = (run / name).read_bytes()[:-9]
        (run / name).write_bytes(before[name])
    ended = ran(commands(runs.data, run)["train"])
    assert ended.code == 0
    for name in ("sha256.json", "tokenizer/spiece.model", "tokenizer/tokenizer.json", "metrics.csv", "eval.csv"):
        assert f"note: {run / name} is " in ended.said, name
        assert (run / f"{name}.old").read_bytes() == before[name], name
    for name in FILES[-3:]:
        assert (run / name).read_bytes() == (runs.ten / name).read_bytes(), name
    newest = f"checkpoints/step-00000010/{CHECKPOINT_SUMS}"
    assert (run / newest).read_bytes() == (runs.ten / newest).read_bytes()
    again = ran(commands(runs.data, run)["train"])
    assert (again.code, "note" in again.said) == (0, False)


def test_a_damaged_tokenizer_json_is_written_anew_and_never_copied(runs: Runs, run: Path) -> None:
    path = run / "tokenizer/tokenizer.json"
    path.write_bytes(path.read_bytes().replace(b"the", b"teh", 1))
    ended = ran(commands(runs.data, run)["train"])
    assert f"note: {path} is not what was written: kept as tokenizer.json.old, and rewritten\n" in ended.said
    for name in ("tokenizer", "checkpoints/step-00000010"):
        assert (run / name / "tokenizer.json").read_bytes() == (runs.ten / name / "tokenizer.json").read_bytes()


def test_a_damaged_tokenizer_before_the_first_checkpoint_is_made_again(runs: Runs, run: Path) -> None:
    shutil.rmtree(run / "checkpoints")
    for name in (*LOGS, "tokenizer/spiece.model"):
        (run / name).write_bytes(b"damaged")
    assert ran(lambda: train(runs.data, run, *OFTEN, steps=2)).code == 0
    assert (run / "tokenizer/spiece.model").read_bytes() == (runs.eight / "tokenizer/spiece.model").read_bytes()
    assert untimed(run) == untimed(runs.eight)[:2]


def test_a_damaged_newest_checkpoint_does_not_cost_the_last_good_one(runs: Runs, run: Path) -> None:
    weights = run / "checkpoints/step-00000008/model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    assert ran(lambda: train(runs.data, run, "--save-every", "7", "--eval-every", "4", steps=7)).code == 0
    assert sorted(path.name for path in (run / "checkpoints").iterdir()) == ["step-00000006", "step-00000007"]


@pytest.mark.parametrize("command", ["generate", "evaluate"])
def test_an_older_checkpoint_answers_and_that_is_said(runs: Runs, run: Path, command: str) -> None:
    weights = run / "checkpoints/step-00000008/model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    ended = ran(commands(runs.data, run)[command])
    assert ended.code == 0
    assert ended.said.startswith(f"note: {weights.parent} is damaged and skipped: model.safetensors does not")
    (run / "checkpoints/step-00000006/config.json").write_text("{}")
    ended = ran(commands(runs.data, run)[command])
    assert (ended.code, ended.said.splitlines()[-1]) == (
        1,
        f"{command}: {run} has no good checkpoint: 2 damaged. Train again in another folder.",
    )


def test_other_settings_in_a_damaged_config_are_not_believed(runs: Runs, run: Path) -> None:
    path = run / "config.json"
    path.write_bytes(path.read_bytes().replace(b'"inputs": 32', b'"inputs": 33'))
    ended = ran(commands(runs.data, run)["evaluate"])
    assert (ended.code, ended.out) == (1, "")
    assert ended.said.startswith(f"evaluate: {path} is damaged (it is not what was written). Resume the run")
    assert ran(commands(runs.data, run)["train"]).code == 0  # which writes it
    assert json.loads(path.read_bytes())["settings"]["inputs"] == 32


@pytest.mark.parametrize("option", ["--init-from", "--tokenizer"])
def test_a_damaged_checkpoint_of_another_run_is_no_start(runs: Runs, run: Path, tmp_path: Path, option: str) -> None:
    source = run / "checkpoints/step-00000008"
    spiece = source / "spiece.model"
    spiece.write_bytes(spiece.read_bytes()[:-1] + b"\x07")
    ended = ran(lambda: train(runs.data, tmp_path / "new", option, str(source)))
    assert (ended.code, f"{source} is damaged: spiece.model does not" in ended.said) == (1, True)


@pytest.mark.parametrize("resume", ["auto", "none"])
@pytest.mark.parametrize(
    "name",
    [*FILES[1:], "sha256.json", "checkpoints/step-00000002/notes.txt", "notes.txt", ".hidden", "data/train.tsv"],
)
def test_a_folder_with_files_of_others_is_refused_and_left_as_it_is(
    runs: Runs, tmp_path: Path, name: str, resume: str
) -> None:
    theirs = tmp_path / "theirs" / name
    theirs.parent.mkdir(parents=True)
    theirs.write_text('{"model_type": "t5"}')
    ended = ran(lambda: train(runs.data, tmp_path / "theirs", "--resume", resume, "--force"))
    assert ended.code == 2
    assert ended.said.startswith(f"train: {theirs} exists and was not written by training: give --run another folder")
    assert ended.said.count("\n") == 1
    assert [path for path in (tmp_path / "theirs").rglob("*") if path.is_file()] == [theirs]
    assert theirs.read_text() == '{"model_type": "t5"}'


def test_a_run_that_was_killed_before_it_began_begins(runs: Runs, tmp_path: Path) -> None:
    """What it leaves is a lock, or the draft of its first file; empty folders are nobody's, and logs the shell's."""
    (tmp_path / "run/tasks").mkdir(parents=True)
    for name in (".lock", ".sha256.json.tmp", "train.log", "nohup.out"):
        (tmp_path / "run" / name).write_text("out of memory")
    assert ran(lambda: train(runs.data, tmp_path / "run", "--dry-run")).code == 0


def test_what_is_put_beside_a_run_stays(runs: Runs, run: Path) -> None:
    theirs = {
        *("notes.txt", ".lock", "metrics.csv.tmp", ".gitignore", "tokenizer/notes.txt", "checkpoints/step-notes/a"),
        *("checkpoints/.step-best.tmp", "checkpoints/README", "tensorboard/a"),
    }
    for name in theirs:
        (run / name).parent.mkdir(parents=True, exist_ok=True)
        (run / name).write_text(name)
    for steps in (10, 12):
        assert ran(lambda steps=steps: train(runs.data, run, *OFTEN, "--keep", "1", steps=steps)).code == 0
    assert {name for name in theirs if (run / name).read_text() != name} == set()
    assert (run / "checkpoints/step-00000012").is_dir()
    assert generate.main(["--run", str(run), "--device", "cpu", "--max-tokens", "2", TEXT]) == 0
