"""A file of the wrong kind is told for what it is, in whatever format it was named, with what to do."""

import bz2
import gzip
import io
import json
import lzma
import sqlite3
import tarfile
import zipfile
from collections import Counter

import pyarrow as pa
import pyarrow.feather
import pyarrow.orc
import pyarrow.parquet as pq
import pytest

from bench.outside import SHARED
from c4pipe.documents import read_documents
from c4pipe.documents.account import why_no_page, with_remedy
from c4pipe.page import Kept, Rejected
from c4pipe.wet import read_wet
from c4pipe.wet.kinds import REMEDIES, inner_kind, kind_of, text_kind
from tests import needs
from tests.wet.writer import member, record

CASES = SHARED / "cases"
TABLE = pa.table({"text": ["A text."], "url": ["http://a.example/"]})
WET = record(1) + record(2)


def verdicts_on(data, format="wet"):  # noqa: A002
    stream = io.BytesIO(data)
    return [*(read_wet(stream, "f") if format == "wet" else read_documents(stream, "f", format))]


def why(data, format="wet"):  # noqa: A002
    verdicts = verdicts_on(data, format)
    assert not any(isinstance(verdict, Kept) for verdict in verdicts)
    counts = Counter((v.reason.code, v.detail) for v in verdicts if isinstance(v, Rejected))
    return why_no_page(counts, len(verdicts))


def written(write):
    out = io.BytesIO()
    write(out)
    return out.getvalue()


def zipped(*names):
    return written(lambda out: [zipfile.ZipFile(out, "a").writestr(name, b"x") for name in names])


def tarred(out):
    with tarfile.open(fileobj=out, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("a.wet"), io.BytesIO())


ARC = b"filedesc://x.arc 0.0.0.0 20080430204825 text/plain 74\n1 0 Example\nURL IP-address\n\nhttp://a.example/ ...\n"
DENIED = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'
)
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 82311223\n"
CSV = b"id,title,text\n1,One,A text.\n2,Two,Another.\n"
JSON = b'{"text": "A text.", "url": "http://a.example/"}\n' * 3

KINDS = {  # of a file given as WET: how its account begins
    "an ARC file": (ARC, gzip.compress(ARC)),
    "an XML error page (AccessDenied): a server sent it": (DENIED, gzip.compress(DENIED)),
    "an HTML or XML page": (b"<!DOCTYPE html><p>Slow down", gzip.compress(b"\n<html>")),
    "a Git LFS pointer: the file itself was not fetched: git lfs pull": (LFS,),
    "gzip data inside gzip data: unpack it once": (gzip.compress(gzip.compress(WET)),),
    "bzip2 data: unpack it first: bunzip2": (bz2.compress(WET),),
    "xz data": (lzma.compress(WET),),
    "lz4 data": (b"\x04\x22\x4d\x18" + bytes(99),),
    "a zip archive": (zipped("a.wet"),),
    "a WACZ archive": (zipped("archive/a.warc.gz", "datapackage.json"), zipped("datapackage.json")),
    "a 7z archive": (b"7z\xbc\xaf\x27\x1c" + bytes(99),),
    "a RAR archive": (b"Rar!\x1a\x07\x01\0" + bytes(99),),
    "a tar archive": (written(tarred), gzip.compress(written(tarred))),
    "a Parquet file: name the format: --input-format parquet": (written(lambda out: pq.write_table(TABLE, out)),),
    "an Arrow or Feather file": (written(lambda out: pyarrow.feather.write_feather(TABLE, out)),),
    "an ORC file": (written(lambda out: pyarrow.orc.write_table(TABLE, out)),),
    "an Avro file": (b"Obj\x01\x04\x14avro.codec",),
    "a PDF document": (b"%PDF-1.4\n",),
    "JSON: name the format": (JSON, gzip.compress(JSON), b'[{"text": "A."}]', b"\xef\xbb\xbf" + JSON),
    "a table in text (CSV or TSV)": (CSV, gzip.compress(CSV), CSV.replace(b",", b"\t")),
    "UTF-16 or UTF-32 text, not UTF-8": ("\ufeffWARC/1.0".encode("utf-16-le"), WET.decode().encode("utf-16-le")),
    "empty file": (b"",),
    "zero bytes": (bytes(99_999), gzip.compress(bytes(9_999))),
    "zstd data that cannot be decompressed": (b"\x28\xb5\x2f\xfd\0\0\6" + bytes(99),),
    "1 record that is cut by the end of the file (after 0 bytes of text: the file ends in the header of a frame)": (
        b"\x28\xb5\x2f\xfd" + bytes(1),
    ),
    "1 record that is cut by the end of the file (the file ends after 3 of 99999999999 bytes of text): download the": (
        record(1, "abc", length=99999999999).rstrip(),
        record(1, "abc", length=99999999999, date=None).rstrip(),
    ),
    "an image (PNG)": (b"\x89PNG\r\n\x1a\n\0\0",),
    "an image (JPEG)": (b"\xff\xd8\xff\xe0\0\x10JFIF", gzip.compress(b"\xff\xd8\xff\xdb\0")),
    "an image (GIF)": (b"GIF89a\1\0\1\0",),
    "no WARC record in it": (b"A text of some length.\nAnd another line.\n",),
    "3 records, all HTTP responses: this is a WARC, name the format: --input-format warc": (
        record("i", "x", kind="warcinfo", url=None) + record(1, kind="response") + record(2, kind="response"),
    ),
    "2 records of HTTP and other records: this is a WARC": (record(1, kind="response") + record(1, kind="metadata"),),
    "2 records, all of HTTP: this is a WARC": (record(1, kind="response") + record(1, kind="request"),),
    "2 records, all metadata: this is a WAT": (member(1, "{}", kind="metadata") + member(2, "{}", kind="metadata"),),
    "1 record, only warcinfo: a file without pages": (member("i", "x", kind="warcinfo", url=None),),
    "2 records that has no URL": (record(1, url=None) + record(2, url=None),),
}


