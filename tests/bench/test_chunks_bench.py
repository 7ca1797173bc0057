"""Chunks of a store: their ends depend on the surrounding bytes, so chunks after a change stay the same."""

from __future__ import annotations

import numpy as np

from bench.chunks import LEAST, MOST, chunks, taken_anew


def noise(size: int, seed: int = 0) -> bytes:
    return np.random.default_rng(seed).bytes(size)


def test_chunks_are_the_bytes_in_order_and_of_bounded_size() -> None:
    data = noise(4 << 20)
    sizes = [size for _, size in chunks(data)]
    assert sum(sizes) == len(data)
    assert min(sizes[:-1]) >= LEAST
    assert max(sizes) <= MOST
    assert 32_000 < np.mean(sizes) < 96_000
    assert [size for _, size in chunks(bytes(3 * MOST))] == [MOST] * 3
    assert [*chunks(b"")] == []


def test_a_byte_that_comes_costs_a_chunk_or_two(tmp_path) -> None:
    data = noise(4 << 20)
    for name, content in (("before", data), ("after", data[:1_000_000] + b"x" + data[1_000_000:])):
        (tmp_path / name / "en").mkdir(parents=True)
        (tmp_path / name / "en" / "train-00000-of-00001.parquet").write_bytes(content)
    new, total = taken_anew(tmp_path / "before", tmp_path / "after", "*/*-of-*.parquet")
    assert total == len(data) + 1
    assert 0 < new <= 2 * MOST
    assert taken_anew(tmp_path / "before", tmp_path / "before", "*/*-of-*.parquet") == (0, len(data))
