"""WET files packed with zstd: one frame or many, and damage as in gzip members."""

import random

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from c4pipe.page import Kept
from c4pipe.wet import zstds
from c4pipe.wet.window import Window
from tests.wet.writer import Dribble, flip, names, read, record

RECORDS = [record("info", "Software-Info: test\r\n", kind="warcinfo", url=None), *(record(n) for n in range(1, 6))]
ALL = [str(n) for n in range(1, 6)]
TEXT = b"".join(RECORDS)
SKIPPED = b"\x50\x2a\x4d\x18\x02\0\0\0xx"  # what pzstd puts in front


def pack(data, **more):
    return zstandard.ZstdCompressor(**more).compress(data)


def unsized(data):
    """A frame that does not say how long its text is."""
    packer = zstandard.ZstdCompressor(write_checksum=True).compressobj()
    return packer.compress(data) + packer.flush()


SHAPES = {
    "one frame": pack(TEXT),
    "with a checksum": pack(TEXT, write_checksum=True),
    "without its size": unsized(TEXT),
    "a frame a record": b"".join(map(pack, RECORDS)),
    "frames cut anywhere": b"".join(unsized(TEXT[i : i + 100]) for i in range(0, len(TEXT), 100)),
    "frames without text": SKIPPED + pack(TEXT[:500]) + SKIPPED + pack(TEXT[500:]) + SKIPPED,
    "an empty frame": pack(b"") + pack(TEXT),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("chunk", [0, 7])
@pytest.mark.parametrize("quirks", [False, True], ids=["", "quirks"])
def test_the_pages_are_those_of_the_plain_file(shape, chunk, quirks):
    assert read(SHAPES[shape], chunk=chunk, quirks=quirks) == read(TEXT, quirks=quirks)


def test_a_large_frame_is_read_in_pieces():
    draw = random.Random(7)
    pages = [record(n, "\n".join(draw.randbytes(40).hex() for _ in range(600))) for n in range(150)]
    verdicts = read(unsized(b"".join(pages)))
    assert verdicts == read(b"".join(pages))
    assert len(verdicts) == 150


def test_damage_costs_the_frame_that_it_is_in():
    frames = [pack(each, write_checksum=True) for each in RECORDS]
    for n in range(1, 5):
        for at in range(4, len(frames[n]), 7):
            spoilt = b"".join([*frames[:n], flip(frames[n], at), *frames[n + 1 :]])
            kept, reasons = names(read(spoilt))
            assert set(ALL) - {str(n)} <= set(kept), (n, at)
            assert str(n) in kept or reasons[1:] == ["damaged_member"], (n, at)


def test_bytes_that_are_missing_or_too_many_cost_no_more():
    frames = [pack(each, write_checksum=True) for each in RECORDS]
    for spoilt, reason in (
        (b"".join([*frames[:2], frames[2][:-9], *frames[3:]]), "damaged_member"),
        (b"".join([*frames[:2], frames[2][20:], *frames[3:]]), "damaged_member"),
        (b"".join([*frames[:2], b"noise", *frames[2:]]), "damaged_member"),
        (b"".join([*frames, b"noise"]), "damaged_member"),
        (b"".join(frames)[:-20], "truncated"),
    ):
        kept, reasons = names(read(spoilt))
        assert len(kept) >= 4
        assert reasons[-1] == reason
        assert reasons.count(reason) == 1


def test_a_frame_that_is_cut_gives_what_stands_before():
    draw = random.Random(3)
    text = b"".join(record(n, draw.randbytes(3000).hex()) for n in range(300))
    whole = unsized(text)
    verdicts = read(whole[: len(whole) // 2])
    kept, reasons = names(verdicts)
    assert 100 < len(kept) < 160
    assert reasons == ["truncated"]
    assert verdicts[-1].detail.startswith("after ")
    assert verdicts[-1].detail.endswith("bytes of text: the file ends in a frame")


def test_a_file_that_only_begins_so_is_what_it_was():
    assert names(read(zstds.MAGIC + b"\x04\0" + bytes(range(99)) + TEXT)) == (ALL, ["no_header", "not_a_page"])
    (verdict,) = read(zstds.MAGIC + b"\0\0\6" + bytes(range(99)))
    assert (verdict.reason.code, verdict.detail) == ("unreadable", "zstd data that cannot be decompressed")


@pytest.mark.parametrize("size", [5, 40, 200])
def test_a_single_frame_that_is_cut_is_truncated(size):
    (verdict,) = read(zstandard.compress(TEXT)[:size])
    assert verdict.reason.code == "truncated"
    assert verdict.detail.startswith("after 0 bytes of text: the file ends in ")


@settings(max_examples=60)
@given(st.data())
def test_whatever_is_damaged_nothing_is_raised_and_nothing_invented(data):
    whole = SHAPES[data.draw(st.sampled_from(sorted(SHAPES)))]
    at = data.draw(st.integers(0, len(whole) - 1))
    spoilt = data.draw(st.sampled_from([flip(whole, at), whole[:at], whole[at:], whole[:at] + whole[at + 1 :]]))
    texts = {verdict.page.text for verdict in read(TEXT) if isinstance(verdict, Kept)}
    for verdict in read(spoilt):
        if isinstance(verdict, Kept) and "length_mismatch" not in verdict.tally:
            assert verdict.page.text in texts or "checksum" not in str(whole)


def test_what_the_stream_raises_passes_through():
    class Broken(Dribble):
        def read(self, size, /):
            data = super().read(size)
            if not data:
                raise OSError(5, "Input/output error")
            return data

    for shape in SHAPES.values():
        with pytest.raises(OSError, match="Input/output error"):
            list(zstds.unzstd(Window(Broken(shape[:-3], 50))))
