"""Finds the pages of a finished corpus that contain a text of 20 characters or more, character by character.

    python -m c4pipe.textindex DIR           makes the index of a corpus, in one pass over its shards
    DIR/__text/grams.keys   pages.texts      the index: which pages have which grams, and the texts of the pages

Of each 5 consecutive grams of 16 bytes the index stores one (winnowing), so that any 20 bytes contain a stored gram.
The pages that have it are candidates, and their texts show which of them contain the search text. A corpus without an
index is scanned completely, with the same result.
"""
