"""User-supplied lists: one reader for all of them, whatever machine wrote them and whatever their compression.

Compression (gzip, zstd, xz) is detected by the first bytes, not by the name. Lists are UTF-8 with or without a byte
order mark, or UTF-16 with one, as PowerShell writes it. Lines end at "\\n", "\\r\\n" or a lone "\\r".
"""

from __future__ import annotations

import gzip
import io
import lzma
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from c4pipe.errors import C4Error, ConfigError

LONGEST_LIST = 256 << 20  # bytes of text: 1.8 million paths of the length of Common Crawl's
_ZSTD = (b"\x28\xb5\x2f\xfd", *(bytes([n]) + b"\x2a\x4d\x18" for n in range(0x50, 0x60)))  # and its skippable frames
_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


class NamedList(NamedTuple):
    """A list under the name by which a corpus stores it: `opt-out.txt`, `adult/domains`."""

    name: str
    path: Path


def list_lines(
    stream: BinaryIO,
    what: str,
    most: int | None = LONGEST_LIST,
    errors: str = "strict",
    wrong: type[C4Error] = ConfigError,
) -> Iterator[str]:
    """The lines of a list, stripped, one by one; a blank line is yielded as "", so that line numbers count.

    Args:
        what: the list's name in messages, such as "--sizes FILE".
        most: the most bytes of text that it may have; None: any number.
        errors: as in `bytes.decode`: how to treat bytes that are not text.
        wrong: the exception for a list that is damaged, too long, or not text.
    """
    with _told(what, most, wrong):
        for line in _text(stream, most, errors, newline=None):
            if "\0" in line and errors == "strict":
                raise wrong(f"{what} cannot be read (it holds zero bytes: UTF-16 without a mark?). Save it as UTF-8.")
            yield line.strip()


def list_file_lines(
    path: str | Path,
    what: str,
    most: int | None = LONGEST_LIST,
    errors: str = "strict",
    wrong: type[C4Error] = ConfigError,
) -> Iterator[str]:
    """The same for a local file."""
    with _told(what, most, wrong), open(path, "rb") as stream:
        yield from list_lines(stream, what, most, errors, wrong)


def list_text(data: bytes, what: str, most: int | None = LONGEST_LIST, wrong: type[C4Error] = ConfigError) -> str:
    """The whole text of such a file, with unchanged line breaks. Errors as in `list_lines`."""
    with _told(what, most, wrong):
        return _text(io.BytesIO(data), most, "strict", newline="").read()


@contextmanager
def _told(what: str, most: int | None, wrong: type[C4Error]) -> Iterator[None]:
    """Turns the exceptions of a damaged list into an error for the user."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise wrong(f"{what} cannot be read: it is not UTF-8 text ({error}). Save it as UTF-8.") from error
    except _TooLongError:
        raise wrong(f"{what} has more than {(most or 0) >> 20} MB of text; it cannot be such a list.") from None
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise wrong(f"{what} cannot be read ({getattr(error, 'strerror', None) or error}).") from error


def _text(stream: BinaryIO, most: int | None, errors: str, newline: str | None) -> io.TextIOWrapper:
    """The list, decompressed and decoded."""
    packed = io.BufferedReader(_Bounded(stream))
    text = io.BufferedReader(_Bounded(_unpacked(packed, packed.peek(8)[:8]), most))
    head = text.peek(4)[:4]
    encoding = next((encoding for mark, encoding in _MARKS.items() if head.startswith(mark)), "utf-8")
    return io.TextIOWrapper(text, encoding, errors, newline)


def _unpacked(packed: Any, head: bytes) -> Any:
    if head.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=packed)
    if head.startswith(b"\xfd7zXZ\0"):
        return lzma.LZMAFile(packed)
    if head.startswith(_ZSTD):
        import pyarrow as pa  # only here: a fetch has no other use for it

        return pa.CompressedInputStream(pa.PythonFile(packed, mode="r"), "zstd")
    return packed


class _TooLongError(Exception):
    """The list is longer than allowed."""


class _Bounded(io.RawIOBase):
    """Any object with `read` as a raw stream that raises _TooLongError after so many bytes; does not close it."""

    def __init__(self, stream: Any, most: int | None = None):
        super().__init__()
        self._stream, self._left = stream, most

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        data = self._stream.read(len(into))
        if self._left is not None:
            self._left -= len(data)
            if self._left < 0:
                raise _TooLongError
        into[: len(data)] = data
        return len(data)
