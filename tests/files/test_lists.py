"""One reader for every list that people give: marks, ends of lines, packing, and what is wrong in words."""

import gzip
import io
import lzma

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.outside import SHARED
from c4pipe.errors import AssetError, BuildError, ConfigError
from c4pipe.files.assets import Assets
from c4pipe.files.lists import list_file_lines, list_lines, list_text
from c4pipe.flow.inputs import Input
from c4pipe.flow.sizes import with_sizes
from c4pipe.text import hash64
from c4pipe.text.urls import url_key
from tests import needs

BOM = b"\xef\xbb\xbf"
PACKED = {
    "plain": bytes,
    "gzip": gzip.compress,
    "two members": lambda data: gzip.compress(data[:3]) + gzip.compress(data[3:]),
    "xz": lzma.compress,
    "zstd": lambda data: pa.compress(data, "zstd", asbytes=True),
    "two frames": lambda data: (
        pa.compress(data[:3], "zstd", asbytes=True) + pa.compress(data[3:], "zstd", asbytes=True)
    ),
}


def read(data, **more):
    return [*list_lines(io.BytesIO(data), "--list F", **more)]


@pytest.mark.parametrize("packed", PACKED)
@pytest.mark.parametrize(
    "data",
    [
        b"one\ntw\xc3\xb6\n\nthree\n",
        BOM + b"one\r\n tw\xc3\xb6 \r\n\t\r\nthree",
        b"one\rtw\xc3\xb6\r\rthree\r",
        "\ufeffone\r\ntwö\r\n\r\nthree\r\n".encode("utf-16-le"),
        "\ufeffone\ntwö\n\nthree".encode("utf-16-be"),
    ],
)
def test_whoever_wrote_it(packed, data):
    assert read(PACKED[packed](data)) == ["one", "twö", "", "three"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"caf\xe9\n", "--list F cannot be read: it is not UTF-8 text ('utf-8' codec can't decode byte 0xe9"),
        (
            "one\n".encode("utf-16-le"),
            "--list F cannot be read (it holds zero bytes: UTF-16 without a mark?). Save",
        ),
        (gzip.compress(b"one\n" * 99)[:-9], "--list F cannot be read ("),
        (lzma.compress(b"one\n" * 99)[:-9], "--list F cannot be read ("),
        (pa.compress(b"one\n" * 99, "zstd", asbytes=True)[:-9], "--list F cannot be read ("),
        (gzip.compress(b"one\n" * 2**19), "--list F has more than 1 MB of text; it cannot be such a list."),
        (b"x" * (2 << 20), "--list F has more than 1 MB of text; it cannot be such a list."),
    ],
    ids=["latin-1", "UTF-16", "cut gzip", "cut xz", "cut zstd", "long packed", "long"],  # gzip writes the time
)
def test_what_is_wrong_is_told(data, words):
    for wrong in (ConfigError, AssetError, BuildError):
        with pytest.raises(wrong) as caught:
            read(data, most=1 << 20, wrong=wrong)
        assert str(caught.value).startswith(words)


@given(st.lists(st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1)))
def test_lines_come_back_whatever_ends_them(lines):
    expected = [line.strip() for line in lines]
    for end in ("\n", "\r\n", "\r"):
        text = "".join(line + end for line in lines)
        assert read(BOM + text.encode()) == read("\ufeff".encode("utf-16-le") + text.encode("utf-16-le")) == expected


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"--list F cannot be read \(No such file or directory\)"):
        [*list_file_lines(tmp_path / "none", "--list F")]


def test_whole_texts_keep_their_ends_of_lines():
    assert list_text(gzip.compress(BOM + b'{"a":\r\n1}'), "F") == '{"a":\r\n1}'


@pytest.mark.parametrize("packed", PACKED)
def test_every_list_of_a_build_is_read_so(packed, tmp_path):
    words, urls, domains, sizes = (tmp_path / name for name in ("words", "urls", "domains", "sizes"))
    words.mkdir()
    (words / "en.txt").write_bytes(PACKED[packed](BOM + b"harbour\r\n\r\nquay\r\n"))
    urls.write_bytes(PACKED[packed]("\ufeffhttp://a.example/\r\nhttp://b.example/".encode("utf-16-le")))
    domains.write_bytes(PACKED[packed](BOM + b'{"a.example": true}\r\n'))
    sizes.write_bytes(PACKED[packed](BOM + b"7 a.wet\r\n\r\n9 b.wet"))
    assets = Assets(words, domains, urls)
    assert assets.badwords() == {"en": frozenset({"harbour", "quay"})}
    assert assets.news_domains() == {"a.example": True}
    assert [hash64(url_key(f"http://{x}.example/")) in assets.url_keys() for x in "abc"] == [True, True, False]
    inputs = [Input(f"/in/{x}.wet", f"{x}.wet", 7) for x in "ab"]
    assert [item.expected for item in with_sizes(inputs, str(sizes))] == [7, 9]


@pytest.mark.skipif(not (SHARED / "cases").is_dir(), reason=needs.WET)
def test_the_first_entry_of_a_list_saved_on_windows_counts():
    keys = Assets(url_list=SHARED / "cases" / "urls-bom.txt").url_keys()
    assert hash64(url_key("https://harbour.example/w0")) in keys
