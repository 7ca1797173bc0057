"""The inputs of a test: runs with their models, and passages with their occurrences in each run's corpus."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import torch

from c4pipe.shards import read_manifest
from c4pipe.shards.passages import read_passages
from model.errors import ConfigError
from model.memorise.asking import Asking, asking_of
from model.memorise.passages import CountedPassage, count_in, passage_places, passages_in
from model.memorise.readings import PassageReadings
from model.run import open_checkpoint, read_settings, say
from model.settings import TrainSettings
from model.t5 import T5
from model.tokens import Tokenizer

FRESH = 0  # the number of copies of a passage that no run has read


class AskedRun(NamedTuple):
    """A run under test."""

    label: str
    folder: Path  # folder of its checkpoint
    model: T5
    tokenizer: Tokenizer
    asking: Asking
    data: Path | None  # the corpus it has read; None for a control
    readings: PassageReadings | None


class CorpusStanding(NamedTuple):
    """The occurrences of a passage in a corpus."""

    copies: int
    most: int  # occurrences of its most frequent sentence
    places: Sequence[dict[str, Any]]


class AskedFor(NamedTuple):
    """A passage, and its occurrences in the corpora of the arms, by folder."""

    passage: CountedPassage
    there: dict[Path, CorpusStanding]


def check_arm(run: Path, data: Path | None) -> TrainSettings:
    """The settings of a run, with the given place of its data. ConfigError for a run on tasks or several corpora."""
    settings = read_settings(run)
    if settings.tasks or not settings.data:
        raise ConfigError(f"{run} was trained on tasks. Name a run of model.train, such as the one it started from.")
    if data is None:
        return replace(settings, run=run)
    read_manifest(data)
    if len(settings.data) > 1:
        raise ConfigError(f"{run} has read {len(settings.data)} corpora: expected a run on one.")
    return replace(settings, run=run, data=(data,))


def open_arm(settings: TrainSettings, label: str, data: Path | None, args: Namespace) -> AskedRun:
    """The model of a run, ready for questions."""
    folder, model, tokenizer = open_checkpoint(settings.run, None, torch.device(args.device))
    asking = asking_of(settings, model.config.has_encoder, args.tokens)
    readings = PassageReadings(folder, settings, tokenizer) if data is not None else None
    return AskedRun(label, folder, model, tokenizer, asking, data, readings)


def run_labels(runs: Sequence[Path], control: bool) -> list[str]:
    """The label of each run: its folder's name, or its whole path if two share a name; the last one may be
    `control`.
    """
    names = [run.resolve().name for run in runs]
    told = [name if names.count(name) == 1 else str(run) for name, run in zip(names, runs, strict=True)]
    return [*told[:-1], "control"] if control else told


def find_passages(args: Namespace, scratch: Path) -> list[AskedFor]:
    """The passages to test: those of --counts or of the first corpus, and passages of the validation split of which no
    run has read a sentence. Passages drawn here have no sentence more frequent than themselves.
    """
    first, corpora = args.data[0], list(dict.fromkeys(args.data))
    level = ("--level", args.level) if args.level else ()
    each = ("--each", str(args.each), "--alone")
    file = args.counts or scratch / "passages.parquet"
    if args.counts:
        level = ("--level", str(read_passages(file).counted["level"]))
    else:
        count_in(first, file, *level, *each)
    found = _with_standing(file, corpora, scratch / "asked")
    if not any(row["split"] == "validation" and row["rows"] for row in read_manifest(first)["shards"]):
        say(f"note: {first} has no validation split, so there are no passages that no run has read")
        return found
    fresh = scratch / "fresh.parquet"
    count_in(first, fresh, "--split", "validation", *level, *each)
    return found + [
        one._replace(passage=one.passage._replace(copies=FRESH))
        for one in _with_standing(fresh, corpora, scratch / "unread")
        if not any(standing.most for standing in one.there.values())
    ]


def _with_standing(file: Path, corpora: Sequence[Path], folder: Path) -> list[AskedFor]:
    """The passages of a file, and their occurrences in each of the corpora."""
    folder.mkdir()
    passages = passages_in(read_passages(file))
    there: dict[int, dict[Path, CorpusStanding]] = {one.key: {} for one in passages}
    for number, corpus in enumerate(corpora):
        found = count_in(corpus, folder / f"{number}.parquet", "--of", str(file))
        places = passage_places(found)
        for one in passages_in(found):
            there[one.key][corpus] = CorpusStanding(one.copies, one.most, places[one.key])
    return [AskedFor(one, there[one.key]) for one in passages]
