"""The job over text, JSON Lines and Parquet: the same rules on any corpus."""

import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_jobs import build_c4
from bench.outside import SHARED
from c4pipe.facts.corpus import open_corpus
from c4pipe.inspect import __main__ as inspect
from c4pipe.inspect.lookup import look_up
from tests import needs
from tests.lists import word_lists
from tests.wetfiles import WebPage, digests, manifest_of, rows, story, wet

PAGES = [{"text": story(10 * i), "url": f"http://a.example/{i}", "timestamp": "2024-05-01T00:00:00Z"} for i in range(8)]


@pytest.fixture
def run(badwords, tmp_path, capsys):
    def call(source, *options, name="c4"):
        arguments = ["--input", str(source), "--output", str(tmp_path / name), *word_lists(badwords, options)]
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


def test_what_is_missing_stays_empty_and_is_counted(run, tmp_path):
    bare = [{"text": page["text"]} for page in PAGES[:3]]
    jsonl(tmp_path / "in" / "a.jsonl", [*bare, *PAGES[3:]])
    (tmp_path / "in" / "a.jsonl").open("a").write('{"text": 7}\n{"tex\n')
    code, out, _ = run(tmp_path / "in", "--input-format", "jsonl")
    assert code == 0
    reading = manifest_of(tmp_path / "c4")["ledger"]["stages"][0]
    assert reading["flagged"] == {"no_date_given": 3, "no_url_given": 3}
    assert reading["rejected"] == {"bad_json": 1, "no_text": 1}
    assert "1 of 1 input has faults:\n    a.jsonl: bad_json 1\n" in out
    assert "no page has a URL" not in out
    assert run(tmp_path / "in", "--input-format", "jsonl", "--strict")[0] == 3
    found = list(rows(tmp_path / "c4"))
    assert sorted(row["url"] for row in found) == ["", "", "", *(page["url"] for page in PAGES[3:])]
    assert {row["timestamp"] for row in found if not row["url"]} == {""}


def test_of_text_every_file_is_a_document(run, tmp_path):
    (tmp_path / "in").mkdir()
    for i, page in enumerate(PAGES[:3]):
        (tmp_path / "in" / f"book {i}.txt").write_text(page["text"], encoding="utf-8")
    code, out, _ = run(tmp_path / "in", "--input-format", "text")
    assert code == 0
    assert "no page has a URL: text hashes replace URLs, and URL dedup has nothing to compare" in out
    assert sorted(row["source"] for row in rows(tmp_path / "c4")) == [f"book {i}.txt#0" for i in range(3)]


def test_a_file_s_name_and_place_decide_nothing(run, tmp_path):
    """Priority, owner and split come from the text where there is no URL."""
    lines = "The same three sentences. They stand on every page. So one page owns them."
    bare = [{"text": f"{lines}\n{story(10 * i)}"} for i in [*range(39), 279]]  # the last one is validation
    odd, even = bare[1::2], bare[::2]
    jsonl(tmp_path / "one" / "a.jsonl", bare)
    jsonl(tmp_path / "two" / "zzz.jsonl", bare[::-1])
    jsonl(tmp_path / "parts" / "b.jsonl", odd)
    jsonl(tmp_path / "parts" / "z.jsonl.gz", even)
    split = []
    for name in ("one", "two", "parts"):
        options = ("--input-format", "jsonl", "--preset", "en,en.noclean", "--rejected", "none")
        assert run(tmp_path / name, *options, name=f"c4-{name}")[0] == 0
        found = [tmp_path / f"c4-{name}" / preset for preset in ("en", "en.noclean")]
        split.append([sorted((row["text"], row["split"]) for row in splits(folder)) for folder in found])
    assert split[0] == split[1] == split[2]
    assert [len(corpus) for corpus in split[0]] == [40, 40]
    assert sum(lines in text for text, _ in split[0][0]) == 1
    assert {part for corpus in split[0] for _, part in corpus} == {"train", "validation"}


