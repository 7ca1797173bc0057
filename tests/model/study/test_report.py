"""What comes out of the folders of runs: results, the table, the picture."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from c4pipe.facts.verdict import VERDICT_FILE, CorpusVerdict, Judgement
from model.errors import ConfigError
from model.study.catalogue import find_study
from model.study.gathering import (
    HELD_OUT_LOSS,
    TRAINING_LOSS,
    Curves,
    Result,
    compared,
    curves_of,
    read_results,
    results_csv,
    samples_of,
    task_results,
    text_results,
)
from model.study.judging import corpus_verdicts
from model.study.noise import arm_differences
from model.study.order import orders
from model.study.paper import PAPER_TABLES
from model.study.picture import draw_arms, draw_curves
from model.study.planned import PlannedRun
from model.study.report import StudyFacts, missing_seeds, report
from tests.model.study.test_plan import setting_of

STUDY = find_study("methods")
FACTS = StudyFacts("tiny", 120, 60, 3, "en (out/en)", "python -m model.study methods --out out/m")
SCORES = """step,task,split,metric,value,examples
0,squad,validation,em,90.0,64
0,squad,validation,f1,90.0,64
30,squad,validation,em,25.0,64
30,squad,validation,f1,40.0,64
60,squad,validation,em,25.0,64
60,squad,validation,f1,50.0,64
30,stsb,validation,pearson_corrcoef,nan,64
60,stsb,validation,pearson_corrcoef,nan,64
60,squad,test,em,99.0,64
"""


def planned(command: str, folder: Path) -> PlannedRun:
    """A run with its folder."""
    run = PlannedRun("x", command, (), (), setting_of(STUDY).vocabulary().load)
    (folder / run.name).mkdir(parents=True)
    return run


def results(**values: tuple[float, ...]) -> list[Result]:
    """Accuracies of RTE, by arm and seed."""
    return [
        Result("methods", arm.replace("_", "-"), seed, "superglue_rte", "accuracy", value, 60, 64, "run")
        for arm, found in values.items()
        for seed, value in enumerate(found)
    ]


FOUND = results(all=(80.0, 82.0, 81.0), adapters_32=(52.0, 50.0, 51.0), gradual=(81.0, 80.0, 82.5))


def test_the_first_best_step_counts_and_none_before_training(tmp_path: Path) -> None:
    run = planned("finetune", tmp_path)
    run.result(tmp_path).write_text(SCORES)
    found = [*task_results("methods", "all", 1, run, tmp_path)]
    assert [(row.task, row.metric, row.value, row.step) for row in found[:2]] == [
        ("squad", "em", 25.0, 30),
        ("squad", "f1", 40.0, 30),
    ]
    assert [(row.task, row.step) for row in found[2:]] == [("stsb", 60)]
    assert not samples_of(found)["stsb", "pearson_corrcoef"]["all"]


def test_losses_of_a_pretraining(tmp_path: Path) -> None:
    run = planned("train", tmp_path)
    steps = "".join(f"{step},{10 - step / 10},0.01,1,5,5,1,0\n" for step in range(1, 21))
    (tmp_path / run.name / "metrics.csv").write_text(f"step,loss,lr,norm,targets,tokens,seconds,wait\n{steps}")
    head = "step,entry,loss,accuracy,tokens,unigram,bits_per_byte\n"
    run.result(tmp_path).write_text(
        f"{head}10,all,9.5,0.1,700,5,3.5\n20,en,8.5,0.1,700,5,3.1\n20,all,8.5,0.1,700,5,3.1\n"
    )
    found = {row.metric: row.value for row in text_results("repeats", "all", 0, run, tmp_path)}
    assert found == {TRAINING_LOSS: 8.05, HELD_OUT_LOSS: 8.5, "bits per byte": 3.1}
    curves = curves_of([run, run], tmp_path, points=10)
    assert curves.held_out == [(10.0, 9.5), (20.0, 8.5)]
    assert len(curves.training) == 10
    assert curves.training[-1] == (20.0, 8.05)


def test_results_come_back_as_they_were(tmp_path: Path) -> None:
    (tmp_path / "results.csv").write_bytes(results_csv(FOUND))
    assert read_results(tmp_path / "results.csv") == FOUND
    assert results_csv(FOUND).splitlines()[0] == b"study,arm,seed,task,metric,value,step,examples,run"


def test_only_first_metrics_and_comparable_losses_are_compared() -> None:
    rows = [
        Result("x", "all", 0, task, metric, 1.0, 1, 64, "run")
        for task, metric in (("squad", "em"), ("squad", "f1"), ("text", TRAINING_LOSS), ("text", HELD_OUT_LOSS))
    ]
    keys = {name: [*compared(samples_of(rows), find_study(name))] for name in ("methods", "architectures", "repeats")}
    assert keys["methods"] == [("squad", "em")]
    assert keys["architectures"] == [("squad", "em"), ("text", HELD_OUT_LOSS)]
    assert keys["repeats"] == [("squad", "em"), ("text", TRAINING_LOSS), ("text", HELD_OUT_LOSS)]


def test_the_table_names_what_is_real_what_is_missing_and_the_paper_s_order() -> None:
    arms = STUDY.arms(setting_of(STUDY))
    text = report(STUDY, arms, FOUND, missing_seeds([("all", 0), ("adapters-8", 0)], {("all", 0)}), FACTS)
    assert "| all | the baseline: all weights are trained | 81.0 ± 1.0 | 71.36 |" in text
    assert "| adapters-32 | adapters of 32 and norms | 51.0 ± 1.0 (lower) | 60.40 |" in text
    assert "| adapters-8 | adapters of 8 and norms | none |  |" in text
    assert "* adapters-32: superglue_rte accuracy -30 (p = " in text
    assert "over all 2 comparisons together (Holm)" in text
    assert "Missing, for their runs are not done: adapters-8 seed 0." in text
    assert "  * paper: all > gradual > adapters-32\n  * here: gradual > all > adapters-32\n" in text
    assert "as in the paper, and larger than the noise: adapters-32" in text
    assert "and say nothing about models" in text


def test_one_seed_is_told_from_nothing() -> None:
    text = report(
        STUDY, STUDY.arms(setting_of(STUDY)), results(all=(80.0,), gradual=(20.0,)), [], FACTS._replace(seeds=1)
    )
    assert "With one seed there is no spread" in text
    assert "(lower)" not in text


def test_an_order_that_came_out_otherwise_is_said() -> None:
    found = results(all=(50.0, 51.0, 52.0), adapters_32=(90.0, 91.0, 92.0), gradual=(20.0, 21.0, 22.0))
    samples = samples_of(found)
    means = {"superglue_rte": {arm: sum(v.values()) / 3 for arm, v in samples["superglue_rte", "accuracy"].items()}}
    (one,) = orders(means, arm_differences(samples, {}, "all"), PAPER_TABLES["methods"], "all")
    assert (one.column, one.otherwise, one.same, one.unsure) == ("SGLUE", ["adapters-32"], [], [])
    assert one.ours == ["adapters-32", "all", "gradual"]


def test_pictures_are_the_same_bytes_for_the_same_numbers() -> None:
    samples = compared(samples_of(FOUND), STUDY)
    first, second = (draw_arms(samples, ["all", "adapters-32", "gradual", "none"], "methods: $x_1") for _ in range(2))
    assert first == second
    assert b"adapters-32" in first
    assert draw_arms({}, ["all"], "nothing").startswith(b"<?xml")
    curves = {"all": Curves([(1, 8.0), (2, 7.0)], [(2, 7.5)])}
    assert draw_curves(curves, "repeats") == draw_curves(curves, "repeats")


def test_what_a_comparison_found_of_the_corpora_stands_beside(tmp_path: Path) -> None:
    whole = Judgement("overall", 40, 140_000, (2.25, 2.215), -0.035, 0.004, None, 1e-9)
    found = CorpusVerdict(("old/en", "old/raw"), "grams", 0.02, whole, [], ("aa", "bb"))
    (tmp_path / VERDICT_FILE).write_text(json.dumps(found.as_json()))
    lines = corpus_verdicts([tmp_path], {"raw": "bb", "en": "aa", "news": "cc"})
    assert lines == ["A is en, B is raw: B is better by 0.035 ± 0.004 bits per byte (level grams)"]
    text = report(STUDY, STUDY.arms(setting_of(STUDY)), FOUND, [], FACTS._replace(verdicts=lines))
    assert "## By test text\n\nWhat `python -m c4pipe.compare` found" in text
    assert f"\n* {lines[0]}\n" in text
    assert "By test text" not in report(STUDY, STUDY.arms(setting_of(STUDY)), FOUND, [], FACTS)
    with pytest.raises(ConfigError, match="is on old/en and old/raw as they were then"):
        corpus_verdicts([tmp_path], {"en": "aa", "raw": "changed"})
