"""The card of a corpus of which a part is published: without what it says of files that are not."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from c4pipe.card.removals import LISTS_BEGIN
from c4pipe.files.record import EXCLUDE, LISTS
from c4pipe.keys import KEYS_FOLDER
from c4pipe.shards import FACTS_FOLDER, REJECTED_FOLDER, RESTORE_FOLDER

# How a line begins that says of a folder what it holds. Builds of older versions begin it in the same way.
_ABOUT = {
    **{folder: f"`{folder}/` " for folder in (REJECTED_FOLDER, FACTS_FOLDER, KEYS_FOLDER, RESTORE_FOLDER)},
    f"{LISTS}/{EXCLUDE}": LISTS_BEGIN,
}


def card_without(card: str, paths: Collection[str]) -> str:
    """A card that is true where a corpus has no other files than these; the same bytes if nothing is to be changed.

    Args:
        paths: of all files, such as "keys/spans.keys".

    >>> card_without("# C4\\n\\n`keys/` holds no pages.\\n\\n## Limits\\n", ["en/train-00000-of-00001.parquet"])
    '# C4\\n\\n## Limits\\n'
    """
    untrue = tuple(
        begins for folder, begins in _ABOUT.items() if not any(path.startswith(f"{folder}/") for path in paths)
    )
    return "".join(_without(card.splitlines(keepends=True), untrue))


def _without(lines: list[str], untrue: tuple[str, ...]) -> Iterator[str]:
    """All lines but those, and but one of two blank lines that they leave."""
    last, cut = "", False
    for line in lines:
        if line.startswith(untrue):
            cut = True
        elif not (cut and line == last == "\n"):
            yield line
            last, cut = line, False
