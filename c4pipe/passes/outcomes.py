"""What became of each page that reached URL dedup, until it is known which of them lose their URL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from c4pipe.corpus.cells import LossCell, TextLoss, Trail
from c4pipe.corpus.cube import Cube, Origin
from c4pipe.corpus.ledger import LOST_AS, WITHIN_LINES, Ledger
from c4pipe.corpus.plan import Plan
from c4pipe.page import NO_LOSS, Unit
from c4pipe.shards import number_lists


class LinesCut(NamedTuple):
    """What a stage that drops lines did to a page."""

    lines_in: int
    lines_kept: int  # 0 where it rejected the page
    dropped: Mapping[str, int]  # reason -> lines


NOT_MET = LinesCut(0, 0, NO_LOSS)  # the page did not come so far


class Outcome(NamedTuple):
    """A page's claim on its URL, and the verdict on it, should it win."""

    key: int | None  # None: it has no URL, and no rivals
    date: str
    stage: int  # that rejected it, -1 where none did
    reason: str  # "kept" where none did
    cuts: Mapping[int, LinesCut]  # by the index of each stage that drops lines and was reached
    origin: Origin
    came: tuple[int, int]  # lines and characters, at URL dedup
    left: tuple[int, int]  # of a page that a stage rejected, what went with it
    language: str
    trail: Trail  # what the page has lost so far
    lengths: Sequence[int]  # characters as the page left each stage behind URL dedup that it passed


def outcomes_table(outcomes: list[Outcome], plan: Plan) -> pa.Table:
    """One column a field, and for each stage that drops lines `<index>:in`, `<index>:kept`, `<index>:<reason>`."""
    columns: dict[str, Any] = {
        "key": pa.array([o.key for o in outcomes], pa.uint64()),
        "date": pa.array([o.date for o in outcomes], pa.string()),
        "stage": np.array([o.stage for o in outcomes], np.int8),
        "reason": pa.array([o.reason for o in outcomes], pa.string()),
    }
    for index, codes in early_cuts(plan).items():
        cuts = [o.cuts.get(index, NOT_MET) for o in outcomes]
        columns[f"{index}:in"] = np.array([cut.lines_in for cut in cuts], np.int64)
        columns[f"{index}:kept"] = np.array([cut.lines_kept for cut in cuts], np.int64)
        for code in codes:
            columns[f"{index}:{code}"] = np.array([cut.dropped.get(code, 0) for cut in cuts], np.int64)
    columns |= {
        "domain": pa.array([o.origin.domain for o in outcomes], pa.string()),
        "bin": np.array([o.origin.bin for o in outcomes], np.int8),
        "language": pa.array([o.language for o in outcomes], pa.string()),
        "came": number_lists([o.came for o in outcomes], np.int64),
        "left": number_lists([o.left for o in outcomes], np.int64),
        "trail": number_lists([o.trail for o in outcomes], np.int64),
        "lengths": number_lists([o.lengths for o in outcomes], np.int64),
    }
    return pa.table(columns)


def early_cuts(plan: Plan) -> dict[int, tuple[str, ...]]:
    """The stages that drop lines before the first dedup of text."""
    return {index: plan.cutting[index] for index, _ in plan.between if index in plan.cutting}


def count_outcomes(outcomes: pa.Table, lost: NDArray[np.void], plan: Plan, ledger: Ledger) -> None:
    """Adds URL dedup and the stages up to the text dedup to the ledger: of pages that won their URL only.

    `lost` are those that did not, as `URL_LOSS`.
    """
    won = np.ones(outcomes.num_rows, bool)
    won[lost["row"]] = False
    url = ledger.stages[plan.url_index]
    url.entered, url.kept = len(won), int(won.sum())
    old = int(lost["old"].sum())
    url.rejected.update({plan.url.OLDER.code: len(lost) - old})
    if old:
        url.rejected.update({plan.url.KNOWN.code: old})
    stage_of = outcomes["stage"].to_numpy()[won]
    reasons = np.array(outcomes["reason"].to_pylist(), object)[won]
    cutting = early_cuts(plan)
    for index, _ in plan.between:
        stage = ledger.stages[index]
        reached = (stage_of == -1) | (stage_of >= index)
        here = stage_of == index
        stage.entered, stage.kept = int(reached.sum()), int((reached & ~here).sum())
        stage.rejected.update(reasons[here].tolist())
        if index not in cutting:
            continue
        numbers = {name: outcomes[f"{index}:{name}"].to_numpy()[won] for name in ("in", "kept", *cutting[index])}
        stage.lines_in, stage.lines_kept = int(numbers["in"].sum()), int(numbers["kept"].sum())
        stage.lines_rejected += int(numbers["in"][here].sum())
        for code in cutting[index]:
            unit = plan.reasons[code].unit
            getattr(stage, LOST_AS[unit])[code] = int(numbers[code].sum())
            if unit not in WITHIN_LINES:
                stage.lines_rejected -= int(numbers[code][here].sum())


def origins_of(outcomes: pa.Table) -> list[tuple[Origin, Trail]]:
    """Of each page where it comes from, and what it has lost so far."""
    places = zip(outcomes["domain"].to_pylist(), outcomes["bin"].to_pylist(), strict=True)
    return list(zip(map(Origin._make, places), outcomes["trail"].to_pylist(), strict=True))


def count_losses(outcomes: pa.Table, lost: NDArray[np.void], plan: Plan, ledger: Ledger, cube: Cube) -> None:
    """Adds what `count_outcomes` counts in characters, and to the cube the pages that are out."""
    url, stages = plan.url_index, plan.preset.stages
    losing = {row: (plan.url.KNOWN if old else plan.url.OLDER).code for row, old in lost.tolist()}
    for row, told in enumerate(_told(outcomes)):
        origin, language, stage, reason, came, left, trail, lengths = told
        if row in losing:
            ledger.stages[url].chars.lose(came[1], losing[row], NO_LOSS)
            cell = LossCell(stages[url].name, losing[row], Unit.PAGE.value)
            cube.add_page(origin, language, TextLoss(cell, *came), plan.cells.losses(trail, url))
            continue
        ledger.stages[url].chars.take(came[1], came[1], NO_LOSS)
        taken = plan.cells.dropped(trail)
        chars = came[1]
        for (index, _), length in zip(plan.between, lengths, strict=False):
            ledger.stages[index].chars.take(chars, length, taken.get(index, NO_LOSS))
            chars = length
        if stage >= 0:
            ledger.stages[stage].chars.lose(chars, reason, taken.get(stage, NO_LOSS))
            cell = LossCell(stages[stage].name, reason, Unit.PAGE.value)
            cube.add_page(origin, language, TextLoss(cell, *left), plan.cells.losses(trail))


def _told(outcomes: pa.Table) -> Iterator[tuple[Any, ...]]:
    origins = (origin for origin, _ in origins_of(outcomes))
    names = ("language", "stage", "reason", "came", "left", "trail", "lengths")
    return zip(origins, *(outcomes[name].to_pylist() for name in names), strict=True)
