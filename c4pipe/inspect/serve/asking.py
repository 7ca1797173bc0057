"""Parameters of a request apart from a selection: a place in a list, a form with a text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import parse_qs

from starlette.requests import Request

from c4pipe.errors import ConfigError
from c4pipe.inspect.serve.finding import Place
from c4pipe.inspect.serve.selection import ShardEntry, whole_number

LONGEST_TEXT = 1_000_000  # bytes of UTF-8 that the "why not?" box accepts
# A text of one word with a scheme, or with a host that ends in letters, followed by a path.
_URL = re.compile(r"(?:https?://|<?urn:|[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}/)\S{1,1990}", re.IGNORECASE)
_LONGEST_BODY = 3 * LONGEST_TEXT + 10_000  # when URL-encoded in a form


class TooLongError(ConfigError):
    """A form is larger than the viewer reads."""


class Question(NamedTuple):
    """The input of the "why not?" box."""

    preset: str
    url: str
    text: str
    as_text: str = ""  # set if the input is a text, whatever it looks like

    @property
    def pasted_url(self) -> str:
        """The URL or record ID if a text is one, pasted into the field for texts."""
        return "" if self.as_text or not _URL.fullmatch(text := self.text.strip()) else text


def place(name: str, value: str, parts: Sequence[ShardEntry]) -> Place:
    """`3:120`, row 120 of the fourth file of a list. ConfigError for an invalid place."""
    part, colon, row = value.partition(":")
    if not colon:
        raise ConfigError(f"{name}={value!r} is not a place in this list. Expected FILE:ROW, such as 0:50.")
    found = Place(whole_number(name, part), whole_number(name, row))
    if found.part >= len(parts) or found.row > parts[found.part]["rows"]:
        raise ConfigError(
            f"{name}={value!r} is not a place in this list: it has {len(parts):,} files, or that file has fewer rows."
        )
    return found


async def question(request: Request) -> Question:
    """The submitted form. TooLongError, or ConfigError if it is not one."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST_BODY:
            raise _too_long()
    try:
        fields = parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=10, errors="strict")
    except ValueError as error:
        raise ConfigError(f"the form cannot be read ({error}).") from None
    found = Question(*(fields.get(name, [""])[-1] for name in Question._fields))
    if len(found.text.encode()) > LONGEST_TEXT:
        raise _too_long()
    return found._replace(url=found.url.strip(), text=found.text.replace("\r\n", "\n"))


def _too_long() -> TooLongError:
    return TooLongError(f"the text is too long. Up to {LONGEST_TEXT:,} bytes are judged here; try a part of it.")
