"""Who publishes a corpus and when: unknown to a build, but needed by Croissant and the public summary."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

CROISSANT, SUMMARY, DOMAINS = "croissant.json", "summary.html", "domains.csv"  # next to the corpus


class Publication(NamedTuple):
    """The publisher's information; "" for what is missing."""

    date: str  # YYYY-MM-DD
    publisher: str = ""
    url: str = ""  # the page of the corpus
    licence: str = ""  # the URL of the licence
    release: str = "1.0.0"

    def unsaid(self) -> Iterator[str]:
        """The options that supply what is missing."""
        for name in ("publisher", "url"):
            if not getattr(self, name):
                yield f"--{name}"
