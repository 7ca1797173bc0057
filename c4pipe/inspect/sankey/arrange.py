"""The layout of the diagram. One trunk enters at the left, as high as everything that was read. Each stage's losses
leave its upper edge and rise to their rows at the right, in the order of the stages; what is kept flows on to the rows
at the bottom. A row is as high as its band, and at least as high as its words, so that bands only rise. Bands that
leave earlier are above those that leave later: no two of them cross.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from c4pipe.inspect.sankey.amounts import LanguageFlow, Outflow, TextFlow

LOSS_COLOURS = 6  # of the stages, repeating
KEPT_ROWS = "in the corpus"
_SEAM = 0.7  # overlap of a band with the trunk, which hides the seam
_HAIR = 0.75  # minimum height of a band


class Sheet(NamedTuple):
    """The canvas of a picture, in pixels."""

    width: float
    words: float  # width at the right, for the rows
    trunk: float  # the height of everything that entered
    row: float  # the height of a row of words
    head: float  # the height of a stage's name above its rows
    size: float  # font size
    reasons: int = 8  # shown per stage; smaller ones share one row
    top: float = 0.0
    bottom: float = 8.0
    left: float = 0.0
    right: float = 0.0


class Ribbon(NamedTuple):
    """A band. `colour` is the number of the stage's, -1 for what is kept, -2 for every other language of it."""

    path: str
    colour: int
    start: float  # where it leaves the trunk


class SheetRow(NamedTuple):
    """Words next to the end of a band, or above several of them."""

    y: float  # the middle
    words: str
    beside: str  # its name in English, or the number of reasons
    amount: int
    colour: int
    head: bool


class Arrangement(NamedTuple):
    """The arranged picture."""

    sheet: Sheet
    height: float
    trunk: str  # path
    trunk_top: float
    ribbons: list[Ribbon]
    rows: list[SheetRow]
    steps: list[tuple[float, float, str]]  # for each stage that lost something: x, the trunk's upper edge, its name


class _Leaf(NamedTuple):
    words: str
    beside: str
    amount: int
    colour: int
    step: int  # at which it leaves; for what is kept, the last


def arranged(flow: TextFlow, sheet: Sheet) -> Arrangement:
    """The picture of a flow on a sheet."""
    groups = list(_groups(flow, sheet))
    end = sheet.width - sheet.words - sheet.right
    names = [name for name, _ in groups[:-1]]
    stride = (end - sheet.left) / (len(groups) + 1.4)
    whole = sum(leaf.amount for _, leaves in groups for leaf in leaves)  # more than entered, if edits lengthened texts
    scale = sheet.trunk / max(1, whole)
    rows, ends, y = list[SheetRow](), list[tuple[_Leaf, float]](), sheet.top
    for name, leaves in groups:
        total = sum(leaf.amount for leaf in leaves)
        colour = leaves[0].colour
        rows.append(SheetRow(y + sheet.head * 0.62, name, "", total, colour, True))
        y += sheet.head
        for leaf in leaves:
            high = max(sheet.row, leaf.amount * scale + 2)
            ends.append((leaf, y + high / 2))
            if (leaf.words and len(flow.kept) != 1) or leaf.colour >= 0:
                rows.append(SheetRow(y + high / 2, leaf.words, leaf.beside, leaf.amount, leaf.colour, False))
            y += high
    last_leaf, last = ends[-1]
    bottom = last + last_leaf.amount * scale / 2  # the trunk ends at the last row: that band is straight
    trunk_top = at = bottom - whole * scale
    edges, ribbons = [(sheet.left, trunk_top)], list[Ribbon]()
    for step, part in groupby(ends, lambda item: item[0].step):
        x = sheet.left + stride * (step + 1)
        for leaf, middle in part:
            thick = leaf.amount * scale
            ribbons.append(Ribbon(_band(x, at, end, middle, thick), leaf.colour, x))
            at += thick
        edges.append((x, at))
    steps = [(x, top, name) for (x, _), (_, top), name in zip(edges[1:], edges, names, strict=False)]
    return Arrangement(sheet, y + sheet.bottom, _trunk(edges, bottom), trunk_top, ribbons, rows, steps)


def _groups(flow: TextFlow, sheet: Sheet) -> Iterator[tuple[str, list[_Leaf]]]:
    """The rows of each stage that lost something, and those of the corpus."""
    losing = groupby((loss for loss in flow.lost if loss.amount > 0), lambda loss: loss.place)
    step = 0
    for place, losses in losing:
        yield flow.stages[place], list(_leaves(list(losses), sheet.reasons, step))
        step += 1
    kept = flow.languages_shown or [LanguageFlow("", "", 0)]
    yield KEPT_ROWS, [_Leaf(each.code, each.called, each.amount, -1 - i % 2, step) for i, each in enumerate(kept)]


def _leaves(losses: Sequence[Outflow], most: int, step: int) -> Iterator[_Leaf]:
    shown = losses if len(losses) <= most else losses[: most - 1]
    for loss in shown:
        yield _Leaf(loss.code, "", loss.amount, loss.place % LOSS_COLOURS, step)
    if rest := losses[len(shown) :]:
        amount = sum(loss.amount for loss in rest)
        yield _Leaf(f"{len(rest)} other reasons", "", amount, rest[0].place % LOSS_COLOURS, step)


def _band(x: float, top: float, end: float, middle: float, thick: float) -> str:
    """A band from the trunk to its row, level at both ends; a thin one gets a minimum height."""
    more = max(0.0, _HAIR - thick) / 2
    a, b = top - more, top + thick + more
    c, d = middle - thick / 2 - more, middle + thick / 2 + more
    bend, x = x + (end - x) * 0.5, x - _SEAM
    return (
        f"M{x:.1f} {a:.2f}C{bend:.1f} {a:.2f} {bend:.1f} {c:.2f} {end:.1f} {c:.2f}"
        f"V{d:.2f}C{bend:.1f} {d:.2f} {bend:.1f} {b:.2f} {x:.1f} {b:.2f}Z"
    )


def _trunk(edges: Sequence[tuple[float, float]], bottom: float) -> str:
    """The trunk, from the left to where the last band begins; its upper edge drops by a step at each stage."""
    (left, top), rest = edges[0], edges[1:]
    path = f"M{left:.1f} {top:.2f}"
    for x, after in rest[:-1]:
        path += f"H{x:.1f}V{after:.2f}"
    return f"{path}H{rest[-1][0]:.1f}V{bottom:.2f}H{left:.1f}Z"
