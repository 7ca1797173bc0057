"""fastText's way from a line of text to its hidden vector, in numba: words, character n-grams, their mean.

The same steps as fastText 0.9.2, dictionary.cc (getLine, computeSubwords, addWordNgrams) and model.cc (computeHidden),
in the same order on the same 32-bit floats.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np

from c4pipe.native import Function
from c4pipe.private import fault

NO_ENTRY = -1  # in the table of words: no word; in the rows of n-grams: pruned away
NO_END = -2  # the answer of `index_words` to a dictionary that is cut off
TOO_ALIKE = -3  # to one with MOST_PROBES entries in a row: no time is lost on names that were made to collide
MOST_PROBES = 10_000  # a table that is half full has clusters of about a hundred at most
ENTRY_TAIL = 9  # bytes of count and kind behind a name and its NUL: dictionary.cc Dictionary::save
LABEL_MARK = np.frombuffer(b"__label__", np.uint8)

_BASIS, _PRIME = np.uint32(2_166_136_261), np.uint32(16_777_619)  # FNV-1a, 32 bits
_WORDS_FACTOR = np.uint64(116_049_371)  # dictionary.cc Dictionary::addWordNgrams
_BEGINS, _ENDS = np.uint8(ord("<")), np.uint8(ord(">"))
_TOP_BITS, _INNER = np.uint8(0xC0), np.uint8(0x80)  # of a byte that is not the first of its character
LOG_GUARD = np.float32(1e-5)  # added to each probability before its logarithm is taken: loss.cc std_log


def compiled(signature: str) -> Callable[[Function], Function]:
    """Compile now, or take what an earlier process left in numba's cache.

    numba keeps its cache beside this file, else in the user's cache folder; NUMBA_CACHE_DIR names another. Where
    none can be written (a worker without a home), or others may write to it, each process compiles for itself, which
    takes seconds.
    """

    def compile_it(function: Function) -> Function:
        try:
            made: Any = numba.njit(nogil=True, cache=True)(function)
            if fault(Path(made.stats.cache_path)):
                raise PermissionError("others may write there")
            made.compile(signature)  # it is read now
            made.disable_compile()
        except (RuntimeError, OSError):  # "no locator available", or a full disk
            made = numba.njit(signature, nogil=True)(function)
        return made  # type: ignore[no-any-return]

    return compile_it


@compiled("uint32(uint32, uint8)")
def mixed(h: Any, byte: Any) -> Any:
    """The hash with one more byte, which fastText takes for a signed one."""
    return np.uint32((h ^ np.uint32(np.int8(byte))) * _PRIME)


@compiled("int64(uint8[::1], int64, int64[::1], int32[::1])")
def index_words(data: Any, at: int, offsets: Any, table: Any) -> int:
    """Fills `offsets` (entries,), where the names begin, and `table`, open addressing by hash: the number of an entry.

    `data` is the file and `at` the first entry. Returns where the dictionary ends, NO_END where the file does first, or
    TOO_ALIKE.
    """
    for number in range(len(offsets)):
        offsets[number] = at
        h = _BASIS
        while at < len(data) and data[at]:
            h = mixed(h, data[at])
            at += 1
        at += 1 + ENTRY_TAIL
        if at > len(data):
            return NO_END
        place = np.int64(h) % len(table)
        probes = 0
        while table[place] != NO_ENTRY:
            place = (place + 1) % len(table)
            probes += 1
            if probes > MOST_PROBES:
                return TOO_ALIKE
        table[place] = number
    return at


@compiled("int64(uint8[::1], int64, int64, uint32, uint8[::1], int64[::1], int32[::1])")
def find_word(text: Any, start: int, end: int, h: Any, data: Any, offsets: Any, table: Any) -> int:
    """The number of the entry `text[start:end]`, whose hash is `h`; NO_ENTRY where there is none."""
    place = np.int64(h) % len(table)
    while table[place] != NO_ENTRY:
        at = offsets[table[place]]
        i = start
        while i < end and data[at] == text[i]:
            i += 1
            at += 1
        if i == end and data[at] == 0:
            return int(table[place])
        place = (place + 1) % len(table)
    return NO_ENTRY


@compiled("void(float32[::1], float32[:, ::1], int64)")
def add_row(hidden: Any, matrix: Any, row: int) -> None:
    """Adds a row; a loop, for numba would make a view of it first."""
    for i in range(len(hidden)):
        hidden[i] += matrix[row, i]


@compiled("boolean(uint8)")
def is_blank(byte: Any) -> bool:
    """Whether fastText ends a word there: dictionary.cc Dictionary::readWord."""
    return bool(byte == 0 or byte == 32 or 9 <= byte <= 13)


@compiled("boolean(uint8[::1], int64, int64)")
def is_label(text: Any, start: int, end: int) -> bool:
    """Whether a word that is in no dictionary begins as labels do, "__label__": such a word counts for nothing."""
    return bool(end - start >= len(LABEL_MARK) and np.all(text[start : start + len(LABEL_MARK)] == LABEL_MARK))


@compiled("void(float64[:, ::1], float32[:, ::1], float32[:, ::1], int64, int64, int64)")
def share_row(shares: Any, outputs: Any, matrix: Any, row: int, first: int, last: int) -> None:
    """Adds what a row gives to each output (outputs,) to the words that it covers, an equal share to each."""
    for output in range(len(outputs)):
        found = 0.0
        for i in range(outputs.shape[1]):
            found += np.float64(outputs[output, i]) * np.float64(matrix[row, i])
        for word in range(first, last + 1):
            shares[word, output] += found / (last + 1 - first)


@compiled(
    "int64(uint8[::1], uint8[::1], int64[::1], int32[::1], int32[::1], int64, int64, int64, int64, float32[:, ::1], "
    "float32[::1], float32[:, ::1], float64[:, ::1], int64[:, ::1])"
)
def add_line(
    text: Any,
    data: Any,
    offsets: Any,
    table: Any,
    rows: Any,
    words: int,
    shortest: int,
    longest: int,
    together: int,
    matrix: Any,
    hidden: Any,
    outputs: Any,
    shares: Any,
    spans: Any,
) -> int:
    """Adds the rows of a line to `hidden` (dimensions,), and returns how many there were.

    Where `spans` is not empty, it says beside that what each word gives to each output.

    Args:
        text: bytes of the line. It must end in a blank and the name of the end of a line, "</s>".
        data, offsets, table: the dictionary, see `index_words`.
        rows: (buckets,) the row of each n-gram, NO_ENTRY where it was pruned away.
        words: how many of the entries are words; the others are labels.
        shortest, longest: characters of an n-gram, with the marks of a word's beginning and end.
        together: words of the longest n-gram of words.
        matrix: (rows, dimensions).
        outputs: (outputs, dimensions).
        shares: (words of the line, outputs) of zeros; the sum of a column is `outputs @ hidden`, in 64 bits.
        spans: (words of the line, 2), -1 where there is no word: where each begins and ends, in bytes. As many as
            a line of that length may have, len(text) // 2 + 1, or none.
    """
    sharing = len(spans) > 0
    buckets = max(len(rows), 1)
    hashes = np.empty(len(text) // 2 + 1, np.int32)  # of the words so far
    marked = np.empty(256, np.uint8)  # the word in its marks, "<word>"
    n_words = 0
    added = 0
    at = 0
    while at < len(text):
        if is_blank(text[at]):
            at += 1
            continue
        start = at
        h = _BASIS
        while at < len(text) and not is_blank(text[at]):
            h = mixed(h, text[at])
            at += 1
        word = find_word(text, start, at, h, data, offsets, table)
        if word >= words or (word == NO_ENTRY and is_label(text, start, at)):
            continue
        hashes[n_words] = np.int32(h)
        if sharing:
            spans[n_words, 0] = start
            spans[n_words, 1] = at
        n_words += 1
        if word != NO_ENTRY:
            add_row(hidden, matrix, word)
            added += 1
            if sharing:
                share_row(shares, outputs, matrix, word, n_words - 1, n_words - 1)
        if at == len(text):
            break  # the end of the line has no n-grams of characters
        if longest == 0:
            continue
        length = at - start + 2
        if length > len(marked):
            marked = np.empty(2 * length, np.uint8)
        marked[0] = _BEGINS
        marked[1 : length - 1] = text[start:at]
        marked[length - 1] = _ENDS
        for i in range(length if len(rows) else 0):
            if marked[i] & _TOP_BITS == _INNER:
                continue
            h = _BASIS
            j = i
            n = 1
            while j < length and n <= longest:
                h = mixed(h, marked[j])
                j += 1
                while j < length and marked[j] & _TOP_BITS == _INNER:
                    h = mixed(h, marked[j])
                    j += 1
                if n >= shortest and not (n == 1 and (i == 0 or j == length)):
                    row = rows[np.int64(h) % buckets]
                    if row != NO_ENTRY:
                        for k in range(len(hidden)):
                            hidden[k] += matrix[row, k]
                        added += 1
                        if sharing:
                            share_row(shares, outputs, matrix, row, n_words - 1, n_words - 1)
                n += 1
    for i in range(n_words if len(rows) else 0):
        key = np.uint64(np.int64(hashes[i]))
        for j in range(i + 1, min(n_words, i + together)):
            key = key * _WORDS_FACTOR + np.uint64(np.int64(hashes[j]))
            row = rows[np.int64(key % np.uint64(buckets))]
            if row != NO_ENTRY:
                add_row(hidden, matrix, row)
                added += 1
                if sharing:
                    share_row(shares, outputs, matrix, row, i, j)
    return added


@compiled("float32[::1](float32[:, ::1], float32[::1], float32)")
def outputs_of(matrix: Any, hidden: Any, factor: Any) -> Any:
    """(rows,) the product of a matrix (rows, dimensions) and `factor` times a vector, added up from left to right."""
    scores = np.zeros(len(matrix), np.float32)
    for row in range(len(matrix)):
        for i in range(len(hidden)):
            scores[row] += matrix[row, i] * (hidden[i] * factor)
    return scores


@compiled("float32[::1](float32[::1], int32[:, ::1])")
def descend(scores: Any, children: Any) -> Any:
    """The probability of each label (labels,) of a hierarchical softmax.

    Args:
        scores: (labels - 1,) the output of each inner node of the tree.
        children: (labels - 1, 2) its children: labels first, then inner nodes, of which the last is the root.
    """
    labels = len(scores) + 1
    reached = np.ones(labels + len(scores), np.float32)
    for node in range(len(scores) - 1, -1, -1):
        right = np.float32(1.0 / (1.0 + np.exp(-scores[node])))
        here = reached[labels + node]
        reached[children[node, 0]] = here * (np.float32(1.0) - right + LOG_GUARD)
        reached[children[node, 1]] = here * (right + LOG_GUARD)
    return reached[:labels]
