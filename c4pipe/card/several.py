"""The card of a folder of several corpora: each has its own configs, so that they are not loaded as one by mistake.

There is no manifest next to it. The card marks itself as ours: its last line has the sha256 of everything above.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from c4pipe.card.hub import bytes_of, configs_of, front_matter, total_rows
from c4pipe.card.origin import formats_of, licence_of
from c4pipe.card.words import licence, loading, markdown_table
from c4pipe.shards import SPLITS

CARD = "README.md"
_SEAL = b"<!-- Written by c4pipe. sha256 of the lines above: "
_END = b" -->\n"


class CorpusBelow(NamedTuple):
    """One of the corpora."""

    folder: str  # its name
    manifest: Mapping[str, Any]
    languages: tuple[str, ...]


def card_of_several(corpora: Sequence[CorpusBelow]) -> bytes:
    """README.md of the folder that contains these corpora, sealed."""
    corpora = sorted(corpora, key=lambda corpus: corpus.folder)
    named = _named(corpora)
    formats = sorted({name for corpus in corpora for name in formats_of(corpus.manifest)})
    languages = {language for corpus in corpora for language in corpus.languages}
    sections = (
        front_matter([row for rows in named for row in rows], languages, licence_of(formats)),
        _head(),
        loading([rows[0]["config"] for rows in named if rows]),
        _table(corpora, named),
        licence(formats),
    )
    return _sealed("\n".join(line for section in sections for line in section) + "\n")


def _named(corpora: Sequence[CorpusBelow]) -> list[list[dict[str, Any]]]:
    """The shards of each corpus by their path below the common folder, with configs that no other corpus has:
    `en` of the corpus `en` stays, `de` of `multilingual` becomes `multilingual.de`."""
    taken: set[str] = set()
    named = []
    for folder, manifest, _ in corpora:
        names = {}
        for config in configs_of(manifest["shards"]):
            name = config if config == folder else f"{folder}.{config}"
            while name in taken:  # `c` of `a.b`, after `b.c` of `a`
                name += "_"
            taken.add(name)
            names[config] = name
        rows = manifest["shards"]
        named.append([{**row, "config": names[row["config"]], "path": f"{folder}/{row['path']}"} for row in rows])
    return named


def _head() -> Iterator[str]:
    yield ""
    yield "# Several corpora"
    yield ""
    yield (
        "They were built from the same pages with different rules, so there is no default config: name the one that "
        "you want. Each corpus has a config with its name, or one for each of its configs, such as `multilingual.de`."
    )
    yield ""


def _table(corpora: Sequence[CorpusBelow], named: Sequence[list[dict[str, Any]]]) -> Iterator[str]:
    rows = []
    for corpus, mine in zip(corpora, named, strict=True):
        configs = configs_of(mine)
        shown = f"`{configs[0]}`" if len(configs) == 1 else f"{len(configs):,}" if configs else "none"
        pages = (f"{total_rows(row for row in mine if row['split'] == split):,}" for split in SPLITS)
        says = corpus.manifest["preset"]["says"]
        rows.append((f"[{corpus.folder}]({corpus.folder}/README.md)", says, shown, *pages, f"{bytes_of(mine):,}"))
    yield "## What it contains"
    yield ""
    yield from markdown_table(
        ("corpus", "what it is", "configs", "train pages", "validation pages", "bytes"), rows, "   >>>"
    )
    yield ""
    yield "Each corpus has its own card, with its rules, what they removed, and its limits."
    yield ""


def _sealed(text: str) -> bytes:
    data = text.encode()
    return data + _SEAL + hashlib.sha256(data).hexdigest().encode() + _END


def seal_of(data: bytes) -> bool | None:
    """Whether a card of several corpora is as it was written; None if it is not such a card.

    >>> seal_of(b"mine"), seal_of(_sealed("ours")), seal_of(_sealed("ours").replace(b"ours", b"theirs"))
    (None, True, False)
    """
    above, found, below = data.rpartition(_SEAL)
    if not found:
        return None
    return below == hashlib.sha256(above).hexdigest().encode() + _END
