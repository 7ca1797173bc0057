"""The UTF-8 of a text that has just been read as such, which cleaning wants back a moment later."""

from __future__ import annotations

from c4pipe.errors import BuildError

# The two texts that were read last and their bytes, the later one first: at once, so that threads see all or none.
_read = [("", b"", "", b"")]


def read_utf8(data: bytes) -> str:
    """The text, whose bytes are remembered until two others are read. Raises UnicodeDecodeError."""
    text, (later, bytes_of_it, *_) = data.decode(), _read[0]
    _read[0] = text, data, later, bytes_of_it
    return text


def strict_utf8(text: str) -> bytes:
    """The text as UTF-8. BuildError where it has none: no reader gives such a text, a stage or rule may."""
    try:
        return _bytes_read(text) or text.encode()
    except UnicodeEncodeError as error:
        found = f"U+{ord(text[error.start]):04X} at character {error.start:,} of {text[:100]!a}"
        raise BuildError(
            f"a text holds half of a surrogate pair, {found}, which cannot be UTF-8. Your own stage or rule "
            f'put it there: have it return text.encode("utf-8", "replace").decode() instead.'
        ) from None


def encoded(text: str) -> bytes:
    r"""The text as UTF-8, surrogates as what would be theirs; those that it was read from, if it was read of late.

    >>> encoded("\u00e9")
    b'\xc3\xa9'
    """
    return _bytes_read(text) or text.encode(errors="surrogatepass")


def _bytes_read(text: str) -> bytes:
    """Those of a text that was read last or last but one, else none."""
    later, bytes_of_it, earlier, others = _read[0]
    return bytes_of_it if later is text else others if earlier is text else b""
