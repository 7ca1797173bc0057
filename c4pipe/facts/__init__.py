"""Facts about finished corpora: their pages, the outcome of each, and verdicts on the whole.

All inspection code uses this package: the terminal, the report, the viewer, `c4pipe.compare`.
"""
