"""Who publishes a corpus and when: unknown to builds, but required by Croissant and the public summary."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

CROISSANT, SUMMARY, DOMAINS = "croissant.json", "summary.html", "domains.csv"  # next to the corpus


class Publication(NamedTuple):
    """What the publisher states; "" for what is not stated."""

    date: str  # YYYY-MM-DD
    publisher: str = ""
    url: str = ""  # the page of the corpus
    licence: str = ""  # the URL of the licence
    release: str = "1.0.0"

    def unsaid(self) -> Iterator[str]:
        """The options that would fill in what is missing."""
        for name in ("publisher", "url"):
            if not getattr(self, name):
                yield f"--{name}"
