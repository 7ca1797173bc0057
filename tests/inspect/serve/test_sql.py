"""SQL in the viewer: what is answered, what is refused, how it is drawn, and that nobody's query runs on."""

from __future__ import annotations

import html
import io
import re
import socket
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import duckdb
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

from c4pipe.corpus.stats import registered
from c4pipe.errors import ConfigError
from c4pipe.facts.corpus import Corpus, connect, open_corpus
from c4pipe.inspect.serve import typed
from c4pipe.inspect.serve.bars import Bar, BarAmount, bar_chart
from c4pipe.inspect.serve.ready import ready_queries
from c4pipe.inspect.serve.typed import TypedQueries, checked_query
from c4pipe.page import Page
from tests.inspect import tiny
from tests.inspect.serve.conftest import SCRIPT, Ask, served, write
from tests.inspect.serve.test_browser import watched

__all__ = ["watched"]

ENDLESS = "SELECT sum(a.range * b.range) FROM range(100000000) a, range(100000) b"


def words(body: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())


@pytest.fixture(scope="module")
def address(samples: Corpus) -> Iterator[str]:
    with served(samples) as shown:
        yield shown


@pytest.fixture
def asked(samples: Corpus, viewer: Ask) -> TestClient:
    return viewer(samples)


@pytest.fixture(scope="module")
def views(samples: Corpus) -> duckdb.DuckDBPyConnection:
    return TypedQueries(samples).connection()


def cells(body: str) -> list[list[str]]:
    """The rows of the answer."""
    table = body[body.index('id="answer-table"') :]
    rows = re.findall(r"<tr>(.*?)</tr>", table[table.index("<tbody>") :], re.DOTALL)
    return [[words(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)] for row in rows]


def test_a_query_has_an_address_a_table_and_a_chart(asked: TestClient, samples: Corpus) -> None:
    sql = "SELECT reason, count(*) AS pages FROM rejected WHERE stage != '' GROUP BY ALL ORDER BY pages DESC, reason"
    body = asked.get("/sql", params={"q": sql}).text
    wanted = connect(samples).execute(sql).fetchall()
    assert cells(body) == [[reason, f"{pages:,}"] for reason, pages in wanted]
    assert f"{len(wanted)} rows" in words(body)
    assert '<figcaption id="chart-title">pages by reason, in the sample of rejected pages</figcaption>' in body
    assert body.count("<rect") == len(wanted)
    assert 'role="img" aria-labelledby="chart-title" aria-describedby="answer-table"' in body
    assert html.escape(sql, quote=False) in html.unescape(body).replace("'", "'")
    assert "Compare" not in body


def test_domains_and_lengths_are_those_of_the_statistics(asked: TestClient, samples: Corpus) -> None:
    sql = "SELECT registered_domain(url), sum(chars(text)) FROM pages GROUP BY 1 ORDER BY 1"
    wanted: dict[str, int] = {}
    for url, text in connect(samples).execute("SELECT url, text FROM pages").fetchall():
        wanted[registered(url)] = wanted.get(registered(url), 0) + len(text)
    body = asked.get("/sql", params={"q": sql}).text
    assert cells(body) == [[domain, f"{chars:,}"] for domain, chars in sorted(wanted.items())]
    assert samples.stats["chars_kept"] == sum(wanted.values())


def test_ready_queries_run(asked: TestClient, viewer: Ask, samples: Corpus, mixture: Corpus) -> None:
    body = asked.get("/sql").text
    ready = [html.unescape(link) for link in re.findall(r'<li><a href="(/sql\?q=[^"]*)">', body)]
    assert len(ready) == len(ready_queries(samples)) >= 6
    for link in ready:
        assert asked.get(link).status_code == 200, link
    titles = [one.title for one in ready_queries(samples)]
    assert "pages and characters per domain" in titles
    assert any(re.fullmatch(r"pages of \w+ by month(, in the sample)?", title) for title in titles)
    for one in ready_queries(mixture):  # it has no rejected table
        assert "rejected" not in one.sql
        assert viewer(mixture).get("/sql", params={"q": one.sql}).status_code == 200


def test_all_domains_are_in_the_answer(tmp_path: Path, viewer: Ask) -> None:
    pages = [Page(f"http://www.d{n}.example/", "x", "2024-05", f"a#{n}") for n in range(130)]
    corpus = write(tmp_path / "c4", {("en", "train"): [pages]})
    sql = next(one.sql for one in ready_queries(corpus) if one.title == "pages and characters per domain")
    answer = viewer(corpus).get("/sql/export", params={"q": sql, "format": "csv"}).text
    assert len(answer.splitlines()) == 1 + 130


