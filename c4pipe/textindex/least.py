"""The least text that can be searched for. This module imports nothing, so that a command line is parsed quickly."""

from __future__ import annotations

from c4pipe.errors import ConfigError

GRAM = 16  # bytes: in a synthetic 1 GB, grams of 12 had 5,000 candidates for some texts of 20 on three pages
WINDOW = 5  # consecutive grams of which one is stored: 2 of 6 on average (Schleimer, Wilkerson and Aiken 2003)
LEAST = GRAM + WINDOW - 1  # bytes that surely contain a stored gram; as many characters are as many bytes, or more


def check_text(text: str) -> None:
    """Raises ConfigError for a text that is too short to search for."""
    if len(text) < LEAST:
        raise ConfigError(f"a text of {len(text)} characters is too short to search for: give {LEAST} or more")
