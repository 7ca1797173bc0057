"""Salient spans: facts in a sentence, masked one at a time, so that a model must know them to restore them.

    text -> sentences -> spans of each -> one pair per span:  nem: Ada Lovelace died in _X_.  ->  1852

After `mask_salient_spans` of T5's closed-book code (arXiv 2002.08910), with sentences from Wikipedia and spans from a
tagger; here `SalientSpans.source` names the source of spans.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from c4pipe.shards import sha256_of
from c4pipe.text import hash64, sentence_splitter, splitter_of, visible
from model.errors import ConfigError
from model.tasks.shapes import SPAN_KINDS, Bounds, spans_by_shape

SALIENT_PREFIX, MASK = "nem: ", "_X_"

BoundsTable = Mapping[int, tuple[Bounds, ...]]  # `hash64` of a sentence or text -> its spans


@dataclass(frozen=True)
class SalientSpans:
    """The source of spans, and how texts become pairs.

    `source` is one or more of dates, numbers and names, joined by `+` and found by their shapes, or a JSONL file of
    spans. Its lines are {"sentence": or "text":, "spans": [...]}, with the string as in the corpus. A span is [start,
    end] in characters, end excluded, or a string, which stands for its first occurrence. ConfigError for any other
    source or line. The file is read when the value is made; about 250 bytes of memory per line are kept.
    """

    source: str = "+".join(SPAN_KINDS)
    language: str = "en"  # of the sentence splitter, sentencex
    longest: int = 1_000  # characters of a sentence: longer ones are lists or tables, and might be cut at the mask

    def __post_init__(self) -> None:
        if not self.kinds:
            read_spans(Path(self.source))
        if self.longest < 1:
            raise ConfigError(f"a sentence of at most {self.longest} characters: expected 1 or more")

    @property
    def kinds(self) -> tuple[str, ...]:
        """The requested kinds of shapes; empty if the source is a file."""
        named = tuple(self.source.split("+"))
        return named if set(named) <= {*SPAN_KINDS} else ()

    def settings(self) -> dict[str, str | int]:
        """What decides the pairs of a text, for a run's settings: sha256 is the file's, "" without a file."""
        return {
            "source": self.source if self.kinds else "a file",  # whatever its path
            "sha256": "" if self.kinds else _sum_of(Path(self.source)),
            "splitter": "sentencex",
            "longest": self.longest,
        }

    def pairs(self, text: str) -> Iterator[tuple[str, str]]:
        """(inputs, targets), one per span, in the order of the text. Sentences without a span give none.

        >>> [*SalientSpans().pairs("Fog lay on the river. Ada Lovelace died in 1852.")]
        [('nem: _X_ died in 1852.', 'Ada Lovelace'), ('nem: Ada Lovelace died in _X_.', '1852')]
        """
        for sentence, spans in self.sentences(text):
            for start, end in spans:
                yield f"{SALIENT_PREFIX}{sentence[:start]}{MASK}{sentence[end:]}", sentence[start:end]

    def sentences(self, text: str) -> Iterator[tuple[str, list[Bounds]]]:
        """Sentences with their spans: the same ones that the control masks by span corruption.

        >>> [*SalientSpans("dates").sentences("Fog lay on the river. Ada Lovelace died in 1852.")]
        [('Ada Lovelace died in 1852.', [(21, 25)])]
        """
        kinds = self.kinds
        table: BoundsTable = {} if kinds else read_spans(Path(self.source))
        whole = table.get(hash64(text), ())
        ordinary: frozenset[str] = frozenset()
        if "names" in kinds:
            ordinary = frozenset(word.rstrip(".,;:!?)”’") for word in text.split() if word[0].islower())
        for start, sentence in self._cut(text):
            if kinds:
                spans = spans_by_shape(sentence, kinds, ordinary)
            else:
                end = start + len(sentence)
                inside = [(first - start, last - start) for first, last in whole if start <= first and last <= end]
                spans = sorted({*inside, *table.get(hash64(sentence), ())})
            spans = [span for span in spans if span[1] - span[0] < len(sentence)]  # no context would be left
            if spans and MASK not in sentence:
                yield sentence, spans

    def _cut(self, text: str) -> Iterator[tuple[int, str]]:
        """Sentences with their offsets, without those that are too long. None spans a line end."""
        split = sentence_splitter(splitter_of(self.language))
        start = 0
        for line in text.split("\n"):
            at = start
            for piece in split(line):
                sentence = piece.strip()
                at = text.index(sentence, at)
                if 0 < len(sentence) <= self.longest:
                    yield at, sentence
                at += len(sentence)
            start += len(line) + 1


@cache
def _sum_of(path: Path) -> str:
    """Computed once per process, since the file is read once."""
    return sha256_of(path)


@cache
def read_spans(path: Path) -> BoundsTable:
    """The spans of a file, read once per process. ConfigError names the first invalid line."""
    table: dict[int, tuple[Bounds, ...]] = {}
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    string, spans = _row(line, f"{visible(str(path))}:{number}")
                    table[hash64(string)] = spans
    except OSError as error:
        raise ConfigError(
            f"{visible(str(path))}: {error.strerror}. Salient spans come from {'+'.join(SPAN_KINDS)}, a subset of "
            "these, or a JSONL file of spans."
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(f"{visible(str(path))} is not UTF-8: expected a JSONL file of spans") from None
    if not table:
        raise ConfigError(f'{visible(str(path))} has no spans: expected lines of {{"sentence":, "spans":}}')
    return table


def _row(line: str, where: str) -> tuple[str, tuple[Bounds, ...]]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{where}: not JSON ({error})") from None
    string = row.get("sentence", row.get("text")) if isinstance(row, dict) else None
    spans = row.get("spans") if isinstance(row, dict) else None
    if not isinstance(string, str) or not isinstance(spans, list):
        raise ConfigError(f'{where}: expected "sentence" or "text", a string, and "spans", a list')
    return string, tuple(_span(span, string, where) for span in spans)


def _span(span: Any, string: str, where: str) -> Bounds:
    if isinstance(span, str) and span and span in string:
        return string.index(span), string.index(span) + len(span)
    match span:
        case [int(start), int(end)] if 0 <= start < end <= len(string):
            return start, end
    raise ConfigError(
        f"{where}: the span {visible(json.dumps(span, ensure_ascii=False))} is not in its string of {len(string):,} "
        "characters: expected [start, end] or a substring"
    )
