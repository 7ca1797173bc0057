"""The UTF-8 bytes of a text just decoded, which cleaning needs a moment later."""

from __future__ import annotations

from c4pipe.errors import BuildError

# The two texts decoded last with their bytes, newest first: replaced as one tuple, so that threads see all or none.
_read = [("", b"", "", b"")]


def read_utf8(data: bytes) -> str:
    """The text; its bytes are remembered until two others are read. Raises UnicodeDecodeError."""
    text, (later, bytes_of_it, *_) = data.decode(), _read[0]
    _read[0] = text, data, later, bytes_of_it
    return text


def strict_utf8(text: str) -> bytes:
    """The text as UTF-8. Raises BuildError if that fails: readers yield no such text, but a stage or rule may."""
    try:
        return _bytes_read(text) or text.encode()
    except UnicodeEncodeError as error:
        found = f"U+{ord(text[error.start]):04X} at character {error.start:,} of {text[:100]!a}"
        raise BuildError(
            f"a text holds half of a surrogate pair, {found}, which cannot be UTF-8. Your own stage or rule "
            f'put it there: have it return text.encode("utf-8", "replace").decode() instead.'
        ) from None


def encoded(text: str) -> bytes:
    r"""The text as UTF-8, with lone surrogates encoded the same way; the original bytes, if it was decoded recently.

    >>> encoded("\u00e9")
    b'\xc3\xa9'
    """
    return _bytes_read(text) or text.encode(errors="surrogatepass")


def _bytes_read(text: str) -> bytes:
    """The bytes of one of the two texts decoded last, else none."""
    later, bytes_of_it, earlier, others = _read[0]
    return bytes_of_it if later is text else others if earlier is text else b""
