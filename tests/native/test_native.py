"""c4pipe.native: compiled code that answers as Python does, and starts without numba."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import c4pipe.native as module
from c4pipe.native import _files_of, native
from c4pipe.text.murmur import murmur

ROOT = Path(__file__).parents[2]


def halves(values: Any, n: int, divisor: float, results: Any) -> int:
    large = 0
    for i in range(n):
        results[i] = values[i] / divisor
        large += results[i] > 1
    return large


compiled = native("int64(uint32*, int64, float64, float64*)")(halves)


@given(st.lists(st.integers(0, 2**32 - 1), max_size=50), st.floats(0.1, 1e6))
def test_compiled_code_computes_what_python_does(values: list[int], divisor: float) -> None:
    results, expected = np.zeros(len(values)), np.zeros(len(values))
    points = np.array(values, np.uint32).tobytes()  # bytes will do where nothing is written
    assert compiled(points, len(values), divisor, results.ctypes.data) == halves(values, len(values), divisor, expected)
    assert results.tolist() == expected.tolist()


def test_a_division_by_zero_raises_nothing() -> None:
    results = np.zeros(2)
    assert compiled(np.array([1, 0], np.uint32).tobytes(), 2, 0.0, results.ctypes.data) == 1
    assert np.isposinf(results[0])
    assert np.isnan(results[1])


def test_threads_may_call_it() -> None:
    points = np.arange(100_000, dtype=np.uint32)
    with ThreadPoolExecutor(4) as pool:
        outs = [np.zeros(len(points)) for _ in range(8)]
        calls = [pool.submit(compiled, points.ctypes.data, len(points), 2.0, out.ctypes.data) for out in outs]
        assert [call.result() for call in calls] == [99_997] * 8
    assert all((out == points / 2).all() for out in outs)


def hash_of_all(data: Any, size: int) -> Any:
    return murmur(data, 0, size)


def test_code_is_out_of_date_when_a_function_from_elsewhere_changes() -> None:
    assert [Path(file).name for file in _files_of(hash_of_all)] == ["test_native.py", "murmur.py"]
    assert native("uint64(uint8*, int64)")(hash_of_all)(b"a", 1) == 0x85555565F6597889


def test_a_person_who_waits_for_kernels_is_told_why_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fifth(n: int) -> int:
        return n // 5

    seconds = iter([0.0, 0.7, 1.0, 1.2])  # the first function takes 0.7 s, the second 0.2
    monkeypatch.setattr(module, "_spent", 0.0)
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=seconds.__next__))
    monkeypatch.setenv("C4PIPE_CACHE_DIR", str(tmp_path))
    said = []
    for type_of_n in ("int64", "uint64", "int32", "uint32", "uint32"):
        assert native(f"int64({type_of_n})")(fifth)(42) == 8
        said.append(capsys.readouterr().err)
    assert said == ["", "", "Compiling kernels for this machine (first run only; about 10 s of CPU).\n", "", ""]


SMALL = """
import sys
from c4pipe.native import native

FACTOR = 2

@native("int64(int64)")
def multiplied(n):
    return FACTOR * n

print(multiplied(21), "numba" in sys.modules)
"""
READ = (
    "import sys; from c4pipe.wet import read_wet;"
    "verdicts = read_wet(open('data_samples/truncated.warc.wet.gz', 'rb'), 'f');"
    "print(*(verdict.page.source for verdict in verdicts), 'numba' in sys.modules)"
)
GUESS = (
    "import sys; from c4pipe.langid import load; guess = load('langdetect').guess('A plain English sentence.');"
    "print(guess.language, guess.score.hex(), 'numba' in sys.modules)"
)


def said_by(*command: str) -> list[str]:
    run = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=True)
    return run.stdout.split()


@pytest.mark.slow  # compiles
@pytest.mark.parametrize(
    "code",
    [SMALL, *(pytest.param(code, marks=pytest.mark.soak) for code in (READ, GUESS))],
    ids=["small", "wet", "guess"],
)
def test_the_second_process_needs_no_numba(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    def answer(folder: Path) -> list[str]:
        monkeypatch.setenv("C4PIPE_CACHE_DIR", str(folder))
        return said_by(str(tmp_path / "compiled_here.py"))

    (tmp_path / "compiled_here.py").write_text(code)  # compiled is what stands in a file
    (tmp_path / "file").write_text("not a folder")
    first, second, without = answer(tmp_path), answer(tmp_path), answer(tmp_path / "file")
    assert len(first) > 1
    assert first == without == [*second[:-1], "True"]
    assert second[-1] == "False"


def test_reading_needs_no_numba_where_it_was_compiled() -> None:
    import c4pipe.wet  # noqa: F401  # compiles, where nobody has

    assert said_by("-c", READ)[-1] == "False"