def test_pages_without_a_url_are_looked_at_by_their_source(run, tmp_path, capsys):
    same = "They share these three sentences. One of the two owns them. It is the one with the smaller sum."
    jsonl(tmp_path / "in" / "a.jsonl", [{"text": f"{same}\n{story(10 * i)}"} for i in range(2)])
    assert run(tmp_path / "in", "--input-format", "jsonl")[0] == 0
    sources = [row["source"] for row in rows(tmp_path / "c4")]
    corpus = open_corpus(tmp_path / "c4")
    found = [look_up(corpus, source) for source in sources]
    assert [(each["found"], each["pages"][0]["source"]) for each in found] == [(1, source) for source in sources]
    owners = {segment["owner_url"] for each in found for line in each["pages"][0]["lines"] for segment in line}
    assert len(owners & {*sources}) == 1
    assert inspect.main([str(tmp_path / "c4")]) == 0
    assert "no date" in capsys.readouterr().out
    assert inspect.main([str(tmp_path / "c4"), "--html", str(tmp_path / "report.html")]) == 0
    assert "no URL" in (tmp_path / "report.html").read_text()


def splits(folder):
    for shard in manifest_of(folder)["shards"]:
        for row in pq.read_table(folder / shard["path"]).to_pylist():
            yield row | {"split": shard["split"]}


@pytest.mark.parametrize("preset", ["webtextlike", "realnewslike"])
@pytest.mark.parametrize("kind", ["jsonl", "parquet", "text", "jsonl late", "parquet late"])
def test_a_preset_that_asks_for_urls_is_refused_where_there_are_none(run, tmp_path, preset, kind):
    """Before any work where that is plain, else once all is read."""
    (tmp_path / "in").mkdir()
    (tmp_path / "urls.txt").write_text("http://a.example/1\n")
    bare = [{"text": page["text"]} for page in PAGES[:3]]
    kind, _, late = kind.partition(" ")
    if kind == "text":
        (tmp_path / "in" / "a.txt").write_text(bare[0]["text"])
    elif kind == "jsonl":
        jsonl(tmp_path / "in" / "a.jsonl", bare * (50 if late else 1))
    else:
        pq.write_table(
            pa.Table.from_pylist([{**row, "url": ""} if late else row for row in bare]), tmp_path / "in" / "a.parquet"
        )
    urls = ("--url-list", tmp_path / "urls.txt") if preset == "webtextlike" else ()
    options = ("--input-format", kind, "--preset", preset, *urls)
    code, out, err = run(tmp_path / "in", *options)
    assert (code, out) == (1 if late else 2, "")
    assert f"preset '{preset}' judges pages by their URL (stage " in err[-1]
    assert not (tmp_path / "c4" / "manifest.json").exists()


LOG = "https://harbour.example/log"
MIDDLE = {
    "datatrove": lambda text, date: {"text": text, "id": date, "metadata": {"url": LOG, "date": f"{date}T01:00:00Z"}},
    "FineWeb": lambda text, date: {"text": text, "id": "", "dump": "CC", "url": LOG, "date": f"{date}T01:00:00Z"},
    "OSCAR": lambda text, date: {
        "content": text,
        "warc_headers": {"warc-target-uri": LOG, "warc-date": f"{date}T01:00:00Z"},
    },
    "trafilatura": lambda text, date: {"title": "t", "hostname": "h", "date": date, "source": LOG, "text": text},
}


@pytest.mark.parametrize("layout", MIDDLE)
def test_the_newest_of_three_copies_stays_whoever_wrote_them(run, tmp_path, layout):
    dates = ("2019-04-25", "2019-04-27", "2019-04-26")
    jsonl(tmp_path / "in" / "a.jsonl", [MIDDLE[layout](story(10 * i), date) for i, date in enumerate(dates)])
    code, _, err = run(tmp_path / "in", "--input-format", "jsonl", "--preset", "en.noclean")
    assert code == 0
    assert err[0].startswith(f"reading as {layout}: ")
    assert [(row["text"], row["url"], row["timestamp"][:10]) for row in rows(tmp_path / "c4")] == [
        (story(10), LOG, dates[1])
    ]
    assert manifest_of(tmp_path / "c4")["ledger"]["stages"][2]["rejected"] == {"older_copy": 2}