def test_a_sample_is_called_one_in_the_answer_the_chart_the_file_and_the_address(tmp_path: Path, viewer: Ask) -> None:
    """The ledger has 52,726 lines where a sample has 3: nobody may take the one for the other."""
    lines = [{"reason": "repeated_line", "line": line, "owner": ""} for line in ("Home", "Menu")]
    rows = [tiny.lost("http://a.example/", "clean", "few_sentences", "x", dropped=lines)]
    rows += [tiny.lost("http://b.example/", "", "kept", "y", dropped=[*lines[:1], lines[0] | {"reason": "few_words"}])]
    stages = [{"stage": "clean", "rejected": {"few_sentences": 9}, "lines_dropped": {"repeated_line": 52_726}}]
    page = Page("http://b.example/", "y", "2024", "a#2", language="en")
    for rejected in ("sample", "all"):
        told = {"settings": {"rejected": rejected}, "ledger": {"records": 10, "stages": stages}}
        corpus = open_corpus(tiny.write(tmp_path / rejected, [page], rows, **told))
        client, ready = viewer(corpus), {one.title: one.sql for one in ready_queries(corpus)}
        assert cells(client.get("/sql", params={"q": ready["cut by rule, over all pages read"]}).text) == [
            ["repeated_line", "line", "52,726"]
        ]
        of = ", in the sample" if rejected == "sample" else ""
        sql = ready[f"cuts in kept pages by rule{of}"]
        body = client.get("/sql", params={"q": sql}).text
        assert cells(body) == [["few_words", "1", "4"], ["repeated_line (lines)", "1", "4"]]
        assert (" rows, in the sample of rejected pages</h2>" in body) == bool(of)
        assert ("cuts and characters by rule, in the sample of rejected pages</figcaption>" in body) == bool(of)
        assert ("cover a sample" in words(body)) == bool(of)
        assert ("sample" in sql.partition("\n")[0]) == bool(of)
        for kind in ("csv", "parquet"):
            saved = client.get("/sql/export", params={"q": sql, "format": kind})
            assert (f"-sample.{kind}" in saved.headers["content-disposition"]) == bool(of)
        metadata = pq.read_schema(io.BytesIO(saved.content)).metadata
        assert (b"c4pipe.sample" in metadata) == bool(of)
        assert metadata[b"c4pipe.filters"] == urlencode([("sql", sql)]).encode()
        assert metadata[b"c4pipe.digest"] == corpus.digest.encode()
        kept = client.get("/sql", params={"q": "SELECT url, language FROM pages"}).text
        assert "sample of rejected pages</h2>" not in kept
        assert '<a href="/page?url=http%3A%2F%2Fb.example%2F">http://b.example/</a>' in kept


def test_cuts_are_called_by_the_unit_that_they_are_noted_in(tmp_path: Path, viewer: Ask) -> None:
    """Of a dedup of spans the table has sentences, and the ledger also says how many lines lost all of theirs."""
    cuts = [{"reason": code, "line": "Two.", "owner": ""} for code in ("repeated_span",) * 3 + ("few_words",)]
    rows = [tiny.lost("http://a.example/", "", "kept", "One.\nTwo.", dropped=cuts)]
    stages = [
        {"stage": "clean", "rejected": {}, "lines_dropped": {"few_words": 1}},
        {
            "stage": "spans",
            "rejected": {},
            "lines_dropped": {"repeated_span": 1},
            "sentences_dropped": {"repeated_span": 3},
        },
    ]
    page = Page("http://a.example/", "One.", "2024", "a#1", language="en")
    told = {"settings": {"rejected": "all"}, "ledger": {"records": 1, "stages": stages}}
    corpus = open_corpus(tiny.write(tmp_path / "c4", [page], rows, **told))
    (sql,) = (one.sql for one in ready_queries(corpus) if one.title == "cuts in kept pages by rule")
    body = viewer(corpus).get("/sql", params={"q": sql}).text
    assert cells(body) == [["repeated_span (sentences)", "3", "12"], ["few_words (lines)", "1", "4"]]
    assert re.findall('<th scope="col">(.*?)</th>', body) == ["rule", "cuts", "characters"]


