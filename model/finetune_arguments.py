"""The command line of fine-tuning: arguments -> checked settings, the paper's by default."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from c4pipe.command import Parser, refuse_idle, utf8, utf8_path
from c4pipe.mixture import KINDS
from model.arguments import (
    beginning_options,
    languages_option,
    looking_options,
    machine_options,
    spans_option,
    training_options,
)
from model.config import SIZES, ModelConfig
from model.errors import ConfigError
from model.examples import HELD_OUT
from model.methods import METHODS
from model.prepared import check_data_apart
from model.pretrained import read_config
from model.salient import CORPUS_RULES
from model.scored_models import model_folder
from model.settings import TrainSettings, complete
from model.tasks.data import TaskData
from model.tasks.naming import parse_apart

EPILOG = """\
examples:
  one task                      python -m model.finetune --init-from out/t5 --run out/rte --tasks rte=glue/RTE
  a T5 from the Hub             ... --init-from FOLDER --run out/sst2 --tasks sst2=glue/SST-2
  a benchmark, proportionally   ... --tasks glue=glue --limit 524288
  a task of your own            ... --tasks my_tasks:MOOD=mood.tsv
  tasks and text together       ... --tasks glue=glue squad=squad --unsupervised out/en=1e6
  the same from scratch         python -m model.finetune --model small --run out/multi --tasks ... --unsupervised ...
  English only, all scored      ... --tasks xnli/en=xnli/en --evaluate xnli/de=xnli/de xnli/sw=xnli/sw
  with one hundredth raw text   ... --mixture equal --unsupervised out/mc4=0.01 --alpha 0.1 --objective span-bare
  adapters, or layer by layer   ... --method adapters --adapter-width 32, or --method gradual

