"""What a model remembers of its corpus: passages grouped by their number of occurrences, tested one by one.

    passages.parquet --asking--> reproduced passages --curve--> shares by count and by reading, tables, a picture

Counts are exact: they are those of the keys by which a dedup would compare the passages (`c4pipe.passages`). The
position of a run's stream determines how often it has read a passage (`model.memorise.readings`).
"""