def test_a_limit_of_the_query_is_not_called_all(asked: TestClient, samples: Corpus) -> None:
    cut = words(asked.get("/sql", params={"q": "SELECT url FROM pages LIMIT 3;"}).text)
    assert "Save these as Parquet" in cut
    assert "The query ends with LIMIT 3: there may be more rows" in cut
    assert "Save all as Parquet" in words(asked.get("/sql", params={"q": "SELECT 1 LIMIT 3"}).text)
    (domains,) = [one.sql for one in ready_queries(samples) if one.title == "pages and characters per domain"]
    saved = asked.get("/sql/export", params={"q": domains, "format": "csv"}).text
    urls = connect(samples).execute("SELECT url FROM pages").fetchall()
    assert saved.count("\n") == 1 + len({registered(url) for (url,) in urls})


def test_the_keyboard_runs_a_query_and_an_answer_leads_to_its_pages(watched: Any, address: str) -> None:
    watched.goto(f"{address}/sql")
    watched.locator("#sql").fill("SELECT url, language_score FROM pages ORDER BY language_score, url LIMIT 2")
    watched.locator("#sql").press("Control+Enter")
    watched.locator("#answer-table").wait_for()
    link = watched.locator("#answer-table a").first
    url = link.inner_text()
    link.click()
    watched.locator("h1.address").wait_for()
    assert watched.locator("h1.address").inner_text() == url


def test_a_sample_is_called_one(tmp_path: Path, viewer: Ask) -> None:
    lost = [(Page(f"http://{n}.example/", "x", "2024-05", f"a#{n}"), "clean", "few_words", "", []) for n in range(2)]
    corpus = write(tmp_path / "c4", {("en", "train"): [[]]}, lost)
    assert "pages of few_words by month, in the sample" in [one.title for one in ready_queries(corpus)]
    assert "its numbers are those of the sample" in words(viewer(corpus).get("/sql").text)


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("", "no query was given"),
        ("SELECT 1; SELECT 2", "only one SELECT"),
        ("DROP VIEW pages", "only one SELECT"),
        ("COPY (SELECT 1) TO 'x.csv'", "only one SELECT"),
        ("SET threads = 1", "only one SELECT"),
        ("PRAGMA version", "only one SELECT"),
        ("CALL enable_logging()", "only one SELECT"),
        ("ATTACH 'x.db'", "only one SELECT"),
        ("EXPLAIN ANALYZE SELECT 1", "only one SELECT"),
        ("PIVOT pages ON language", "only one SELECT"),
        ("SELECT * FROM read_text('manifest.json')", "read_text is not allowed here"),
        ("SELECT * FROM READ_PARQUET('x')", "read_parquet is not allowed here"),
        ("SELECT (SELECT count(*) FROM glob('*'))", "glob is not allowed here"),
        ("WITH a AS (SELECT * FROM query('SELECT 1')) SELECT * FROM a", "query is not allowed here"),
        ("SELECT * FROM pages WHERE url IN (SELECT content FROM read_blob('x'))", "read_blob is not allowed here"),
        ("SELECT * FROM duckdb_settings()", "duckdb_settings is not allowed here"),
        ("SELECT * FROM pages ORDER BY (SELECT max(size) FROM read_text('x'))", "read_text is not allowed here"),
        ("DESCRIBE 'x.parquet'", "there is no table 'x.parquet'"),
        ("SELECT * FROM '/etc/Passwd'", "there is no table '/etc/Passwd'"),
        ("FROM information_schema.tables", "there is no table 'information_schema.tables'"),
        ("SELECT * FROM duckdb_tables", "there is no table"),
        ("SELECT write_log('x')", "write_log is not allowed here"),
        ("SELECT pg_sleep(9)", "pg_sleep is not allowed here"),
        ("SELECT Pg_Catalog.PG_Sleep(9)", "is not allowed here"),
        ("SELECT current_query(), setseed(0.5)", "is not allowed here"),
        ("SELECT pg_get_viewdef(1)", "pg_get_viewdef is not allowed here"),
        (
            "SELECT * FROM (WITH duckdb_views AS (SELECT 1) SELECT 1) a, duckdb_views",
            "a table of a query may not be called duckdb_views",
        ),
        ("WITH SQLite_Master AS (SELECT 1) FROM sqlite_master", "may not be called sqlite_master"),
        ("SELECT current_setting('allowed_paths')", "current_setting is not allowed here"),
        ("SELECT " + "(" * 5000 + "1" + ")" * 5000, "query has 10,008 characters"),
    ],
)
def test_what_is_no_question_to_the_views_is_refused(views: duckdb.DuckDBPyConnection, sql: str, says: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(says)):
        checked_query(views.cursor(), sql)


