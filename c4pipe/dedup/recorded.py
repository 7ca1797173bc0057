"""Which atoms of a page a dedup level dropped, reconstructed from the record of what it dropped.

The list has their texts and their order, not their places; of a text that occurs twice, only one may be dropped.
"""

from __future__ import annotations

from collections.abc import Sequence

from c4pipe.page import Dropped

DroppedAtoms = list[Dropped | None]  # for each atom the cause of its loss, or None if it was kept
MOST_STATES = 500_000  # about a second; pages beyond this repeat themselves thousands of times


def dropped_atoms(atoms: Sequence[str], dropped: Sequence[Dropped], width: int) -> DroppedAtoms:
    """For each atom, a line or sentence. They were dropped in runs of `width` or more. Of two possible places the later
    one is chosen, because the first copy on a page is the one that stays."""
    stripped = [atom.strip() for atom in atoms]
    known = set(stripped)
    drops = [drop for drop in dropped if drop.line in known]
    reached = _reachable(stripped, drops, width)
    ends = [] if reached is None else [run for run in (width, 0) if (len(drops), run) in reached[-1]]
    if reached is None or not ends:
        return _from_behind(stripped, drops)
    lost: DroppedAtoms = []
    state = len(drops), ends[0]
    for before in reversed(reached[:-1]):
        gone, run = state
        lost.append(drops[gone - 1] if run else None)
        if run:
            earlier = [(gone - 1, width), (gone - 1, run - 1)] if run == width else [(gone - 1, run - 1)]
        else:
            earlier = [(gone, width), (gone, 0)]
        state = next(s for s in earlier if s in before)
    return lost[::-1]


def _reachable(stripped: list[str], drops: list[Dropped], width: int) -> list[set[tuple[int, int]]] | None:
    """After each sentence the reachable states: (drops used up, length of the run of lost ones, at most `width`).

    None if there are too many.
    """
    states = {(0, 0)}
    reached = [states]
    count = 0
    for i, sentence in enumerate(stripped):
        left = len(stripped) - i - 1
        after = {(gone, 0) for gone, run in states if run in (0, width)}
        after |= {
            (gone + 1, min(run + 1, width))
            for gone, run in states
            if gone < len(drops) and drops[gone].line == sentence
        }
        states = {(gone, run) for gone, run in after if len(drops) - gone <= left}
        reached.append(states)
        count += len(states)
        if count > MOST_STATES or not states:
            return None
    return reached


def _from_behind(stripped: list[str], drops: list[Dropped]) -> DroppedAtoms:
    """The last places in which the drops fit in their order, ignoring runs."""
    rest = list(drops)
    lost: DroppedAtoms = []
    for sentence in reversed(stripped):
        lost.append(rest.pop() if rest and rest[-1].line == sentence else None)
    return lost[::-1]
