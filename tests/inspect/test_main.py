"""`python -m c4pipe.inspect`: every view as text and as JSON, every number against SQL, every way to get it wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import types
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from c4pipe.corpus.stats import registered
from c4pipe.corpus.telling import COMPARED
from c4pipe.facts.corpus import Corpus, connect
from c4pipe.inspect.__main__ import main
from c4pipe.inspect.arguments import PORT, parser
from c4pipe.page import Page
from c4pipe.shards import MANIFEST
from tests.inspect.tiny import lost, write

ROOT = Path(__file__).parents[2]
DATE = "2024-05-22T10:11:12Z"
HOSTILE = "\x1b[2J\x1b]0;x\x07\u202eevil\u2066\u200b\u3164\x9b1m\x7f\r\n<script>"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    """`run(folder, "--sql", ...)`: (exit code, output, errors)."""

    def command(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()  # what a build said
        code = main([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return command


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three kept pages, four rejected ones."""
    menu = [{"reason": "no_end_mark", "line": "Menu", "owner": ""}]
    pages = [
        Page(
            f"http://a.example/{n}",
            f"Page {n} is kept. " * 3,
            f"2024-0{n}-22",
            f"a#{n}",
            language="en",
            language_score=0.5,
        )
        for n in (1, 2, 3)
    ]
    rejected = [
        *(
            lost(f"http://b.example/{n}", "clean", "few_sentences", "Menu\nText.", dropped=menu, source=f"b#{n}")
            for n in range(3)
        ),
        lost("http://c.example/", "badwords", "bad_word", "Oh Gosh, what\nis it?", detail="gosh", source="c#0"),
    ]
    return write(tmp_path_factory.mktemp("tiny") / "c4", pages, rejected)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Texts that want to command a terminal, wherever a text can stand."""
    long = HOSTILE + "Z" * 1_000_000
    gone = [{"reason": "no_end_mark", "line": long, "owner": ""}]
    return write(
        tmp_path_factory.mktemp("hostile") / f"c4{HOSTILE.replace('/', '')}",
        [Page(f"http://a.example/{HOSTILE}", long, HOSTILE, f"{HOSTILE}#1", language=HOSTILE)],
        [
            lost(f"http://b.example/{HOSTILE}", "badwords", "bad_word", long, detail="EVIL", dropped=gone),
            lost(f"http://a.example/{HOSTILE}", "", "kept", long, dropped=gone, source=f"{HOSTILE}#1"),
        ],
        settings={"note": HOSTILE},
        inputs=[{"path": HOSTILE, "bytes": 1, "records": 2, "faults": {HOSTILE: 1}}],
        left_out={HOSTILE: 1},
    )


def ask(corpus: Corpus, sql: str, *values: object) -> list[tuple[Any, ...]]:
    with connect(corpus) as views:
        return views.execute(sql, list(values)).fetchall()


def facts(run: Any, *arguments: object) -> dict[str, Any]:
    code, out, err = run(*arguments, "--json")
    assert (code, err) == (0, "")
    found: dict[str, Any] = json.loads(out)
    return found


def test_the_overview_of_a_small_corpus(run: Any, tiny: Path) -> None:
    code, out, err = run(tiny)
    assert (code, err) == (0, "")
    size = sum(path.stat().st_size for path in (tiny / "en").iterdir())
    assert (
        out
        == f"""\
{tiny}  en: C4 as the paper describes it: drops repeated three-sentence spans; the same corpus on every machine
  settings  languages en; rejected all
  input     1 file, 0.00 MB, 7 records
  corpus    3 pages in 1 file, {size / 1e6:.2f} MB, 144 characters, 48 per page

Funnel  shares of 7 records read; of lines, of those that reached the stage
  read             7   100 %  ████████████████████████
  length           7   100 %  ████████████████████████
  url              7   100 %  ████████████████████████
  clean            4  57.1 %  █████████████▊
    few_sentences  3  42.9 %  dropped
  spans            4  57.1 %  █████████████▊
  language         4  57.1 %  █████████████▊
  badwords         3  42.9 %  ██████████▎
    bad_word       1  14.3 %  dropped