exit codes: 0 done; 1 the training failed; 2 wrong usage, reported before any work; 130 interrupted (Ctrl-C); 143
terminated (SIGTERM). After a crash or a kill, the same command resumes from the newest good checkpoint.
"""


class FinetuningScale(NamedTuple):
    """Settings that depend on the size of a model."""

    steps: int
    batch: int
    longest: int | None  # most tokens of either side, whatever a task says
    every: int  # steps between two evaluations, and two checkpoints
    lr: float  # constant


# Raffel et al. 2020, 3.1.3 and 3.5.1: 2**18 steps of 128 rows, a checkpoint every 5,000; the rate is that of
# t5/models/gin/constant_0_001.gin. `tiny` is for two cores and the sample tasks, a minute or two each: at its rate the
# sample of SST-2 was all correct after 40 steps, at 0.001 after 120.
TASKS_TINY = FinetuningScale(steps=400, batch=16, longest=128, every=100, lr=0.005)
TASKS_T5 = FinetuningScale(steps=2**18, batch=128, longest=None, every=5_000, lr=0.001)

DROPOUT = 0.1  # section 3.1.3
LIMIT = 2**19  # most examples that a task counts for, K of the paper's section 3.5.2
OF_CORPORA = ("--objective", "--spans", "--languages", "--alpha")
LIMITED = ("examples", "temperature")  # mixtures with a limit


def finetune_parser() -> argparse.ArgumentParser:
    """The options of `python -m model.finetune`. Options that are not given are absent from the result."""
    p = Parser(
        prog="python -m model.finetune",
        description="Fine-tune a T5 on tasks, or train one on tasks and text together.",
        epilog=EPILOG,
        argument_default=argparse.SUPPRESS,
    )
    a = p.add_argument
    a("--init-from", type=utf8_path, metavar="DIR", help="one of our runs or checkpoints, or a T5 from the Hub")
    a("--model", metavar="SIZE", help=f"or start from new weights of this size: {', '.join(SIZES)}")
    a(
        *("--run", "--run-dir"),
        dest="run",
        type=utf8_path,
        required=True,
        metavar="DIR",
        help="a new run, or one to resume",
    )
    a("--tasks", nargs="+", type=utf8, required=True, metavar="NAME=PATH", help="see `python -m model.tasks`")
    a("--evaluate", nargs="+", type=utf8, metavar="NAME=PATH", help="tasks to score but not to train on")
    a("--steps", type=int, metavar="N", help="updates (default: 400 for tiny, else 262144)")
    beginning_options(p)

    group = p.add_argument_group("data")
    a = group.add_argument
    a("--batch", type=int, metavar="N", help="rows per step, over all processes (default: 16 tiny, else 128)")
    a("--inputs", type=int, metavar="N", help="input length in tokens (default: the longest of the tasks, tiny 128)")
    a("--targets", type=int, metavar="N", help="target length in tokens (default: the longest of the tasks, tiny 128)")
    a("--pack", action="store_true", help="pack several examples into one row; attention stays within each")
    a("--mixture", metavar="KIND", help=f"of the tasks: {', '.join(KINDS)} (default: examples)")
    a("--limit", type=int, metavar="K", help=f"cap each task's count at K examples (default: {LIMIT:,})")
    a("--temperature", type=float, metavar="T", help="temperature of a temperature mixture")
    a("--unsupervised", nargs="+", type=utf8, metavar="DIR=RATE", help="corpora to train on as well; rates in examples")
    a("--objective", metavar="NAME", help=f"objective for the corpora: {', '.join(CORPUS_RULES)} (default: span)")
    spans_option(p, "with another objective, whole texts")
    languages_option(group)
    a("--alpha", type=float, metavar="A", help="exponent of the language mixture of a corpus (default: 0.3, as mT5)")
    a("--tokenizer", type=utf8_path, metavar="PATH", help="use this tokenizer (with --init-from: that model's)")
    a("--vocab-size", type=int, metavar="N", help="vocabulary size of a model that starts from scratch")
    a("--workers", type=int, metavar="N", help="tokenising processes (default: 0 on a CPU, else by cores)")
    a("--seed", type=int, metavar="N", help="seed of new weights, order and dropout (default: 0)")

    a = training_options(p, "constant", f"{TASKS_TINY.lr} tiny, else {TASKS_T5.lr}", str(DROPOUT)).add_argument
    a("--method", metavar="NAME", help=f"which weights to train: {', '.join(METHODS)} (default: all)")
    a("--adapter-width", type=int, metavar="D", help="width of the adapters: 32, 128, 512 and 2048 in the paper")
    machine_options(p)
    looking_options(p)
    p.add_argument(
        "--eval-examples", type=int, metavar="N", help="examples per task to answer at each evaluation (default: 2000)"
    )
    return p


def complete_finetuning(given: Mapping[str, Any], cuda: bool, cores: int) -> TrainSettings:
    """The given settings, and the paper's for the others. ConfigError for settings that cannot work."""
    found = dict(given)
    if not {"init_from", "model"} & {*found}:
        raise ConfigError(
            "--init-from DIR names the T5 to fine-tune, --model SIZE starts from new weights: give one of them"
        )
    for old, new in (("mixture", "task_mixture"), ("limit", "task_limit"), ("temperature", "task_temperature")):
        if old in found:
            found[new] = found.pop(old)
    kind = found.setdefault("task_mixture", "examples")
    if kind in LIMITED:
        found.setdefault("task_limit", LIMIT)
    words = found.pop("unsupervised", ())
    refuse_idle(
        {f"--{name.replace('_', '-')}" for name in given},
        *((option, words, "it applies to --unsupervised. Leave it out.") for option in OF_CORPORA),
    )
    folders = _unsupervised(words)
    found |= {"data": tuple(folder for folder, _ in folders), "corpus_rates": tuple(rate for _, rate in folders)}
    if found.get("parallel") == "fsdp":
        raise ConfigError(
            "--parallel fsdp spreads the weights, but an evaluation needs all of them to write answers: use ddp"
        )
    scale = _scale(found)
    found |= {"tasks": tuple(found["tasks"]), "evaluate": tuple(found.get("evaluate", ()))}
    tasks, trained = parse_apart(found["tasks"], found["evaluate"])
    check_data_apart(found["run"], tasks)
    if not any("train" in data.splits for data in tasks if data.name in trained):
        raise ConfigError("no task of --tasks has a train split: there is nothing to train on")
    for data in tasks:
        if data.name not in trained and HELD_OUT not in data.splits:
            raise ConfigError(f"--evaluate {data.name}={data.path} has no {HELD_OUT} split to score")
    defaults = {
        "steps": scale.steps,
        "batch": scale.batch,
        "inputs": _longest(tasks, 0, scale),
        "targets": _longest(tasks, 1, scale),
        "lr": scale.lr,
        "schedule": "constant",
        "dropout": DROPOUT,
        "eval_every": scale.every,
        "save_every": found.get("eval_every", scale.every),
    }
    return complete(defaults | found, cuda, cores)


def _scale(found: dict[str, Any]) -> FinetuningScale:
    """The scale for the model's size. `--init-from` is resolved: a run becomes its newest checkpoint."""
    if "init_from" not in found:
        return TASKS_TINY if found.get("model", "tiny") == "tiny" else TASKS_T5
    found["init_from"] = folder = model_folder(found["init_from"])
    return TASKS_TINY if ModelConfig.from_hf(read_config(folder)).name == "tiny" else TASKS_T5


def _longest(tasks: Sequence[TaskData], side: int, scale: FinetuningScale) -> int:
    longest = max(data.task.lengths[side] for data in tasks)
    return min(longest, scale.longest or longest)


def _unsupervised(words: Sequence[str]) -> list[tuple[Path, float]]:
    """The folders with their rates, in an order independent of the command line's."""
    found = sorted(map(_rated, words), key=lambda one: (one[0].resolve().name, str(one[0])))
    places = [folder.resolve() for folder, _ in found]
    if twice := next((place for place in places if places.count(place) > 1), None):
        raise ConfigError(f"--unsupervised has {twice} twice: give it once, with one rate")
    return found


def _rated(word: str) -> tuple[Path, float]:
    folder, mark, rate = word.rpartition("=")
    try:
        value = float(rate)
    except ValueError:
        value = math.nan
    if not mark or not folder or not 0 < value < math.inf:
        raise ConfigError(f"--unsupervised {word}: expected DIR=RATE, a rate above 0 in examples, as in out/en=1e6")
    return Path(folder), value
