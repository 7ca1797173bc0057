"""The passes after a dedup, for every corpus that shares it; a group of inputs is one element."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import apache_beam as beam
import numpy as np

from c4pipe.corpus.cube import Cube
from c4pipe.corpus.ledger import Ledger
from c4pipe.corpus.plan import Plan
from c4pipe.corpus.stats import Stats
from c4pipe.dedup import LinkLevel
from c4pipe.dedup.claims import LOSS, lost_atoms
from c4pipe.dedup.linked import LIKE
from c4pipe.flow.allocators import keep_free_blocks
from c4pipe.flow.dedup import fallen, joined_inputs, losses_of, lost_inside
from c4pipe.flow.files import BeamStore
from c4pipe.flow.read import StagedUnit
from c4pipe.flow.settings import Settings, plans_of
from c4pipe.passes.applying import apply_losses
from c4pipe.passes.finished import RowGroup
from c4pipe.passes.finishing import Finished, Finisher
from c4pipe.passes.losses import Losses
from c4pipe.passes.raw import raw_texts
from c4pipe.passes.rejected import RejectedSample
from c4pipe.passes.restaging import Restager
from c4pipe.passes.restoring import Came
from c4pipe.passes.sample import sampled_of
from c4pipe.passes.staged import Staged, Summary, staged_already
from c4pipe.passes.tables import TableSource
from c4pipe.shards import to_json

ConfigRows = tuple[str, tuple[str, tuple[str, int, int, int, int]]]  # config, (split, row group of a file)
Written = tuple[str, bytes]  # the kind of a `finalize.Made`, JSON


class ApplyGroup(beam.DoFn):
    """Removes from the inputs of a group what they lost, and processes the rest, for every corpus with the same prefix.

    Emits (taker, element) for each taker, by its number: (group, name of its summary file) for a corpus that ends here,
    (group, its staged inputs) for corpora with another dedup.
    """

    def __init__(self, takers: Sequence[tuple[Settings, bool]], leg: int):
        """`takers` are corpora, and whether the leg is their last one."""
        self._takers, self._number = takers, leg

    def setup(self) -> None:
        keep_free_blocks()
        self._plans = plans_of([settings for settings, _ in self._takers])
        self._store = BeamStore(self._takers[0][0].staging)

    def process(self, element: tuple[int, dict[str, Iterable]]) -> Iterator[tuple[int, tuple[int, Any]]]:
        group, joined = element
        inputs, lost_urls = joined_inputs(joined, self._store)
        takers = [self._taker(i, group, inputs) for i in range(len(self._takers))]
        # If its files exist, an earlier run of this build has finished the group.
        missing = [taker for taker in takers if not taker.done()]
        if missing:
            self._apply(missing, inputs, self._lost(group, inputs, lost_urls, joined))
        for number, taker in enumerate(takers):
            yield number, (group, taker.result())

    def _taker(self, i: int, group: int, inputs: list[StagedUnit]) -> _Finish | _Restage:
        settings, last = self._takers[i]
        if last:
            return _Finish(self._plans[i], settings, group, self._store)
        return _Restage(self._plans[i], settings, self._number, inputs, self._store)

    def _apply(self, takers: Sequence[_Finish | _Restage], inputs: list[StagedUnit], losses: Iterator[Losses]) -> None:
        settings, plan = self._takers[0][0], takers[0].plan
        first, folder = settings.prefix(0), settings.prefix(self._number)
        for (number, _, _), lost in zip(inputs, losses, strict=True):
            staged, raw = Staged.of(folder, number), Staged.of(first, number)
            summary = Summary.read(self._store, staged)
            with self._store.read(staged.sample) as stream:
                early = list(sampled_of(TableSource(stream).table()))
            texts = partial(raw_texts, self._store, raw, plan.edits_early)
            url, level = plan.names()[plan.url_index], plan.url
            losing = {row: (url, (level.KNOWN if old else level.OLDER).code) for row, old in lost.urls.tolist()}
            walkers = []
            for taker in takers:
                shown = RejectedSample(early, losing, taker.plan, settings.cap, texts)
                came = Came.read(self._store, staged.came) if self._number else Came()
                walkers.append(taker.walker(number, shown, came))
            apply_losses(staged, lost, plan, self._number, self._store, summary, walkers)
            for taker, walker in zip(takers, walkers, strict=True):
                taker.add(number, walker.conclude(summary))
        for taker in takers:
            taker.close()

    def _lost(
        self, group: int, inputs: list[StagedUnit], urls: list[np.ndarray], joined: dict[str, Iterable]
    ) -> Iterator[Losses]:
        sizes = [atoms for _, _, atoms in inputs]
        losses, width = np.empty(0, LOSS), 1
        level, likeness, clusters = self._plans[0].legs[self._number].level, {}, np.empty(0, LIKE)
        if isinstance(level, LinkLevel):
            told = fallen(joined["text"], self._store)
            losses, clusters = told[told["size"] == 0], told[told["size"] > 0]
            likeness = dict(zip(losses["row"].tolist(), losses["similarity"].tolist(), strict=True))
        elif level is not None:
            with self._store.read(lost_inside(self._takers[0][0].prefix(self._number), group)) as stream:
                losses, width = losses_of(stream.read(), joined["text"], self._store), level.width
        atoms = lost_atoms(sum(sizes), losses, width)
        ends = np.cumsum(sizes)
        for rows, size, end in zip(urls, sizes, ends.tolist(), strict=True):
            start = end - size
            here = (clusters["row"] >= start) & (clusters["row"] < end)
            sizes_here = tuple(clusters["size"][here].tolist())
            mine = {row - start: alike for row, alike in likeness.items() if start <= row < end}
            yield Losses(rows, atoms.of(start, end), bool(self._takers[0][0].against), mine, sizes_here)


class _Restage:
    """The inputs of a group for corpora with a further dedup."""

    def __init__(self, plan: Plan, settings: Settings, number: int, inputs: list[StagedUnit], store: BeamStore):
        self.plan, self._number, self._store = plan, number, store
        self._folder, self._inputs = settings.prefix(number + 1), inputs
        self._counts = {n: staged_already(store, Staged.of(self._folder, n)) for n, _, _ in inputs}

    def done(self) -> bool:
        return all(counts is not None for counts in self._counts.values())

    def walker(self, number: int, shown: RejectedSample, came: Came) -> Restager:
        return Restager(self.plan, self._number, self._store, Staged.of(self._folder, number), shown, came)

    def add(self, number: int, made: Any) -> None:
        self._counts[number] = made

    def close(self) -> None:
        pass

    def result(self) -> list[StagedUnit]:
        return [(number, *counts) for number, counts in self._counts.items() if counts is not None]


class _Finish:
    """The inputs of a group for a corpus that ends here. Its summary file has two lines: the finished files, and the
    sums over the inputs.
    """

    def __init__(self, plan: Plan, settings: Settings, group: int, store: BeamStore):
        self.plan, self._own, self._store = plan, settings.own, store
        self._path = f"{self._own}/groups-of-{settings.group_size}/{group:06d}.json"
        self._ledger, self._stats, self._cube = Ledger.of(plan.names()), Stats(), Cube()
        self._row_groups: list[list[Any]] = []
        self._restorable = settings.restorable
        self._rejected: list[str] = []
        self._came: list[str] = []
        self._accounts: list[list[Any]] = []

    def done(self) -> bool:
        if not self._store.exists(self._path):
            return False
        made = files_of_group(self._path, self._store)
        return all(map(self._store.exists, {*(path for path, *_ in made["groups"]), *made["rejected"], *made["came"]}))

    def walker(self, number: int, shown: RejectedSample, came: Came) -> Finisher:
        kept = came if self._restorable else None
        return Finisher(self.plan, self._store, Finished.of(self._own, number), shown, kept)

    def add(self, number: int, made: Any) -> None:  # a FinishedUnit
        finished = Finished.of(self._own, number)
        self._ledger.add(made.ledger)
        self._stats.add(made.stats)
        self._cube.add(made.cube)
        self._row_groups += [[finished.pages.rpartition("/")[2], *row_group] for row_group in made.groups]
        self._rejected.append(finished.rejected.rpartition("/")[2])
        if self._restorable:
            self._came.append(finished.came.rpartition("/")[2])
        self._accounts += [account.to_json() for account in made.accounts]

    def close(self) -> None:
        self._cube.shorten()
        part = {"ledger": self._ledger.to_json(), "stats": self._stats.to_json(), "accounts": self._accounts}
        part |= {"cube": self._cube.to_json()}
        files = {"groups": self._row_groups, "rejected": self._rejected, "came": self._came}
        with self._store.write(self._path) as stream:
            stream.write(to_json(files, indent=None))  # first, since most readers need only this line
            stream.write(to_json(part, indent=None))

    def result(self) -> str:
        return self._path


def files_of_group(path: str, store: BeamStore) -> dict[str, Any]:
    """The finished files of a group, by its summary file, which names them without their folder: that may move between
    two runs.
    """
    folder = f"{path.rpartition('/groups-of-')[0]}/finished"
    with store.read(path) as stream:
        files: dict[str, Any] = json.loads(stream.readline())
    files["groups"] = [[f"{folder}/{name}", *fields] for name, *fields in files["groups"]]
    for kind in ("rejected", "came"):
        files[kind] = [f"{folder}/{name}" for name in files[kind]]
    return files


def row_groups(staging: str, element: tuple[int, str]) -> Iterator[ConfigRows]:
    """(config, (split, GroupFound)) for each row group of a finished group."""
    for path, *fields in files_of_group(element[1], BeamStore(staging))["groups"]:
        group = RowGroup(*fields)
        yield group.config, (group.split, (path, *group[2:]))


def group_made(staging: str, element: tuple[int, str]) -> Written:
    """The counts of a finished group."""
    with BeamStore(staging).read(element[1]) as stream:
        stream.readline()  # its files
        return "group", stream.read()
