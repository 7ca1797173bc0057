"""The leaderboard keeps all measurements, and contains README's numbers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.leaderboard import LEADERBOARD, Entry, entries, main, merged, page, recorded
from bench.outside import ROOT

SURROUNDINGS: dict[str, Any] = {
    "date": "2026-11-30",
    "commit": "abc1234",
    "machine": {"cores": 2, "cpu": "AMD EPYC", "memory_mib": 9},
}
COST = {"net_ms_per_page": 0.4004, "ms_per_page": 0.551, "start": 1.92, "rss": 447.4}
BENCH = SURROUNDINGS | {
    "inputs": {"pages": 12_000},
    "costs": {"c4pipe en": COST, "dolma": COST, "c4pipe reader": COST | {"net_ms_per_page": None}},
    "ratios": {
        "dolma": {"c4pipe en": {"whole": 3.0, "net": 7.25}},
        "isal": {"c4pipe reader": {"whole": 1, "net": None}},
    },
}
COMPILED = SURROUNDINGS | {
    "pages": 3000,
    "rows": [
        {"part": "exact lines", "way": "c4pipe", "micros": 56.44, "times": 1.0},
        {"part": "exact lines", "way": "polars", "micros": 43.8, "times": 1.288},
    ],
}
OLD = Entry("m", "1", "2026-11-22", "aaa", "`make bench`", "9 pages", "2 cores, x")


def results(folder: Path, name: str, content: dict[str, Any]) -> Path:
    (folder / name).write_text(json.dumps(content), encoding="utf-8")
    return folder / name


def test_what_a_build_says(tmp_path: Path) -> None:
    found = entries(results(tmp_path, "bench.json", BENCH))
    assert [(entry.metric, entry.value) for entry in found] == [
        ("c4pipe en, CPU ms a page, net", "0.400"),
        ("c4pipe en, CPU ms a page, all in", "0.551"),
        ("c4pipe en, start-up, CPU s", "1.9"),
        ("c4pipe en, peak MiB", "447"),
        ("c4pipe reader, CPU ms a page, all in", "0.551"),
        ("c4pipe reader, start-up, CPU s", "1.9"),
        ("c4pipe reader, peak MiB", "447"),
        ("dolma, times the CPU of c4pipe en, net", "7.25"),
    ]
    assert {entry[2:] for entry in found} == {
        ("2026-11-30", "abc1234", "`python -m bench.build`", "12,000 pages", "2 cores, AMD EPYC")
    }


def test_what_ways_say(tmp_path: Path) -> None:
    assert [entry[:2] for entry in entries(results(tmp_path, "compiled.json", COMPILED))] == [
        ("exact lines: c4pipe, CPU µs each", "56.4"),
        ("exact lines: polars, times the speed of c4pipe", "1.29"),
    ]


def test_what_was_measured_before_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "leaderboard.md"
    file.write_text(page([OLD]), encoding="utf-8")
    path = results(tmp_path, "compiled.json", COMPILED)
    for _ in range(2):
        assert main([str(path), "--write", "--file", str(file)]) == 0
    rows = recorded(file.read_text(encoding="utf-8"))
    assert rows == [OLD, *entries(path)]
    main([str(path), "--file", str(file)])
    assert capsys.readouterr().out == file.read_text(encoding="utf-8")


def test_the_latest_comes_first_and_one_of_the_same_day_and_commit_is_replaced() -> None:
    new, other = OLD._replace(date="2026-11-30", commit="bbb"), OLD._replace(metric="n")
    assert merged([OLD, other], [new]) == [new, OLD, other]
    assert merged([OLD, new], [new._replace(value="2")]) == [new._replace(value="2"), OLD]


cells = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=5)


@given(st.lists(st.builds(Entry, *[cells] * 7), max_size=8))
def test_what_is_written_is_read(rows: list[Entry]) -> None:
    assert recorded(page(rows)) == rows


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"near\.json: named like none of bench\.json"):
        entries(results(tmp_path, "near.json", COMPILED))
    with pytest.raises(SystemExit, match="says no date"):
        entries(results(tmp_path, "parts.json", {"rows": []}))
    with pytest.raises(SystemExit, match="2 cells where 7 belong"):
        recorded("| a | b |")
    with pytest.raises(SystemExit):
        main([str(tmp_path / "absent.json")])


def test_the_numbers_of_the_page_on_speed_stand_in_it() -> None:
    """Of the tables of builds and of readers: milliseconds a page, net, and the peaks."""
    speed = (ROOT / "docs" / "explanation" / "speed.md").read_text(encoding="utf-8")
    known = {(entry.metric, float(entry.value)) for entry in recorded(LEADERBOARD.read_text(encoding="utf-8"))}
    builds = re.findall(r"^\| c4pipe `([\w.]+)`[^|]*\| ([\d.]+) \| ([\d.]+) \| (\d+) \|", speed, re.MULTILINE)
    [reader] = re.findall(r"^\| \*\*c4pipe\*\* \| ([\d.]+) \|", speed, re.MULTILINE)
    assert [name for name, *_ in builds] == ["en", "en.tfds"]
    said = {("c4pipe reader, CPU ms a page, net", float(reader))}
    for name, whole, net, peak in builds:
        said |= {(f"c4pipe {name}, CPU ms a page, all in", float(whole)), (f"c4pipe {name}, peak MiB", float(peak))}
        said |= {(f"c4pipe {name}, CPU ms a page, net", float(net))}
    rounded = {(metric, round(value, digits)) for metric, value in known for digits in (0, 2, 3)}
    assert said - rounded == set(), "python -m bench.leaderboard --write, or docs/explanation/speed.md is out of date"
