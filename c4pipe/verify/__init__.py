"""Checks that the output of a command is unchanged: each file of a corpus, a mixture or a run, and its counts.

    folder --kinds--> corpus | run --> findings, one line each, and a verdict

It keeps no state and writes nothing: it reads every byte each time.
"""
