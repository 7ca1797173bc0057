"""What became of each page that reached URL dedup, kept until it is known which pages lose their URL."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from c4pipe.corpus.cells import Trail
from c4pipe.corpus.cube import Cube, Origin
from c4pipe.corpus.ledger import LOST_AS, WITHIN_LINES, Ledger
from c4pipe.corpus.plan import Plan
from c4pipe.page import NO_LOSS
from c4pipe.passes.ended import NOTED_BIN, NOTED_DOMAIN, NOTED_TRAIL, Cuts, Ints, Origins, count_ended
from c4pipe.shards import number_lists
from c4pipe.text import hash64
from c4pipe.text.urls import url_key


class LinesCut(NamedTuple):
    """What a stage that drops lines did to a page."""

    lines_in: int
    lines_kept: int  # 0 if it rejected the page
    dropped: Mapping[str, int]  # reason -> lines


NOT_MET = LinesCut(0, 0, NO_LOSS)  # the page did not reach the stage


class Outcome(NamedTuple):
    """A page's claim on its URL, and the verdict on the page in case the claim wins."""

    url: str
    date: str
    seen_url: str  # as it was read
    seen: int  # characters, as it was read
    stage: int  # that rejected it, -1 if none
    reason: str  # "kept" if none
    cuts: Mapping[int, LinesCut]  # by the index of each stage that drops lines and was reached
    came_lines: int  # at URL dedup
    came: int  # characters
    left_lines: int  # of a rejected page, those rejected with it; of a staged one, those it has
    left: int  # characters
    language: str
    trail: Trail  # what the page lost so far


def outcomes_table(outcomes: list[Outcome], plan: Plan) -> pa.Table:
    """One column per field, with the hash of the URL's key instead of the URL (null without a URL: such a page has no
    rivals), and the page's origin instead of how it was read. Adds `<index>:in`, `<index>:kept`, `<index>:<reason>`
    for each stage that drops lines.
    """
    of = dict(zip(Outcome._fields, zip(*outcomes, strict=True) if outcomes else repeat(()), strict=False))
    columns: dict[str, Any] = {
        "key": pa.array([hash64(url_key(url)) if url else None for url in of["url"]], pa.uint64()),
        "date": pa.array(of["date"], pa.string()),
        "stage": np.array(of["stage"], np.int8),
        "reason": pa.array(of["reason"], pa.string()),
    }
    for index, codes in early_cuts(plan).items():
        cuts = [found.get(index, NOT_MET) for found in of["cuts"]]
        columns[f"{index}:in"] = np.array([cut.lines_in for cut in cuts], np.int64)
        columns[f"{index}:kept"] = np.array([cut.lines_kept for cut in cuts], np.int64)
        for code in codes:
            columns[f"{index}:{code}"] = np.array([cut.dropped.get(code, 0) for cut in cuts], np.int64)
    origins = list(map(Origin.of, of["seen_url"], of["seen"]))
    domains, bins = zip(*origins, strict=True) if origins else ((), ())
    columns[NOTED_DOMAIN] = pa.array(domains, pa.string())
    columns[NOTED_BIN] = np.array(bins, np.int8)
    columns["language"] = pa.array(of["language"], pa.string())
    columns |= {name: np.array(of[name], np.int64) for name in _NUMBERS}
    columns[NOTED_TRAIL] = number_lists(of["trail"], np.int64)
    return pa.table(columns)


def early_cuts(plan: Plan) -> dict[int, tuple[str, ...]]:
    """The stages that drop lines before the first dedup of text."""
    return {index: plan.cutting[index] for index, _ in plan.between if index in plan.cutting}


def count_outcomes(outcomes: pa.Table, lost: NDArray[np.void], plan: Plan, ledger: Ledger) -> None:
    """Adds URL dedup and the stages up to the text dedup to the ledger: only pages that won their URL.

    `lost` are the pages that did not, as `URL_LOSS`.
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


def count_losses(outcomes: pa.Table, lost: NDArray[np.void], plan: Plan, ledger: Ledger, cube: Cube) -> Origins:
    """Adds the characters of `count_outcomes`, and the dropped pages to the cube. Returns the origins of all pages."""
    origins = Origins(outcomes, np.arange(outcomes.num_rows))
    lines, chars, left_lines, left_chars = (outcomes[name].to_numpy() for name in _NUMBERS)
    url, stage = plan.url_index, outcomes["stage"].to_numpy().astype(np.int64)
    won, old = np.ones(len(stage), bool), np.zeros(len(stage), bool)
    won[lost["row"]], old[lost["row"]] = False, lost["old"]
    cuts = origins.cuts()
    after = np.array(plan.cells.stages)[cuts.cells] > url
    cells = _end_cells(outcomes, plan)
    _count_stages(ledger, plan, chars, won, old, stage, cells, left_chars, cuts.of(won[cuts.pages] & after))
    out = np.flatnonzero(~won | (stage >= 0))
    known = np.where(old, plan.cells.number(url, plan.url.KNOWN.code), plan.cells.number(url, plan.url.OLDER.code))
    ends = (
        np.where(won, cells, known)[out], np.where(won, left_lines, lines)[out], np.where(won, left_chars, chars)[out],
    )  # fmt: skip
    place = np.full(len(stage), -1)
    place[out] = np.arange(len(out))
    mine = cuts.of((place[cuts.pages] >= 0) & (won[cuts.pages] | ~after))
    mine = mine._replace(pages=place[mine.pages])
    language = outcomes["language"].combine_chunks().dictionary_encode()
    codes = language.indices.to_numpy(zero_copy_only=False)[out]
    count_ended(cube, plan, origins, out, language.dictionary.to_pylist(), codes, ends, mine)
    return origins


def _end_cells(outcomes: pa.Table, plan: Plan) -> Ints:
    """For each page the cell of the stage that rejected it, 0 if none."""
    found = zip(outcomes["stage"].to_pylist(), outcomes["reason"].to_pylist(), strict=True)
    return np.array([plan.cells.number(stage, reason) if stage >= 0 else 0 for stage, reason in found], np.int64)


def _count_stages(
    ledger: Ledger,
    plan: Plan,
    chars: Ints,
    won: NDArray[np.bool_],
    old: NDArray[np.bool_],
    stage: Ints,
    cells: Ints,
    left: Ints,
    cuts: Cuts,
) -> None:
    """Counts characters of the URL dedup and of the stages up to the next dedup. `cuts` are of pages that won."""
    url = ledger.stages[plan.url_index].chars
    url.came, url.kept = int(chars.sum()), int(chars[won].sum())
    for reason, losers in ((plan.url.OLDER, ~won & ~old), (plan.url.KNOWN, old)):
        if losers.any():
            url.rejected[reason.code] += int(chars[losers].sum())
    gone = won & (stage >= 0)
    size = len(plan.cells.all)
    rejected, taken = np.bincount(cells[gone], left[gone], size), np.bincount(cuts.cells, cuts.chars, size)
    came = url.kept
    for index, _ in plan.between:
        mine = ledger.stages[index].chars
        mine.came = came
        for number, cell in plan.cells.of(index):
            mine.lose_more(cell.reason, cell.unit, int(rejected[number] + taken[number]))
        came = mine.keep_rest()


_NUMBERS = ("came_lines", "came", "left_lines", "left")
