"""What a text must have to be looked for. Nothing is imported for it, so that a command line can be read at once."""

from __future__ import annotations

from c4pipe.errors import ConfigError

GRAM = 16  # bytes: of a made-up 1 GB, grams of 12 had 5,000 candidates for some texts of 20 that three pages hold
WINDOW = 5  # grams in a row of which one is known: 2 of 6 on average (Schleimer, Wilkerson and Aiken 2003)
LEAST = GRAM + WINDOW - 1  # bytes that hold a known gram for certain; as many characters are as many bytes, or more


def check_text(text: str) -> None:
    """ConfigError for a text that is too short to be looked for."""
    if len(text) < LEAST:
        raise ConfigError(f"a text of {len(text)} characters is too short to search for: give {LEAST} or more")
