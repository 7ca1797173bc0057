"""c4pipe.flow.inputs: which inputs, and which parts of them, are read in one go."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs import build_c4
from c4pipe.flow import inputs
from c4pipe.flow.inputs import RANGE, Input, Piece, units_of
from c4pipe.inspect import __main__ as inspect
from c4pipe.shards import RESTORE_FOLDER
from c4pipe.verify import __main__ as verify
from tests.conftest import TOGETHER
from tests.wetfiles import WebPage, digests, manifest_of, rows, story, wet

MB = 1 << 20
SIZES = st.integers(-1, 3 * MB) | st.integers(0, 40 * MB) | st.just(0)


@pytest.fixture(autouse=True)
def as_users_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "TOGETHER", TOGETHER)


def given_inputs(*sizes: int, name: str = "{}.jsonl") -> list[Input]:
    return [Input(f"/in/{i}", name.format(i), size) for i, size in enumerate(sizes)]


def spans(*sizes: int, name: str = "{}.jsonl", cut: bool = True) -> list[list[tuple[int, int, int | None]]]:
    """(input, start, stop) of the pieces of each unit."""
    units = units_of(given_inputs(*sizes, name=name), cut)
    return [[(piece.number, piece.start, piece.stop) for piece in unit] for unit in units]


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ((), []),
        ((0,), [[(0, 0, None)]]),
        ((MB, 1), [[(0, 0, None)], [(1, 0, None)]]),
        ((MB // 2, MB // 2, 0, 1), [[(0, 0, None), (1, 0, None), (2, 0, None)], [(3, 0, None)]]),
        ((1, -1, 1), [[(0, 0, None)], [(1, 0, None)], [(2, 0, None)]]),  # of one without a size nobody knows
        ((1, MB + 1, 1), [[(0, 0, None)], [(1, 0, None)], [(2, 0, None)]]),
        ((RANGE,), [[(0, 0, None)]]),
        ((RANGE + 1,), [[(0, 0, RANGE)], [(0, RANGE, None)]]),
        ((2 * RANGE,), [[(0, 0, RANGE)], [(0, RANGE, None)]]),
    ],
)
def test_units(sizes, expected):
    assert spans(*sizes) == expected


@pytest.mark.parametrize("name", ["{}.jsonl.gz", "{}.JSONL.ZST", "{}.json.zstd"])
def test_what_is_packed_is_read_from_its_start(name):
    assert spans(5 * RANGE, name=name) == [[(0, 0, None)]]


def test_where_nothing_can_be_cut_a_large_input_is_a_unit():
    assert spans(5 * RANGE, cut=False) == [[(0, 0, None)]]


@given(st.lists(SIZES, max_size=30), st.booleans())
def test_units_are_all_of_all_inputs_in_their_order(sizes, cut):
    items = given_inputs(*sizes)
    units = units_of(items, cut)
    pieces: list[Piece] = [piece for unit in units for piece in unit]
    assert [piece.number for piece in pieces if not piece.start] == list(range(len(items)))
    for number, item in enumerate(items):
        mine = [piece for piece in pieces if piece.number == number]
        assert [piece.start for piece in mine] == [0, *(piece.stop for piece in mine[:-1])]
        assert mine[-1].stop is None
        assert len(mine) == 1 or all(piece.bytes <= RANGE for piece in mine[:-1])
        assert all(piece.item == item for piece in mine)
    for unit in units:
        assert len(unit) == 1 or sum(piece.bytes for piece in unit) <= TOGETHER


@given(st.lists(SIZES, max_size=20), st.lists(SIZES, max_size=20))
def test_what_comes_behind_changes_no_unit_before(first, then):
    alone, both = units_of(given_inputs(*first), True), units_of(given_inputs(*first, *then), True)
    assert both[: max(0, len(alone) - 1)] == alone[:-1]


def test_a_corpus_does_not_depend_on_units(small, built, monkeypatch, tmp_path):
    """The same bytes, whether small inputs share a unit or not; but of pages that may come back, which have a file a
    unit, the same rows."""
    monkeypatch.setattr(inputs, "TOGETHER", -1)
    apart = built(small, "--preset", "en,multilingual")
    monkeypatch.setattr(inputs, "TOGETHER", TOGETHER)
    together = built(small, "--preset", "en,multilingual", "--workers", "1")
    tell_of_it = "README.md", "manifest.json", "manifest.json.sha256", f"{RESTORE_FOLDER}/"
    for preset in ("en", "multilingual"):
        one, other = (digests(folder / preset) for folder in (apart, together))
        differ = [name for name in one.keys() | other.keys() if one.get(name) != other.get(name)]
        assert all(name.startswith(tell_of_it) for name in differ)
        one, other = (
            [row | {"row": 0} for row in rows(folder / preset, f"{RESTORE_FOLDER}/*")] for folder in (apart, together)
        )
        assert one == other


def test_a_name_that_is_not_utf_8_is_read_and_spelt_out(badwords, tmp_path, capsys):
    """Beam's coders and Parquet take no such text."""
    folder = tmp_path / "in"
    folder.mkdir()
    for number, name in enumerate((b"a.warc.wet.gz", b"b\xff.warc.wet.gz")):
        page = wet([WebPage(f"http://{number}.example/", story(100 * number))])
        (folder / os.fsdecode(name)).write_bytes(page)
    (folder / os.fsdecode(b"c\xff.txt")).touch()
    (folder / "old.wet").write_bytes(b"filedesc://x.arc 0.0.0.0 20080430204825 text/plain 74\n")
    corpus = tmp_path / "c4"
    arguments = ["--input", str(folder), "--badwords-dir", str(badwords)]
    assert build_c4.main([*arguments, "--dry-run", "--output", str(tmp_path / "none")]) == 0
    assert build_c4.main([*arguments, "--workers", "2", "--output", str(corpus)]) == 0
    assert {row["source"].partition("#")[0] for row in rows(corpus)} == {"a.warc.wet.gz", r"b\udcff.warc.wet.gz"}
    assert [item["path"] for item in manifest_of(corpus)["no_inputs"]] == ["c\udcff.txt"]
    assert verify.main([str(corpus)]) == 0
    assert r"c\udcff.txt (no WET file" in capsys.readouterr().out
    assert inspect.main([str(corpus)]) == 0
    shown = capsys.readouterr().out
    assert r"c\udcff.txt  no WET file" in shown
    assert "or convert it with warcio recompress\n" in shown  # a long reason is shown to its end
