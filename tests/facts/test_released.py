"""Released pages beside a corpus: each page once, fates as far as they are known, and a copy that is made once."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

from c4pipe.errors import ConfigError
from c4pipe.facts import released
from c4pipe.facts.corpus import Corpus, connect
from c4pipe.facts.fates import compare
from c4pipe.facts.released import is_released, open_released
from c4pipe.inspect.__main__ import main
from c4pipe.inspect.serve import make_app

Row = dict[str, str]
WAYS = ["json.gz", "jsonl", "parquet"]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "cache"
    monkeypatch.setenv("C4PIPE_CACHE_DIR", str(place))
    return place


def rows_of(corpus: Corpus) -> list[Row]:
    found = (
        connect(corpus).execute("SELECT text, timestamp, url FROM pages WHERE url <> '' ORDER BY md5(url)").fetchall()
    )
    return [dict(zip(("text", "timestamp", "url"), row, strict=True)) for row in found]


def write(folder: Path, rows: Iterable[Row], way: str = "json.gz", name: str = "c4-train.00000-of-00001") -> Path:
    """As allenai/c4 is laid out."""
    (folder / "en").mkdir(parents=True, exist_ok=True)
    file, rows = folder / f"en/{name}.{way}", list(rows)
    lines = "".join(json.dumps(row) + "\n" for row in rows).encode()
    if way == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), file)
    else:
        file.write_bytes(gzip.compress(lines) if way == "json.gz" else lines)
    return folder


@pytest.mark.parametrize("way", WAYS)
def test_pages_are_those_of_the_corpus_by_address_and_date(way: str, samples: Corpus, tmp_path: Path) -> None:
    rows = rows_of(samples)
    changed = [rows[0] | {"text": rows[0]["text"] + "\nMore."}, rows[1] | {"timestamp": "2019-04-25T12:57:54Z"}]
    folder = write(tmp_path / "c4", [*changed, *rows[3:]], way)
    assert is_released(folder)
    other = open_released(folder)
    found = compare(samples, other, shown=1)
    assert found.folders == (str(samples.folder), str(folder))
    assert (found.same, found.other_text, found.other_language) == (len(rows) - 3, 1, 0)
    assert found.only == (found.kept[0] - len(rows) + 2, 1)
    assert [(why.stage, why.reason) for why in (*found.gone, *found.come)] == [("", "not_recorded"), ("", "not_read")]
    assert found.removed == []
    assert found.settings == ["preset: B is a folder of files; how they were made is not recorded"]
    assert compare(other, samples, shown=0).only == found.only[::-1]


def test_a_copy_is_made_once_and_again_when_a_file_changes(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"text": f"Page {n}.", "url": f"http://a.example/{n}", "timestamp": "2019"} for n in range(5)]
    folder = write(tmp_path / "c4", rows, "jsonl")
    first = open_released(folder)
    whole = {path.name: path.read_bytes() for path in first.folder.rglob("*") if path.is_file()}
    with monkeypatch.context() as patched:
        patched.setattr(released, "read_documents", None)
        assert open_released(folder).digest == first.digest
    write(folder, rows[:2], "jsonl")
    assert sum(shard["rows"] for shard in open_released(folder).shards()) == 2
    assert len(list(cache.glob("released-*"))) == 2  # and nothing half made
    assert sorted(path.name for path in cache.iterdir()) == sorted(path.name for path in cache.glob("released-*"))
    assert {path.name: path.read_bytes() for path in first.folder.rglob("*") if path.is_file()} == whole


def test_what_gives_no_page_is_counted_and_nothing_but_that_is_refused(tmp_path: Path) -> None:
    page = {"text": "A page.", "url": "http://a.example/", "timestamp": "2019"}
    folder = write(tmp_path / "c4", [page, {"text": "", "url": "http://b.example/"}], "jsonl")
    with (folder / "en/c4-train.00000-of-00001.jsonl").open("ab") as file:
        file.write(b"{broken\n")
    found = open_released(folder)
    assert sum(shard["rows"] for shard in found.shards()) == 1
    assert sum(found.released["lost"].values()) == 2
    bad = write(tmp_path / "bad", [{"text": ""}], "jsonl")
    with pytest.raises(ConfigError, match="has no pages"):
        open_released(bad)
    titles = write(tmp_path / "titles", [{"title": "x"}])
    with pytest.raises(ConfigError, match="Expected text, url"):
        open_released(titles)
    unread = write(tmp_path / "unread", [page], "jsonl")
    file = unread / "en/c4-train.00001-of-00001.jsonl"
    file.symlink_to(unread / "en")  # a folder by the name of a file is none
    assert is_released(unread)


def test_the_terminal_tells_records_that_gave_no_page(
    samples: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = {"text": "A page.", "url": "http://a.example/", "timestamp": "2019"}
    whole, broken = (write(tmp_path / name, [page], "jsonl") for name in ("whole", "broken"))
    with (broken / "en/c4-train.00000-of-00001.jsonl").open("ab") as file:
        file.write(b"{broken\n")
    for folder, lost in ((whole, {}), (broken, {"bad_json": 1})):
        assert main([str(samples.folder), "--compare", str(folder)]) == 0
        shown = capsys.readouterr().out
        assert ("Damaged records of" in shown, "gave no page: bad_json 1" in shown) == (bool(lost), bool(lost))
        assert main([str(samples.folder), "--compare", str(folder), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["lost"] == [{}, lost]


def test_a_folder_that_holds_a_corpus_is_not_released(samples: Corpus, tmp_path: Path) -> None:
    assert not is_released(samples.folder)
    assert not is_released(samples.folder.parent)
    assert not is_released(tmp_path / "none")


def test_the_viewer_shows_what_is_known_and_says_what_is_not(samples: Corpus, tmp_path: Path) -> None:
    rows = rows_of(samples)
    folder = write(tmp_path / "c4 <i>", [rows[0] | {"text": "<script>alert(1)</script>"}, *rows[2:]])
    app = make_app(samples, others=[open_released(folder)])
    client = TestClient(app, base_url="http://127.0.0.1:8000")
    asked: Callable[[str], str] = lambda path: client.get(path).text  # noqa: E731
    body = asked("/compare")
    assert "c4 &lt;i&gt;" in body
    assert "released-" not in body  # where its copy is says nothing to anybody
    assert "1 file, as read when the viewer was started" in body
    assert "without a ledger or a table of rejected pages" in body
    assert "What each removed" not in body
    for path, says in (
        ("/compare/pages?list=only_a", "no ledger, since it is a folder of files"),
        ("/compare/pages?list=other_text", "1 page"),
        ("/compare/pages?list=only_a&why=/not_recorded", rows[1]["url"]),
    ):
        assert says in asked(path), path
    link = asked("/compare/pages?list=other_text").partition('class="hit" href="')[2].partition('"')[0]
    page = asked(link.replace("&amp;", "&"))
    assert "&lt;script&gt;alert(1)" in page
    assert "en/c4-train.00000-of-00001.json.gz#0" in page
    assert client.get("/why/presets", params={"url": rows[0]["url"]}).status_code == 200
    assert client.get("/compare/export?list=only_a&format=csv").status_code == 200
    assert client.get("/compare?with=/etc").status_code == 400


def test_no_folder_for_a_copy_is_said(tmp_path: Path, cache: Path) -> None:
    folder = write(tmp_path / "c4", [{"text": "A page.", "url": "http://a.example/", "timestamp": "2019"}])
    cache.mkdir(0o777)
    cache.chmod(0o777)
    with pytest.raises(ConfigError, match="C4PIPE_CACHE_DIR"):
        open_released(folder)
