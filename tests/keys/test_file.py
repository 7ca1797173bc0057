"""A file of keys gives back any range of what was written into it, or names its damage; its bytes follow from that."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.errors import BuildError
from c4pipe.files.storage import LocalStore
from c4pipe.keys import KeyReader, KeyWriter
from c4pipe.keys.blocks import BLOCK_KEYS, pack_keys, unpack_keys, width_of
from tests.keys.memory import HEADER, MemoryStore, numbers, owner_for, reader, written

MOST = 2**64 - 1
# Few numbers and close ones, so that ranges begin and end at them; and any number of 64 bits.
NUMBERS = st.integers(0, 40) | st.integers(0, MOST) | st.integers(MOST - 5, MOST)
SETS = st.sets(NUMBERS, max_size=60)


def test_a_file_by_hand() -> None:
    data = written({1: 7, 3: 9, 300: 8})
    said = b'{"of": "all pages", "stage": "spans"}'
    block = bytes.fromhex("0000 0200 2901") + b"".join(owner.to_bytes(8, "little") for owner in (7, 9, 8))
    head = b"c4keys\x01\x08" + len(said).to_bytes(4, "little") + said
    assert data[: len(head) + len(block)] == head + block
    assert len(data) == len(head) + len(block) + 40 + 32
    assert data[len(head) + len(block) :][:8] == (1).to_bytes(8, "little")  # the first key of the one block


def test_the_keys_of_a_range_with_their_owners() -> None:
    keys = reader({5: 50, 9: 90, MOST: 1})
    assert (keys.header, keys.count, keys.owned) == (HEADER, 3, True)
    assert [part.tolist() for part in keys.between(6, MOST)] == [[9, MOST], [90, 1]]
    assert [part.tolist() for part in keys.between(5, 9)] == [[5, 9], [50, 90]]
    assert [part.tolist() for part in keys.between(10, 9)] == [[], []]


def test_a_file_without_owners_says_zero_and_is_smaller() -> None:
    keys = reader({5: 50, 9: 90}, owners=False)
    assert not keys.owned
    assert [part.tolist() for part in keys.between()] == [[5, 9], [0, 0]]
    assert len(written({5: 50, 9: 90})) - len(written({5: 50, 9: 90}, owners=False)) == 16


def test_an_empty_file_holds_nothing() -> None:
    keys = reader({})
    keys.check()
    assert keys.count == 0
    assert [part.tolist() for part in keys.between()] == [[], []]


@given(SETS, NUMBERS, NUMBERS, st.booleans())
def test_any_range_is_what_was_written(found: set[int], first: int, last: int, owners: bool) -> None:
    keys = reader({key: owner_for(key) for key in found}, owners)
    wanted = sorted(key for key in found if first <= key <= last)
    assert keys.between(first, last)[0].tolist() == wanted
    assert keys.between(first, last)[1].tolist() == [owner_for(key) if owners else 0 for key in wanted]
    assert keys.count == len(found)
    keys.check()


@given(SETS, st.lists(st.integers(0, 60)), st.booleans())
def test_the_bytes_do_not_depend_on_how_keys_come(found: set[int], cuts: list[int], owners: bool) -> None:
    keys = {key: owner_for(key) for key in found}
    assert written(keys, owners, cuts=sorted(cuts)) == written(keys, owners)


@given(SETS.filter(bool))
def test_differences_are_as_wide_as_the_largest(found: set[int]) -> None:
    keys = numbers(sorted(found))
    width = width_of(keys)
    data, back = pack_keys(keys, width), np.empty(len(keys), np.uint64)
    unpack_keys(data, int(keys[0]), len(keys), width, back)
    assert back.tolist() == keys.tolist()
    assert len(data) == width * len(keys)
    assert max((b - a for a, b in zip(sorted(found), sorted(found)[1:], strict=False)), default=0) < 256**width


def test_a_range_reads_the_blocks_that_it_needs() -> None:
    many = numbers(range(0, 20 * BLOCK_KEYS * 10, 10))
    store = MemoryStore()
    with store.write("keys/url.keys") as stream:
        writer = KeyWriter(stream, HEADER, owners=False)
        writer.add(many)
        writer.close()
    keys = KeyReader(store, "keys/url.keys")
    store.bytes_read = 0
    assert keys.between(10 * BLOCK_KEYS * 10, 10 * BLOCK_KEYS * 10 + 55)[0].tolist() == [
        10 * BLOCK_KEYS * 10 + 10 * i for i in range(6)
    ]
    assert store.bytes_read <= 2 * BLOCK_KEYS * 9
    assert keys.between()[0].tolist() == many.tolist()


@given(st.sets(NUMBERS, min_size=1, max_size=30), st.data())
def test_no_damage_passes(found: set[int], data: st.DataObject) -> None:
    whole = written({key: owner_for(key) for key in found})
    kind = data.draw(st.sampled_from(["flip", "cut", "more"]))
    at = data.draw(st.integers(0, len(whole) - 1))
    if kind == "flip":
        bad = bytearray(whole)
        bad[at] ^= data.draw(st.integers(1, 255))
    else:
        bad = bytearray(whole[:at] if kind == "cut" else whole + b"\0" * (1 + at))
    with pytest.raises(BuildError, match=r"^keys/spans.keys is damaged \(.*\)\. Copy the corpus again"):
        KeyReader(MemoryStore({"keys/spans.keys": bytes(bad)}), "keys/spans.keys").check()


def test_every_byte_of_a_small_file_counts() -> None:
    whole = written({3: 1, 70_000: 2})
    for at in range(len(whole)):
        bad = whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :]
        with pytest.raises(BuildError, match=r"keys/spans\.keys is damaged"):
            KeyReader(MemoryStore({"keys/spans.keys": bad}), "keys/spans.keys").between()


def test_damage_is_named_by_its_block() -> None:
    whole = bytearray(written({3: 1, 70_000: 2}))
    whole[-40 - 32 - 1] ^= 1
    with pytest.raises(BuildError, match=r"block 0 of 1 has the wrong checksum"):
        reader_of(bytes(whole)).between()
    with pytest.raises(BuildError, match=r"begins with b'PAR1"):
        reader_of(b"PAR1" + bytes(whole[4:]))
    with pytest.raises(BuildError, match=r"5 bytes are not a file of keys"):
        reader_of(b"12345")


def reader_of(data: bytes) -> KeyReader:
    return KeyReader(MemoryStore({"keys/spans.keys": data}), "keys/spans.keys")


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"url.keys cannot be read \(No such file"):
        KeyReader(LocalStore(), str(tmp_path / "url.keys"))


@pytest.mark.parametrize("keys", [[5, 5], [6, 5], [4, 6]])
def test_keys_that_do_not_ascend_are_a_bug(keys: list[int]) -> None:
    writer = KeyWriter(io.BytesIO(), HEADER, owners=False)
    writer.add(numbers([4]))
    with pytest.raises(ValueError, match="ascend"):
        writer.add(numbers(keys))
    with pytest.raises(ValueError, match="without owners"):
        writer.add(numbers([9]), numbers([1]))


def test_the_format_stays() -> None:
    """A file of an older corpus must be read for good: this is the first version's, three blocks of keys."""
    keys = {key * 1_000_003: owner_for(key) for key in range(2 * BLOCK_KEYS + 5)}
    assert hashlib.sha256(written(keys)).hexdigest()[:16] == "e200c13e76e99e1a"