Shards
  en/train  3 pages  1 file  {size / 1e6:.2f} MB

Languages
  en  3  100 %  ████████████████████████

Lengths  48 characters per page on average, 28 as read
  characters  read                    kept
     8 to 15     3  ████████████████     0
    16 to 31     1  █████▍               0
    32 to 63     3  ████████████████     3  ████████████████

Domains  most pages kept, and most removed
  kept                 removed
  a.example  3  100 %  b.example  3  75.0 %
                       c.example  1  25.0 %

Crawled  pages kept, by month
  2024-01  1  33.3 %  ████████
  2024-02  1  33.3 %  ████████
  2024-03  1  33.3 %  ████████

Pages  --reason CODE has more of one, --url URL all of one
  kept           http://a.example/1  Page 1 is kept. Page 1 is kept. Page 1 is kept.
  kept           http://a.example/2  Page 2 is kept. Page 2 is kept. Page 2 is kept.
  kept           http://a.example/3  Page 3 is kept. Page 3 is kept. Page 3 is kept.
  few_sentences  http://b.example/0  Menu Text.
  bad_word       http://c.example/   Oh Gosh, what is it?
"""
    )


@pytest.mark.parametrize("name", ["samples", "languages"])
def test_every_number_of_the_overview_is_what_sql_counts(run: Any, name: str, request: pytest.FixtureRequest) -> None:
    corpus: Corpus = request.getfixturevalue(name)
    found = facts(run, corpus.folder, "--sample", "2")
    ((pages, chars),) = ask(corpus, "SELECT count(*), sum(length(text)) FROM pages")
    ((files, size),) = ask(corpus, "SELECT count(*), sum(bytes) FROM shards")
    assert {key: found["corpus"][key] for key in ("pages", "chars", "files", "bytes")} == {
        "pages": pages, "chars": chars, "files": files, "bytes": size,
    }  # fmt: skip
    assert found["corpus"]["mean_chars"] == chars / pages
    assert [tuple(row.values()) for row in found["splits"]] == ask(
        corpus,
        "SELECT config, split, p.n, s.files, s.bytes "
        "FROM (SELECT config, split, count(*) AS n FROM pages GROUP BY ALL) p "
        "JOIN (SELECT config, split, count(*) AS files, sum(bytes)::BIGINT AS bytes FROM shards GROUP BY ALL) s "
        "USING (config, split) ORDER BY n DESC, config, split",
    )
    for key, sql in (("languages", "language"), ("months", "left(timestamp, 7)")):
        counted = ask(corpus, f"SELECT {sql} AS what, count(*) AS n FROM pages GROUP BY 1")
        assert {(row[key[:-1]], row["pages"]) for row in found[key]} == set(counted)
        assert all(row["share"] == row["pages"] / pages for row in found[key])
    kept = ask(corpus, "SELECT floor(log2(length(text)))::INT AS k, count(*) FROM pages GROUP BY 1")
    assert {(row["from"], row["kept"]) for row in found["lengths"] if row["kept"]} == {(2**k, n) for k, n in kept}
    assert all(row["to"] == 2 * max(row["from"], 1) - 1 for row in found["lengths"])
    domains = Counter(registered(url) for (url,) in ask(corpus, "SELECT url FROM pages"))
    assert found["domains"]["exact"]
    assert {row["domain"]: row["pages"] for row in found["domains"]["kept"]} == domains
    # The samples are so few that the rejected table has every page.
    rejected = ask(corpus, "SELECT stage, reason, count(*) FROM rejected WHERE stage != '' GROUP BY ALL")
    stages = found["ledger"]["stages"]
    assert {(s["stage"], r["reason"], r["pages"]) for s in stages for r in s["rejected"]} == set(rejected)
    records = pages + sum(n for *_, n in rejected)
    assert found["ledger"]["records"] == found["inputs"]["records"] == records
    assert stages[-1]["kept"] == pages
    assert all(r["share"] == r["pages"] / records for s in stages for r in s["rejected"])
    removed = Counter(
        registered(url) for (url,) in ask(corpus, "SELECT url FROM rejected WHERE stage NOT IN ('', 'read')")
    )
    assert {row["domain"]: row["pages"] for row in found["domains"]["removed"]} == removed
    read = ask(
        corpus, "SELECT floor(log2(length(text)))::INT AS k, count(*) FROM rejected WHERE stage != 'read' GROUP BY 1"
    )
    assert {(row["from"], row["read"]) for row in found["lengths"] if row["read"]} == {(2**k, n) for k, n in read}
    ((mean,),) = ask(corpus, "SELECT avg(length(text)) FROM rejected WHERE stage != 'read'")
    assert found["corpus"]["mean_chars_read"] == pytest.approx(mean)
    damaged = ask(corpus, "SELECT count(*) FROM rejected WHERE reason IN ('damaged_member', 'truncated', 'unreadable')")
    assert (
        [(len(found["faults"]),)] == damaged == [(sum(sum(i["faults"].values()) for i in found["inputs"]["faulty"]),)]
    )
    assert {row["reason"] for row in found["sample"] if row["stage"]} <= {reason for _, reason, _ in rejected}
    assert len(found["sample"]) == 4


def test_the_text_of_the_overview_has_the_numbers_of_its_json(run: Any, languages: Corpus) -> None:
    found = facts(run, languages.folder)
    _, out, _ = run(languages.folder)
    for row in found["languages"][:20]:
        assert f"  {row['language']}  {row['pages']:>{len(str(found['languages'][0]['pages']))}}  " in out
    rest = found["languages"][20:]
    assert f"  ... and {len(rest)} more with {sum(row['pages'] for row in rest)} pages; --json has all" in out
    for fault in found["faults"]:
        assert f"byte {fault['offset']:,}, record {fault['record']:,}" in out


def test_faults_have_their_file_byte_and_record(run: Any, samples: Corpus) -> None:
    _, out, _ = run(samples.folder)
    section = out.partition("\nFaults  3 of 9 files, 1 of them without a page\n")[2].partition("\n\n")[0].split("\n")
    assert section[:3] == [
        "  damaged.warc.wet.gz: damaged_member 6",
        "  error.warc.wet.gz: unreadable 1",
        "  truncated.warc.wet.gz: truncated 1",
    ]
    assert section[3].split("  ")[2:8] == [
        "damaged.warc.wet.gz", "", "byte 847, record 2", "", "", "damaged_member",
    ]  # fmt: skip
    assert len(section) == 3 + len(facts(run, samples.folder)["faults"])
    assert " records; 2 with faults, 1 without a page\n" in out  # as the summary of a build


def test_pages_of_a_reason_with_the_offence_marked(run: Any, tiny: Path) -> None:
    code, out, _ = run(tiny, "--reason", "bad_word")
    assert (code, out) == (
        0,
        """\
