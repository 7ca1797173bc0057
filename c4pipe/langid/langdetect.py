"""langdetect 1.0.9 with seed 0, the identifier of C4's English corpora: the package's answer to the last bit.

`langdetect_profiles` lays the package's profiles out flat, `langdetect_text` cleans a text as the package does,
`langdetect_stream` holds the random numbers that it draws, and `langdetect_kernel` runs its loops.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from c4pipe.langid.base import Guess
from c4pipe.langid.langdetect_kernel import find_rows, run_trials
from c4pipe.langid.langdetect_profiles import character_table, load_profiles
from c4pipe.langid.langdetect_stream import read_stream
from c4pipe.langid.langdetect_text import readable

FLOOR = 0.1  # no language at or below it is named: langdetect 1.0.9 detector.py Detector.PROB_THRESHOLD


class LangDetect:
    """The first entry of `langdetect.detect_langs` with `DetectorFactory.seed = 0`.

    >>> LangDetect().guess("A plain English sentence.").language
    'en'

    Loaded once, it never changes: threads may share it, and so may forked workers.
    """

    name = "langdetect"

    def __init__(self, languages: Sequence[str] | None = None) -> None:
        """`languages` orders the profiles, see `load_profiles`; None is the package's order on this machine."""
        self.languages, self._grams = load_profiles(languages)
        self._characters = character_table()
        self._stream = read_stream()

    def guess(self, text: str) -> Guess | None:
        """The best language of `text`.

        None where the package raises "No features in text", and where it returns an empty list because no language
        has more than 0.1.
        """
        points = np.frombuffer(bytearray(readable(text).encode("utf-32-le", "surrogatepass")), np.uint32)
        found = find_rows(points, self._characters, self._grams.keys, self._grams.rows)
        if not len(found):
            return None
        _, _, starts, columns, shares = self._grams
        chances = run_trials(found, starts, columns, shares, len(self.languages), *self._stream)
        best = int(chances.argmax())  # the first of equals, as in the package's stable sort
        score = float(chances[best])
        return Guess(self.languages[best], score) if score > FLOOR else None
