"""fastText's way from a line of text to its hidden vector, as machine code: words, character n-grams, their mean.

The same steps as fastText 0.9.2, dictionary.cc (getLine, computeSubwords, addWordNgrams) and model.cc (computeHidden),
in the same order on the same 32-bit floats.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from c4pipe.native import native

NO_ENTRY = -1  # in the table of words: no word; in the rows of n-grams: pruned away
NO_END = -2  # returned by `index_words` for a truncated dictionary
TOO_ALIKE = -3  # for one with MOST_PROBES entries in a row: guards against constructed collisions
MOST_PROBES = 10_000  # a half-full table has clusters of at most about a hundred
ENTRY_TAIL = 9  # bytes of count and kind behind a name and its NUL: dictionary.cc Dictionary::save
LOG_GUARD = np.float32(1e-5)  # added to each probability before its logarithm is taken: loss.cc std_log

_BASIS, _PRIME = np.uint32(2_166_136_261), np.uint32(16_777_619)  # FNV-1a, 32 bits
_WORDS_FACTOR = np.uint64(116_049_371)  # dictionary.cc Dictionary::addWordNgrams
_BEGINS, _ENDS = np.uint8(ord("<")), np.uint8(ord(">"))
_TOP_BITS, _INNER = np.uint8(0xC0), np.uint8(0x80)  # the mark of a continuation byte
_LABEL_MARK = tuple(b"__label__")
WORD_BITS, _SIX = 64, 6  # bits of a word of flags; dividing a bucket by 64 is a shift by 6
_PAIRS, _FOURS, _EIGHTS = (np.uint64(x) for x in (0x5555555555555555, 0x3333333333333333, 0x0F0F0F0F0F0F0F0F))
_ONES = np.uint64(0x0101010101010101)


def mixed(h: Any, byte: Any) -> Any:
    """The hash with one more byte, which fastText treats as signed."""
    return np.uint32((h ^ np.uint32(np.int8(byte))) * _PRIME)


def inverse_of(buckets: Any) -> Any:
    """(shift, 2**shift / buckets) rounded down, of 31 bits, or 32 where that is a power of two."""
    shift = np.uint64(31)
    while np.uint64(buckets) >> (shift - np.uint64(30)):
        shift += np.uint64(1)
    return shift, (np.uint64(1) << shift) // np.uint64(buckets)


def remainder(h: Any, buckets: Any, inverse: Any, shift: Any) -> Any:
    """h % buckets, both 32-bit, by a product with the result of `inverse_of`, because a division is slower.

    The quotient is at most one too small.
    """
    found = np.int64(h) - np.int64((np.uint64(h) * inverse) >> shift) * buckets
    return found - buckets if found >= buckets else found


def row_of(bucket: Any, there: Any, before: Any, words: Any) -> Any:
    """The row of an n-gram, NO_ENTRY if it was pruned."""
    flags, place = there[bucket >> _SIX], np.uint64(bucket & (WORD_BITS - 1))
    if not flags >> place & np.uint64(1):
        return np.int64(NO_ENTRY)
    x = flags & ((np.uint64(1) << place) - np.uint64(1))  # counts the set bits: Hacker's Delight, 5-1
    x -= x >> np.uint64(1) & _PAIRS
    x = (x & _FOURS) + (x >> np.uint64(2) & _FOURS)
    x = (x + (x >> np.uint64(4))) & _EIGHTS
    return words + before[bucket >> _SIX] + np.int64(x * _ONES >> np.uint64(56))


def add_row(hidden: Any, matrix: Any, row: Any, dimensions: Any) -> None:
    """Adds a row."""
    for i in range(dimensions):
        hidden[i] += matrix[row * dimensions + i]


def is_blank(byte: Any) -> bool:
    """Whether fastText ends a word there: dictionary.cc Dictionary::readWord."""
    return bool(byte == 0 or byte == 32 or 9 <= byte <= 13)


def is_label(text: Any, start: Any, end: Any) -> bool:
    """Whether a word that is not in the dictionary begins like a label, "__label__": such a word is ignored."""
    if end - start < len(_LABEL_MARK):
        return False
    for i in range(len(_LABEL_MARK)):  # noqa: SIM110
        if text[start + i] != _LABEL_MARK[i]:
            return False
    return True


def found_word(text: Any, start: Any, end: Any, h: Any, names: Any, offsets: Any, table: Any, slots: Any) -> Any:
    """The number of the entry `text[start:end]` with the hash `h`; NO_ENTRY if there is none."""
    place = np.int64(h) & (slots - 1)
    while table[place] != NO_ENTRY:
        at = offsets[table[place]]
        i = start
        while i < end and names[at] == text[i]:
            i += 1
            at += 1
        if i == end and names[at] == 0:
            return np.int64(table[place])
        place = (place + 1) & (slots - 1)
    return np.int64(NO_ENTRY)


def share_row(
    shares: Any, outputs: Any, n_outputs: Any, matrix: Any, row: Any, dimensions: Any, first: Any, last: Any
) -> None:
    """Adds a row's contribution to each output (outputs,) to the words that it covers, in equal shares."""
    for output in range(n_outputs):
        found = 0.0
        for i in range(dimensions):
            found += np.float64(outputs[output * dimensions + i]) * np.float64(matrix[row * dimensions + i])
        for word in range(first, last + 1):
            shares[word * n_outputs + output] += found / (last + 1 - first)


