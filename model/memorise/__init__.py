"""What does a model remember of its corpus? Passages by how often they stand there, asked for one by one.

    passages.parquet --asking--> what came out --curve--> shares by count and by reading, tables, a picture

Counts are exact: they are those of the keys by which a dedup would compare the passages (`c4pipe.passages`). How often
a run has read a passage follows from where its stream stands (`model.memorise.readings`).
"""
