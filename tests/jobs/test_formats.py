"""The job over text, JSON Lines and Parquet: the same rules on any corpus."""

import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_jobs import build_c4
from tests.wetfiles import WebPage, digests, manifest_of, rows, story, wet

PAGES = [{"text": story(10 * i), "url": f"http://a.example/{i}", "timestamp": "2024-05-01T00:00:00Z"} for i in range(8)]


@pytest.fixture
def run(badwords, tmp_path, capsys):
    def call(source, *options, name="c4"):
        arguments = ["--input", str(source), "--output", str(tmp_path / name), "--badwords-dir", str(badwords)]
        code = build_c4.main([*arguments, "--workers", "1", *map(str, options)])
        said = capsys.readouterr()
        return code, said.out, said.err.splitlines()

    return call


def jsonl(path, pages):
    path.parent.mkdir(exist_ok=True)
    data = "".join(json.dumps(page, ensure_ascii=False) + "\n" for page in pages).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


def content(folder):
    return sorted((row["url"], row["timestamp"], row["text"], row["language"]) for row in rows(folder))


def test_the_same_pages_in_every_format_make_the_same_corpus(run, tmp_path):
    for name in ("wet", "jsonl", "parquet"):
        (tmp_path / name).mkdir()
    pages = [WebPage(page["url"], page["text"], date=page["timestamp"]) for page in PAGES]
    (tmp_path / "wet" / "a.warc.wet.gz").write_bytes(wet(pages))
    jsonl(tmp_path / "jsonl" / "a.jsonl.gz", PAGES)
    pq.write_table(pa.Table.from_pylist(PAGES), tmp_path / "parquet" / "a.parquet")
    for name in ("wet", "jsonl", "parquet"):
        assert run(tmp_path / name, "--input-format", name, name=f"c4-{name}")[0] == 0
    wanted = content(tmp_path / "c4-wet")
    assert len(wanted) == len(PAGES)
    assert content(tmp_path / "c4-jsonl") == wanted
    assert content(tmp_path / "c4-parquet") == wanted


def test_what_is_missing_is_filled_and_counted(run, tmp_path):
    bare = [{"text": page["text"]} for page in PAGES[:3]]
    jsonl(tmp_path / "in" / "a.jsonl", [*bare, *PAGES[3:]])
    (tmp_path / "in" / "a.jsonl").open("a").write('{"text": 7}\n{"tex\n')
    code, out, _ = run(tmp_path / "in", "--input-format", "jsonl")
    assert code == 0
    reading = manifest_of(tmp_path / "c4")["ledger"]["stages"][0]
    assert reading["flagged"] == {"date_filled": 3, "url_filled": 3}
    assert reading["rejected"] == {"bad_json": 1, "no_text": 1}
    assert "1 of 1 inputs have faults:\n    a.jsonl: bad_json 1\n" in out
    assert run(tmp_path / "in", "--input-format", "jsonl", "--strict")[0] == 3
    urls = [row["url"] for row in rows(tmp_path / "c4")]
    assert len(set(urls)) == len(PAGES)
    assert sum(url.startswith("file:///a.jsonl#") for url in urls) == 3


def test_of_text_every_file_is_a_document(run, tmp_path):
    (tmp_path / "in").mkdir()
    for i, page in enumerate(PAGES[:3]):
        (tmp_path / "in" / f"book {i}.txt").write_text(page["text"], encoding="utf-8")
    assert run(tmp_path / "in", "--input-format", "text")[0] == 0
    assert {row["url"] for row in rows(tmp_path / "c4")} == {f"file:///book%20{i}.txt" for i in range(3)}


@pytest.mark.soak
def test_several_presets_and_several_workers_over_parquet(run, tmp_path):
    (tmp_path / "in").mkdir()
    for i in range(3):
        table = pa.Table.from_pylist([page | {"url": f"{page['url']}/{i}"} for page in PAGES])
        pq.write_table(table, tmp_path / "in" / f"{i}.parquet")
    options = ("--input-format", "parquet", "--preset", "en,en.noclean")
    assert run(tmp_path / "in", *options, name="one")[0] == 0
    assert run(tmp_path / "in", *options, "--workers", "2", name="two")[0] == 0
    assert digests(tmp_path / "one") == digests(tmp_path / "two")


def test_the_format_is_part_of_what_a_corpus_is(run, tmp_path):
    jsonl(tmp_path / "in" / "a.jsonl", PAGES)
    assert run(tmp_path / "in" / "a.jsonl", "--input-format", "jsonl")[0] == 0
    code, _, (line,) = run(tmp_path / "in" / "a.jsonl", "--input-format", "text")
    assert code == 2
    assert "holds a corpus of preset 'en' built from other inputs, settings or code (preset: read)" in line


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--input-format", "html"), "--input-format: invalid choice: 'html'"),
        (("--input-format", "jsonl"), "no jsonl file found. Expected a file, a folder with *.jsonl or"),
        (("--input-format", "text", "--preset", "en.tfds"), "reads WET files as the reference does, and no text"),
    ],
)
def test_wrong_use(run, punkt, tmp_path, options, words):
    (tmp_path / "in").mkdir()
    code, out, (line,) = run(tmp_path / "in", *options)
    assert (code, out) == (2, "")
    assert words in line
