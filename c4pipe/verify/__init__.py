"""Whether what a command has written is still what it wrote: each file of a corpus, a mixture or a run, and its counts.

    folder --kinds--> corpus | run --> findings, one line each, and a verdict

Nothing is remembered from one time to the next, and nothing is written: each byte is read.
"""