bad_word  1 page at stage badwords
  badwords: a page that contains a listed bad word  (Raffel et al. 2020, section 2.2 (LDNOOBW); \
TFDS c4 3.1.0 c4_utils.get_badwords_filter_fn)
  1 page is stored; 1 shown.

http://c.example/
  rejected at badwords: bad_word  2024-05-22T10:11:12Z  c#0
  detail  gosh
  text    Oh »Gosh«, what ⏎ is it?
""",
    )


def test_a_line_that_was_cut_is_marked_in_its_page(run: Any, tiny: Path, tmp_path: Path) -> None:
    gone = [
        {"reason": code, "line": line, "owner": ""} for code, line in (("few_words", "Hi."), ("policy", "Cookies."))
    ]
    row = lost("http://a.example/", "clean", "few_sentences", "Hi.\nCookies.\nText.", detail="1 sentence", dropped=gone)
    counts = json.loads((tiny / MANIFEST).read_bytes())["ledger"]
    counts["stages"][3]["lines_dropped"] = {"policy": 1, "few_words": 1}
    folder = write(tmp_path / "c4", [], [row], ledger=counts)
    _, out, _ = run(folder, "--reason", "policy")
    assert "\n  text    Hi. ⏎ »Cookies.« ⏎ Text.\n" in out
    assert out.endswith("  cut     few_words 1, policy 1\n          policy     Cookies.\n          few_words  Hi.\n")


def test_a_reason_that_took_nothing_is_no_unknown_one(run: Any, samples: Corpus) -> None:
    code, out, err = run(samples.folder, "--reason", "too_large")
    assert (code, err) == (0, "")
    assert "too_large  0 pages at stage read" in out
    assert run(samples.folder, "--reason", "too_large", "--stage", "clean")[0] == 2


def test_a_reason_of_samples(run: Any, samples: Corpus) -> None:
    found = facts(run, samples.folder, "--reason", "curly_brace", "--sample", "3")
    ((count,),) = ask(samples, "SELECT count(*) FROM rejected WHERE reason = 'curly_brace'")
    assert found["sampled"] == found["counted"][0]["count"] == len(found["pages"]) == count == 1
    (page,) = found["pages"]
    row = ask(samples, "SELECT url, timestamp, source, detail, text FROM rejected WHERE reason = 'curly_brace'")
    assert tuple(page[key] for key in ("url", "timestamp", "source", "detail", "text")) == row[0]
    _, out, _ = run(samples.folder, "--reason", "curly_brace")
    assert "»Write function greet(name) {" in out
    assert "\n          no_end_mark  How to greet somebody in a program\n" in out


def test_kept_pages_with_what_was_cut(run: Any, samples: Corpus) -> None:
    found = facts(run, samples.folder, "--reason", "kept", "--sample", "1000")
    ((count,),) = ask(samples, "SELECT count(*) FROM rejected WHERE stage = '' AND len(dropped) > 0")
    assert found["sampled"] == len(found["pages"]) == count
    assert all(page["dropped"] for page in found["pages"])
    _, out, _ = run(samples.folder, "--reason", "kept", "--sample", "1")
    assert f"  {count} kept pages that lost something are stored; 1 shown.\n" in out


def test_a_page_by_its_url(run: Any, tiny: Path) -> None:
    code, out, _ = run(tiny, "--url", "https://www.b.example/1/")
    head, lines, rules, end = out.split("\n\n")
    assert end == ""
    assert code == 0
    assert (
        head
        == "http://b.example/1\n  rejected at clean: few_sentences\n  2024-05-22T10:11:12Z  b#1  code 7eb60c430c560610"
    )
    assert lines.split("\n")[1:] == ["     1  no_end_mark  Menu", "     2  few_words    Text."]
    told = [line.split()[:3] for line in rules.strip().split("\n")[1:]]
    assert told[0] == ["length", "passed", "too_long"]
    assert ["clean", "broken", "no_end_mark"] in told
    assert ["clean", "broken", "few_sentences"] in told
    assert told[-1] == ["badwords", "not", "reached"]


def test_a_kept_page_that_is_not_sampled_shows_what_is_kept(run: Any, tiny: Path) -> None:
    code, out, _ = run(tiny, "--url", "http://a.example/2")
    assert code == 0
    assert out == (
        "http://a.example/2\n  kept in en/train-00000-of-00001.parquet, row 1, language en 0.5000\n"
        "  2024-02-22  a#2  code 8e26205001923472\n"
        "  The page as read is not in the sample: this is what was kept of it.\n\n"
        "Lines  a reason first: why it was cut; »«: what the page was rejected or flagged for\n"
        "     1    Page 2 is kept. Page 2 is kept. Page 2 is kept.\n\n"
    )


def test_a_url_that_is_nowhere_fails(run: Any, tiny: Path) -> None:
    code, out, err = run(tiny, "--url", "http://nowhere.example/")
    assert (code, out) == (1, "")
    assert err == (
        f"inspect: {tiny} has no page of 'http://nowhere.example/'. "
        "Every page that was read is here, kept or rejected, so it was not in the input.\n"
    )


SQL = "SELECT reason, count(*) AS n, NULL AS nothing, ['a', 'é'] AS list FROM rejected GROUP BY ALL ORDER BY 1"


def test_an_answer_as_a_table_as_csv_and_as_json(run: Any, tiny: Path) -> None:
    assert run(tiny, "--sql", SQL)[1] == (
        "reason         n  nothing  list\n"
        'bad_word       1  null     ["a", "é"]\n'
        'few_sentences  3  null     ["a", "é"]\n'
        "2 rows\n"
    )
    assert run(tiny, "--sql", SQL, "--csv")[1] == (
        'reason,n,nothing,list\nbad_word,1,,"[""a"", ""é""]"\nfew_sentences,3,,"[""a"", ""é""]"\n'
    )
    assert facts(run, tiny, "--sql", SQL, "--limit", "1") == {
        "folder": str(tiny),
        "view": "sql",
        "columns": ["reason", "n", "nothing", "list"],
        "rows": [["bad_word", 1, None, ["a", "é"]]],
        "more": True,
    }
    assert run(tiny, "--sql", SQL, "--limit", "1")[1].endswith("\n1 row; there are more (--limit)\n")


def test_what_was_changed_from_one_corpus_to_the_next(run: Any, tiny: Path, tmp_path: Path) -> None:
    other = write(
        tmp_path / "c4",
        [Page("http://a.example/1", "Page 1 is kept. " * 3, "2024-01-22", "a#1", language="en", language_score=0.5)],
        [
            lost(f"http://a.example/{n}", "clean", "curly_brace", "{", source=f"a#{n}", timestamp=f"2024-0{n}-22")
            for n in (2, 3)
        ],
    )
    found = facts(run, tiny, "--compare", other)
    assert (found["view"], found["folders"]) == ("compare", [str(tiny), str(other)])
    assert (found["kept"], found["same"], found["only"]) == ([3, 1], 1, [2, 0])
    code, out, _ = run(tiny, "--against", other, "--sample", "1")
    assert code == 0
    assert out.startswith(f"A  {tiny}\nB  {other}\n")
    assert "\n  kept                         3   1\n" in out
    assert "\nOnly in A  by what became of them in B\n  clean: curly_brace  2\n" in out


@pytest.mark.parametrize(
    "view",
    [
        (),
        ("--reason", "bad_word"),
        ("--reason", "kept"),
        ("--url", f"http://a.example/{HOSTILE}"),
        ("--url", f"http://b.example/{HOSTILE}"),
        ("--sql", "FROM pages"),
        ("--sql", "SELECT left(text, 100), url, detail FROM rejected", "--csv"),
        ("--sql", "SELECT CAST(text AS INT) FROM pages"),
        ("--sql", f'SELECT 1 AS "{HOSTILE}"'),
        ("--url", HOSTILE),
        ("--reason", HOSTILE),
        ("--json",),
        ("--json", "--reason", "bad_word"),
        ("--json", "--url", f"http://a.example/{HOSTILE}"),
    ],
)
def test_no_text_reaches_the_terminal_as_a_command(run: Any, hostile: Path, view: tuple[str, ...]) -> None:
    _, out, err = run(hostile, *view)
    assert out + err
    for text in (out, err):
        assert text.replace("\n", "").isprintable()
        assert "\u3164" not in text
    if "--json" not in view:
        assert len(out) < 20_000


def test_a_mixture_is_a_corpus_too(run: Any, tmp_path: Path) -> None:
    mixture = {
        "en": {"documents": 6, "rate": 0.75, "epochs": 0.5, "written": 3},
        "de": {"documents": 2, "rate": 0.25, "epochs": 0.0, "written": 0},
    }
    stage = {"stage": "draw", "in": 8, "kept": 3, "rejected": {"not_drawn": 5}, "lines_dropped": {}}
    folder = write(
        tmp_path / "c4",
        [Page(f"http://a.example/{n}", "Text.", DATE, f"a#{n}", language="en") for n in range(3)],
        preset={"name": "mixture", "says": "temperature with alpha 0.3", "stages": []},
        mixture=mixture,
        ledger={"records": 8, "stages": [stage], "repeats": 0},
    )
    code, out, _ = run(folder)
    assert code == 0
    assert "  mixture: temperature with alpha 0.3\n" in out
    assert "    not_drawn  5  62.5 %  dropped\n" in out
    assert "  en           6  75.0 %  75.0 %    0.50        3  100 %\n" in out
    found = facts(run, folder)
    assert [row["share_after"] for row in found["mixture"]] == [1.0, 0.0]
    code, _, err = run(folder, "--reason", "not_drawn")
    assert (code, err) == (
        1,
        f"inspect: {folder} keeps no rejected pages. It is a mixture: look into the corpora that it was made from.\n",
    )


def test_a_corpus_without_pages(run: Any, tmp_path: Path) -> None:
    folder = write(tmp_path / "c4", [], [lost("http://a.example/", "read", "no_text")])
    code, out, _ = run(folder)
    assert code == 0
    assert "  corpus    no page was kept\n" in out
    assert run(folder, "--sql", "SELECT count(*) FROM pages")[1] == "count_star()\n           0\n1 row\n"
    empty = write(tmp_path / "none", [])
    assert run(empty)[0] == 0
    assert facts(run, empty)["ledger"]["stages"][0]["share"] is None


def test_a_corpus_of_which_only_the_shards_are_listed(run: Any, tmp_path: Path) -> None:
    folder = write(tmp_path / "c4", [Page("http://a.example/", "Text.", DATE, "a#1")])
    manifest = json.loads((folder / MANIFEST).read_bytes())
    (folder / MANIFEST).write_text(json.dumps({key: manifest[key] for key in ("schema_version", "shards")}))
    (folder / "stats.json").unlink()
    code, out, _ = run(folder)
    assert code == 0
    assert [line for line in out.split("\n") if line and line[0] != " "] == [
        str(folder),
        "Shards",
        "Pages  --reason CODE has more of one, --url URL all of one",
    ]


@pytest.mark.parametrize(
    ("file", "change"),
    [
        (MANIFEST, {"ledger": {"stages": []}}),
        (MANIFEST, {"ledger": []}),
        (MANIFEST, {"preset": {}}),
        (MANIFEST, {"settings": 5}),
        (MANIFEST, {"inputs": [{"path": "a"}]}),
        (MANIFEST, {"left_out": {"de": "many"}}),
        (MANIFEST, {"mixture": {"de": {}}}),
        ("stats.json", {"languages": {"en": -1}}),
        ("stats.json", {"lengths_kept": {"x": 1}}),
        ("stats.json", {"domains_kept": 1}),
        ("stats.json", {"faults": [{}]}),
        ("stats.json", {"pages_kept": "all"}),
    ],
)
def test_damaged_tables_are_told_in_a_line(run: Any, tmp_path: Path, file: str, change: dict[str, Any]) -> None:
    folder = write(tmp_path / "c4", [Page("http://a.example/", "Text.", DATE, "a#1")])
    (folder / file).write_text(json.dumps(json.loads((folder / file).read_bytes()) | change))
    code, out, err = run(folder)
    assert (code, out) == (1, "")
    assert err.startswith("inspect: ")
    assert err.count("\n") == 1


def test_a_damaged_shard_is_told_in_a_line(run: Any, tmp_path: Path) -> None:
    folder = write(tmp_path / "c4", [Page("http://a.example/", "Text.", DATE, "a#1")])
    shard = next((folder / "en").iterdir())
    shard.write_bytes(b"x" * shard.stat().st_size)
    code, out, err = run(folder)
    assert (code, out) == (1, "")
    assert shard.name in err
    shard.unlink()
    assert run(folder)[2].endswith("Copy or build the corpus again.\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "the following arguments are required: DIR"),
        (("--sql", "SELECT 1", "--url", "x"), "argument --url: not allowed with argument --sql"),
        (("--reason", "x", "--html", "y"), "argument --html: not allowed with argument --reason"),
        (("--json", "--csv"), "argument --csv: not allowed with argument --json"),
        (("--stage", "clean"), "--stage needs --reason"),
        (("--limit", "3"), "--limit needs --sql"),
        (("--csv",), "--csv needs --sql"),
        (("--port", "80"), "--port needs --serve"),
        (("--sample", "3", "--sql", "SELECT 1"), "--sample does not go with --sql"),
        (("--compare", "x", "--url", "y"), "--compare does not go with --url"),
        (("--compare", "x", "--against", "y"), "--compare takes one corpus without --serve, got x and y"),
        (("--json", "--html", "y"), "--json does not go with --html"),
        (("--json", "--serve"), "--json does not go with --serve"),
        (("--reason", "x", "--sample", "0"), "give --sample 1 or more"),
        (("--sample", "-1"), "'-1' is not a whole number"),
        (("--sample", "1001"), "'1001' is not a whole number from 0 to 1,000"),
        (("--sample", "²"), "'²' is not a whole number"),
        (("--sql", "SELECT 1", "--limit", "0"), "'0' is not a whole number from 1 to 100,000"),
        (("--serve", "--port", "99999"), "'99999' is not a whole number from 0 to 65,535"),
        (("--url", "\udcff"), "is not UTF-8"),
        (("--html", "/"), "/ is a folder"),
        (("--nonsense",), "unrecognized arguments: --nonsense"),
        (("--sql", "DROP VIEW pages"), "only one SELECT is allowed"),
        (
            ("--reason", "few_word"),
            "this corpus was built without a rule 'few_word'. Its reasons: few_sentences, bad_word, kept.",
        ),
    ],
)
def test_wrong_use_is_told_in_a_line(run: Any, tiny: Path, arguments: tuple[str, ...], said: str) -> None:
    code, out, err = run(*([tiny] if arguments else []), *arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1


def test_a_folder_without_a_corpus_is_wrong_use(run: Any, tiny: Path, tmp_path: Path) -> None:
    assert run(tmp_path)[0] == 2
    code, _, err = run(tiny, "--compare", tmp_path)
    assert (code, err) == (
        2,
        f"inspect: {tmp_path} holds no finished corpus: it has no manifest.json. Build one: make build-c4.\n",
    )


def test_released_files_without_a_page_are_wrong_use(
    run: Any, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("C4PIPE_CACHE_DIR", str(tmp_path / "cache"))
    released = tmp_path / "released c4"
    (released / "en").mkdir(parents=True)
    file = released / "en/c4-train.00000-of-01024.json.gz"
    file.write_bytes(b"")
    for more in ((), ("--serve",)):
        code, _, err = run(tiny, "--compare", released, *more)
        assert code == 2
        assert f"{released} has no text: {file} is empty." in err
    file.write_bytes(b'{"title": "x"}')
    code, _, err = run(tiny, "--compare", released)
    assert (code, "its records have title. Expected text" in err) == (2, True)
    file.write_bytes(b'{"text": "Some text."}\nnot JSON')
    assert run(tiny, "--compare", released)[0] == 0


def test_help_shows_every_view_and_no_database_is_loaded_for_it() -> None:
    text = parser().format_help()
    for word in (
        "--json",
        "--reason",
        "--stage",
        "--sample",
        "--url",
        "--sql",
        "--limit",
        "--html",
        "--against",
        "--serve",
    ):
        assert word in text
    code = "import sys; sys.argv = ['inspect', '--help']\ntry:\n    from c4pipe.inspect.__main__ import main; main()\n"
    code += "except SystemExit as end:\n    print(end.code, 'duckdb' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert out.endswith("\n0 False\n")


def test_the_columns_that_help_names_are_those_of_the_views(run: Any, samples: Corpus) -> None:
    text = " ".join(parser().format_help().split())
    for view in ("pages", "shards"):
        columns = [name for name, *_ in ask(samples, f"DESCRIBE {view}")]
        assert f"{view} {', '.join(columns)}" in text
    columns = ["dropped (reason, line, owner)" if n == "dropped" else n for n, *_ in ask(samples, "DESCRIBE rejected")]
    assert f"rejected {', '.join(columns)}" in text


def test_the_keys_that_help_names_are_those_of_the_overview(run: Any, tiny: Path) -> None:
    text = " ".join(parser().format_help().split())
    _, _, keys = text.partition(" overview ")
    keys, _, _ = keys.partition(" reason ")
    assert keys.split(", ") == [key for key in facts(run, tiny) if key not in ("folder", "view")]


def test_report_and_viewer_are_handed_the_corpora(
    run: Any, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports: list[Any] = []
    served: list[Any] = []
    report, viewer = types.ModuleType("report"), types.ModuleType("serve")
    report.write_report = lambda *given: reports.append(given) or given[1]  # type: ignore[attr-defined]
    viewer.serve = lambda *given: served.append(given)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "c4pipe.inspect.report", report)
    monkeypatch.setitem(sys.modules, "c4pipe.inspect.serve", viewer)
    html = tmp_path / "r.html"
    assert run(tiny, "--html", html) == (0, f"report: {html}\n", "")
    assert run(tiny, "--html", html, "--compare", tiny)[0] == 0
    assert run(tiny, "--serve", "--port", "0") == (0, "", "")
    assert run(tiny, "--serve", "--verdict", tmp_path) == (0, "", "")
    words = tmp_path / "en.txt"
    words.touch()
    assert run(tiny, "--serve", "--file", words)[0] == 2  # no rule has read it
    assert [(given[0].folder, *given[1:]) for given in served] == [
        (tiny, 0, [], None, None, [], None),
        (tiny, PORT, [], None, tmp_path, [], None),
    ]
    assert [(given[0].folder, given[1], given[2] and given[2].folder) for given in reports] == [
        (tiny, html, None),
        (tiny, html, tiny),
    ]


def test_ctrl_c_is_130(run: Any, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("c4pipe.inspect.overview.overview", interrupted)
    assert run(tiny) == (130, "", "inspect: interrupted.\n")


def command(*arguments: object, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "c4pipe.inspect", *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, **options,
    )  # fmt: skip


def test_ctrl_c_ends_a_query(tiny: Path) -> None:
    code = """