@native("int64(uint8*, int64, int64, int64*, int64, int32*, int64)")
def index_words(data: Any, size: int, at: int, offsets: Any, entries: int, table: Any, slots: int) -> int:
    """Fills `offsets` (entries,), where the names begin, and `table`, open addressing by hash: the number of an entry.

    `data` is the file (size,) and `at` the first entry; `slots` is the size of the table, a power of two above
    `entries`. Returns where the dictionary ends, NO_END if the file ends first, or TOO_ALIKE.
    """
    for number in range(entries):
        offsets[number] = at
        h = _BASIS
        while at < size and data[at]:
            h = mixed(h, data[at])
            at += 1
        at += 1 + ENTRY_TAIL
        if at > size:
            return NO_END
        place = np.int64(h) & (slots - 1)
        probes = 0
        while table[place] != NO_ENTRY:
            place = (place + 1) & (slots - 1)
            probes += 1
            if probes > MOST_PROBES:
                return TOO_ALIKE
        table[place] = number
    return at


@native(
    "int64(uint8*, int64, uint8*, int64*, int32*, int64, int64, uint64*, int32*, int64, int64, int64, int64, float32*,"
    " int64, int32*, uint8*, float32*, float32*, int64, float64*, int64*, int64)"
)
def add_line(
    text: Any, size: int, names: Any, offsets: Any, table: Any, slots: int, words: int, there: Any, before: Any,
    buckets: int, shortest: int, longest: int, together: int, matrix: Any, dimensions: int, hashes: Any, marked: Any,
    hidden: Any, outputs: Any, n_outputs: int, shares: Any, spans: Any, sharing: int,
) -> int:  # fmt: skip
    """Adds the rows of a line to `hidden` (dimensions,), and returns their number.

    If it is `sharing`, it also records what each word contributes to each output.

    Args:
        text: (size,) bytes of the line. It must end in a blank and the name of the end of a line, "</s>".
        names, offsets, table, slots: the dictionary, see `index_words`.
        words: number of entries that are words; the others are labels.
        there: a bit for each bucket, lowest first: whether it has a row, or was pruned.
        before: for each 64 of them, how many earlier buckets have one. Both fit into the cache of a core, unlike the
            rows of all buckets.
        buckets: 0 for a model without n-grams.
        shortest, longest: characters of an n-gram, with the marks of a word's beginning and end.
        together: words of the longest n-gram of words.
        matrix: (rows, dimensions), those of words followed by those of n-grams in the order of their buckets.
        hashes: room for size // 2 + 1, the words of the line.
        marked: room for size + 2, a word in its marks, "<word>".
        outputs: (n_outputs, dimensions).
        shares: (words of the line, n_outputs) of zeros; the sum of a column is `outputs @ hidden`, in 64 bits.
        spans: (size // 2 + 1, 2) of -1: where each word begins and ends, in bytes.
    """
    shift, inverse = inverse_of(max(buckets, 1))
    n_words = 0
    added = 0
    at = 0
    while at < size:
        if is_blank(text[at]):
            at += 1
            continue
        start = at
        h = _BASIS
        while at < size and not is_blank(text[at]):
            h = mixed(h, text[at])
            at += 1
        word = found_word(text, start, at, h, names, offsets, table, slots)
        if word >= words or (word == NO_ENTRY and is_label(text, start, at)):
            continue
        hashes[n_words] = np.int32(h)
        if sharing:
            spans[2 * n_words] = start
            spans[2 * n_words + 1] = at
        n_words += 1
        if word != NO_ENTRY:
            add_row(hidden, matrix, word, dimensions)
            added += 1
            if sharing:
                share_row(shares, outputs, n_outputs, matrix, word, dimensions, n_words - 1, n_words - 1)
        if at == size:
            break  # the end of the line has no character n-grams
        if longest == 0 or buckets == 0:
            continue
        length = at - start + 2
        marked[0] = _BEGINS
        for i in range(length - 2):
            marked[1 + i] = text[start + i]
        marked[length - 1] = _ENDS
        for i in range(length):
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
                    row = row_of(remainder(h, buckets, inverse, shift), there, before, words)
                    if row != NO_ENTRY:
                        add_row(hidden, matrix, row, dimensions)
                        added += 1
                        if sharing:
                            share_row(shares, outputs, n_outputs, matrix, row, dimensions, n_words - 1, n_words - 1)
                n += 1
    for i in range(n_words if buckets else 0):
        key = np.uint64(np.int64(hashes[i]))
        for j in range(i + 1, min(n_words, i + together)):
            key = key * _WORDS_FACTOR + np.uint64(np.int64(hashes[j]))
            row = row_of(np.int64(key % np.uint64(buckets)), there, before, words)
            if row != NO_ENTRY:
                add_row(hidden, matrix, row, dimensions)
                added += 1
                if sharing:
                    share_row(shares, outputs, n_outputs, matrix, row, dimensions, i, j)
    return added


