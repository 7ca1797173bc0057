"""Studies as plans: which runs there are, what is shared, and that the commands take what they are given."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.study.base import Study
from model.study.catalogue import STUDIES, find_study, studies_table
from model.study.opening import check_runs, own_steps
from model.study.paper import COLUMNS
from model.study.planned import PlannedRun, with_needs
from model.study.price import Speed, plan_text, run_seconds
from model.study.setting import BASE_STUDY, TINY_STUDY, Scale, Setting, TaskFacts

QUIET = Speed(flops=55e9, start=6.0)  # of one thread of a quiet core of two, as the README's times


def setting_of(study: Study, scale: Scale = TINY_STUDY, tasks: int = 0) -> Setting:
    facts = TaskFacts("digest", 64, 43, 6)
    names = ("sst2", "superglue_rte", "squad")[:tasks] if tasks else study.tasks
    words = [f"{name}=there/{name}" for name in names]
    names = ("en", "en.noclean", "realnewslike")[: 3 if study.corpora > 1 else 1]
    corpora = {name: Path("out") / name for name in names}
    return Setting(scale, *own_steps(study, scale), corpora, dict.fromkeys(words, facts), dict.fromkeys(names, "d"))


def runs_of(study: Study, setting: Setting, seeds: int = 3) -> list[PlannedRun]:
    return with_needs(run for seed in range(seeds) for arm in study.arms(setting) for run in arm.runs(setting, seed))


@pytest.mark.parametrize("scale", [TINY_STUDY, BASE_STUDY], ids=lambda scale: scale.name)
@pytest.mark.parametrize("study", STUDIES.values(), ids=lambda study: study.name)
def test_each_study_is_sound(study: Study, scale: Scale) -> None:
    setting = setting_of(study, scale)
    runs = runs_of(study, setting)
    check_runs(runs)
    assert len({run.name for run in runs}) == len(runs)
    for place, run in enumerate(runs):
        assert {*run.needs} <= {*runs[:place]}
    arms = [arm.name for arm in study.arms(setting)]
    assert len({*arms}) == len(arms) > 1
    if study.paper_table.figures:
        assert study.paper_table.figures.keys() & {*arms}, "an arm of the paper's"
        assert arms[0] in study.paper_table.figures


@pytest.mark.parametrize("study", STUDIES.values(), ids=lambda study: study.name)
def test_the_paper_s_arms_are_those_of_base(study: Study) -> None:
    arms = {arm.name for arm in study.arms(setting_of(study, BASE_STUDY))}
    assert study.paper_table.figures.keys() - arms <= ({"webtextlike"} if study.name == "corpora" else set())
    assert all(len(figures) <= len(COLUMNS) for figures in study.paper_table.figures.values())


@pytest.mark.parametrize("study", STUDIES.values(), ids=lambda study: study.name)
def test_a_tiny_study_takes_a_quarter_of_an_hour_on_two_quiet_cores(study: Study) -> None:
    """By the estimate; scaling, which is four times the work by its nature, a little more."""
    runs = runs_of(study, setting_of(study))
    assert sum(run_seconds(run.load, QUIET) for run in runs) / 2 < (1_080 if study.name == "scaling" else 900)


def test_one_pretraining_serves_all_methods_and_one_vocabulary_all_runs() -> None:
    study = find_study("methods")
    runs = runs_of(study, setting_of(study))
    kinds = [run.label.partition("-")[0] for run in runs]
    assert (kinds.count("vocabulary"), kinds.count("pretrain")) == (1, 3)
    assert sum(run.command == "finetune" for run in runs) == 3 * 5


def test_members_of_an_ensemble_are_of_no_other_seed() -> None:
    study = find_study("scaling")
    setting = setting_of(study)
    arm = next(arm for arm in study.arms(setting) if arm.name == "ensemble")
    members = [arm.runs(setting, seed).tasks[0].needs for seed in range(3)]
    assert [len(one) for one in members] == [4, 4, 4]
    assert len({run for one in members for run in one}) == 12


def test_leave_one_out_never_sees_the_task_before_it_is_fine_tuned() -> None:
    study = find_study("combining")
    setting = setting_of(study, tasks=3)
    arm = next(arm for arm in study.arms(setting) if arm.name == "leave-one-out")
    for run in arm.runs(setting, 0).tasks:
        options = dict(run.options)
        before = dict(run.needs[0].options)
        assert not {*options["--tasks"]} & {*before["--tasks"]}
        assert len(before["--tasks"]) == 2
    alone = [arm.name for arm in study.arms(setting_of(study, tasks=1))]
    assert "leave-one-out" not in alone


@given(st.sampled_from(["--steps", "--batch", "--inputs"]), st.integers(1, 10**6))
def test_whatever_decides_a_run_is_in_its_name(flag: str, value: int) -> None:
    setting = setting_of(find_study("methods"))
    plain = setting.pretrain("x", 0)
    other = setting.pretrain("x", 0, {flag: value})
    assert (plain.name == other.name) == (dict(plain.options)[flag] == (str(value),))
    assert setting.pretrain("x", 0).name == plain.name


def test_other_data_make_another_run_and_its_followers_too() -> None:
    setting = setting_of(find_study("methods"))
    other = replace(setting, digests={"en": "another"})
    word = next(iter(setting.tasks))
    names = [
        [one.vocabulary().name, one.pretrain("x", 0).name, one.finetune("x", 0, one.pretrain("x", 0), (word,)).name]
        for one in (setting, other)
    ]
    assert not {*names[0]} & {*names[1]}


def test_the_line_of_a_run() -> None:
    setting = setting_of(find_study("methods"))
    run = setting.finetune("all", 1, setting.pretrain("baseline", 1), ("superglue_rte=there/superglue_rte",))
    words = run.arguments(Path("runs"))
    assert words[:2] == ["--run", f"runs/{run.name}"]
    assert words[words.index("--init-from") + 1] == f"runs/{run.needs[0].name}"
    assert run.name.startswith("all-superglue_rte-seed1-")


def test_a_repeat_is_the_tokens_that_are_read_over_its_times() -> None:
    study = find_study("repeats")
    setting = setting_of(study)
    arms = {arm.name: arm.runs(setting, 0).text for arm in study.arms(setting)}
    read = setting.steps * setting.scale.batch * setting.chunk
    for times in setting.scale.repeats:
        run = arms[f"x{times}"]
        assert run is not None
        assert dict(run.options)["--first-tokens"] == (str(read // times),)


def test_the_plan_says_what_is_done_and_what_is_left() -> None:
    setting = setting_of(find_study("methods"))
    runs = with_needs([setting.pretrain("baseline", 0)])
    text = plan_text(runs, {runs[0].name: 5.0}, Speed(1e9, 4.0), 2)
    assert text.splitlines()[0].startswith("  vocabulary         1 x about ")
    assert text.splitlines()[0].endswith(", 1 done")
    assert text.splitlines()[-1].startswith("in all 1 runs to do, about ")
    assert text.splitlines()[-1].endswith("(measured: 1.0 GFLOP/s, 4 s a start)")


def test_the_table_of_studies_has_all_of_them() -> None:
    assert studies_table().count("\n") == len(STUDIES) + 1
