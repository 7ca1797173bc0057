"""Cleaning: the line rules over the lines of a page.

`clean` is the specification. `fast_clean` and `dropped_by` give the same results (`tests/clean` checks this).
"""

from c4pipe.clean.fast import dropped_by, fast_clean
from c4pipe.clean.loop import LineStep, clean, edited_by

__all__ = ["LineStep", "clean", "dropped_by", "edited_by", "fast_clean"]
