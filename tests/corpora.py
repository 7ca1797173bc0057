"""Small finished corpora with known pages, and a reversible tokenizer, for tests of the trainer's data path."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from c4pipe.page import Page
from c4pipe.shards import MANIFEST, PAGE_SCHEMA, SCHEMA_VERSION, ParquetSink, page_table, shard_name, to_json
from model.corpus import Entry, find_entries, read_entry
from model.lane import Tokens
from model.objectives import Objective, Vocabulary
from model.source import Denoising, Source
from model.stream import Recipe

Groups = Sequence[Sequence[str]]  # the texts of each row group of a shard


def write_corpus(folder: Path, parts: Mapping[tuple[str, str], Sequence[Groups]]) -> Path:
    """A corpus with these texts: (config, split) -> shards -> row groups -> texts."""
    rows: list[dict[str, Any]] = []
    for (config, split), shards in parts.items():
        (folder / config).mkdir(parents=True, exist_ok=True)
        for number, groups in enumerate(shards):
            path = f"{config}/{shard_name(split, number, len(shards))}"
            with (folder / path).open("wb") as stream:
                sink = ParquetSink(stream, PAGE_SCHEMA)
                for texts in groups:
                    sink.write(page_table(Page(f"http://{config}.example/", text, "2024") for text in texts))
                sink.close()
            data = (folder / path).read_bytes()
            row = {"path": path, "config": config, "split": split, "rows": sum(map(len, groups))}
            rows.append(row | {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()})
    (folder / MANIFEST).write_bytes(to_json({"schema_version": SCHEMA_VERSION, "shards": rows}))
    return folder


def entries(*folders: Path, split: str = "train") -> tuple[Entry, ...]:
    """The entries of finished corpora."""
    return tuple(read_entry(name, shards) for name, shards in find_entries(folders, split).items())


def sources_of(
    entries: Sequence[Entry], objective: Objective, inputs_length: int, rates: Sequence[float] = ()
) -> tuple[Source, ...]:
    """Entries with an objective, at equal rates if none are given."""
    rule = Denoising(objective, inputs_length)
    return tuple(Source(entry, rule, rate) for entry, rate in zip(entries, rates or [1.0] * len(entries), strict=True))


def ruled(recipe: Recipe, **changes: Any) -> Recipe:
    """A recipe all of whose rules have other values."""
    sources = [replace(source, rule=replace(source.rule, **changes)) for source in recipe.sources]
    return replace(recipe, sources=tuple(sources))


def documents(first: int, count: int, length: int = 40) -> list[str]:
    """Texts of about `length` letters, each beginning with a number that no other has, in brackets."""
    return [f"[{n}]" + "ab" * ((length + n * 7 % 13) // 2) for n in range(first, first + count)]


def marks(text: str) -> list[int]:
    """The numbers of the documents that begin in a text."""
    return [int(part.partition("]")[0]) for part in text.split("[")[1:] if "]" in part]


class Letters:
    """One token a byte, and ten sentinels: what a row holds can be read."""

    vocabulary = Vocabulary(3 + 128 + 10, sentinels=10)
    fingerprint = "letters"

    def encode(self, texts: Sequence[str]) -> list[Tokens]:
        return [np.frombuffer(text.encode("ascii"), np.uint8).astype(np.int32) + 3 for text in texts]

    @staticmethod
    def decode(tokens: Iterable[int]) -> str:
        """Without pad, eos and sentinels."""
        return "".join(chr(token - 3) for token in tokens if 3 <= token < 131)


class Broken(Letters):
    """Fails at the first text."""

    def encode(self, texts: Sequence[str]) -> list[Tokens]:
        raise ZeroDivisionError("no way to encode it")
