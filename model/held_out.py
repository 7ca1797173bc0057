"""Held-out text: a share of the documents of an entry, and how much of it is scored.

The amount scored is a number of documents, whatever the batch, row or tokenizer: runs with other tokenizers, lengths or
machines are scored on the same text.
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

KEPT_OUT = "held-out"  # used like a split: the share of training documents that a run holds out
AT_ONCE = 32  # documents tokenised together


class HeldOut(NamedTuple):
    """A source to score."""

    source: Source
    tokens_a_byte: float  # see `tokens_a_byte`


def hold_out(source: Source, tokenizer: StreamTokenizer, documents: int | None = None) -> HeldOut:
    """A source that is scored on its first documents, or on all."""
    entry = first_documents(source.entry, documents) if documents else source.entry
    return HeldOut(replace(source, entry=entry), tokens_a_byte(entry, tokenizer, source.rule.scored))


def split_off(entry: Entry, share: float) -> tuple[Entry, Entry]:
    """The entry without a share of its documents, and these.

    From each row group, as many documents are held out as keep the share over all row groups so far; a key made from
    the corpus's bytes draws which. So the split is the same in every run, for any seed, number of workers and ranks.
    ConfigError if the share is less than one document.
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
    groups = int(np.searchsorted(before, count))  # row groups that hold one of them
    rows = np.minimum(entry.rows, count - before)[:groups].astype(np.int32)
    digest = hashlib.sha256(f"{entry.digest} first {count}".encode()).hexdigest()
    return replace(entry, file=entry.file[:groups], group=entry.group[:groups], rows=rows, digest=digest)


def first_tokens(entry: Entry, encoder: Encoder, count: int) -> Entry:
    """The documents that hold the first `count` tokens of an entry, the last one cut at that token.

    ConfigError for an entry with fewer.
    """
    seen = 0
    for documents, (_, length) in enumerate(_tokenised(entry, encoder), 1):
        tokens = min(length, LONGEST_DOCUMENT)  # lanes read no more of a longer one
        seen += tokens
        if seen >= count:
            made = first_documents(entry, documents)
            digest = hashlib.sha256(f"{made.digest} to token {count}".encode()).hexdigest()
            return replace(made, digest=digest, cut=tokens - (seen - count))
    raise ConfigError(f"--first-tokens {count:,}: {entry.name!r} has {seen:,} tokens: use that many or fewer")


class TextSize(NamedTuple):
    """The amount of text of an entry."""

    bytes: int  # bytes in UTF-8
    tokens: int


def text_size(entry: Entry, encoder: Encoder, scored: Callable[[Any], str] = str) -> TextSize:
    """The size of the `scored` part of all documents of an entry."""
    return TextSize(*np.sum([(0, 0), *_tokenised(entry, encoder, scored)], axis=0).tolist())


def tokens_a_byte(entry: Entry, encoder: Encoder, scored: Callable[[Any], str] = str) -> float:
    """Tokens per byte of the `scored` part of an entry's documents; nan without text."""
    size = text_size(entry, encoder, scored)
    return size.tokens / size.bytes if size.bytes else math.nan


def _tokenised(entry: Entry, encoder: Encoder, scored: Callable[[Any], str] = str) -> Iterable[tuple[int, int]]:
    """(bytes, tokens) of the scored part of each document."""
    order, reader = InOrder(entry), Reader(keep=0)
    for group in range(order.units):
        rows = entry.rows_of(group)
        for start in range(0, len(rows), AT_ONCE):
            found = reader.documents(entry, group, rows[start : start + AT_ONCE])
            texts = [scored(one) for one in found]
            sizes = [len(text.encode("utf-8", "surrogatepass")) for text in texts]
            yield from zip(sizes, map(len, encoder.encode(texts)), strict=True)
