"""The real main in temporary folders: files after a build, output, and errors of usage."""

import contextlib
import gzip
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nltk.data
import pyarrow.parquet as pq
import pytest

from beam_jobs import build_c4
from c4pipe.presets import PRESETS
from tests.lists import word_lists
from tests.wetfiles import (
    BAD_WORD,
    ODD,
    REPEATED,
    ROOT,
    SAMPLES,
    WebPage,
    digests,
    manifest_of,
    rejected,
    rows,
    sentence,
    story,
    wet,
)

COLUMNS = ["text", "timestamp", "url", "language", "language_score", "language_votes", "source", "record_id"]
REJECTED_COLUMNS = ["url", "timestamp", "stage", "reason", "detail", "text", "dropped", "source", "language"]


@pytest.fixture
def run(badwords, capsys):
    """`run("--input", ..., "--output", ...)`: exit code, stdout, stderr of main in this process."""

    def call(*arguments):
        capsys.readouterr()
        code = build_c4.main([*word_lists(badwords, arguments), "--workers", "1", *map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def command(*arguments, **environment):
    """The same as a process: (exit code, stdout, stderr)."""
    done = subprocess.run(
        [sys.executable, "-m", "beam_jobs.build_c4", *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout, unhurried(done.stderr)


def unhurried(err):
    """What was said on stderr, less the lines on progress that a busy machine gives time for."""
    return "".join(line for line in err.splitlines(keepends=True) if not re.search(r"  ETA (-|\d+:\d\d)$", line))


def refused(result, *words):
    """Asserts that the use was wrong, and that one line says so with these words."""
    code, out, err = result
    assert (code, out) == (2, "")
    assert err.startswith("build_c4: ")
    assert err.count("\n") == 1, err
    for word in words:
        assert str(word) in err


@pytest.fixture(scope="session")
def one(once):
    """What `one_file` writes, for corpora to compare with."""
    return once("one file", one_file)


def one_file(folder, name="one.warc.wet.gz", pages=5, start=0):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    good = [WebPage(f"http://{name.split('.')[0]}.example/{i}", story(start + 10 * i)) for i in range(pages)]
    path.write_bytes(wet(good, name.endswith(".gz")))
    return path


# --- what is on disk --------------------------------------------------------------------------------------------


def test_the_folder_holds_the_corpus_and_nothing_else(built, small):
    assert list(digests(built(small))) == [
        "README.md",
        "__facts/domains.parquet",
        "__facts/losses.parquet",
        "__rejected/part-badwords-bad_word.parquet",
        "__rejected/part-clean-curly_brace.parquet",
        "__rejected/part-clean-few_sentences.parquet",
        "__rejected/part-clean-lorem_ipsum.parquet",
        "__rejected/part-kept.parquet",
        "__rejected/part-language-other_language.parquet",
        "__rejected/part-length-too_long.parquet",
        "__rejected/part-read-not_a_page.parquet",
        "__rejected/part-spans-nothing_left.parquet",
        "__rejected/part-url-older_copy.parquet",
        "__restore/part-000000.parquet",
        "__restore/part-000001.parquet",
        "__restore/part-000002.parquet",
        "en/train-00000-of-00001.parquet",
        "en/validation-00000-of-00001.parquet",
        "keys/spans.keys",
        "keys/url.keys",
        "lists/badwords/en.txt",
        "manifest.json",
        "manifest.json.sha256",
        "stats.json",
    ]


def test_shards_have_the_columns_zstd_and_page_checksums(built, small):
    for path in built(small).glob("*/*.parquet"):
        if path.parent.name == "__facts":  # counts, not pages
            continue
        table = pq.read_table(path, page_checksum_verification=True)
        claims = ["text_md5", "row", "priority", "atoms", "starts", "legs"]
        known = {"__rejected": REJECTED_COLUMNS, "__restore": [*COLUMNS, *claims]}
        assert table.column_names == known.get(path.parent.name, COLUMNS)
        group = pq.ParquetFile(path).metadata.row_group(0)
        assert {group.column(i).compression for i in range(group.num_columns)} == {"ZSTD"}


def test_a_flipped_byte_in_a_shard_is_noticed(built, small, tmp_path):
    path = tmp_path / "shard.parquet"
    data = bytearray((built(small) / "en" / "train-00000-of-00001.parquet").read_bytes())
    data[200] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(OSError, match=r"(?i)crc|checksum"):
        pq.read_table(path, page_checksum_verification=True)


def test_a_kept_page_is_as_it_was_crawled(built, small):
    (row,) = (row for row in rows(built(small)) if row["url"] == "http://menu.example/")
    score = row.pop("language_score")
    assert 0.99 <= score <= 1
    assert row == {
        "text": story(600),
        "timestamp": "2024-05-22T10:11:12Z",
        "url": "http://menu.example/",
        "language": "en",
        "language_votes": "",
        "source": f"part-2.warc.wet#{(small / 'part-2.warc.wet').read_bytes().index(b'menu.example') - 57}",
        "record_id": "urn:uuid:32",
    }


def test_the_splits_share_no_page_and_hold_every_kept_one(built, small):
    train = [row["url"] for row in rows(built(small), "en/train-*")]
    validation = [row["url"] for row in rows(built(small), "en/validation-*")]
    kept = {"newer", "menu", "repeat-1", "repeat-2", "repeat-3", "within"}
    assert validation == ["http://validation.example/976"]
    assert len(train) == len(set(train)) == 96
    assert {page.url for name, page in ODD.items() if name in kept} <= set(train)


def test_the_manifest(built, small):
    folder = built(small)
    manifest = manifest_of(folder)
    assert {"preset", "settings", "versions", "inputs", "shards", "ledger"} <= set(manifest)
    assert manifest["preset"]["name"] == "en"
    assert manifest["settings"] == {"languages": ["en"], "shards": "auto", "rejected": "sample", "limit_pages": None}
    assert manifest["inputs"] == [
        {"path": path.name, "bytes": path.stat().st_size, "records": records, "pages": pages, "faults": {}}
        for path, records, pages in zip(sorted(small.iterdir()), (36, 36, 35), (35, 35, 35), strict=True)
    ]
    assert [(s["path"], s["config"], s["split"], s["rows"]) for s in manifest["shards"]] == [
        ("en/train-00000-of-00001.parquet", "en", "train", 96),
        ("en/validation-00000-of-00001.parquet", "en", "validation", 1),
    ]
    for part in manifest["shards"] + manifest["rejected"]:
        data = (folder / part["path"]).read_bytes()
        assert part["bytes"] == len(data)
        assert part["sha256"] == hashlib.sha256(data).hexdigest()
        assert part["rows"] == pq.read_table(folder / part["path"]).num_rows


def test_the_ledger(built, small):
    stages = manifest_of(built(small))["ledger"]["stages"]
    assert [(s["stage"], s["in"], s["kept"], s["rejected"]) for s in stages] == [
        ("read", 107, 105, {"not_a_page": 2}),
        ("length", 105, 104, {"too_long": 1}),
        ("url", 104, 103, {"older_copy": 1}),
        ("clean", 103, 100, {"curly_brace": 1, "few_sentences": 1, "lorem_ipsum": 1}),
        ("spans", 100, 99, {"nothing_left": 1}),
        ("language", 99, 98, {"other_language": 1}),
        ("badwords", 98, 97, {"bad_word": 1}),
    ]
    assert [s["lines_dropped"] for s in stages if s["lines_dropped"]] == [
        {"no_end_mark": 4, "policy": 1},
        {"repeated_span": 12},
    ]


# --- the rejected table -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "stage", "reason", "detail", "dropped"),
    [
        ("long", "length", "too_long", "199999 characters", []),
        ("older", "url", "older_copy", "", []),
        ("short", "clean", "few_sentences", "1 sentences", [("no_end_mark", "Menu"), ("no_end_mark", "Imprint")]),
        (
            "brace",
            "clean",
            "curly_brace",
            "function run() { return one or two of them.",
            [("curly_brace", "function run() { return one or two of them.")],
        ),
        ("all-gone", "spans", "nothing_left", "", [("repeated_span", line) for line in REPEATED.split("\n")]),
        ("german", "language", "other_language", "de", []),
        ("bad", "badwords", "bad_word", BAD_WORD, []),
        (
            "menu",
            "",
            "kept",
            "",
            [
                ("no_end_mark", "Home"),
                ("no_end_mark", "About us"),
                ("policy", "This site uses cookies for comfort."),
            ],
        ),
        ("repeat-3", "", "kept", "", [("repeated_span", line) for line in REPEATED.split("\n")]),
    ],
)
def test_a_page_in_the_rejected_table_says_why(built, small, name, stage, reason, detail, dropped):
    page = ODD[name]
    (row,) = (row for row in rejected(built(small)) if row["url"] == page.url)
    assert (row["stage"], row["reason"], row["detail"]) == (stage, reason, detail)
    assert [(drop["reason"], drop["line"]) for drop in row["dropped"]] == dropped
    assert row["text"] == page.text.strip()
    assert row["timestamp"] == page.date


def test_rejected_none_keeps_no_page(built, small):
    folder = built(small, "--rejected", "none")
    assert not (folder / "__rejected").exists()
    assert manifest_of(folder)["rejected"] == []
    assert list(rows(folder)) == list(rows(built(small)))


def test_rejected_all_keeps_every_record_once(built, small):
    folder = built(small, "--rejected", "all")
    table = rejected(folder)
    assert [path.name for path in sorted(folder.glob("__rejected/*"))] == [f"part-00000{i}.parquet" for i in range(3)]
    assert len(table) == len({row["source"] for row in table}) == manifest_of(folder)["ledger"]["records"]

    def without_place(part):
        return sorted(map(str, part))

    assert without_place(table) == without_place(rejected(built(small)))  # so few pages that the sample is all of them


def test_a_repeated_sentence_names_the_page_that_keeps_it(built, small):
    """By the smallest md5 of a URL, as the reference does; a page may own what it lost at another place of its own."""
    holders = [page.url for page in ODD.values() if REPEATED in page.text]
    owner = min(hashlib.md5(url.encode()).hexdigest() for url in holders)[:16]
    table = {row["url"]: row for row in rejected(built(small))}
    named = {url: {drop["owner"] for drop in table[url]["dropped"] if drop["owner"]} for url in holders}
    assert {owner} == set.union(*named.values())
    assert [url for url in holders if not named[url]] == [
        url for url in holders if hashlib.md5(url.encode()).hexdigest().startswith(owner) and url != ODD["within"].url
    ]
    lost = {drop["reason"] for row in table.values() for drop in row["dropped"] if drop["owner"]}
    assert lost == {"repeated_span"}


def test_a_page_that_a_late_stage_rejects_is_shown_as_it_was_read(built):
    """From the staged raw texts in a sample, from the sample itself when that is of all pages."""
    sample = {row["source"]: row for row in rejected(built(SAMPLES))}
    everything = {row["source"]: row for row in rejected(built(SAMPLES, "--rejected", "all"))}
    late = [row for row in sample.values() if row["stage"] in ("spans", "language", "badwords")]
    assert len(late) > 50
    assert all(row == everything[row["source"]] for row in sample.values())
    changed = [row for row in late if row["dropped"]]
    assert len(changed) > 50
    for row in changed:  # the raw text holds what was cut from it
        assert all(drop["line"] in row["text"] or drop["reason"] == "no_end_mark" for drop in row["dropped"])


# --- options ----------------------------------------------------------------------------------------------------


def test_shards_cuts_the_train_split(built, small):
    folder = built(small, "--shards", "3")
    names = [path.name for path in sorted(folder.glob("en/*"))]
    assert names == [*(f"train-0000{i}-of-00003.parquet" for i in range(3)), "validation-00000-of-00001.parquet"]
    assert [shard["rows"] for shard in manifest_of(folder)["shards"]] == [32, 32, 32, 1]
    whole = {row["url"]: row for row in rows(built(small))}
    assert {row["url"]: row for row in rows(folder)} == whole


def test_another_language_gets_its_own_folder(built, small):
    folder = built(small, "--languages", "de")
    assert [row["url"] for row in rows(folder)] == ["http://deutsch.example/"]
    assert [shard["path"] for shard in manifest_of(folder)["shards"]] == ["de/train-00000-of-00001.parquet"]
    assert manifest_of(folder)["settings"]["languages"] == ["de"]


def test_limit_pages_takes_as_many_from_each_input(built, small):
    folder = built(small, "--limit-pages", "7")
    assert manifest_of(folder)["ledger"]["stages"][0]["kept"] == 9  # 3 inputs of 3 pages: "about N"
    assert sorted({row["source"].split("#")[0] for row in rows(folder)}) == sorted(p.name for p in small.iterdir())


def test_every_preset_of_the_list_can_be_named(run, small, tmp_path):
    code, _, _ = run("--input", small, "--output", tmp_path / "c4", "--preset", "c4pipe.presets:EN_NOCLEAN")
    assert code == 0
    assert manifest_of(tmp_path / "c4")["preset"]["name"] == "en.noclean"
    assert [shard["config"] for shard in manifest_of(tmp_path / "c4")["shards"]] == ["en.noclean"] * 2


def test_dry_run_predicts_and_writes_nothing(run, small, tmp_path):
    code, out, err = run("--input", small, "--output", tmp_path / "c4", "--dry-run")
    assert (code, err) == (0, "")
    assert out.startswith("read ")
    assert "CPU time" in out
    assert list(tmp_path.iterdir()) == []


# --- the same folder again --------------------------------------------------------------------------------------


def test_a_second_run_finds_the_corpus_there(run, tmp_path):
    source, target = one_file(tmp_path / "in"), tmp_path / "c4"
    arguments = ("--input", source, "--output", target)
    assert run(*arguments)[0] == 0
    before = {path: path.stat().st_mtime_ns for path in target.rglob("*")}
    code, out, err = run(*arguments)
    assert (code, err) == (0, "")
    assert "was already built" in out
    assert {path: path.stat().st_mtime_ns for path in target.rglob("*")} == before

    other = (*arguments, "--shards", "2")
    refused(run(*other), "differs from the one asked for in settings (shards)", "'en'", "--overwrite")
    assert {path: path.stat().st_mtime_ns for path in target.rglob("*")} == before
    noclean = run(*arguments, "--preset", "en.noclean")
    refused(noclean, "differs from the one asked for in the preset (en -> en.noclean). Nothing was changed.")

    assert run(*other, "--overwrite")[0] == 0
    assert [path.name for path in sorted(target.glob("en/*"))] == [f"train-0000{i}-of-00002.parquet" for i in (0, 1)]
    assert manifest_of(target)["settings"]["shards"] == 2


def test_changed_input_is_another_corpus(run, tmp_path):
    source, target = one_file(tmp_path / "in"), tmp_path / "c4"
    assert run("--input", source, "--output", target)[0] == 0
    one_file(tmp_path / "in", pages=6)
    refused(run("--input", source, "--output", target), "--overwrite")


def test_foreign_files_are_left_alone(run, tmp_path):
    source, target = one_file(tmp_path / "in"), tmp_path / "c4"
    target.mkdir()
    (target / "thesis.tex").write_text("ten years of work")
    refused(run("--input", source, "--output", target, "--overwrite"), "thesis.tex")
    assert digests(target) == {"thesis.tex": hashlib.sha256(b"ten years of work").hexdigest()}


# --- wrong use --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--preset", "en.tfdz"], ["unknown preset 'en.tfdz'", "Did you mean 'en.tfds'"]),
        (["--preset", "nowhere:NOTHING"], ["nowhere:NOTHING", "MODULE:NAME"]),
        (["--preset", "c4pipe.presets:PRESETS"], ["dict", "Preset"]),
        (["--shard", "3"], ["unknown option '--shard'", "Similar: --shards"]),
        (["--num_worker=3"], ["unknown option '--num_worker'", "--num_workers"]),
        (["--shards", "0"], ["--shards", "1 or more", "'0'"]),
        (["--shards", "many"], ["--shards", "whole number", "'many'"]),
        (["--workers", "-2"], ["--workers"]),
        (["--limit-pages", "1e6"], ["--limit-pages", "'1e6'"]),
        (["--spill-rows", "x"], ["--spill-rows", "'x'"]),
        (["--rejected", "some"], ["--rejected", "'some'", "sample"]),
        (["--languages", "../../etc"], ["--languages", "de,fr"]),
        (["--languages", ","], ["--languages"]),
        (["--languages", ""], ["--languages ''", "expected language codes"]),
        (["--preset", "en.tfds", "--languages", "de"], ["en.tfds", "exact"]),
        (["--preset", "webtextlike"], ["--url-list"]),
        (["--badwords-dir", "nowhere"], ["--badwords-dir nowhere does not exist"]),
        (["--news-domains", "nowhere"], ["--news-domains nowhere does not exist"]),
        (["--url-list", "nowhere"], ["--url-list nowhere does not exist"]),
    ],
)
def test_wrong_use_is_told_before_any_work(run, small, tmp_path, options, words):
    refused(run("--input", small, "--output", tmp_path / "c4", *options), *words)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("missing", ["--input", "--output"])
def test_a_needed_option_is_asked_for(run, small, tmp_path, missing):
    given = {"--input": small, "--output": tmp_path / "c4"}
    del given[missing]
    refused(run(*(word for pair in given.items() for word in pair)), missing, "required")


def test_no_input(run, tmp_path):
    target = tmp_path / "c4"
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.paths.gz").write_bytes(gzip.compress(b"a.warc.wet.gz\n")[:-9])
    (tmp_path / "empty.paths").write_text("\n")
    refused(run("--input", tmp_path / "nowhere.warc.wet.gz", "--output", target), "nowhere.warc.wet.gz", "no WET file")
    refused(run("--input", tmp_path / "*.wet", "--output", target), "*.wet", "no WET file")
    refused(run("--input", tmp_path / "empty", "--output", target), "empty", "no WET file")
    refused(run("--input", tmp_path / "empty.paths", "--output", target), "empty.paths", "no WET file")
    refused(run("--input", tmp_path / "none.paths", "--output", target), "none.paths", "cannot be read")
    refused(run("--input", tmp_path / "broken.paths.gz", "--output", target), "broken.paths.gz", "cannot be read")
    assert not target.exists()


def test_an_output_that_cannot_be(run, small, tmp_path):
    (tmp_path / "file").write_text("I am a file")
    refused(run("--input", small, "--output", tmp_path / "file"), tmp_path / "file", "is a file")
    refused(run("--input", small, "--output", tmp_path / "file" / "c4"), "cannot be written", "Not a directory")
    refused(run("--input", small, "--output", "/proc/c4"), "/proc/c4", "cannot be written")
    refused(run("--input", small, "--output", tmp_path / ("n" * 300)), "cannot be written", "too long")
    assert digests(tmp_path) == {"file": hashlib.sha256(b"I am a file").hexdigest()}


def test_the_exact_preset_asks_for_punkt(run, small, tmp_path, monkeypatch):
    monkeypatch.setenv("NLTK_DATA", "")
    monkeypatch.setattr(nltk.data, "path", [])
    monkeypatch.chdir(tmp_path)
    from c4pipe.text.punkt import punkt as punkt_splitter

    punkt_splitter.cache_clear()
    refused(run("--input", small, "--output", tmp_path / "c4", "--preset", "en.tfds"), "make assets", "NLTK_DATA")
    assert not (tmp_path / "c4").exists()


# --- bad input --------------------------------------------------------------------------------------------------


def test_strict_says_that_something_could_not_be_read(run, tmp_path):
    source, target = one_file(tmp_path / "in", pages=8), tmp_path / "c4"
    source.write_bytes(source.read_bytes()[:-20])
    code, out, _ = run("--input", source, "--output", target, "--strict")
    assert code == 3
    assert "one.warc.wet.gz: truncated 1" in out
    assert len(list(rows(target))) == 7
    assert manifest_of(target)["inputs"][0]["faults"] == {"truncated": 1}
    assert run("--input", source, "--output", target, "--strict")[0] == 3  # there already, and still not whole
    assert run("--input", source, "--output", target)[0] == 0


def test_nothing_readable_is_no_corpus(run, tmp_path):
    source, target = tmp_path / "error.warc.wet.gz", tmp_path / "c4"
    source.write_text("<html>503 Slow Down</html>")
    code, out, err = run("--input", source, "--output", target)
    assert (code, out) == (1, "")
    assert err == (
        "build_c4: the one input does not hold a readable page: error.warc.wet.gz: an HTML or XML page: a server "
        "sent it instead of the file; download the file again.\n"
    )
    assert not (target / "manifest.json").exists()
    assert not list(target.glob("*/*-of-*.parquet"))


def test_one_input_given_in_many_ways_counts_once(run, built, one, tmp_path):
    source, target = one_file(tmp_path / "in"), tmp_path / "c4"
    (tmp_path / "in" / "wet.paths").write_text("one.warc.wet.gz\n./one.warc.wet.gz\n")
    ways = [source, tmp_path / "in", f"{tmp_path}/in/../in/*.gz", source, tmp_path / "in" / "wet.paths"]
    assert run("--input", *ways, "--output", target)[0] == 0
    found, expected = digests(target), digests(built(one))
    changed = {name for name in expected if found[name] != expected[name]}
    assert changed <= {"manifest.json", "manifest.json.sha256"}
    assert manifest_of(target) | {"no_inputs": []} == manifest_of(built(one))
    assert [each["path"] for each in manifest_of(target)["no_inputs"]] == ["wet.paths"]


def test_names_that_look_like_patterns_are_read(run, tmp_path):
    folder = tmp_path / "my crawl [x] %s é"
    source = one_file(folder, "part [a-z]* 1.warc.wet.gz")
    target = tmp_path / "out [y] %s ü"
    assert run("--input", source, "--output", target)[0] == 0
    assert [item["path"] for item in manifest_of(target)["inputs"]] == ["part [a-z]* 1.warc.wet.gz"]
    assert len(list(pq.read_table(target / "en" / "train-00000-of-00001.parquet").to_pylist())) == 5


def two_files(crawl):
    for i in range(2):
        one_file(crawl / "segments" / "1", f"f{i}.warc.wet.gz", start=1000 * i)


@pytest.mark.parametrize(
    ("packed", "rooted"),
    [(False, True), (True, False), (False, False), (True, True)],
)
def test_a_list_of_paths(run, built, once, tmp_path, monkeypatch, packed, rooted):
    crawl = tmp_path / "crawl"
    two_files(crawl)
    lines = "segments/1/f0.warc.wet.gz\nsegments/1/f1.warc.wet.gz\n"
    name = "wet.paths.gz" if packed else "wet.paths"
    listed = (tmp_path if rooted else crawl) / name
    listed.write_bytes(gzip.compress(lines.encode()) if packed else lines.encode())
    monkeypatch.chdir(tmp_path)
    root = ("--root", "crawl") if rooted else ()
    assert run("--input", listed, "--output", tmp_path / "c4", *root)[0] == 0
    assert digests(tmp_path / "c4") == digests(built(once("two files", two_files)))


def test_what_is_no_file_is_named_and_the_rest_is_built(run, tmp_path):
    folder = tmp_path / "in"
    one_file(folder)
    (folder / "folder.warc.wet.gz").mkdir()
    os.mkfifo(folder / "pipe.warc.wet.gz")
    (folder / "loop.warc.wet.gz").symlink_to("loop.warc.wet.gz")
    (folder / "gone.warc.wet.gz").symlink_to("nowhere")
    code, out, _ = run("--input", f"{folder}/*.wet.gz", "--output", tmp_path / "c4", "--strict")
    assert code == 3
    assert "3 of 4 inputs gave no page" in out
    assert "    pipe.warc.wet.gz: not a regular file\n" in out
    manifest = manifest_of(tmp_path / "c4")
    assert {item["path"]: item["faults"] for item in manifest["inputs"]} == {
        "gone.warc.wet.gz": {"unreadable": 1},
        "loop.warc.wet.gz": {"unreadable": 1},
        "one.warc.wet.gz": {},
        "pipe.warc.wet.gz": {"unreadable": 1},
    }
    details = {r["source"]: r["detail"] for r in rejected(tmp_path / "c4") if r["reason"] == "unreadable"}
    assert details["pipe.warc.wet.gz#unreadable"] == "pipe.warc.wet.gz: not a regular file"
    assert details["gone.warc.wet.gz#unreadable"] == "gone.warc.wet.gz: No such file or directory"
    assert len(list(rows(tmp_path / "c4"))) == 5


# --- what is said -----------------------------------------------------------------------------------------------


def test_help_shows_examples_and_presets(capsys):
    with pytest.raises(SystemExit, match="0"):
        build_c4.main(["--help"])
    out, err = capsys.readouterr()
    assert err == ""
    assert "--input data_samples --output out/c4" in out
    assert "exit codes: 0 done; 1 the build failed; 2 wrong usage" in out
    for preset in PRESETS:
        assert preset in out


def test_the_summary_tells_the_truth(run, small, tmp_path):
    target = tmp_path / "c4"
    code, out, err = run("--input", small, "--output", target)
    assert (code, err) == (0, "")
    manifest = manifest_of(target)
    lines = out.splitlines()
    for stage in manifest["ledger"]["stages"]:
        (line,) = (line for line in lines if line.split()[:1] == [stage["stage"]])
        assert line.split()[1:3] == [f"{stage['kept']:,}", "kept"]
        assert line.split()[3] == f"{stage['kept'] / 107:.2%}"
        for reason, number in (stage["rejected"] | stage["lines_dropped"]).items():
            assert f"{reason} {number:,}" in out
    for shard in manifest["shards"]:
        pages = f"{shard['rows']} page{'s' if shard['rows'] > 1 else ''}"
        assert f"  en/{shard['split']}: {pages} in 1 file, {shard['bytes'] / 1e6:.2f} MB" in lines
    assert f"  corpus: {target}" in lines
    assert "peak memory" in lines[-1]


def test_control_characters_of_an_input_name_do_not_reach_the_terminal(run, tmp_path):
    source = tmp_path / "a\x1b[31mred.warc.wet.gz"
    source.write_bytes(one_file(tmp_path / "in").read_bytes()[:-20])
    _, out, _ = run("--input", source, "--output", tmp_path / "c4")
    assert "\x1b" not in out
    assert "a\\x1b[31mred.warc.wet.gz: truncated 1" in out


# --- as a process: one line, no traceback -----------------------------------------------------------------------


def test_the_process_ends_as_main_does(small, badwords, tmp_path):
    refused(command("--input", small, "--output", tmp_path / "c4", "--presett", "en"), "--presett", "--preset")

    source = one_file(tmp_path / "in")
    source.write_bytes(source.read_bytes()[:-20])
    lists = ("--badwords-dir", badwords, "--workers", "1")
    code, out, err = command("--input", source, "--output", tmp_path / "c4", "--strict", *lists)
    assert (code, err) == (3, "")
    assert "truncated 1" in out


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.soak)])
def test_a_failed_build_says_so_in_one_line(badwords, tmp_path, workers):
    (tmp_path / "in").mkdir()
    for i in range(2):
        (tmp_path / "in" / f"{i}.warc.wet.gz").write_text("<html>503 Slow Down</html>")
    options = ("--badwords-dir", badwords, "--workers", workers)
    code, out, err = command("--input", tmp_path / "in", "--output", tmp_path / "c4", *options)
    assert (code, out) == (1, "")
    why = "an HTML or XML page: a server sent it instead of the file; download the file again"
    assert err == (
        f"build_c4: none of the 2 inputs holds a readable page: 0.warc.wet.gz: {why}; 1.warc.wet.gz: {why}.\n"
    )


