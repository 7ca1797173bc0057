"""`--evaluate`: tasks that a fine-tuning scores and never trains on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from model.errors import ConfigError
from model.examples import check_targets, open_run_tasks
from model.finetune_arguments import complete_finetuning, finetune_parser
from model.objectives import BareSpans
from model.prepared import read_examples
from model.run_tokenizer import choose_tokenizer
from model.settings import TrainSettings
from model.start import make_sources
from tests.corpora import entries, write_corpus

XQUAD = Path(__file__).parents[2] / "data_samples/tasks/xquad"
ENGLISH = f"xquad/en={XQUAD / 'en'}"
OTHERS = [f"xquad/{code}={XQUAD / code}" for code in ("de", "ru")]


def settings_of(run: Path, *words: str) -> TrainSettings:
    given = vars(finetune_parser().parse_args(["--model", "tiny", "--run", str(run), "--tasks", ENGLISH, *words]))
    return complete_finetuning(given, cuda=False, cores=1)


def test_zero_shot_trains_on_one_language_and_scores_all(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, "--evaluate", *OTHERS)
    tasks = open_run_tasks(settings, first=True)
    assert [(one.task.name, bool(one.train), one.held_out.documents if one.held_out else 0) for one in tasks] == [
        ("xquad/en", True, 64),
        ("xquad/de", False, 64),
        ("xquad/ru", False, 64),
    ]
    assert [source.entry.name for source in make_sources(settings, (), tasks)] == ["xquad/en"]
    assert not (tmp_path / "tasks/xquad/de/train.parquet").exists()
    assert [set(one.files) for one in tasks] == [{"train.json", "dev.json"}, {"dev.json"}, {"dev.json"}]
    # What is looked at besides decides nothing of what is trained, and config.json keeps it.
    assert settings.fixed() == settings_of(tmp_path).fixed()
    assert TrainSettings.from_json(json.loads(json.dumps(settings.to_json()))) == settings


def test_one_row_in_a_hundred_is_text_whose_targets_have_no_sentinels(tmp_path: Path) -> None:
    corpus = write_corpus(
        tmp_path / "mc4", {(code, "train"): [[["A page."] * n]] for code, n in (("en", 90), ("ru", 3))}
    )
    words = ("--mixture", "equal", "--unsupervised", f"{corpus}=0.01", "--alpha", "0.1", "--objective", "span-bare")
    settings = settings_of(tmp_path / "run", *words)
    found = make_sources(settings, entries(corpus), open_run_tasks(settings, first=True))
    rates = {source.entry.name: source.rate for source in found}
    assert rates["xquad/en"] == pytest.approx(1 / 1.01)
    assert rates["en"] / rates["ru"] == pytest.approx((90 / 3) ** 0.1)
    assert {source.rule.objective for source in found if source.entry.name != "xquad/en"} == {BareSpans()}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((ENGLISH,), "--tasks has xquad/en twice"),
        (("xquad/fr=nowhere",), "nowhere"),
        ((f"xquad/fr={XQUAD / 'en/train.json'}",), "has no validation split to score"),
    ],
)
def test_what_cannot_be_scored_is_said_before_any_work(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        settings_of(tmp_path / "run", "--evaluate", *words)
    assert not (tmp_path / "run").exists()


def moods(folder: Path, *labels: int) -> str:
    """SST-2 whose held-out rows have these labels."""
    folder.mkdir()
    (folder / "train.tsv").write_text("sentence\tlabel\n" + "".join(f"it rains {n}\t{n % 2}\n" for n in range(40)))
    lines = [f"a\t{label}\n" for label in labels]
    (folder / "dev.tsv").write_text("".join(["sentence\tlabel\n", *lines]))
    return f"sst2={folder}"


def test_what_has_no_label_is_not_held_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = settings_of(tmp_path / "run", "--evaluate", moods(tmp_path / "mood", 1, -1, 0, -1))
    task = open_run_tasks(settings, first=True)[1]
    assert task.held_out is not None
    assert [one.targets for one in read_examples(task.held_out)] == ["positive", "negative"]
    note = "note: sst2, validation: 2 examples without a label skipped, 2 with one kept"
    assert capsys.readouterr().err.splitlines() == [note]
    # None has one: nothing is held out, in any process, whatever lies there.
    (tmp_path / "mood/dev.tsv").write_text("sentence\nb\n")
    assert [open_run_tasks(settings, first)[1].held_out for first in (True, False)] == [None, None]


def test_a_label_that_would_be_cut_is_refused(tmp_path: Path) -> None:
    words = ("--evaluate", moods(tmp_path / "mood", 1), "--vocab-size", "120", "--inputs", "24")
    settings = settings_of(tmp_path / "run", *words, "--targets", "5")
    tasks = open_run_tasks(settings, first=True)
    tokenizer, _ = choose_tokenizer(settings, make_sources(settings, (), tasks))
    with pytest.raises(ConfigError, match=r"--targets 5: the label '(posi|nega)tive' of sst2 has ") as error:
        check_targets(settings, tasks, tokenizer)
    enough = str(error.value).split()[-3]
    check_targets(replace(settings, targets=int(enough)), tasks, tokenizer)
    with pytest.raises(ConfigError):
        check_targets(replace(settings, targets=int(enough) - 1), tasks, tokenizer)
