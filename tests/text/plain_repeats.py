"""What `c4pipe.text.repeats` counts, in plain Python: the definition of each count, by which the fast one is tested."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from c4pipe.text.repeats import Repeats


def plainly(words: Sequence[str], size: int, how: Repeats) -> int:
    """Characters in repeated runs of so many words."""
    runs = [tuple(words[at : at + size]) for at in range(len(words) - size + 1)]
    if not runs:
        return 0
    if how is Repeats.GREEDY:
        return _greedy(words, size)
    times = Counter(runs)
    if how is Repeats.COVERED:
        covered = {at + k for at, run in enumerate(runs) if times[run] > 1 for k in range(size)}
        return sum(len(words[at]) for at in covered)
    most = max(times.values())
    if how is Repeats.TOP:
        first = next(run for run in runs if times[run] == most)
        return len(" ".join(first)) * most
    longest = max(len("".join(run)) for run in runs if times[run] == most)
    return longest * most if most > 1 else 0


def _greedy(words: Sequence[str], size: int) -> int:
    seen: set[str] = set()
    at = total = 0
    while at <= len(words) - size:
        run = "".join(words[at : at + size])
        if run in seen:
            total += len(run)
            at += size
        else:
            seen.add(run)
            at += 1
    return total
