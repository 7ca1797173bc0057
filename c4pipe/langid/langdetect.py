"""langdetect 1.0.9 with seed 0, the identifier of C4's English corpora: identical to the package to the last bit.

`langdetect_profiles` stores the package's profiles as flat arrays, `langdetect_text` cleans a text as the package does,
`langdetect_stream` holds the random numbers that it draws, and `langdetect_kernel` runs its loops.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np

from c4pipe.langid.base import Guess
from c4pipe.langid.langdetect_kernel import DRAWS, find_rows, run_trials
from c4pipe.langid.langdetect_profiles import LONGEST, load_profiles
from c4pipe.langid.langdetect_stream import read_stream
from c4pipe.langid.langdetect_text import MAX_TEXT, readable

FLOOR = 0.1  # no language at or below it is returned: langdetect 1.0.9 detector.py Detector.PROB_THRESHOLD


class LangDetect:
    """The first entry of `langdetect.detect_langs` with `DetectorFactory.seed = 0`.

    >>> LangDetect().guess("A plain English sentence.").language
    'en'

    It never changes once loaded: threads may share it, and so may forked workers.
    """

    name = "langdetect"

    def __init__(self, languages: Sequence[str] | None = None) -> None:
        """`languages` orders the profiles, see `load_profiles`; None means the package's order on this machine."""
        self.languages, self._grams = load_profiles(languages)
        self._stream = read_stream()
        characters, near, far, common, *shares = (table.ctypes.data for table in self._grams)
        words, weights = (table.ctypes.data for table in self._stream)
        self._finding = characters, near, far
        self._trying = common, len(self._grams.common), *shares, len(self.languages), words, weights
        self._room = _Room(len(self.languages))

    def guess(self, text: str) -> Guess | None:
        """The best language of `text`.

        None when the package raises "No features in text", and when it returns an empty list because no language has
        more than 0.1.
        """
        text = readable(text)
        room = self._room
        points = text.encode("utf-32-le", "surrogatepass")
        n = find_rows(points, len(text), *self._finding, room.found_at)
        if not n:
            return None
        best = run_trials(room.found_at, n, *self._trying, *room.work_at)
        score = float(room.mean[best])
        return Guess(self.languages[best], score) if score > FLOOR else None


class _Room(threading.local):
    """The arrays that the loops write to, reused for every text; one set for each thread."""

    def __init__(self, languages: int) -> None:
        self.found = np.empty(LONGEST * MAX_TEXT, np.uint32)
        self.found_at = self.found.ctypes.data
        self.mean, self.chances, self.factors = np.empty(languages), np.empty(languages), np.empty(DRAWS * languages)
        self.work_at = tuple(table.ctypes.data for table in (self.mean, self.chances, self.factors))
