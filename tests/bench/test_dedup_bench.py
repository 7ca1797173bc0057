"""bench.dedup, at a small size: its ways agree with each other and with a loop that defines dedup."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bench import dedup
from bench.dedup import WAYS, Took, make_staged, run, table, told, write_told
from c4pipe.flow.files import BeamStore
from c4pipe.passes.tables import TableSource

ROWS = 3000


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made-up staged files of three groups."""
    folder = tmp_path_factory.mktemp("dedup")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(dedup, "FILE_LINES", 1000)
        make_staged(folder, ROWS)
    return folder


@pytest.fixture(scope="module")
def expected(staged: Path) -> dict[str, object]:
    """Who loses what, by a loop over single lines."""
    lines, pages = [], 0
    files = sorted(staged.glob("staging/*/staged/*.pages.arrow"))
    for group, path in enumerate(files):
        with BeamStore(str(staged / "staging")).read(str(path)) as stream:
            found = TableSource(stream).table().to_pydict()
        pages += len(found["atoms"])
        flat = [(p, atom) for p, atoms in zip(found["priority"], found["atoms"], strict=True) for atom in atoms]
        lines += [(atom, priority, group, row) for row, (priority, atom) in enumerate(flat)]
    assert (len(files), len(lines)) == (3, ROWS)
    assert 100 < pages < 200
    best: dict[int, tuple[int, int, int]] = {}
    for atom, *claim in lines:
        best[atom] = min(best.get(atom, tuple(claim)), tuple(claim))
    flags, owners = np.zeros((3, 1000), bool), np.zeros((3, 1000), np.uint64)
    for atom, *claim in lines:
        if tuple(claim) != best[atom]:
            flags[claim[1], claim[2]], owners[claim[1], claim[2]] = True, best[atom][0]
    write_told([told(group, flags[group], owners[group]) for group in range(3)], str(staged / "expected.json"))
    return json.loads((staged / "expected.json").read_text())


@pytest.mark.parametrize("way", WAYS)
def test_every_way_finds_what_a_loop_finds(
    staged: Path, expected: dict[str, object], way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dedup, "FILE_LINES", 1000)
    run(staged, ROWS, WAYS[way])
    assert json.loads((staged / "told.json").read_text()) == expected
    assert 0.2 < expected["lost"] / ROWS < 0.5


def test_ways_that_disagree_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digests = iter("ab")
    monkeypatch.setattr(dedup.subprocess, "run", lambda *_, **__: None)
    monkeypatch.setattr(dedup, "measure_way", lambda _, rows, way: Took(rows, way, 1, 1, 1, 5, next(digests)))
    with pytest.raises(SystemExit, match="do not agree over 9 lines"):
        dedup.measure_all([9], ["memory", "spilled"], tmp_path)


def test_memory_is_told_beyond_the_smallest_run_of_a_way() -> None:
    runs = [Took(10, "memory", 1, 1, 100, 5, ""), Took(1 << 20, "memory", 2, 3, 120, 5, "")]
    first, second = table(runs).splitlines()[1:]
    assert first.split()[-2:] == ["base", "50.0%"]
    assert second.split()[-2] == "20.0"
