"""Resolves a study's command line: inspects corpora and tasks, chooses steps. Writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from c4pipe.shards import sha256_of
from model.arguments import parse_train
from model.corpus import find_entries
from model.errors import ConfigError
from model.finetune_arguments import finetune_parser
from model.likelihood import parse_likelihood
from model.score_arguments import parse_score
from model.study.base import Arm, Study
from model.study.planned import PlannedRun
from model.study.setting import Scale, Setting, TaskFacts
from model.tasks.files import SAMPLE_FOLDER
from model.tasks.naming import parse_tasks

SAMPLE_CORPUS = Path("out/c4")
SAMPLE_TASKS = Path(SAMPLE_FOLDER) / "tasks"
LOOKED_AT = 64  # examples of a task whose lengths stand for all
ANSWERED = 2_000  # examples per task at an evaluation: the default of `model.finetune`
CHARACTERS_A_TOKEN = 3.0  # characters per token, about


def open_setting(
    study: Study, scale: Scale, corpora: Sequence[str], tasks: Sequence[str], steps: int | None
) -> Setting:
    """The setting of a study. ConfigError for an invalid corpus or task, or too few of them."""
    if scale.name != "tiny" and not (corpora and tasks):
        raise ConfigError(f"--size {scale.name} needs --data and --tasks: the samples are only for tiny")
    folders = _corpora(corpora or [str(SAMPLE_CORPUS)])
    if len(folders) < study.corpora:
        raise ConfigError(
            f"{study.name} compares corpora, but --data has {len(folders)}: name {study.corpora} or more, as in --data "
            "en=out/en raw=out/en.noclean. `make study NAME=corpora` builds three of the samples"
        )
    if study.corpora == 1 and len(folders) > 1:
        raise ConfigError(f"{study.name} uses one corpus, but --data names {len(folders)}: keep one")
    digests = {}
    for name, folder in folders.items():
        find_entries([folder], "train")
        digests[name] = sha256_of(folder / "manifest.json")
    whole, fine = own_steps(study, scale)
    if steps:
        whole, fine = steps, max(1, round(fine * steps / whole))
    words = tasks or [f"{name}={SAMPLE_TASKS / name}" for name in study.tasks]
    return Setting(scale, whole, fine, folders, {word: _facts(word) for word in words}, digests)


def own_steps(study: Study, scale: Scale) -> tuple[int, int]:
    """Default steps of pre-training and fine-tuning."""
    before, after = study.shorter if scale.name == "tiny" else (1, 1)
    return scale.steps // before, scale.fine_steps // after


def _corpora(words: Sequence[str]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for word in words:
        name, mark, path = word.rpartition("=")
        name = name if mark else Path(path).name
        if not name or name in found:
            raise ConfigError(f"--data {word}: expected NAME=DIR with a unique name, as in en=out/en")
        if not (Path(path) / "manifest.json").is_file():
            advice = ""
            if Path(path) == SAMPLE_CORPUS:
                advice = ": in a checkout, `make study` builds the sample corpus; elsewhere, give --data and --tasks"
            raise ConfigError(f"--data {word}: no corpus in {path} (no manifest.json){advice}")
        found[name] = Path(path)
    return found


def _facts(word: str) -> TaskFacts:
    """The facts on a word of `--tasks`, which is a task or a benchmark."""
    digests, held_out, lengths = [], 0, []
    for data in parse_tasks([word]):
        for split in ("train", "validation"):
            if split not in data.splits:
                raise ConfigError(f"--tasks {word}: {data.name} has no {split} split, but a study needs both")
            digests += [f"{data.name} {split} {name} {value}" for name, value in sorted(data.sums(split).items())]
        held_out += sum(1 for _ in islice(data.examples("validation"), ANSWERED))
        most = data.task.lengths
        for example in islice(data.examples("train"), LOOKED_AT):
            sides = zip((example.inputs, example.targets), most, strict=True)
            lengths.append([min(round(len(text) / CHARACTERS_A_TOKEN) + 1, longest) for text, longest in sides])
    inputs, targets = (max(column) for column in zip(*lengths, strict=True))
    return TaskFacts(" ".join(digests), held_out, inputs, targets)


def check_runs(runs: Sequence[PlannedRun]) -> None:
    """ConfigError for a run that its command would refuse, as far as can be known before the other runs exist."""
    for run in runs:
        words = run.arguments(Path("runs"))
        if run.command == "train":
            parse_train(words)
        elif run.command == "finetune":
            finetune_parser().parse_args(words)
        elif run.command == "score":
            parse_score(words)
        else:
            parse_likelihood(words)


def chosen_arms(study: Study, setting: Setting, names: Sequence[str]) -> tuple[Arm, ...]:
    """The arms of a study, or the named ones and its first one. ConfigError for an unknown name."""
    arms = study.arms(setting)
    known = [arm.name for arm in arms]
    for name in names:
        if name not in known:
            raise ConfigError(f"--arms {name}: {study.name} has {', '.join(known)}")
    return tuple(arm for arm in arms if not names or arm.name in names or arm is arms[0])