@pytest.mark.parametrize(
    "sql",
    [
        "FROM pages",
        "SELECT * FROM main.Pages, shards LIMIT 1",
        "WITH a AS (FROM rejected), pages AS (FROM a) SELECT count(*) FROM pages",
        "DESCRIBE rejected",
        "SELECT unnest(dropped) FROM rejected",
        "SELECT * FROM range(3) t(i), generate_series(1, 2)",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT sum(i) FROM n",
        "VALUES (1), (2)",
        "SELECT random() < 2, uuid() IS NOT NULL, now() > DATE '2000-01-01', lower(url) FROM pages",
        "SELECT language FROM pages UNION SELECT stage FROM rejected",
        "SELECT language, row_number() OVER (ORDER BY url) FROM pages QUALIFY 1 = 1",
        "UNPIVOT (SELECT 1 AS a, 2 AS b) ON a, b",
    ],
)
def test_what_is_one_runs(asked: TestClient, sql: str) -> None:
    assert asked.get("/sql", params={"q": sql}).status_code == 200


def test_the_database_itself_reads_no_other_file(samples: Corpus, views: duckdb.DuckDBPyConnection) -> None:
    """Whatever a query might hide from its reader: beside the files of the views there is nothing to be had."""
    inside = [path for path in samples.folder.rglob("*") if path.is_file()]
    behind = {samples.folder / part["path"] for part in (*samples.shards(), *samples.rejected)}
    assert len(inside) > len(behind)
    for path in inside:
        sql = f"SELECT count(*) FROM read_blob('{path}')"
        if path in behind:
            assert views.cursor().execute(sql).fetchall() == [(1,)]
        else:
            with pytest.raises(duckdb.PermissionException):
                views.cursor().execute(sql)
    for sql in (
        f"SELECT * FROM glob('{samples.folder}/*')",
        f"COPY (SELECT 1) TO '{samples.folder}/x.csv'",
        f"COPY (SELECT 1) TO '{next(iter(behind))}'",
        "SET threads = 1",
        "LOAD httpfs",
    ):
        with pytest.raises(duckdb.Error):
            views.cursor().execute(sql)
    samples.check()


def test_variables_of_the_program_are_no_tables(views: duckdb.DuckDBPyConnection) -> None:
    secret = pyarrow.table({"a": [1]})
    with pytest.raises(duckdb.CatalogException):
        views.execute("SELECT * FROM secret")
    assert secret.num_rows == 1


def test_refusals_stand_beside_the_query(asked: TestClient) -> None:
    answer = asked.get("/sql", params={"q": "SELECT nonsense FROM pages"})
    assert answer.status_code == 400
    assert 'role="alert" id="problem"' in answer.text
    assert "nonsense" in answer.text
    assert ">\nSELECT nonsense FROM pages</textarea>" in answer.text
    wrong = asked.get("/sql", params={"q": "SELECT CAST(url AS INTEGER) FROM pages"})
    assert "DuckDB refuses the query: Conversion Error" in words(wrong.text)


def test_a_query_that_takes_too_long_or_too_much_ends(asked: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typed, "QUERY_SECONDS", 0.2)
    monkeypatch.setattr(typed, "EXPORT_SECONDS", 0.2)
    assert "the query was ended after 0.2 seconds" in words(asked.get("/sql", params={"q": ENDLESS}).text)
    saved = asked.get("/sql/export", params={"q": ENDLESS, "format": "csv"})
    assert (saved.status_code, "was ended after 0.2 seconds" in words(saved.text)) == (400, True)
    monkeypatch.setattr(typed, "QUERY_SECONDS", 30)
    much = asked.get("/sql", params={"q": "SELECT list(range) FROM range(200000000)"})
    assert "takes more than 1GB of memory" in words(much.text)
    assert asked.get("/sql", params={"q": "SELECT 1"}).status_code == 200


