"""What is known of finished corpora: their pages, what became of each, and verdicts on the whole.

Everything that looks asks here: the terminal, the report, the viewer, `c4pipe.compare`.
"""
