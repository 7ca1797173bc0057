"""Which of two corpora trains the better model: `python -m model.compare A B --texts FILE --out DIR`.

A, B --planning--> runs of the trainer --model.study.running--> folders --model.likelihood--> OUT/scores.csv

`c4pipe.compare` starts this command, and interprets the table.
"""
