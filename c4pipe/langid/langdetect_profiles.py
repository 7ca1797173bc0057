"""langdetect's language profiles and character rules as flat arrays, about 15 MB.

The numbers are the package's own: the JSON files in its `profiles` folder hold, per language, how often each n-gram
of 1 to 3 characters was seen (`freq`) and how many n-grams of each length there were (`n_words`). Characters are
normalised by its `NGram.normalize`. Shapes: N = 87,598 n-grams and L = 55 languages in langdetect 1.0.9.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Sequence
from pathlib import Path
from string import ascii_letters
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from langdetect.detector_factory import PROFILES_DIRECTORY
from langdetect.utils.ngram import NGram

from c4pipe.errors import AssetError, unknown
from c4pipe.langid.langdetect_kernel import (
    BLANK_SYMBOL,
    CAPITAL,
    CHARACTERS,
    HASH_BITS,
    HASH_FACTOR,
    NEAR_BITS,
    OTHER_SYMBOL,
    ROW_BITS,
    SYMBOL_BITS,
)
from c4pipe.langid.langdetect_stream import Floats
from c4pipe.native.cache import cached

COMMON = 8  # an n-gram known to so many languages has its own row: 86 % of draws, 4 % of all n-grams
LONGEST = 3  # characters of an n-gram: langdetect 1.0.9 utils/ngram.py NGram.N_GRAM
# Blocks whose characters are replaced; all else stays, except the Chinese characters of `NGram.CJK_MAP`.
CHANGED = (
    range(0x100),  # Basic Latin, Latin-1 Supplement
    range(0x180, 0x250),  # Latin Extended-B
    range(0x600, 0x700),  # Arabic
    range(0x1E00, 0x1F00),  # Latin Extended Additional
    range(0x2000, 0x2070),  # General Punctuation
    range(0x3040, 0x3130),  # Hiragana, Katakana, Bopomofo
    range(0x31A0, 0x31C0),  # Bopomofo Extended
)
HANGUL = slice(0xAC00, 0xD7B0)  # all become one character

_Words = npt.NDArray[np.uint32]
Keys = npt.NDArray[np.uint64]
Symbols = npt.NDArray[np.uint16]


class NGramTable(NamedTuple):
    """The shares of all n-grams. The n-gram in row r, from 1, has `shares[starts[r]:starts[r + 1]]`; all others are 0.

    An n-gram is up to three symbols; a shorter one is padded with NONE in front. Its key is its symbols concatenated.
    """

    characters: Symbols  # (CHARACTERS,): the symbol of the normalised character, with CAPITAL for a capital
    near: _Words  # row of an n-gram of the first symbols, at its key of NEAR_BITS a symbol; 0 for none
    far: Keys  # open addressing: key and row of any n-gram are at its home or in the run behind; 0 is free
    common: Floats  # (C, L): shares of the n-grams in the rows up to C, which many languages know
    starts: _Words  # (N + 2,)
    columns: npt.NDArray[np.uint8]  # language of each share
    shares: Floats  # share of the n-gram among the language's n-grams of its length, 0..1


def load_profiles(languages: Sequence[str] | None = None) -> tuple[tuple[str, ...], NGramTable]:
    """Reads the installed package's profiles: the L language codes, and the table of their n-grams.

    Args:
        languages: order of the languages, file names in the package's folder. None means the order in which the
            operating system lists the folder, as in the package. The order decides the last bits of a probability (a
            sum of floats depends on its order) and differs between file systems.
    """
    folder = Path(PROFILES_DIRECTORY)
    listed = [name for name in os.listdir(folder) if not name.startswith(".") and (folder / name).is_file()]
    for name in languages or ():
        if name not in listed:
            raise unknown("langdetect profile", name, sorted(listed))
    if not listed:
        raise AssetError(f"no language profile in {folder}: install langdetect again (pip install langdetect==1.0.9).")
    files = [(folder / name).read_bytes() for name in languages or listed]
    made_of = b"\0".join([Path(__file__).read_bytes(), *files])
    with np.load(io.BytesIO(cached("langdetect_profiles", made_of, lambda: _pack(files)))) as kept:
        return tuple(kept["codes"].tolist()), NGramTable(*(kept[name] for name in NGramTable._fields))


def _pack(files: Sequence[bytes]) -> bytes:
    packed = io.BytesIO()
    codes, table = make_table([json.loads(file) for file in files])
    np.savez(packed, codes=np.array(codes), **table._asdict())
    return packed.getvalue()


def make_table(profiles: Sequence[dict[str, Any]]) -> tuple[list[str], NGramTable]:
    """The codes and the table of langdetect's profiles, in their order."""
    # Each n-gram ends in a NUL, so that all can be split at once. The package never looks up a lone blank.
    kept = [{gram: n for gram, n in p["freq"].items() if 1 <= len(gram) <= LONGEST and gram != " "} for p in profiles]
    points = np.frombuffer("".join(f"{gram}\0" for grams in kept for gram in grams).encode("utf-32-le"), np.uint32)
    ends = np.flatnonzero(points == 0)
    lengths = np.diff(ends, prepend=-1) - 1
    columns = np.repeat(np.arange(len(kept), dtype=np.uint8), [len(grams) for grams in kept])
    seen = np.array([n for grams in kept for n in grams.values()], np.float64)
    shares = seen / np.array([p["n_words"] for p in profiles], np.float64)[columns, lengths - 1]

    symbols = symbol_table(points)
    far_keys, near_keys = np.zeros(len(ends), np.uint64), np.zeros(len(ends), np.int64)
    is_near = np.ones(len(ends), bool)
    for back in range(LONGEST, 0, -1):
        there = lengths >= back
        symbol = np.where(there, symbols[points[ends - np.where(there, back, 0)]], 0).astype(np.uint64)
        far_keys = (far_keys << np.uint64(SYMBOL_BITS)) | symbol
        near_keys = (near_keys << NEAR_BITS) | symbol.astype(np.int64)
        is_near &= symbol < 1 << NEAR_BITS

    _, first, number, known = np.unique(far_keys, return_index=True, return_inverse=True, return_counts=True)
    row = np.empty(len(first), np.int64)
    row[np.argsort(known < COMMON, kind="stable")] = np.arange(1, len(first) + 1)
    rows = row[number]
    common = np.zeros((1 + np.count_nonzero(known >= COMMON), len(kept)))
    is_common = rows < len(common)
    common[rows[is_common], columns[is_common]] = shares[is_common]
    order = np.argsort(rows, kind="stable")
    starts = np.searchsorted(rows[order], np.arange(len(first) + 2)).astype(np.uint32)

    near = np.zeros(1 << LONGEST * NEAR_BITS, np.uint32)
    near[near_keys[is_near]] = rows[is_near]
    far = hash_table(far_keys[first], row)

    becomes = normal_characters()
    is_capital = np.fromiter((chr(code).isupper() for code in becomes.tolist()), bool, CHARACTERS)
    characters = symbols[becomes] | np.where(is_capital, CAPITAL, 0).astype(np.uint16)
    table = NGramTable(characters, near, far, common, starts, columns[order], shares[order])
    return [profile["name"] for profile in profiles], table


