"""The tasks of a fine-tuning before anything is trained: where their data may lie, their names, and their order."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model.checkpoint import Checkpoint
from model.config import SIZES
from model.data import Batches
from model.errors import ConfigError
from model.examples import open_run_tasks
from model.finetune import main
from model.finetune_arguments import complete_finetuning, finetune_parser
from model.prepared import prepare_task
from model.run import check_run_folder, check_task_files
from model.run_tokenizer import known_tokenizer
from model.settings import TrainSettings
from model.source import Source
from model.start import check_kind, make_sources, open_corpora
from model.stream import Recipe
from model.tasks import Task, Template
from model.tasks.data import TaskData
from model.tasks.naming import parse_tasks
from model.tokens import train_tokenizer
from tests.corpora import write_corpus
from tests.model.training import story
from tests.model.tuning import write_tasks

MOOD = Task("mood", Template("mood: {text}", "{mood}", labels=("sad", "happy")), metrics=("accuracy",))


@pytest.fixture
def tasks(tmp_path: Path) -> tuple[str, str]:
    return write_tasks(tmp_path / "tasks")


def settings_of(run: Path, *words: str, model: tuple[str, ...] = ("--model", "tiny")) -> TrainSettings:
    return complete_finetuning(
        vars(finetune_parser().parse_args([*model, "--run", str(run), *words])), cuda=False, cores=1
    )


def test_data_in_the_folder_that_a_run_writes_are_refused(tmp_path: Path, tasks: tuple[str, str]) -> None:
    before = (tmp_path / "tasks/sst2/train.tsv").read_bytes()
    (tmp_path / "other").symlink_to(tmp_path)
    for run in (tmp_path, tmp_path / "other", tmp_path / "tasks/.."):
        for option in (("--tasks", tasks[0]), ("--tasks", f"sst2={tmp_path / 'tasks/sst2/train.tsv'}")):
            with pytest.raises(ConfigError, match=r"tasks/sst2.* of sst2 is in .*tasks, which the run itself writes"):
                settings_of(run, *option)
    shutil.copytree(tmp_path / "tasks", tmp_path / "data")
    linked = tmp_path / "tasks/link"
    linked.mkdir()
    (linked / "train.tsv").symlink_to(tmp_path / "data/sst2/train.tsv")  # the data lie elsewhere, and the link is ours
    for path in (linked, linked / "train.tsv"):
        with pytest.raises(ConfigError, match="of sst2 is in"):
            settings_of(tmp_path, "--tasks", f"sst2={path}")
    assert settings_of(tmp_path / "tasks/run", "--tasks", tasks[0]).tasks == (tasks[0],)
    assert (tmp_path / "tasks/sst2/train.tsv").read_bytes() == before


def test_a_folder_of_tasks_that_no_run_wrote(tmp_path: Path, tasks: tuple[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"tasks/\S+ exists and was not written by training"):
        check_run_folder(tmp_path)


def test_a_file_that_no_run_prepared_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mood.tsv").write_text("text\tmood\nIt rains.\tsad\n")
    data = TaskData("mood", MOOD, tmp_path / "mood.tsv")
    path = tmp_path / "run/tasks/mood/train.parquet"
    path.parent.mkdir(parents=True)
    pq.write_table(pa.table({"text": ["mine"]}), path)
    mine = path.read_bytes()
    prepare_task(data, "train", tmp_path / "run")
    assert path.with_name("train.parquet.old").read_bytes() == mine
    assert f"note: {path} was not written by a run: kept as train.parquet.old" in capsys.readouterr().err
    prepare_task(data, "train", tmp_path / "run")  # its own file is written over
    assert {one.name for one in path.parent.iterdir()} == {"train.parquet", "train.parquet.old"}
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        *(
            (name, "expected letters, digits")
            for name in ("", ".", "..", "../../escaped", "/tmp/x", "a b", "a\n", "a/")
        ),
        *((name, "tables of a run use") for name in ("mean", "all")),
        *((name, "ends like the file of a split") for name in ("mood.test", "mood/x.validation")),
    ],
)
def test_names_that_no_task_of_ones_own_may_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    (tmp_path / "mood.tsv").write_text("text\tmood\nIt rains.\tsad\n")
    monkeypatch.setattr("model.tasks.naming._imported", lambda word: replace(MOOD, name=name))
    with pytest.raises(ConfigError, match=said):
        parse_tasks([f"my_tasks:MOOD={tmp_path / 'mood.tsv'}"])


@pytest.mark.parametrize("word", ["", ".", "..", "x/..", "x\n", "x.test"])
@pytest.mark.parametrize("task", ["my_tasks:MOOD", "sst2"])
def test_words_that_no_name_may_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task: str, word: str) -> None:
    (tmp_path / "mood.tsv").write_text("text\tmood\tsentence\tlabel\nIt rains.\tsad\tIt rains.\t0\n")
    monkeypatch.setattr("model.tasks.naming._imported", lambda _: MOOD)
    with pytest.raises(ConfigError, match=r"expected letters, digits|ends like the file of a split"):
        parse_tasks([f"{task}/{word}={tmp_path / 'mood.tsv'}"])
    assert parse_tasks([f"{task}/x.1-b={tmp_path / 'mood.tsv'}"])[0].name.endswith("/x.1-b")


def test_the_order_of_the_command_line_decides_nothing(tmp_path: Path, tasks: tuple[str, str]) -> None:
    corpora = {
        name: write_corpus(tmp_path / name, {(code, "train"): [[["A page."] * 3]] for code in ("ru", "en")})
        for name in ("b", "a")
    }
    texts = [f"{corpora['b']}=16", f"{corpora['a']}=8"]

    def sources(*words: str) -> tuple[TrainSettings, list[tuple[str, float]]]:
        settings = settings_of(tmp_path / "run", *words)
        found = make_sources(settings, open_corpora(settings)[0], open_run_tasks(settings, first=True))
        return settings, [(source.entry.name, source.rate) for source in found]

    one, found = sources("--tasks", *tasks, "--unsupervised", *texts)
    other, again = sources("--tasks", *reversed(tasks), "--unsupervised", *reversed(texts))
    assert found == again
    assert [name for name, _ in found] == ["a/en", "a/ru", "b/en", "b/ru", "squad", "sst2"]
    assert one.fixed() == other.fixed()
    assert dict(zip((folder.name for folder in one.data), one.corpus_rates, strict=True)) == {"a": 8.0, "b": 16.0}


def test_a_mixture_of_corpora_alone_stands_as_it_always_did(tmp_path: Path) -> None:
    """Places of runs of `model.train` hold for these."""
    folders = tuple(write_corpus(tmp_path / name, {("en", "train"): [[["A page."]]]}) for name in ("b", "a"))
    settings = settings_of(tmp_path / "run", "--tasks", *write_tasks(tmp_path / "tasks"))
    settings = replace(settings, tasks=(), data=folders)
    found: tuple[Source, ...] = make_sources(settings, open_corpora(settings)[0])
    assert [source.entry.name for source in found] == ["b/en", "a/en"]


def test_what_is_fine_tuned_has_to_be_said(tmp_path: Path, tasks: tuple[str, str]) -> None:
    with pytest.raises(
        ConfigError, match=r"--init-from DIR names the T5 to fine-tune, --model SIZE starts from new weights"
    ):
        settings_of(tmp_path / "run", "--tasks", *tasks, model=())


def test_a_corpus_is_named_once(tmp_path: Path, tasks: tuple[str, str]) -> None:
    texts = (f"{tmp_path / 'c4'}=1", f"{tmp_path / 'run/../c4'}=2")
    with pytest.raises(ConfigError, match=r"--unsupervised has .*c4 twice: give it once"):
        settings_of(tmp_path / "run", "--tasks", *tasks, "--unsupervised", *texts)


def test_a_pre_training_is_not_gone_on_with(tmp_path: Path) -> None:
    words = ("--tasks", *write_tasks(tmp_path / "tasks"))
    tuning = settings_of(tmp_path / "run", *words)
    training = replace(tuning, tasks=(), data=(tmp_path,))
    folder = tmp_path / "run/checkpoints/step-00000001"
    for settings, other, said in (
        (
            tuning,
            training,
            "is of a pre-training: resume it with python -m model.train, or use another --run with --init-from",
        ),
        (training, tuning, "is of a fine-tuning: resume it with python -m model.finetune, or use another --run$"),
    ):
        saved = Checkpoint(1, {}, {}, {}, {}, {}, json.loads(json.dumps(other.fixed())))
        with pytest.raises(ConfigError, match=said):
            check_kind(settings, saved, folder)
        check_kind(other, saved, folder)


def test_a_place_in_other_tasks_is_said_to_be_of_tasks(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "run", "--tasks", *write_tasks(tmp_path / "tasks"))
    tasks = open_run_tasks(settings, first=True)
    tokenizer = train_tokenizer([story(1)], None, 60)
    both, one = (
        Batches(Recipe(make_sources(settings, (), some), tokenizer), settings.batch) for some in (tasks, tasks[:1])
    )
    with pytest.raises(ConfigError, match=r"trained on task 'squad', which the command does not name\. Resume"):
        one.restore(both.state())


def test_only_the_file_that_changed_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"tasks": {"mood": {"train.tsv": "1", "dev.tsv": "2"}}}))
    check_task_files(tmp_path, {"mood": {"a.tsv": "1", "b.tsv": "2"}, "new": {"train.tsv": "4"}})
    with pytest.raises(ConfigError, match=r"^dev\.tsv of mood are not what"):
        check_task_files(tmp_path, {"mood": {"train.tsv": "1", "dev.tsv": "3"}})


def test_without_corpora_nothing_of_theirs_is_checked(tmp_path: Path, tasks: tuple[str, str]) -> None:
    assert settings_of(tmp_path / "run", "--tasks", *tasks, "--inputs", "2").inputs == 2
    with pytest.raises(ConfigError, match="span needs inputs of"):
        settings_of(tmp_path / "run", "--tasks", *tasks, "--inputs", "2", "--unsupervised", f"{tmp_path}=1")


def test_a_dry_run_tells_of_examples_and_of_tasks_that_are_not_scored(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tasks(tmp_path / "tasks")
    (tmp_path / "tasks/sst2/dev.tsv").unlink()
    words = ("--model", "tiny", "--vocab-size", "60", "--tasks", f"sst2={tmp_path / 'tasks/sst2'}", "--steps", "2")
    assert main([*words, "--run", str(tmp_path / "run"), "--device", "cpu", "--dry-run"]) == 0
    told = capsys.readouterr()
    assert "sst2: 24 examples, about" in told.out
    assert re.search(r"run +2 steps, [\d.]+ GFLOPs in all", told.out)
    assert "note: sst2 has no validation split: it is trained on but never scored" in told.err


def test_a_model_without_a_tokenizer(tmp_path: Path, tasks: tuple[str, str]) -> None:
    source = tmp_path / "hub"
    source.mkdir()
    (source / "config.json").write_text(json.dumps(replace(SIZES["tiny"], vocab=256).to_hf()))
    train_tokenizer([story(1)], tmp_path / "own", 60)
    words, model = ("--tasks", *tasks), ("--init-from", str(source))
    with pytest.raises(ConfigError, match=r"no tokenizer at .*hub: give --tokenizer the one"):
        known_tokenizer(settings_of(tmp_path / "run", *words, model=model))
    assert known_tokenizer(settings_of(tmp_path / "run", *words, "--tokenizer", str(tmp_path / "own"), model=model))
