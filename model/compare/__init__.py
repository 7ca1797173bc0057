"""Which of two corpora trains the better model: `python -m model.compare A B --texts FILE --out DIR`.

A, B --planning--> runs of the trainer --model.study.running--> folders --model.likelihood--> OUT/scores.csv

What the table means is decided by `c4pipe.compare`, which starts this command and reads the table.
"""
