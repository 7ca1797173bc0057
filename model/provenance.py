"""Finds the pages that contain a model's output, with the text index of a corpus."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from c4pipe.text import visible
from c4pipe.textindex.index import TextIndex, open_index
from c4pipe.textindex.least import LEAST
from c4pipe.textindex.matches import longest_matches
from c4pipe.textindex.searching import search_index
from c4pipe.textindex.texts import MAKE_INDEX
from model.errors import ConfigError

PAGES_NAMED = 3  # most pages named for a piece


def need_index(folder: Path) -> TextIndex:
    """The index of a corpus. ConfigError if there is none; errors as from `open_index`."""
    if not folder.is_dir():
        raise ConfigError(f"--trace {folder} is not a folder. Expected the folder of a corpus.")
    index = open_index(folder)
    if index is None:
        raise ConfigError(f"--trace {folder}: it has no text index. Make one first: {MAKE_INDEX} {folder}")
    return index


def traced_lines(index: TextIndex, pieces: Sequence[tuple[str, bool]]) -> Iterator[str]:
    """The report on a text: its longest pieces that are in a page and contain output of the model.

    `pieces` are those of the text, each with whether the model wrote it.
    """
    text = "".join(piece for piece, _ in pieces).encode("utf-8", "replace").decode()  # pages contain only valid UTF-8
    by_model = [ours and not character.isspace() for piece, ours in pieces for character in piece]
    matches = longest_matches(text, lambda piece: index.holds(piece.encode()), LEAST)
    found = [text[match.start : match.end] for match in matches if any(by_model[match.start : match.end])]
    if not found:
        yield f"  no part of {LEAST} characters or more of what the model wrote is in a page"
    for piece in found:
        held = search_index(index, piece, PAGES_NAMED)
        yield (
            f"  {len(piece)} characters are in {'' if held.exact else 'at most '}{held.number:,} of the pages: "
            f"{visible(piece)}"
        )
        for page in held.pages:
            yield f"    {visible(page.shard)} row {page.row}  {visible(page.url)}".rstrip()