import os, signal, sys, threading
import c4pipe.inspect.query
from c4pipe.inspect.__main__ import main
threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
sys.exit(main([sys.argv[1], "--sql", "SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b"]))
"""
    ended = subprocess.run([sys.executable, "-c", code, tiny], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "inspect: interrupted.\n")


def test_a_reader_that_leaves_is_no_error(tiny: Path) -> None:
    sql = "SELECT repeat('x', 1000) AS x FROM range(10000)"
    running = command(tiny, "--sql", sql, "--limit", "10000", "--csv")
    assert running.stdout is not None
    assert running.stdout.readline() == "x\n"
    running.stdout.close()
    assert running.stderr is not None
    assert running.stderr.read() == ""
    assert running.wait(30) == 0


def test_a_full_disk_is_a_line(tiny: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full")
    line = f"{sys.executable} -m c4pipe.inspect {tiny} > /dev/full"
    ended = subprocess.run(["sh", "-c", line], capture_output=True, text=True, cwd=ROOT)
    assert (ended.returncode, ended.stderr) == (1, "inspect: what it printed is lost: No space left on device.\n")


def test_a_pipe_gets_no_escapes_and_a_poor_one_gets_ascii(tiny: Path) -> None:
    env = {**os.environ, "PYTHONIOENCODING": "ascii", "FORCE_COLOR": "1", "TERM": "xterm"}
    out, err = command(tiny, env=env).communicate(timeout=30)
    assert err == ""
    assert out.isascii()
    assert "\x1b" not in out
    assert "\\u2588" in out


def test_what_was_old_and_how_pages_hang_together(run: Any, second_crawl: Corpus) -> None:
    code, out, err = run(second_crawl.folder)
    assert (code, err) == (0, "")
    against = second_crawl.manifest["against"][0]
    lines = [" ".join(line.split()) for line in out.split("\n")]
    assert "Clusters linked pages at stage near; one of each group stays" in lines
    assert "2 1 50.0 % ████████████" in lines
    assert "In earlier corpora 2 of 6 pages (33.3 %)" in lines
    assert f"of the pages {COMPARED}" in lines
    assert f"{against['path']} en.near, all pages, {against['sha256'][:16]}…" in lines
    assert "spans 3 parts of text of other pages" in lines
    assert "2024-06 2 of 6 33.3 % ████████" in lines
