"""A sealed file gives what was written into it, back and forth, or says that it is damaged."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.errors import DamagedFile
from c4pipe.files.sealed import BLOCK_BYTES, Sealing, check_sealed, unseal

SIZES = [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 2 * BLOCK_BYTES, 3 * BLOCK_BYTES + 5]


def payload(size):
    """Bytes of which no two blocks are alike."""
    return (
        bytes(i * 7 % 251 for i in range(size % 251))
        + b"".join(i.to_bytes(8, "little") for i in range(size // 8 + 1))[: size - size % 251]
    )


def sealed(data, name="a", step=None):
    stream = io.BytesIO()
    sealing = Sealing(stream, name)
    for start in range(0, len(data), step or max(1, len(data))):
        sealing.write(data[start : start + (step or len(data))])
    assert sealing.tell() == len(data)
    sealing.finish()
    return stream.getvalue()


def opened(raw, name="a"):
    return unseal(io.BytesIO(raw), name, "staged/x")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("step", [None, 1000, BLOCK_BYTES, BLOCK_BYTES + 1])
def test_what_was_written_is_read(size, step):
    data = payload(size)
    assert len(data) == size
    raw = sealed(data, step=step)
    assert raw == sealed(data)
    assert len(raw) == size + 16 * max(1, -(-size // BLOCK_BYTES))
    with opened(raw) as stream:
        assert stream.read() == data
        assert stream.read() == b""
        assert stream.seek(0, io.SEEK_END) == size
        assert stream.seek(size // 2) == stream.tell() == size // 2
        assert stream.read(70_000) == data[size // 2 :][:70_000]
    check_sealed(io.BytesIO(raw), "a", "staged/x")


@given(st.sampled_from(SIZES), st.lists(st.tuples(st.integers(0, 4 * BLOCK_BYTES), st.integers(0, 3 * BLOCK_BYTES))))
def test_any_reads_are_those_of_a_plain_file(size, reads):
    data = payload(size)
    plain, stream = io.BytesIO(data), opened(sealed(data))
    for offset, wanted in reads:
        assert stream.seek(offset) == plain.seek(offset)
        assert stream.read(wanted) == plain.read(wanted)


@given(st.sampled_from(SIZES), st.data())
def test_no_damage_passes(size, data):
    """A bit that flips, a cut, bytes behind the end: at the latest when everything is read."""
    raw = sealed(payload(size))
    kind = data.draw(st.sampled_from(["flip", "cut", "more"]))
    if kind == "flip":
        bit = data.draw(st.integers(0, 8 * len(raw) - 1))
        bad = bytearray(raw)
        bad[bit // 8] ^= 1 << bit % 8
    elif kind == "cut":
        bad = raw[: data.draw(st.integers(0, len(raw) - 1))]
    else:
        bad = raw + data.draw(st.binary(min_size=1, max_size=20))
    with pytest.raises(DamagedFile, match=r"^staged/x is damaged "), opened(bytes(bad)) as stream:
        stream.read()
    with pytest.raises(DamagedFile):
        check_sealed(io.BytesIO(bad), "a", "staged/x")


@pytest.mark.parametrize("size", SIZES)
def test_a_cut_between_two_blocks(size):
    raw, step = sealed(payload(size)), BLOCK_BYTES + 16
    for end in range(0, len(raw), step):
        with pytest.raises(DamagedFile):
            opened(raw[:end]).read()


@pytest.mark.parametrize("size", SIZES)
def test_a_file_in_the_place_of_another(size):
    with pytest.raises(DamagedFile, match="staged/x is damaged"):
        opened(sealed(payload(size), "b"), "a").read()


def test_blocks_that_change_places():
    raw, step = sealed(payload(3 * BLOCK_BYTES)), BLOCK_BYTES + 16
    with pytest.raises(DamagedFile, match="block 0 of 3 has the wrong checksum"):
        opened(raw[step : 2 * step] + raw[:step] + raw[2 * step :]).read()


def test_what_is_not_read_is_not_checked():
    data = payload(3 * BLOCK_BYTES)
    raw = bytearray(sealed(data))
    raw[-BLOCK_BYTES - 17] ^= 1  # the last byte of the second
    with opened(bytes(raw)) as stream:
        assert stream.read(BLOCK_BYTES) == data[:BLOCK_BYTES]
        assert stream.seek(2 * BLOCK_BYTES) == 2 * BLOCK_BYTES
        assert stream.read(5) == data[2 * BLOCK_BYTES :][:5]
        stream.seek(BLOCK_BYTES)
        with pytest.raises(DamagedFile):
            stream.read(1)


@pytest.mark.parametrize("left", [0, 15, 16, 20, 100, BLOCK_BYTES + 16, BLOCK_BYTES + 40])
def test_a_cut_is_noticed_by_who_reads_behind_it(left):
    """Nothing of a short file is asked for: pyarrow and an index of places go by the size that it should have."""
    with pytest.raises(DamagedFile):
        opened(sealed(payload(3 * BLOCK_BYTES))[:left])


def test_a_parquet_file_says_so_through_the_library_that_reads_it():
    """pyarrow calls our stream from its own code, and threads: the error must come out as it is."""
    table = pa.table({"row": range(50_000), "text": [f"text {i * i}" for i in range(50_000)]})
    plain = io.BytesIO()
    pq.write_table(table, plain, row_group_size=10_000)
    raw = sealed(plain.getvalue())
    with opened(raw) as stream:
        assert pq.read_table(stream) == table
    bad = bytearray(raw)
    bad[len(raw) // 2] ^= 1
    for read in (
        pq.read_table,
        lambda stream: pq.ParquetFile(stream, pre_buffer=False).read(),
        lambda stream: list(pq.ParquetFile(stream).iter_batches(batch_size=100)),
        lambda stream: [pq.ParquetFile(stream).read_row_group(i, ["text"]) for i in range(5)],
    ):
        with pytest.raises(DamagedFile, match="staged/x is damaged"):
            read(opened(bytes(bad)))
    bad = bytearray(raw)
    bad[-20] ^= 1  # in the footer
    with pytest.raises(DamagedFile, match="staged/x is damaged"):
        pq.ParquetFile(opened(bytes(bad)))


def test_a_parquet_file_is_written_through_it():
    table = pa.table({"row": range(100_000)})
    stream = io.BytesIO()
    sealing = Sealing(stream, "a")
    pq.write_table(table, sealing)
    sealing.finish()
    assert pq.read_table(opened(stream.getvalue())) == table


def test_closing_closes_the_file():
    raw = io.BytesIO(sealed(b"abc"))
    with unseal(raw, "a", "x"):
        pass
    assert raw.closed
    for bad in (io.BytesIO(b""), io.BytesIO(b"short")):
        with pytest.raises(DamagedFile):
            unseal(bad, "a", "x")
        assert bad.closed
