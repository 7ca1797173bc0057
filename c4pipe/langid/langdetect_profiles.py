"""langdetect's language profiles and character rules as flat arrays, about 6 MB.

The numbers are the package's own: the JSON files in its `profiles` folder hold, per language, how often each n-gram
of 1 to 3 characters was seen (`freq`) and how many n-grams of each length there were (`n_words`). What a character
becomes is asked of its `NGram.normalize`. Shapes: N = 87,598 n-grams and L = 55 languages in langdetect 1.0.9.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from langdetect.detector_factory import PROFILES_DIRECTORY
from langdetect.utils.ngram import NGram

from c4pipe.errors import AssetError, unknown
from c4pipe.langid.langdetect_kernel import CAPITAL, CHARACTERS, CODE_BITS, HASH_BITS, HASH_FACTOR

LONGEST = 3  # characters of an n-gram: langdetect 1.0.9 utils/ngram.py NGram.N_GRAM

Words = npt.NDArray[np.uint32]
Floats = npt.NDArray[np.float64]


class NGramTable(NamedTuple):
    """The shares of all n-grams. The n-gram in row r has `shares[starts[r]:starts[r + 1]]`; all others are 0."""

    keys: npt.NDArray[np.uint64]  # open addressing: a key lies at its home or in the run behind it; 0 is free
    rows: Words  # row of the key beside it
    starts: Words  # (N + 1,)
    columns: npt.NDArray[np.uint8]  # language of each share
    shares: Floats  # share of the n-gram among the language's n-grams of its length, 0..1


def load_profiles(languages: Sequence[str] | None = None) -> tuple[tuple[str, ...], NGramTable]:
    """Read the installed package's profiles: the L language codes, and what is known of their n-grams.

    Args:
        languages: order of the languages, file names in the package's folder. None takes the order in which the
            operating system lists the folder, for that is what the package does. The order decides the last bits of
            a probability (a sum of floats depends on its order) and differs between file systems.
    """
    folder = Path(PROFILES_DIRECTORY)
    listed = [name for name in os.listdir(folder) if not name.startswith(".") and (folder / name).is_file()]
    for name in languages or ():
        if name not in listed:
            raise unknown("langdetect profile", name, sorted(listed))
    if not listed:
        raise AssetError(f"no language profile in {folder}: install langdetect again (pip install langdetect==1.0.9).")

    codes: list[str] = []
    row: dict[str, int] = {}  # n-gram -> row
    parts: list[tuple[list[int], Floats]] = []  # per language: rows, and their shares
    for name in languages or listed:
        profile = json.loads((folder / name).read_text(encoding="utf-8"))
        grams = {gram: seen for gram, seen in profile["freq"].items() if 1 <= len(gram) <= LONGEST}
        totals = np.array(profile["n_words"], np.float64)[[len(gram) - 1 for gram in grams]]
        codes.append(profile["name"])
        parts.append(([row.setdefault(gram, len(row)) for gram in grams], np.array(list(grams.values())) / totals))

    rows = np.concatenate([np.array(part, np.int64) for part, _ in parts])
    columns = np.repeat(np.arange(len(codes), dtype=np.uint8), [len(part) for part, _ in parts])
    order = np.argsort(rows, kind="stable")
    starts = np.searchsorted(rows[order], np.arange(len(row) + 1)).astype(np.uint32)
    shares = np.concatenate([shares for _, shares in parts])[order]
    return tuple(codes), NGramTable(*hash_table(row), starts, columns[order], shares)


def hash_table(grams: Iterable[str]) -> tuple[npt.NDArray[np.uint64], Words]:
    """Keys and rows of an open-addressed table; the nth n-gram is row n.

    Laid down in the order of their homes, each key lies at its home or right behind the one before, so nothing ever
    wraps around and a free place ends every run.
    """
    keys = np.array([gram_key(gram) for gram in grams], np.uint64)
    homes = ((keys * np.uint64(HASH_FACTOR)) >> np.uint64(64 - HASH_BITS)).astype(np.int64)
    order = np.argsort(homes, kind="stable")
    nth = np.arange(len(keys))
    places = np.maximum.accumulate(homes[order] - nth) + nth
    size = max((1 << HASH_BITS), int(places[-1]) + 1) + 1
    table, rows = np.zeros(size, np.uint64), np.zeros(size, np.uint32)
    table[places], rows[places] = keys[order], order
    return table, rows


def gram_key(gram: str) -> int:
    """The code points of an n-gram as one number.

    >>> gram_key("ab") == (ord("a") << 21) + ord("b")
    True
    """
    key = 0
    for character in gram:
        key = (key << CODE_BITS) + ord(character)
    return key


def character_table() -> Words:
    """What langdetect makes of each character, (CHARACTERS,): its code point, with `CAPITAL` set in a capital."""
    plain = [NGram.normalize(chr(i)) for i in range(0x10000)]  # beyond this plane all stay as they are
    plain += map(chr, range(0x10000, CHARACTERS))
    return np.array([ord(c) + CAPITAL * c.isupper() for c in plain], np.uint32)
