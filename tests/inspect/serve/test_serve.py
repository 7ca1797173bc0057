"""The viewer behind a port: how it starts and ends, and that nobody's query runs on when they have gone."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import duckdb
import pytest

from bench import make_corpus
from c4pipe.errors import ConfigError
from c4pipe.facts.corpus import Corpus, open_corpus
from c4pipe.inspect.serve import finding, serve
from c4pipe.inspect.serve.counting import count_pages
from c4pipe.inspect.serve.selection import Selection, known
from tests.inspect.serve.conftest import cursor, served
from tests.listening import wait_for, watching

ROOT = Path(__file__).parents[3]


def test_it_runs_until_it_is_interrupted(samples: Corpus) -> None:
    code = (
        "import sys; from pathlib import Path; from c4pipe.facts.corpus import open_corpus; "
        "from c4pipe.inspect.serve import serve; serve(open_corpus(Path(sys.argv[1])), 0)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(samples.folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        address = line.partition(" ")[0]
        assert address.startswith("http://127.0.0.1:")
        assert line.endswith("Ctrl-C ends it.\n")
        with watching(process.pid) as seen, urllib.request.urlopen(address, timeout=20) as answer:
            assert answer.status == 200
            assert answer.headers["server"] is answer.headers["date"] is None
            if sys.platform == "linux":
                wait_for(lambda: seen.ports == {address.removeprefix("http://").rstrip("/")})
        assert len(seen.ports | seen.paths) <= 1
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
        assert (process.returncode, errors) == (0, "")


def test_a_port_in_use_is_said(samples: Corpus) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ConfigError, match="Choose another one: --port N"):
            serve(samples, taken.getsockname()[1])
    with pytest.raises(ConfigError, match="port 70000"):
        serve(samples, 70_000)


def test_a_query_ends_when_its_client_has_gone(samples: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    started, ended = threading.Event(), threading.Event()

    def endless(connection: duckdb.DuckDBPyConnection, *_: object) -> None:
        started.set()
        try:
            connection.execute("SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b").fetchall()
        except duckdb.InterruptException:
            ended.set()
            raise

    monkeypatch.setattr(finding, "find", endless)
    with served(samples) as address:
        host, _, port = address.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port))) as client:
            client.sendall(f"GET / HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
            assert started.wait(10)
        assert ended.wait(10)


def test_the_corpus_of_the_benchmark_is_one(tmp_path: Path) -> None:
    make_corpus.main([str(tmp_path), "--pages", "3000", "--rejected", "100"])
    corpus = open_corpus(tmp_path)
    counts = count_pages(cursor(corpus), corpus, Selection(q="harbour"), known(corpus))
    assert 900 < counts.total < 1100
    assert counts.configs.keys() == make_corpus.SHARES.keys()
    assert count_pages(cursor(corpus), corpus, Selection(), known(corpus)).total == 3000
