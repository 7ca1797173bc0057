"""From a text of 20 characters or more to the pages of a finished corpus that hold it, character by character.

    python -m c4pipe.textindex DIR           makes the index of a corpus, in one pass over its shards
    DIR/__text/grams.keys   pages.texts      what it is: which pages have which grams, and the texts of the pages

Of each 5 grams of 16 bytes in a row the index knows one (winnowing), so that any 20 bytes hold a gram that it knows:
the pages that have it are candidates, and their texts say which of them hold what was asked for. A corpus without an
index is searched from end to end, with the same answer.
"""
