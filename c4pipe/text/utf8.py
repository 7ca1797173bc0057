"""The UTF-8 of a text that has just been read as such, which cleaning wants back a moment later."""

from __future__ import annotations

from c4pipe.errors import BuildError

_read = [("", b"")]  # the text read last and its bytes: as a pair, so that threads see both or none


def read_utf8(data: bytes) -> str:
    """The text, whose bytes are remembered until the next one is read. Raises UnicodeDecodeError."""
    text = data.decode()
    _read[0] = text, data
    return text


def strict_utf8(text: str) -> bytes:
    """The text as UTF-8. BuildError where it has none: no reader gives such a text, a stage or rule may."""
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        found = f"U+{ord(text[error.start]):04X} at character {error.start:,} of {text[:100]!a}"
        raise BuildError(
            f"a text holds half of a surrogate pair, {found}, which has no UTF-8. A stage or rule of your own put it "
            'there: have it give text.encode("utf-8", "replace").decode() instead.'
        ) from None


def encoded(text: str) -> bytes:
    r"""The text as UTF-8, surrogates as what would be theirs; those that it was read from, if it was read last.

    >>> encoded("\u00e9")
    b'\xc3\xa9'
    """
    read, data = _read[0]
    return data if read is text else text.encode(errors="surrogatepass")