def test_json_that_is_no_json_lines_is_told_what_to_do():
    assert why(b'[{"text": "A."}]\n', "jsonl").endswith(
        "none a JSON object (an array instead of an object): write one object per line: jq -c '.[]' FILE > FILE.jsonl"
    )
    assert why(b'[\n {"text": "A."}\n]\n', "jsonl").startswith("a JSON array: write one object per line: jq -c '.[]'")


@pytest.mark.parametrize("says", KINDS)
def test_a_file_given_as_wet_is_told_for_what_it_is(says):
    for data in KINDS[says]:
        assert why(data).startswith(says)


def test_an_sqlite_database(tmp_path):
    with sqlite3.connect(tmp_path / "a.wet") as database:
        database.execute("CREATE TABLE pages (text)")
    assert why((tmp_path / "a.wet").read_bytes()).startswith("an SQLite database: export its table")


@pytest.mark.parametrize(
    ("format", "data", "says"),
    [
        ("jsonl", WET, "WARC records: name the format: --input-format wet"),
        ("jsonl", gzip.compress(WET), "WARC records: name the format: --input-format wet"),
        ("jsonl", CSV, "3 lines, none a JSON object (Extra data at character 1)"),
        ("jsonl", gzip.compress(gzip.compress(JSON)), "gzip data inside gzip data"),
        ("jsonl", DENIED.replace(b"\n", b""), "an XML error page (AccessDenied)"),
        ("jsonl", LFS, "a Git LFS pointer"),
        ("jsonl", b"one\n" * 40, "40 lines, none a JSON object (Expecting value at character 0)"),
        ("jsonl", b'{"id": 1, "body": "x"}\n', "no text among the keys id, body: name it with --text-key"),
        ("text", WET, "WARC records"),
        ("text", gzip.compress(gzip.compress(b"x")), "gzip data inside gzip data"),
        ("text", LFS, "a Git LFS pointer"),
        ("parquet", WET, "WARC records"),
        ("parquet", gzip.compress(WET), "gzip data: unpack it first: gunzip"),
        ("parquet", JSON, "JSON: name the format, if it has one object per line: --input-format jsonl"),
        ("parquet", DENIED, "an XML error page (AccessDenied)"),
        ("parquet", b"", "empty file"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",  # gzip writes the time into the bytes
)
def test_and_so_is_one_given_as_another_format(format, data, says):  # noqa: A002
    assert why(data, format).startswith(says)


def test_texts_that_look_like_something_else_stay_texts():
    for body in (b"<p>A note on HTML.</p>", b'{"a": 1}', b"a,b,c\n1,2,3\n", b"PARENTS ask.", b"ORCHARDS."):
        assert [*map(type, verdicts_on(body, "text"))] == [Kept]


def test_nothing_that_is_right_is_told_for_something_else():
    pages = [member(n) for n in range(3)]
    for data in (WET, b"".join(pages), b"\n" + WET, gzip.compress(WET)):
        assert [isinstance(verdict, Kept) for verdict in verdicts_on(data)].count(True) >= 2
    assert text_kind(json.dumps("prose, with commas, in it").encode()) is None
    assert text_kind(b"Well, yes, no.\nSo, it, is.\n" * 3) is None


def test_every_kind_has_a_remedy():
    heads = [data[0][:512] for data in KINDS.values() if data[0]]
    kinds = [kind for head in heads if (kind := kind_of(head) or text_kind(head) or inner_kind(head))]
    assert len(kinds) > 15
    assert all(with_remedy(kind.says) == f"{kind.says}: {kind.remedy}" for kind in kinds)
    assert all(len(f"{says}: {remedy}") < 140 for says, remedy in REMEDIES.items())


@pytest.mark.skipif(not CASES.is_dir(), reason=needs.WET)
@pytest.mark.parametrize(
    ("name", "says"),
    [
        (
            "responses.warc.wet.gz",
            "all HTTP responses: this is a WARC, name the format: --input-format warc",
        ),
        ("wat.warc.wet.gz", "all metadata: this is a WAT, c4pipe reads WET"),
        ("arc.wet.gz", "an ARC file: used by crawls before WARC"),
        ("lfs.warc.wet.gz", "a Git LFS pointer: the file itself was not fetched: git lfs pull"),
        ("denied.warc.wet.gz", "an XML error page (AccessDenied): a server sent it instead of the file"),
        ("double.warc.wet.gz", "gzip data inside gzip data: unpack it once"),
    ],
)
def test_the_cases_that_went_wrong(name, says):
    assert says in why((CASES / name).read_bytes())