@pytest.mark.slow
@pytest.mark.soak
def test_a_full_disk_says_so_in_one_line(small, badwords, tmp_path):
    target = tmp_path / "c4"
    arguments = ["--input", small, "--output", target, "--badwords-dir", badwords, "--workers", "1"]
    limited = ["prlimit", "--fsize=4096", sys.executable, "-m", "beam_jobs.build_c4", *map(str, arguments)]
    if not shutil.which("prlimit"):
        pytest.skip("prlimit (util-linux) is not there to limit the size of files")
    done = subprocess.run(limited, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    said = unhurried(done.stderr)
    assert said.startswith("build_c4: ")
    assert said.count("\n") == 1
    assert "File too large" in said
    assert str(target) in said
    assert "MB free" in said
    assert not (target / "manifest.json").exists()
    assert command(*arguments)[0] == 0  # made room: the same command goes on


@pytest.mark.soak
@pytest.mark.parametrize(("sent", "workers"), [(signal.SIGINT, 1), (signal.SIGINT, 2), (signal.SIGTERM, 2)])
def test_an_interrupted_build_ends_at_once_and_leaves_nobody_behind(badwords, tmp_path, sent, workers):
    for number in range(2):
        pages = (WebPage(f"http://a{number}.example/{i}", story(20 * i, 20)) for i in range(4000))
        (tmp_path / f"{number}.warc.wet").write_bytes(wet(pages, packed=False))
    arguments = ["--input", tmp_path, "--output", tmp_path / "c4", "--badwords-dir", badwords, "--workers", workers]
    full = [sys.executable, "-m", "beam_jobs.build_c4", *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(full, cwd=ROOT, start_new_session=True, **pipes) as process:
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob("c4/.staging-*/progress/*.json")) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(sent)
        out, err = process.communicate(timeout=20)
    assert process.returncode == {signal.SIGINT: 130, signal.SIGTERM: 143}[sent]
    assert out == ""
    assert unhurried(err) == "build_c4: interrupted. Run the same command again to resume.\n"
    assert not (tmp_path / "c4" / "manifest.json").exists()
    for _ in range(50):
        if not _alive(process.pid):
            break
        time.sleep(0.1)
    assert _alive(process.pid) == []


def _alive(group):
    """Processes of a group that are not only waiting to be buried."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, pgrp = status.read_text().rpartition(")")[2].split()[:3]
            if int(pgrp) == group and state != "Z":
                found.append(status.parent.name)
    return found


def test_sentences_of_the_fixtures_are_all_different():
    assert len({sentence(i) for i in range(20_000)}) == 20_000
    assert Path(SAMPLES).is_dir()