@pytest.mark.parametrize(
    ("name", "told", "kept"),
    [
        ("datatrove.jsonl", "datatrove: text, metadata.url, metadata.date", 1),
        ("dolma.json.gz", "dolma: text, metadata.url, created", 1),
        ("fineweb.jsonl", "FineWeb: text, url, date", 1),
        ("oscar.jsonl", "OSCAR: content, warc_headers.warc-target-uri, warc_headers.warc-date", 1),
        ("refinedweb.jsonl", "RefinedWeb: content, url, timestamp", 1),
        ("trafilatura.jsonl", "trafilatura: text, source, date", 1),
        ("epoch.jsonl", "C4: text, url, timestamp", 1),
        ("dates.jsonl", "C4: text, url, timestamp", 3),
    ],
)
def test_cases_of_other_tools(run, name, told, kept, tmp_path):
    path = SHARED / "cases" / name
    if not path.exists():
        pytest.skip(needs.WET)
    code, _, err = run(path, "--input-format", "jsonl", "--preset", "en.noclean")
    assert (code, err[0]) == (0, f"reading as {told}")
    [row] = rows(tmp_path / "c4")
    assert f"house {kept} " in row["text"]
    assert row["url"] == LOG
    reading = manifest_of(tmp_path / "c4")["ledger"]["stages"][0]
    assert "flagged" not in reading


def test_keys_are_named_and_part_of_what_a_corpus_is(run, tmp_path):
    mine = [{"body": {"en": page["text"]}, "at": page["url"], "when": 1714521600 + i} for i, page in enumerate(PAGES)]
    jsonl(tmp_path / "in" / "a.jsonl", mine)
    options = ("--input-format", "jsonl", "--text-key", "body.en", "--url-key", "at", "--date-key", "when")
    code, _, err = run(tmp_path / "in", *options)
    assert (code, err[0]) == (0, "reading as plain records: body.en, at, when")
    assert content(tmp_path / "c4")[0][:2] == ("http://a.example/0", "2024-05-01T00:00:00Z")
    card = (tmp_path / "c4" / "README.md").read_text()
    assert "--text-key body.en --url-key at --date-key when" in " ".join(card.replace("\\\n", "").split())
    code, _, (line,) = run(tmp_path / "in", *options[:-2], "--date-key", "wen")
    assert code == 2
    assert line.endswith("--date-key wen: no record has it. Their keys: body, body.en, at, when.")
    code, _, (line,) = run(tmp_path / "in", *options[:-2])
    assert (code, "in stages (read)" in line) == (2, True)


def test_files_of_several_layouts_are_told_with_their_numbers(run, tmp_path):
    for i, page in enumerate(PAGES[:3]):
        jsonl(tmp_path / "in" / f"{i}.jsonl", [page if i else {"content": page["text"], **page}])
    jsonl(tmp_path / "in" / "4.jsonl", [{"url": PAGES[4]["url"], "id": 1, "title": "", "text": PAGES[4]["text"]}])
    (tmp_path / "in" / "5.jsonl").write_bytes(b"\x00")
    code, _, err = run(tmp_path / "in", "--input-format", "jsonl")
    assert code == 0
    assert err[:3] == [
        "reading as RefinedWeb: content, url, timestamp (1 of 4 files)",
        "reading as C4: text, url, timestamp (2 of 4 files)",
        "reading as Wikipedia: text, url, no date (1 of 4 files)",
    ]


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
    assert "holds a corpus of preset 'en' that differs from the one asked for in stages (read)" in line


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--input-format", "html"), "--input-format: invalid choice: 'html'"),
        (("--input-format", "jsonl"), "no jsonl file found. Expected a file, a folder with *.jsonl or"),
        (("--input-format", "text", "--preset", "en.tfds"), "reads WET files as the reference does, not text"),
    ],
)
def test_wrong_use(run, punkt, tmp_path, options, words):
    (tmp_path / "in").mkdir()
    code, out, (line,) = run(tmp_path / "in", *options)
    assert (code, out) == (2, "")
    assert words in line
