"""Who publishes a corpus and when: what no build knows, and Croissant and the public summary ask for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

CROISSANT, SUMMARY, DOMAINS = "croissant.json", "summary.html", "domains.csv"  # beside the corpus


class Publication(NamedTuple):
    """What the publisher says; "" for what he has not said."""

    date: str  # YYYY-MM-DD
    publisher: str = ""
    url: str = ""  # the page of the corpus
    licence: str = ""  # the URL of the licence
    release: str = "1.0.0"

    def unsaid(self) -> Iterator[str]:
        """The options that would say what is missing."""
        for name in ("publisher", "url"):
            if not getattr(self, name):
                yield f"--{name}"
