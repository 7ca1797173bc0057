"""A query of somebody's takes the memory and the time that it may, and no more, whatever it asks for."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from c4pipe.errors import BuildError, ConfigError
from c4pipe.facts.corpus import Corpus
from c4pipe.inspect import query
from c4pipe.inspect.confined import Caller, confined
from c4pipe.inspect.serve import export
from c4pipe.inspect.serve.typed import TypedQueries

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts data by RLIMIT_DATA")
MOST = 1_300_000_000  # bytes: 1 GB of DuckDB, and what is beside it


def _peak() -> Iterator[int]:
    yield os.getpid()
    words = Path("/proc/self/status").read_text().split()
    yield int(words[words.index("VmHWM:") + 1]) * 1024


def _nested() -> Iterator[int]:
    import resource

    yield resource.getrlimit(resource.RLIMIT_DATA)[0]


def _hungry() -> Iterator[int]:
    yield len(bytearray(4 << 30))


def _damaged() -> Iterator[int]:
    raise BuildError("x.parquet has other bytes.")
    yield 0


def _killed() -> Iterator[int]:
    os.kill(os.getpid(), 9)
    yield 0


def _slow() -> Iterator[int]:
    time.sleep(60)
    yield 0


def test_work_is_done_elsewhere_and_bounded() -> None:
    process, peak = confined(Caller(), 60, _peak)
    assert process != os.getpid()
    assert peak < MOST
    (most,) = confined(Caller(), 60, _nested)
    assert 0 < most < MOST + (8 << 20) * (os.cpu_count() or 1)


def test_what_goes_wrong_there_is_said_here() -> None:
    for work in (_hungry, _killed):
        with pytest.raises(ConfigError, match="takes more than 1GB of memory"):
            list(confined(Caller(), 60, work))
    with pytest.raises(BuildError, match=r"x\.parquet has other bytes"):
        list(confined(Caller(), 60, _damaged))
    with pytest.raises(ConfigError, match=r"ended after 0\.1 seconds"):
        list(confined(Caller(), 0.1, _slow))
    caller = Caller()
    threading.Timer(0.2, caller.interrupt).start()
    with pytest.raises(duckdb.InterruptException):
        list(confined(caller, 60, _slow))


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT repeat('x', 2000000000)",
        "SELECT repeat('x', 20000000 + range::INTEGER) FROM range(1000)",
        "SELECT registered_domain(repeat('a.', 400000000))",
        "SELECT chars(repeat('a', 900000000))",
    ],
)
def test_no_query_takes_more(samples: Corpus, sql: str) -> None:
    """Those that DuckDB's own limit does not hold are ended too, for the table, for a file, and for the command."""
    queries = TypedQueries(samples)
    before = _own_peak()
    with pytest.raises(ConfigError, match="takes more than 1GB of memory"):
        queries.answer(Caller(), sql)
    with pytest.raises(ConfigError, match="takes more than 1GB of memory"):
        list(queries.written(Caller(), sql, export.comma_separated))
    with pytest.raises(ConfigError, match="takes more than 1GB of memory"):
        query.answer(samples, sql, 10)
    assert _own_peak() - before < 100_000_000


def _own_peak() -> int:
    return list(_peak())[1]


def test_the_command_refuses_an_answer_that_is_too_long(samples: Corpus) -> None:
    with pytest.raises(ConfigError, match=r"the first 1,34\d rows of the answer take more than 134,217,728 bytes"):
        query.answer(samples, "SELECT repeat('x', 100000) FROM range(1500)", 1500)


def test_a_domain_is_read_off_the_beginning_of_a_url(samples: Corpus) -> None:
    sql = "SELECT registered_domain('http://www.a.co.uk/' || repeat('x', 1000000))"
    assert TypedQueries(samples).answer(Caller(), sql).rows == [["a.co.uk"]]