@native("void(float32*, int64, float32*, int64, float64, float32*)")
def outputs_of(matrix: Any, rows: int, hidden: Any, dimensions: int, factor: float, scores: Any) -> None:
    """Fills `scores` (rows,) with the product of a matrix (rows, dimensions) and the 32-bit `factor`, times a vector
    (dimensions,), summed from left to right."""
    for row in range(rows):
        score = np.float32(0)
        for i in range(dimensions):
            score += matrix[row * dimensions + i] * (hidden[i] * np.float32(factor))
        scores[row] = score


@native("void(float32*, int64, int32*, float32*)")
def descend(scores: Any, labels: int, children: Any, reached: Any) -> None:
    """Fills the first of `reached` with the probability of each label (labels,) of a hierarchical softmax.

    Args:
        scores: (labels - 1,) the output of each inner node of the tree.
        children: (labels - 1, 2) its children: labels first, then inner nodes, of which the last is the root.
        reached: (2 * labels - 1,) of ones.
    """
    for node in range(labels - 2, -1, -1):
        right = np.float32(1.0 / (1.0 + np.exp(-scores[node])))
        here = reached[labels + node]
        reached[children[2 * node]] = here * (np.float32(1.0) - right + LOG_GUARD)
        reached[children[2 * node + 1]] = here * (right + LOG_GUARD)
