"""How many documents of each entry a mixture gets: whole numbers that follow the rates as far as the corpus allows.

An entry is read at most `max_epochs` times. If its rate requires more, it gets exactly that, and the missing documents
are spread over the others by their rates, which may exhaust the next one, and so on (water-filling). Epochs are whole
numbers, so that in an exhausted entry all documents count equally.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import floor


def quotas(
    counts: Mapping[str, int], rates: Mapping[str, float], documents: int, max_epochs: int | None
) -> dict[str, int]:
    """The number of documents of each entry, repeats included; `max_epochs` None means no bound.

    They sum to `documents`, or to the most that the entries with a rate have in `max_epochs`. Whole numbers are
    apportioned by largest remainders, exactly in rationals; of equal remainders the first name wins.

    >>> quotas({"de": 1000, "en": 2000, "sw": 10}, {"de": 0.25, "en": 0.5, "sw": 0.25}, 400, max_epochs=4)
    {'de': 120, 'en': 240, 'sw': 40}
    """
    caps = {name: n if max_epochs is None else n * max_epochs for name, n in counts.items()}
    unspent = {name: Fraction(rates[name]) for name in counts if counts[name] and rates[name] > 0}
    given: dict[str, Fraction] = {}
    left = Fraction(documents)
    while unspent:
        level = left / sum(unspent.values())  # documents for a rate of 1
        spent = [name for name in unspent if max_epochs is not None and level * unspent[name] >= caps[name]]
        if not spent:
            given |= {name: level * rate for name, rate in unspent.items()}
            break
        for name in spent:  # each stays exhausted, because the level only rises
            given[name] = Fraction(caps[name])
            left -= caps[name]
            del unspent[name]
    whole = {name: floor(given.get(name, 0)) for name in counts}
    missing = int(sum(given.values())) - sum(whole.values())
    by_remainder = sorted(given, key=lambda name: (whole[name] - given[name], name))
    return {name: n + (name in by_remainder[:missing]) for name, n in whole.items()}
