"""Which pages a removal changes, by URL: the first ones for the terminal, all of them for the file of --changes."""

from __future__ import annotations

import csv
import os
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from beam_jobs.remove_notes import SHOWN_AT_MOST
from c4pipe.errors import BuildError, ConfigError
from c4pipe.removal.matching import Matched
from c4pipe.removal.outcome import Replayed
from c4pipe.text import many, printable


class ChangedPage(NamedTuple):
    """A row of the file."""

    change: str  # removed, restored, changed or dropped
    url: str
    was: str  # before: kept or rejected
    entries: str  # that match it, one per line


def removed_pages(matched: Matched) -> list[ChangedPage]:
    """The listed pages, by URL."""
    wishes = matched.asked.wishes
    return sorted(
        ChangedPage(
            "removed",
            url,
            "kept" if source in matched.kept else "rejected",
            "\n".join(wishes[number].text for number in matched.wishes[source]),
        )
        for source, url in matched.urls.items()
    )


def other_pages(replayed: Replayed) -> list[ChangedPage]:
    """Pages that come back, whose text changes, and that are dropped now, each by URL."""
    put, gone = replayed.put, replayed.gone
    restored = [ChangedPage("restored", put[source].url, "rejected", "") for source in put.keys() - gone]
    changed = [ChangedPage("changed", put[source].url, "kept", "") for source in put.keys() & gone]
    dropped = [
        ChangedPage("dropped", end.page.url, "kept", "") for source, end in replayed.fallen.items() if source in gone
    ]
    return [*sorted(restored), *sorted(changed), *sorted(dropped)]


def entries_told(matched: Matched) -> Iterator[str]:
    """A line for each of the first entries that match pages."""
    rows = [(wish, pages) for wish, pages in zip(matched.asked.wishes, matched.pages, strict=True) if pages]
    yield from (f"  {printable(wish.text)}: {many(pages, 'page')}" for wish, pages in rows[:SHOWN_AT_MOST])
    if rows[SHOWN_AT_MOST:]:
        yield f"  and {len(rows) - SHOWN_AT_MOST:,} more entries"


def changes_told(pages: list[ChangedPage]) -> Iterator[str]:
    """A line for each of the first other pages."""
    yield from (f"  {page.change}: {printable(page.url) or 'a page without a URL'}" for page in pages[:SHOWN_AT_MOST])
    if pages[SHOWN_AT_MOST:]:
        yield f"  and {len(pages) - SHOWN_AT_MOST:,} more; --changes FILE lists all of them"


def check_changes(args: Namespace) -> None:
    """ConfigError for a file that cannot be written, or would become part of a corpus."""
    if not args.changes:
        return
    path = Path(os.path.realpath(args.changes))
    if path.is_dir() or not path.parent.is_dir():
        raise ConfigError(f"--changes {args.changes}: expected a file in an existing folder.")
    for folder in filter(None, (args.corpus, args.output)):
        if path.is_relative_to(os.path.realpath(folder)):
            raise ConfigError(f"--changes {args.changes} is in {folder}. It names removed pages: write it elsewhere.")
    if path in [Path(os.path.realpath(name)) for name in (*args.urls, *args.domains, *args.ids, *(args.prove or ()))]:
        raise ConfigError(f"--changes {args.changes} is one of the lists. Choose another file.")


def write_changes(path: str, pages: list[ChangedPage]) -> None:
    """Writes them as CSV, readable by the user alone. BuildError if that fails."""
    try:
        with open(path, "w", encoding="utf-8", newline="", opener=_private) as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(ChangedPage._fields)
            writer.writerows(pages)
    except OSError as error:
        raise BuildError(f"--changes {path} cannot be written: {error.strerror or error}.") from None


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
