"""Recognises files of the wrong kind by their first bytes, and says what to do about them. Pure functions.

    first bytes --kind_of--> FileKind(says, remedy)

`says` is the detail of the reader's verdict; `remedy` is shown in the account of inputs, see `documents.account`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

HEAD_BYTES = 512  # enough to distinguish the kinds: tar's mark is at 257


class FileKind(NamedTuple):
    """A kind of file."""

    says: str  # what it is
    remedy: str  # what to do, in the imperative


def _packed(name: str, by: str) -> FileKind:
    return FileKind(f"{name} data", f"unpack it first: {by}")


def _archive(name: str, by: str) -> FileKind:
    return FileKind(name, f"unpack it first ({by}) and name the files in it")


def _image(name: str) -> FileKind:
    return FileKind(f"an image ({name})", "c4pipe reads text: leave it out")


_GET = "download the file again"
_WET_INSTEAD = "c4pipe reads WET; try the .wet.gz of the same name"
EMPTY = FileKind("empty file", _GET)
ZEROS = FileKind("zero bytes", f"the disk or the download did not fill it: {_GET}")
TWICE = FileKind("gzip data inside gzip data", "unpack it once: gzip -dc FILE > FILE.gz")
ZSTD_INSIDE = FileKind("zstd data inside gzip data", "unpack it once: gzip -dc FILE > FILE.zst")
ARC = FileKind("an ARC file", f"used by crawls before WARC: {_WET_INSTEAD}, or convert it with warcio recompress")
WACZ = FileKind("a WACZ archive", f"unpack it: its folder archive/ holds WARC files, and {_WET_INSTEAD}")
LFS = FileKind("a Git LFS pointer", "the file itself was not fetched: git lfs pull")
MARKUP = FileKind("an HTML or XML page", f"a server sent it instead of the file; {_GET}")
WIDE_TEXT = FileKind("UTF-16 or UTF-32 text, not UTF-8", "convert it: iconv -f UTF-16 -t UTF-8")
WARC = FileKind("WARC records", "name the format: --input-format wet, or warc if they hold HTML")
JSONL = FileKind("JSON", "name the format, if it has one object per line: --input-format jsonl")
ARRAY = FileKind("a JSON array", "write one object per line: jq -c '.[]' FILE > FILE.jsonl")
DOCUMENT = FileKind("a JSON object over several lines", "write one object per line: jq -c . FILE > FILE.jsonl")
CR_LINES = FileKind("lines that end in CR alone", "end them in LF: tr '\\r' '\\n' < FILE > FILE.jsonl")
PARQUET = FileKind("a Parquet file", "name the format: --input-format parquet")
TABLE = FileKind("a table in text (CSV or TSV)", "c4pipe cannot read it: convert it to JSON Lines or Parquet")
NO_ROWS = FileKind("a Parquet file without rows", "there is nothing to read in it")
CUT_PARQUET = FileKind("a Parquet file without its end", f"it was cut, or is still being written: {_GET}")
GZIP = FileKind("gzip data", "unpack it first: gunzip")
ZSTD = FileKind("zstd data that cannot be decompressed", f"its first frame is damaged, or it is not zstd: {_GET}")

_MAGIC: tuple[tuple[bytes, FileKind], ...] = (
    (b"\x28\xb5\x2f\xfd", ZSTD),
    *((b"BZh%d" % level, _packed("bzip2", "bunzip2")) for level in range(1, 10)),
    (b"\xfd7zXZ\x00", _packed("xz", "unxz")),
    (b"\x5d\x00\x00", _packed("lzma", "unlzma")),
    (b"\x04\x22\x4d\x18", _packed("lz4", "lz4 -d")),
    (b"\x1f\x9d", _packed("compress (.Z)", "uncompress")),
    (b"\xff\x06\x00\x00sNaPpY", _packed("snappy", "snzip -d")),
    (b"\x1f\x8b", GZIP),
    (b"PK\x03\x04", _archive("a zip archive", "unzip")),
    (b"PK\x05\x06", _archive("a zip archive", "unzip")),
    (b"7z\xbc\xaf\x27\x1c", _archive("a 7z archive", "7z x")),
    (b"Rar!\x1a\x07", _archive("a RAR archive", "unrar x")),
    (b"%PDF-", FileKind("a PDF document", "c4pipe reads text: convert it first")),
    (b"PAR1", PARQUET),
    (b"PARE", FileKind("an encrypted Parquet file", "decrypt it first")),
    (b"ARROW1\0\0", FileKind("an Arrow or Feather file", "convert it to Parquet: pyarrow.parquet.write_table")),
    (b"FEA1", FileKind("an Arrow or Feather file", "convert it to Parquet: pyarrow.parquet.write_table")),
    (b"\xff\xff\xff\xff", FileKind("an Arrow stream", "convert it to Parquet: pyarrow.parquet.write_table")),
    (b"ORC", FileKind("an ORC file", "convert it to Parquet")),
    (b"Obj\x01", FileKind("an Avro file", "convert it to Parquet or JSON Lines")),
    (b"SQLite format 3\0", FileKind("an SQLite database", "export its table as JSON Lines or Parquet")),
    (b"\x89HDF\r\n\x1a\n", FileKind("an HDF5 file", "convert it to Parquet")),
    (b"\x89PNG\r\n\x1a\n", _image("PNG")),
    (b"\xff\xd8\xff", _image("JPEG")),
    *((mark, _image("GIF")) for mark in (b"GIF87a", b"GIF89a")),
    (b"\x80\x04\x95", FileKind("a Python pickle", "convert it to JSON Lines or Parquet")),
)
_WORDS = (b"PARE", b"ORC", b"FEA1", b"GIF87a", b"GIF89a")  # marks that may also begin a text
_TAR = _archive("a tar archive", "tar -xf")
_WACZ_PARTS = (b"datapackage", b"archive/", b"indexes/", b"pages/", b"fuzzy.json")
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")
_BLANKS = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"
_MARKUP = re.compile(rb"<(?:[!?]|/?[A-Za-z][\w:.-]*[\s/>])")
_ERROR_CODE = re.compile(rb"<Error>.*?<Code>([\w.-]{1,60})</Code>", re.DOTALL)  # the error replies of S3 and GCS
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_FIELD = re.compile(rb'"?\w[\w .-]{0,60}"?')  # a column name in the first line of a table
_JSON = re.compile(rb'(\[\s*)?\{\s*("|\}|\Z)')
_RECORD = re.compile(rb"WARC/\d{1,3}\.\d{1,3}\s")


_MAGIC_BYTES = tuple(magic for magic, _ in _MAGIC)


def kind_of(head: bytes) -> FileKind | None:
    """What a file that begins so is, if not text; None otherwise. HEAD_BYTES are enough."""
    if not head:
        return EMPTY
    if head.startswith(b"PK\x03\x04") and head[30:].startswith(_WACZ_PARTS):
        return WACZ
    if head[257:262] == b"ustar":
        return _TAR
    if not head.startswith(_MAGIC_BYTES):
        return None
    found = next(((magic, kind) for magic, kind in _MAGIC if head.startswith(magic)), None)
    if found is None or (found[0] in _WORDS and not _CONTROL.search(head[:64])):
        return None  # "PARENTS", "ORCHARD"
    return found[1]


def foreign(head: bytes) -> str | None:
    """The same as text."""
    kind = kind_of(head)
    return None if kind is None else kind.says


def text_kind(head: bytes) -> FileKind | None:
    """What a text that begins so is; None for prose, or possible prose."""
    if head.startswith(_WIDE_MARKS) or _is_wide(head):
        return WIDE_TEXT
    if not head.strip(b"\0"):
        return ZEROS if head else None
    start = head.removeprefix(_BOM).lstrip(_BLANKS)
    if is_markup(head):
        code = _ERROR_CODE.search(head)
        return MARKUP if code is None else MARKUP._replace(says=f"an XML error page ({code[1].decode()})")
    if start.startswith(b"version https://git-lfs"):
        return LFS
    if start.startswith(b"filedesc://"):
        return ARC
    if _RECORD.match(start):
        return WARC
    if _JSON.match(start):
        return JSONL
    return TABLE if _is_table(start) else None


def inner_kind(head: bytes) -> FileKind | None:
    """What was compressed, by the beginning of the decompressed text."""
    kind = kind_of(head) if head else None
    return {GZIP: TWICE, ZSTD: ZSTD_INSIDE}.get(kind, kind) if kind is not None else text_kind(head)


def is_markup(head: bytes) -> bool:
    """Whether this is the start of an HTML or XML page, which servers send when they have no file to send."""
    return _MARKUP.match(head.removeprefix(_BOM).lstrip(_BLANKS)) is not None


def _is_wide(head: bytes) -> bool:
    """Whether every second byte of a longer text is zero, as for Latin letters in UTF-16."""
    some = head[: len(head) & ~1][:64]
    return len(some) >= 16 and any(not any(some[i::2]) and all(some[1 - i :: 2]) for i in (0, 1))


def _is_table(start: bytes) -> bool:
    """Whether the first line has three or more names, and the second at least as many fields."""
    first, _, rest = start.partition(b"\n")
    second = rest.partition(b"\n")[0]
    for mark in (b",", b"\t", b";"):
        names = first.rstrip(b"\r").split(mark)
        if len(names) > 2 and all(map(_FIELD.fullmatch, names)) and second.count(mark) >= len(names) - 1:
            return not first.rstrip().endswith(b".")
    return False


# By `says`, which the account of inputs looks up.
REMEDIES = {
    kind.says: kind.remedy
    for kind in (
        *(kind for _, kind in _MAGIC),
        *(EMPTY, ZEROS, TWICE, ZSTD_INSIDE, ARC, WACZ, LFS, MARKUP, WIDE_TEXT, WARC, JSONL, TABLE, _TAR),
        *(ARRAY, DOCUMENT, CR_LINES, NO_ROWS, CUT_PARQUET),
    )
} | {"an XML error page": MARKUP.remedy}
