"""Near duplicates by MinHash: which texts share one of 14 bands, of 8 minima over their word 5-grams, with another
text.

Each text is split into lower-case words, these into runs of five, and 112 minima are taken over the set of runs. Each
library reports, for each text, whether it shares a band. Beyond similarity this is chance, and each library uses its
own hashes, so answers agree on most texts, never on all.

rensa and datasketch do less: words are separated by spaces, so punctuation matters and a page of Chinese is one word;
they need more queries to tell which pages belong together; nothing is written to disk, and rensa keeps no sketch to
compare pages. rensa's signatures are not the minima of 112 permutations: a shingle takes part in few of its slots
(Dahlgaard and others 2017, Fast Similarity Sketching), which takes n + k log k steps instead of n * k. "rensa rho" uses
a sample of the runs, so length and order of a text influence the result; it is shown as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from bench.rivals.contest import Work, take_part

BANDS, ROWS, SHINGLE = 14, 8, 5
SEED = 1


def runs_of(text: str) -> list[str]:
    """The runs of words of a text, as users of these libraries split them; one run for fewer words, none for no
    words.
    """
    words = text.lower().split()
    return [" ".join(words[i : i + SHINGLE]) for i in range(max(1, len(words) - SHINGLE + 1))] if words else []


def c4pipe() -> Work:
    """By `NearLevel`, and by `contest`, which finds matching claims."""
    import numpy as np

    from c4pipe.dedup import NearLevel
    from c4pipe.dedup.claims import Atoms, claims, contest

    level = NearLevel(BANDS, ROWS, SHINGLE)

    def alike(texts: Sequence[str]) -> list[int]:
        keys = [level.signature(text)[0] for text in texts]
        found = claims(Atoms.of(keys, np.arange(len(texts), dtype=np.uint64)), 1, np.ones(len(texts), bool))
        met = contest(found.keys, found.priorities)
        flags = np.zeros(len(texts), np.int64)
        flags[found.priorities[met.places[met.lost]]] = 1
        flags[found.priorities[met.winners]] = 1
        return flags.tolist()

    return alike


def _rensa(rho: bool) -> Work:
    import rensa

    digests = rensa.RMinHash.digest_matrix_from_token_sets
    if rho:
        digests = rensa.RMinHash.digest_matrix_from_token_sets_rho

    def alike(texts: Sequence[str]) -> list[int]:
        matrix = digests([runs_of(text) for text in texts], BANDS * ROWS, SEED)
        index = rensa.RMinHashLSH(0.72, BANDS * ROWS, BANDS)
        return [int(flag) for flag in index.query_duplicate_flags_matrix_one_shot(matrix)]

    return alike


def datasketch() -> Work:
    """By `MinHash.update_batch` and `MinHashLSH`."""
    from datasketch import MinHash, MinHashLSH

    def alike(texts: Sequence[str]) -> list[int]:
        index = MinHashLSH(num_perm=BANDS * ROWS, params=(BANDS, ROWS))
        blank = MinHash(BANDS * ROWS, SEED)
        made = []
        for number, text in enumerate(texts):
            signature = blank.copy()
            signature.update_batch([run.encode() for run in runs_of(text)])
            made.append(signature)
            index.insert(number, signature)
        return [int(len(index.query(signature)) > 1) for signature in made]

    return alike


if __name__ == "__main__":
    take_part(
        {
            "c4pipe": c4pipe,
            "rensa": lambda: _rensa(False),
            "rensa rho": lambda: _rensa(True),
            "datasketch": datasketch,
        },
        {"rensa rho": "rensa"},
    )
