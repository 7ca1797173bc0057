"""Several files of keys as one: each key once, the smallest owner, whatever the order of the files."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.errors import BuildError
from c4pipe.keys import KeyReader, merged, ranges
from c4pipe.keys.blocks import BLOCK_KEYS
from tests.keys.memory import MemoryStore, reader, written

NUMBERS = st.integers(0, 30) | st.integers(0, 2**64 - 1)
FILES = st.lists(st.dictionaries(NUMBERS, st.integers(0, 9) | NUMBERS, max_size=20), max_size=4)


def test_of_a_key_in_two_files_the_smallest_owner() -> None:
    one, other = reader({1: 10, 5: 50}), reader({1: 9, 4: 40, 5: 51})
    assert [part.tolist() for part in merged([one, other])] == [[1, 4, 5], [9, 40, 50]]
    assert [part.tolist() for part in merged([one, other], 2, 4)] == [[4], [40]]
    assert [part.tolist() for part in merged([])] == [[], []]


@given(FILES, NUMBERS, NUMBERS, st.randoms())
def test_the_union_is_that_of_dictionaries_in_any_order(files, first, last, random) -> None:
    expected: dict[int, int] = {}
    for keys in files:
        for key, owner in keys.items():
            expected[key] = min(owner, expected.get(key, owner))
    readers = [reader(keys) for keys in files]
    random.shuffle(readers)
    keys, owners = merged(readers, first, last)
    wanted = sorted(key for key in expected if first <= key <= last)
    assert keys.tolist() == wanted
    assert owners.tolist() == [expected[key] for key in wanted]


@given(FILES, st.integers(1, 3 * BLOCK_KEYS))
def test_ranges_cover_every_number_once(files, keys) -> None:
    found = [*ranges([reader(each) for each in files], keys)]
    assert (found[0][0], found[-1][1]) == (0, 2**64 - 1)
    assert all(last + 1 == first for (_, last), (first, _) in pairwise(found))
    assert all(first <= last for first, last in found)


def test_ranges_bound_what_is_held_however_keys_lie() -> None:
    low = dict.fromkeys(range(10 * BLOCK_KEYS), 0)  # such as numbers that are not hashes
    readers = [reader(low), reader({key + 5: 1 for key in low})]
    sizes = [len(merged(readers, first, last)[0]) for first, last in ranges(readers, 2 * BLOCK_KEYS)]
    assert sum(sizes) == 10 * BLOCK_KEYS + 5
    assert max(sizes) <= (2 + 2) * BLOCK_KEYS


def test_one_damaged_file_of_several_is_named() -> None:
    bad = bytearray(written({5: 1}))
    bad[-73] ^= 1
    store = MemoryStore({"b/keys/spans.keys": bytes(bad)})
    with pytest.raises(BuildError, match=r"b/keys/spans\.keys is damaged"):
        merged([reader({5: 2}), KeyReader(store, "b/keys/spans.keys")])
