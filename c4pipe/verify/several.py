"""Checks the card of a folder of several corpora."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from c4pipe.card.several import CARD, seal_of
from c4pipe.disk import read_file
from c4pipe.verify.findings import FolderVerdict, damaged


def has_card(folder: Path) -> bool:
    """Whether a build has written a card of several corpora there, whatever its state."""
    try:
        return seal_of(read_file(folder / CARD)) is not None
    except OSError:
        return False


def check_card(folder: Path, done: Callable[[int], None]) -> FolderVerdict:
    """The card by its own checksum; the corpora are checked separately."""
    data = read_file(folder / CARD)
    done(len(data))
    do = "Remove it: the next build there writes it again."
    findings = [] if seal_of(data) else [damaged(folder / CARD, "sha256", "it is not as it was written", do=do)]
    return FolderVerdict(str(folder), "card of several corpora", 1, len(data), 0, findings)