def test_a_query_ends_when_nobody_waits_for_it(samples: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    started, ended = threading.Event(), threading.Event()
    answer = TypedQueries.answer

    def noted(self: TypedQueries, cursor: duckdb.DuckDBPyConnection, sql: str) -> Any:
        started.set()
        try:
            return answer(self, cursor, sql)
        except duckdb.InterruptException:
            ended.set()
            raise

    monkeypatch.setattr(TypedQueries, "answer", noted)
    with served(samples) as address:
        host, _, port = address.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port))) as client:
            query = ENDLESS.replace(" ", "%20")
            client.sendall(f"GET /sql?q={query} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
            assert started.wait(10)
        assert ended.wait(10)


def test_long_answers_are_cut_and_files_are_not(
    asked: TestClient, samples: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = asked.get("/sql", params={"q": "SELECT range AS n FROM range(2500)"}).text
    assert len(cells(body)) == 1000
    assert "1,000 rows, and more" in words(body)
    for kind, read in (("parquet", pq.read_table), ("csv", pyarrow.csv.read_csv)):
        answer = asked.get("/sql/export", params={"q": "SELECT range AS n FROM range(25000)", "format": kind})
        name = rf'attachment; filename="[A-Za-z0-9._]+-[0-9a-f]{{8}}-sql-[0-9a-f]{{8}}\.{kind}"'
        assert re.fullmatch(name, answer.headers["content-disposition"])
        assert read(io.BytesIO(answer.content))["n"].to_pylist() == list(range(25_000))
    body = asked.get("/sql", params={"q": "SELECT repeat('x', 2000) AS x"}).text
    assert cells(body) == [["x" * 500 + " … 1,500 more characters"]]
    monkeypatch.setattr(typed, "MOST_ANSWER_CHARS", 100_000)
    assert "101 rows, and more" in words(
        asked.get("/sql", params={"q": "SELECT repeat('x', 999) FROM range(900)"}).text
    )


def test_any_answer_can_be_saved(asked: TestClient) -> None:
    sql = "SELECT 'a' AS x, 'b' AS x, [1, 2] AS l, {'a': 1} AS s, NULL AS n, '=1+1' AS f, 2::HUGEINT AS h"
    saved = asked.get("/sql/export", params={"q": sql, "format": "parquet"}).content
    (row,) = pq.read_table(io.BytesIO(saved)).to_pylist()
    assert (row["x"], row["x_2"], row["l"], row["s"], row["n"]) == ("a", "b", [1, 2], {"a": 1}, None)
    text = asked.get("/sql/export", params={"q": sql, "format": "csv"}).text
    assert text == 'x,x_2,l,s,n,f,h\r\na,b,"[1, 2]","{""a"": 1}",,\'=1+1,2\r\n'
    nothing = asked.get("/sql/export", params={"q": "SELECT url FROM pages WHERE false", "format": "csv"})
    assert nothing.text == "url\r\n"


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("/sql/export?q=SELECT%201&format=exe", "unknown format, 'exe'"),
        ("/sql/export?format=csv", "no query was given"),
        ("/sql/export?q=DROP%20VIEW%20pages&format=csv", "only one SELECT"),
    ],
)
def test_a_file_that_cannot_be_made_is_said(asked: TestClient, address: str, says: str) -> None:
    answer = asked.get(address)
    assert answer.status_code == 400
    assert says in words(answer.text)


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("selec 1", 'syntax error at or near "selec"'),
        ("select * from pages wher x", 'syntax error at or near "x"'),
        ("select 'a", "unterminated string literal"),
        ("select count( from pages", 'syntax error at or near "from"'),
        ("/*", "unterminated /* comment"),
        ('select "', "unterminated quoted identifier"),
        ("\0", "syntax error"),
        ("from pages select", "SELECT clause without selection list"),
    ],
)
def test_a_slip_of_the_pen_is_no_damaged_file(asked: TestClient, sql: str, says: str) -> None:
    answer = asked.get("/sql", params={"q": sql})
    assert answer.status_code == 400
    assert f"DuckDB refuses the query: Parser Error: {says}" in words(answer.text)
    if sql.isprintable():
        assert f">\n{html.escape(sql, quote=False)}</textarea>" in html.unescape(answer.text)
    saved = asked.get("/sql/export", params={"q": sql, "format": "csv"})
    assert (saved.status_code, "Parser Error" in words(saved.text)) == (400, True)


