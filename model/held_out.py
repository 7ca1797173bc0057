"""Held-out text: a share of the documents of an entry, and how much of it is scored.

What is scored is a number of documents, whatever a batch, a row or a token is: two runs with other tokenizers, lengths
or machines are scored on the same text.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from c4pipe.text import many
from model.corpus import Entry, GroupPart, Reader
from model.errors import ConfigError
from model.lane import LONGEST_DOCUMENT, Encoder
from model.order import InOrder
from model.source import Source, StreamTokenizer

KEPT_OUT = "held-out"  # in the place of a split: the share of the training documents that a run keeps out
AT_ONCE = 32  # documents that are tokenised together


class HeldOut(NamedTuple):
    """What is scored."""

    source: Source
    tokens_a_byte: float  # see `tokens_a_byte`


def hold_out(source: Source, tokenizer: StreamTokenizer, documents: int | None = None) -> HeldOut:
    """A source to be scored on its first documents, or on all."""
    entry = first_documents(source.entry, documents) if documents else source.entry
    return HeldOut(replace(source, entry=entry), tokens_a_byte(entry, tokenizer, source.rule.scored))


def split_off(entry: Entry, share: float) -> tuple[Entry, Entry]:
    """The entry without a share of its documents, and these.

    Of each row group so many go that the share is held over all row groups up to it; which, is drawn by a key that the
    bytes of the corpus make. So the split is the same in every run, for any seed, number of workers and ranks.
    ConfigError where the share is less than a document.
    """
    ends = np.floor(share * np.cumsum(entry.rows, dtype=np.int64))
    held = np.diff(ends, prepend=0).astype(np.int32)
    if not held.sum():
        raise ConfigError(
            f"--held-out {share:g} of the {many(entry.documents, 'document')} of {entry.name!r} is less than one: use "
            f"{math.ceil(1000 / entry.documents) / 10:g}% or more"
        )
    return _part(entry, held, share, False), _part(entry, held, share, True)


def _part(entry: Entry, held: NDArray[np.int32], share: float, held_out: bool) -> Entry:
    rows = held if held_out else entry.rows - held
    there = rows > 0
    digest = hashlib.sha256(f"{entry.digest} {share!r} {held_out}".encode()).hexdigest()
    groups = np.flatnonzero(there).astype(np.int32)
    part = GroupPart(entry.digest, groups, entry.rows[there], held[there], held_out)
    return replace(entry, file=entry.file[there], group=entry.group[there], rows=rows[there], digest=digest, part=part)


def first_documents(entry: Entry, count: int) -> Entry:
    """At most so many documents of an entry, the first ones in its order."""
    if entry.documents <= count:
        return entry
    before = np.cumsum(entry.rows, dtype=np.int64) - entry.rows
    groups = int(np.searchsorted(before, count))  # that hold one of them
    rows = np.minimum(entry.rows, count - before)[:groups].astype(np.int32)
    digest = hashlib.sha256(f"{entry.digest} first {count}".encode()).hexdigest()
    return replace(entry, file=entry.file[:groups], group=entry.group[:groups], rows=rows, digest=digest)


def first_tokens(entry: Entry, encoder: Encoder, count: int) -> Entry:
    """The documents that hold the first `count` tokens of an entry, the last one cut where they end.

    ConfigError for an entry that has fewer.
    """
    seen = 0
    for documents, (_, length) in enumerate(_tokenised(entry, encoder), 1):
        tokens = min(length, LONGEST_DOCUMENT)  # of a longer one no lane gives more
        seen += tokens
        if seen >= count:
            made = first_documents(entry, documents)
            digest = hashlib.sha256(f"{made.digest} to token {count}".encode()).hexdigest()
            return replace(made, digest=digest, cut=tokens - (seen - count))
    raise ConfigError(f"--first-tokens {count:,}: {entry.name!r} has {seen:,} tokens: use that many or fewer")


class TextSize(NamedTuple):
    """How much text an entry has."""

    bytes: int  # of UTF-8
    tokens: int


def text_size(entry: Entry, encoder: Encoder, scored: Callable[[Any], str] = str) -> TextSize:
    """Of all documents of an entry, of what of a document is `scored`."""
    return TextSize(*np.sum([(0, 0), *_tokenised(entry, encoder, scored)], axis=0).tolist())


def tokens_a_byte(entry: Entry, encoder: Encoder, scored: Callable[[Any], str] = str) -> float:
    """Tokens by byte of the texts of an entry, of what of a document is `scored`; nan where there is no text."""
    size = text_size(entry, encoder, scored)
    return size.tokens / size.bytes if size.bytes else math.nan


def _tokenised(entry: Entry, encoder: Encoder, scored: Callable[[Any], str] = str) -> Iterable[tuple[int, int]]:
    """(bytes, tokens) of what of each document is scored."""
    order, reader = InOrder(entry), Reader(keep=0)
    for group in range(order.units):
        rows = entry.rows_of(group)
        for start in range(0, len(rows), AT_ONCE):
            found = reader.documents(entry, group, rows[start : start + AT_ONCE])
            texts = [scored(one) for one in found]
            sizes = [len(text.encode("utf-8", "surrogatepass")) for text in texts]
            yield from zip(sizes, map(len, encoder.encode(texts)), strict=True)