def symbol_table(points: _Words) -> Symbols:
    """The symbol of each character, (CHARACTERS,).

    The first are found fastest: ASCII's letters, then those in the most n-grams.
    """
    counts = np.bincount(points, minlength=CHARACTERS)
    counts[0] = counts[ord(" ")] = 0
    counts[list(map(ord, ascii_letters))] += len(points)
    ranked = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]
    symbols = np.full(CHARACTERS, OTHER_SYMBOL, np.uint16)
    symbols[ranked] = np.arange(OTHER_SYMBOL + 1, OTHER_SYMBOL + 1 + len(ranked))
    symbols[ord(" ")] = BLANK_SYMBOL
    return symbols


def hash_table(keys: Keys, rows: npt.NDArray[np.int64]) -> Keys:
    """An open-addressed table of keys with their rows.

    Inserted in the order of their homes, each key is at its home or right behind the one before, so nothing ever wraps
    around and a free slot ends every run.
    """
    homes = ((keys * np.uint64(HASH_FACTOR)) >> np.uint64(64 - HASH_BITS)).astype(np.int64)
    order = np.argsort(homes, kind="stable")
    nth = np.arange(len(keys))
    places = np.maximum.accumulate(homes[order] - nth) + nth
    table = np.zeros(max((1 << HASH_BITS), int(places[-1]) + 1) + 1, np.uint64)
    table[places] = (keys[order] << np.uint64(ROW_BITS)) | rows[order].astype(np.uint64)
    return table


def normal_characters() -> _Words:
    """The code point of langdetect's normalised form of each character, (CHARACTERS,)."""
    becomes = np.arange(CHARACTERS, dtype=np.uint32)
    for block in CHANGED:
        becomes[block] = [ord(NGram.normalize(chr(code))) for code in block]
    becomes[list(map(ord, NGram.CJK_MAP))] = list(map(ord, NGram.CJK_MAP.values()))
    becomes[HANGUL] = ord(NGram.normalize(chr(HANGUL.start)))
    return becomes
