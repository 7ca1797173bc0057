"""c4pipe.documents.parquet: columns of many types, and files that are none."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from c4pipe.documents import read_documents
from c4pipe.documents.parquet import BATCH_ROWS
from c4pipe.page import Kept, Page
from c4pipe.wet import Limits
from tests.documents.reading import details, parquet, read, short
from tests.documents.test_jsonl import MEASURE

FILLED = {"no_url_given": 1, "no_date_given": 1}
TEXTS = ["One.", "Two.", "One."]


def test_a_row_is_a_page() -> None:
    table = {
        "n": [1.5, 2.5, None],
        "timestamp": ["2019-04-25T12:57:54Z", None, ""],
        "text": [" One. \n\nMore.", "Two.", None],
        "url": ["http://a.example/1", "", None],
        "id": ["x", None, "z"],
    }
    one, two, three = read(parquet(table), "parquet", name="b/c d.parquet")
    assert one == Kept(Page("http://a.example/1", "One.\nMore.", "2019-04-25T12:57:54Z", "b/c d.parquet#0", "x"), {})
    assert two == Kept(Page("", "Two.", "", "b/c d.parquet#1", text_md5=hashlib.md5(b"Two.").hexdigest()), FILLED)
    assert not isinstance(three, Kept)
    assert (three.reason.code, three.detail, three.page.source) == ("no_text", "text is null", "b/c d.parquet#2")


@pytest.mark.parametrize(
    "kind",
    [
        pa.string(),
        pa.large_string(),
        pa.binary(),
        pa.large_binary(),
        pa.string_view(),
        pa.dictionary(pa.int8(), pa.string()),
        pa.dictionary(pa.int32(), pa.large_string()),
    ],
    ids=str,
)
def test_a_string_may_have_any_type_of_strings(kind: pa.DataType) -> None:
    column = pa.array(["a", None, "é"]).cast(kind)
    data = parquet({"text": column, "url": column, "timestamp": column, "id": column})
    verdicts = read(data, "parquet")
    assert short(verdicts) == ["a", "<no_text>", "é"]
    assert verdicts[2] == Kept(Page("é", "é", "", "f#2", "é"), {"bad_date": 1})


@pytest.mark.parametrize(
    "options",
    [
        {"use_dictionary": False},
        {"use_dictionary": False, "column_encoding": {"text": "DELTA_BYTE_ARRAY"}},
        {"use_dictionary": False, "column_encoding": {"text": "DELTA_LENGTH_BYTE_ARRAY"}},
        {"row_group_size": 1},
        {"compression": "none", "data_page_version": "2.0"},
        {"compression": "brotli"},
        {"write_page_checksum": True, "data_page_size": 1},
    ],
    ids=str,
)
def test_a_table_may_be_written_in_any_way(options: dict[str, Any]) -> None:
    texts = TEXTS * (1 if "row_group_size" in options else BATCH_ROWS)
    verdicts = read(parquet({"text": texts}, **options), "parquet")
    assert short(verdicts) == texts
    assert [v.page.source for v in verdicts] == [f"f#{n}" for n in range(len(texts))]


MOMENT = datetime(2019, 4, 25, 12, 57, 54, 999_999)


@pytest.mark.parametrize(
    ("column", "written"),
    [
        (pa.array([MOMENT]).cast(pa.timestamp("s"), safe=False), "2019-04-25T12:57:54Z"),
        (pa.array([MOMENT]).cast(pa.timestamp("ms"), safe=False), "2019-04-25T12:57:54.999Z"),
        (pa.array([MOMENT], pa.timestamp("us")), "2019-04-25T12:57:54.999Z"),
        (pa.array([MOMENT], pa.timestamp("ns")), "2019-04-25T12:57:54.999Z"),
        (pa.array([MOMENT.replace(tzinfo=timezone(timedelta(hours=2)))]), "2019-04-25T10:57:54.999Z"),
        (pa.array([date(2019, 4, 25)]), "2019-04-25T00:00:00Z"),
        (pa.array([date(2019, 4, 25)]).cast(pa.date64()), "2019-04-25T00:00:00Z"),
        (pa.array([-1], pa.timestamp("us")), "1969-12-31T23:59:59.999Z"),  # cut, not rounded
        (pa.array([None], pa.timestamp("us")), None),
        (pa.array([2**62]).cast(pa.timestamp("us")), ""),  # the year 148,000
        (pa.array([1556197074.0]), "2019-04-25T12:57:54Z"),
        (pa.array([1556197074999]), "2019-04-25T12:57:54.999Z"),
        (pa.array([float("nan")]), None),
        (pa.array([[1]]), ""),
        (pa.array([{"text": "a", "timestamp": "b"}]), ""),
        (pa.array([None]), None),
        (pa.array([b"2019\xff"]), ""),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else value,
)
def test_a_date_may_be_a_string_a_timestamp_or_a_number(column: pa.Array, written: str | None) -> None:
    [verdict] = read(parquet({"text": ["a"], "url": ["u"], "timestamp": column}), "parquet")
    flags = {"no_date_given": 1} if written is None else {} if written else {"bad_date": 1}
    assert verdict == Kept(Page("u", "a", written or "", "f#0"), flags)


def test_a_number_is_an_id_and_no_url() -> None:
    [verdict] = read(parquet({"text": ["a"], "url": [5], "timestamp": ["2019"], "id": [2**63 - 1]}), "parquet")
    md5 = hashlib.md5(b"a").hexdigest()
    page = Page("", "a", "2019-01-01T00:00:00Z", "f#0", "9223372036854775807", text_md5=md5)
    assert verdict == Kept(page, {"no_url_given": 1})


def test_bytes_that_are_not_utf8_are_replaced_and_counted() -> None:
    raw = pa.array([b"caf\xe9", b"a\xed\xa0\x80b"], pa.binary())
    text = pa.Array.from_buffers(pa.string(), 2, raw.buffers())  # strings, or so the file says
    verdicts = read(parquet({"text": text, "url": ["u", "v"], "timestamp": ["2019", "2019"]}), "parquet")
    assert short(verdicts) == ["caf\ufffd", "a" + "\ufffd" * 3 + "b"]
    assert [v.tally for v in verdicts] == [{"undecodable": 1}] * 2


def test_a_text_over_the_limit_is_no_page() -> None:
    verdicts = read(parquet({"text": ["x" * 100, "x" * 101, "b"]}), "parquet", Limits(record=100))
    assert short(verdicts) == ["x" * 100, "<too_large>", "b"]
    assert details(verdicts)[1] == "101 bytes of text"


@pytest.mark.parametrize(
    "empty", [{"text": pa.array([], pa.string())}, pa.schema([("text", pa.string())]).empty_table()]
)
def test_a_table_without_rows_has_no_pages(empty: Any) -> None:
    verdicts = read(parquet(empty), "parquet")
    assert (short(verdicts), details(verdicts)) == (["<unreadable>"], ["a Parquet file without rows"])


def spoilt() -> bytes:
    """The footer begins with noise."""
    data = bytearray(parquet({"text": TEXTS}))
    data[-8 - int.from_bytes(data[-8:-4], "little")] ^= 0xFF
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (b"", "empty file"),
        (b"PAR1", "Parquet file size is 4 bytes"),
        (b"PAR1PAR1PAR1", "Parquet file size is 12 bytes, smaller than the size reported by footer's"),
        (b"No table at all, but a text of some length.", "Parquet magic bytes not found in footer"),
        (parquet({"text": TEXTS})[:-1], "a Parquet file without its end"),
        (spoilt(), "Couldn't deserialize thrift"),
        (b"PARE" + bytes(100) + b"\x10\0\0\0PARE", "an encrypted Parquet file"),
        (parquet({"body": ["a"], "url": ["u"]}), "no column named text among the columns body, url"),
        (parquet({}), "no column named text among the columns none"),
        (parquet({"Text": ["a"]}), "no column named text among the columns Text"),
        (parquet(pa.table([["a"], ["b"]], names=["text", "text"])), "2 column named text among"),
        (parquet({"text": [1]}), "column text holds int64, not strings"),
        (parquet({"text": [["a"]]}), "column text holds list<element: string>, not strings"),
        (parquet({"text": [{"text": "a"}]}), "column text holds struct<text: string>, not strings"),
        (parquet({f"column {n}": ["a"] for n in range(500)}), "no column named text among the columns column 0, "),
    ],
    ids=range(15),
)
def test_a_file_without_texts_is_one_verdict(data: bytes, detail: str) -> None:
    verdicts = read(data, "parquet")
    assert short(verdicts) == ["<unreadable>"]
    assert details(verdicts)[0].startswith(detail)
    assert len(details(verdicts)[0]) <= 300


def test_a_damaged_row_group_costs_no_other() -> None:
    texts = [f"Text {n}, {n * 7919} times." for n in range(400)]
    options: dict[str, Any] = {"row_group_size": 100, "use_dictionary": False, "compression": "none"}
    data = parquet({"text": texts, "url": texts}, **options, write_page_checksum=True)
    at = data.index(b"Text 150,")
    verdicts = read(data[: at + 5] + b"X" + data[at + 6 :], "parquet")
    assert short(verdicts) == [*texts[:100], "<damaged_member>", *texts[200:]]
    assert details(verdicts)[100].startswith("row group 1, from row 100 on: could not verify page integrity, CRC")
    assert [v.page.source for v in verdicts] == [f"f#{n}" for n in [*range(101), *range(200, 400)]]


def test_errors_of_the_stream_pass_through() -> None:
    class Broken(io.BytesIO):
        def __init__(self, data: bytes, reads: int):
            super().__init__(data)
            self._left = reads

        def read(self, size: int | None = -1, /) -> bytes:
            self._left -= 1
            if self._left < 0:
                raise OSError(5, "Input/output error")
            return super().read(size)

    data = parquet({"text": [str(n) * 1000 for n in range(1000)]}, row_group_size=100)
    for allowed in (0, 1, 2, 5, 8):
        with pytest.raises(OSError, match="Input/output"):
            list(read_documents(Broken(data, allowed), "f", "parquet"))


BIG = "word " * 1_000_000  # 5 MB
BOMBS = {
    # One long text that a thousand rows point to.
    "dictionary": lambda: parquet(
        {"text": pa.DictionaryArray.from_arrays(pa.array([0] * 80, pa.int32()), [BIG])},
        compression="zstd",
        dictionary_pagesize_limit=1 << 30,
        store_schema=False,  # so that it is read as strings
    ),
    "common beginning": lambda: parquet(
        {"text": [BIG] * 80}, use_dictionary=False, column_encoding={"text": "DELTA_BYTE_ARRAY"}, compression="zstd"
    ),
    "one row group": lambda: parquet({"text": ["word " * 2000] * 40_000}, use_dictionary=False, compression="zstd"),
}


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from Linux's /proc")
@pytest.mark.parametrize(
    "bomb", [pytest.param(bomb, marks=pytest.mark.soak if bomb == "common beginning" else ()) for bomb in BOMBS]
)
def test_memory_stays_bounded(bomb: str, tmp_path: Path) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(BOMBS[bomb]())
    run = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path), "parquet"], capture_output=True, text=True, check=True, timeout=60
    )
    assert int(run.stdout) < 350  # MB; there are 400 of text in each file