def test_another_site_cannot_make_the_viewer_work(asked: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link from elsewhere shows the query; it does not run it. Forms and scripts of others are refused before."""

    def never(*_: object) -> None:
        raise AssertionError("the query ran")

    monkeypatch.setattr(TypedQueries, "answer", never)
    monkeypatch.setattr(TypedQueries, "written", never)
    for site in ("cross-site", "same-site"):
        headers = {"sec-fetch-site": site, "sec-fetch-mode": "navigate"}
        body = asked.get("/sql?q=SELECT+7", headers=headers).text
        assert "The query was not run" in body
        assert ">\nSELECT 7</textarea>" in body
        assert asked.get("/sql/export?q=SELECT+7&format=csv", headers=headers).status_code == 400
        script = headers | {"sec-fetch-mode": "cors"}
        assert asked.get("/sql?q=SELECT+7", headers=script).status_code == 403
    assert asked.post("/sql", data={"q": "SELECT 7"}).status_code == 403
    origin = {"origin": "http://127.0.0.1:8000"}
    assert asked.post("/sql", data={"q": "SELECT 7"}, headers=origin).status_code == 405


def test_hostile_cells_and_names_are_text(hostile: Corpus, viewer: Ask) -> None:
    sql = f"SELECT url, text, '{SCRIPT}' AS \"<b>\u202e\" FROM pages"
    body = viewer(hostile).get("/sql", params={"q": sql}).text
    assert "<script>alert" not in body
    assert "<b>" not in body
    assert "U+202E" in body
    chart = viewer(hostile).get("/sql", params={"q": "SELECT url, count(*) AS n FROM pages GROUP BY 1"}).text
    assert "<script>alert" not in chart
    assert "\u202e" not in chart
    assert '<svg class="bar" viewBox' in chart


def test_a_chart_needs_one_text_and_a_number_a_row() -> None:
    rows: list[list[Any]] = [["a", 3], ["", 1], [None, None]]
    chart = bar_chart(["host", "pages"], rows)
    assert chart is not None
    assert chart.title == "pages by host"
    drawn = [("a", "3", 100.0), ("(none)", "1", 33.33), ("(none)", "none", 0.0)]
    assert chart.bars == [Bar(label, [BarAmount(text, part)]) for label, text, part in drawn]
    assert chart.names == ["pages"]
    assert bar_chart(["month", "share"], [[date(2024, 5, 1), 0.5], [date(2024, 6, 1), 0.25]]) is not None
    for other in (
        [["a", "b"], ["c", "d"]],
        [[1, 2], [3, 4]],
        [["a", -1], ["b", 2]],
        [["a", float("nan")], ["b", 2]],
        [["a", True], ["b", False]],
        [["a", 1]],
        [],
        [["a", [1]], ["b", [2]]],
    ):
        assert bar_chart(["x", "y"], other) is None
    long = bar_chart(["x", "y"], [["x" * 99, n] for n in range(50)])
    assert long is not None
    assert (long.title, len(long.bars), long.bars[0].label) == ("y by x, the first 30 rows", 30, "x" * 27 + "…")


def test_a_masked_corpus_shows_what_its_views_hold(tmp_path: Path, viewer: Ask) -> None:
    """What is withheld stands in no column, and no file beside the views can be read."""
    rows = [tiny.lost("http://a.example/", "read", "excluded")]
    folder = tiny.write(tmp_path / "c4", [], [row | {"text": ""} for row in rows])
    (folder / "__restore").mkdir()
    (folder / "__restore/part-000000.parquet").write_bytes(b"what nobody should see")
    asked = viewer(open_corpus(folder))
    assert cells(asked.get("/sql", params={"q": "SELECT url, text FROM rejected"}).text) == [["http://a.example/", ""]]
    for sql in (f"SELECT * FROM read_text('{folder}/__restore/part-000000.parquet')", f"FROM '{folder}/__restore/x'"):
        answer = asked.get("/sql", params={"q": sql})
        assert answer.status_code == 400
        assert "nobody should" not in answer.text


def test_a_chart_has_a_bar_for_each_number_of_a_row() -> None:
    """Each on the scale of its own column; what was asked for last is drawn too."""
    chart = bar_chart(["domain", "pages", "characters"], [["a.example", 2, 500], ["b.example", 1, 1_000]])
    assert chart is not None
    assert (chart.title, chart.names) == ("pages and characters by domain", ["pages", "characters"])
    assert [[amount.percent for amount in bar.amounts] for bar in chart.bars] == [[100, 50], [50, 100]]
    many = bar_chart(["x", *"abcd"], [["x", 1, 2, 3, 4]] * 2)
    assert many is not None
    assert many.names == ["a", "b", "c"]
