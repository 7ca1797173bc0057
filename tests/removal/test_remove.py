"""python -m beam_jobs.remove: the corpus that a build without the pages would have made, and the files that stay."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from beam_jobs import remove
from beam_jobs.remove_arguments import parse_remove
from c4pipe.dedup import LineLevel, UrlLevel
from c4pipe.errors import ConfigError
from c4pipe.facts.corpus import open_corpus
from c4pipe.flow.files import BeamStore
from c4pipe.inspect import __main__ as inspect
from c4pipe.inspect.serve.app import make_app
from c4pipe.presets import Preset
from c4pipe.rules import MaxChars
from c4pipe.stages import Dedup, Filter, Read, Size
from c4pipe.verify.corpus import check_corpus
from tests.manifests import write_again
from tests.wetfiles import digests, manifest_of, rejected, rows

READ, URL = Read(), Dedup("url", UrlLevel())
SHORT = Filter("long", (MaxChars(60),))
STILL = Filter("still", (MaxChars(18),))
LINES = Preset("lines", "URLs, a rule, lines, another rule", (READ, URL, SHORT, Dedup("lines", LineLevel()), STILL))
SIZED = LINES.named("sized", "those, and small languages left out").after("still", Size("size", pages=2))
WHOLE = Preset("whole", "URLs alone, and a rule", (READ, URL, SHORT))
LEFT = "http://www.left.example/63"  # its MD5 is smaller than those of the others
PAGES = [
    (LEFT, "one\ntwo\nfive"),
    ("http://other.example/b", "two\nthree"),
    ("http://sub.left.example/c?x=1", "one"),
    ("https://xn--bcher-kva.example/", "four"),
    ("http://other.example/d", "two"),
    ("http://other.example/f", "one\na line of its own"),
    ("http://other.example/g", "five"),
    ("http://other.example/long", "word " * 20),
    ("http://left.example/long", "words " * 20),
    *((f"http://many.example/{n}", f"line {n}") for n in range(20)),
]


def write_pages(folder: Path, pages, without=()) -> Path:
    """(URL, text) pages in two files of JSON lines; of those `without` nothing but blanks, so that no other moves."""
    folder.mkdir(parents=True)
    for number in range(2):
        lines = []
        for url, text in pages[number::2]:
            line = json.dumps({"url": url, "text": text, "timestamp": "2024-05-01T00:00:00Z"})
            lines.append(" " * len(line) if url in without else line)
        (folder / f"{number}.jsonl").write_text("".join(f"{line}\n" for line in lines))
    return folder


GONE = [url for url, _ in PAGES if "left.example" in url]


@pytest.fixture(scope="session")
def build(once, built):
    """`build("LINES", "--rejected", "all", ...)`: a corpus, of all pages or `without` some. Look, and leave it."""

    def call(preset, *options, without=()):
        source = once(f"pages without {without}", lambda folder: write_pages(folder, PAGES, without))
        options = ("--preset", f"{__name__}:{preset}", "--shards", "4", *options)
        return built(source, "--input-format", "jsonl", *options)

    return call


@pytest.fixture
def take_out(tmp_path):
    """`take_out(corpus, lines, ...)`: (exit code, folder of the corpus without what these lines mean)."""

    def call(corpus, lines, *options, output=None, option="--domains"):
        listed = tmp_path / f"{len([*tmp_path.iterdir()])}.txt"
        listed.write_text("\n".join(lines))
        folder = output or tmp_path / f"{len([*tmp_path.iterdir()])}"
        arguments = ["--corpus", str(corpus), "--output", str(folder), option, str(listed), *options]
        return remove.main(arguments), folder

    return call


def whole(folder):
    return [str(finding) for finding in check_corpus(folder, lambda _: None).findings]


def counts(folder):
    """Of stats.json what the kept pages decide, and the domains of the others."""
    found = json.loads((folder / "stats.json").read_bytes())
    return {name: n for name, n in found.items() if name.endswith(("kept", "rejected", "months", "languages"))}


@pytest.mark.parametrize("how", ["all", "sample", "none"])
def test_the_corpus_is_that_of_a_build_without_the_pages(build, take_out, how):
    before, after = build("LINES", "--rejected", how), build("LINES", "--rejected", "all", without=GONE)
    code, made = take_out(before, ["www.Left.example  # they wrote to us"])
    assert code == 0
    assert sorted(map(str, rows(made))) == sorted(map(str, rows(after)))
    assert whole(made) == []
    assert not any("left.example" in row["url"] for row in (*rows(made), *rejected(made)))
    ledger, expected = (manifest_of(folder)["ledger"]["stages"] for folder in (made, after))
    assert ledger[3:] == expected[3:]
    assert (ledger[2]["removed"], ledger[2]["kept"], manifest_of(before)["ledger"]["stages"][2]["kept"]) == (2, 27, 27)
    assert (made / "keys/lines.keys").read_bytes() == (after / "keys/lines.keys").read_bytes()
    if how == "all":  # else some URLs of a domain are known by their hashes alone, which do not tell whose they are
        assert (made / "keys/url.keys").read_bytes() == (after / "keys/url.keys").read_bytes()
        assert counts(made) == counts(after)
        assert sorted(map(str, rejected(made))) == sorted(map(str, rejected(after)))


def test_other_files_keep_their_bytes_and_the_log_says_no_url(build, take_out, capsys):
    before = build("LINES", "--rejected", "all")
    code, made = take_out(before, ["left.example", "nowhere.example"], "--reason", "opt-out", "--date", "2026-11-29")
    assert code == 0
    old, new = ({row["path"]: row["sha256"] for row in manifest_of(folder)["shards"]} for folder in (before, made))
    assert old.keys() == new.keys()
    assert all(digests(made)[path] == sha256 for path, sha256 in new.items())
    log = json.loads((made / "removed.json").read_bytes())["removals"]
    assert log[0]["shards"] == sorted(path for path in old if old[path] != new[path])
    assert 0 < len(log[0]["shards"]) < 4
    assert (log[0]["date"], log[0]["reason"]) == ("2026-11-29", "opt-out")
    assert log[0]["asked"] == {"urls": 0, "domains": 2, "ids": 0}
    assert [(entry["sha256"], entry["pages"]) for entry in log[0]["entries"]] == [
        (hashlib.sha256(b"domain left.example").hexdigest(), 3),
        (hashlib.sha256(b"domain nowhere.example").hexdigest(), 0),
    ]
    assert log[0]["matched"] == {"pages": 3, "kept": 1, "keys": 0}
    assert [log[0][name]["pages"] for name in ("came_back", "changed", "fallen")] == [1, 1, 1]
    assert "left.example" not in (made / "removed.json").read_text()
    (row,) = manifest_of(made)["removed"]
    assert row["rejected"] == 1
    assert row["log"] == "removed.json"
    card = (made / "README.md").read_text()
    told = "3 pages, of which 1 was kept and 2 had reached the first text dedup"
    assert f"{told}. Text that other pages" in card
    assert "other pages: 1 came back, 1 changed, 1 dropped" in card
    assert ((before / "__facts").exists(), (made / "__facts").exists()) == (True, False)  # who lost what is not known
    assert inspect.main([str(made), "--losses"]) == 0  # what each rule took is in the ledger
    assert "pages were removed from it" in " ".join(capsys.readouterr().out.split())
    assert inspect.main([str(made)]) == 0
    shown = capsys.readouterr().out
    assert f"  removed   {told}; after the build, see removed.json\n" in shown
    with TestClient(make_app(open_corpus(made)), base_url="http://127.0.0.1:8000") as viewer:
        assert f"Removed after the build: {told}." in viewer.get("/").text
    with TestClient(make_app(open_corpus(before)), base_url="http://127.0.0.1:8000") as viewer:
        assert "Removed after" not in viewer.get("/").text
    assert "\n  removed later " in shown
    assert inspect.main([str(made), "--html", str(made.parent / "report.html")]) == 0
    report = (made.parent / "report.html").read_text()
    assert f"Removed after the build: {told}." in report
    assert "Removed later: " in report
    assert "opt-out" in card
    assert "left.example" not in card


def test_removing_twice_is_removing_once(build, take_out, capsys):
    _, once = take_out(build("LINES", "--rejected", "all"), ["left.example"])
    code, twice = take_out(once, ["left.example"])
    assert code == 0
    assert digests(twice) == digests(once)
    told = capsys.readouterr()
    assert "note: left.example matches no page." in told.err
    assert "is a copy of it" in told.out


def test_a_removal_that_is_there_is_not_made_again(build, take_out, capsys):
    before = build("LINES", "--rejected", "all")
    _, made = take_out(before, ["left.example"])
    known = digests(made)
    capsys.readouterr()
    assert take_out(before, ["LEFT.example"], output=made)[0] == 0
    assert "was already made" in capsys.readouterr().out
    assert digests(made) == known
    (made / "keys/lines.keys").unlink()
    assert take_out(before, ["left.example"], output=made)[0] == 0
    assert "is damaged: keys/lines.keys is missing. It is rebuilt." in capsys.readouterr().err
    assert digests(made) == known
    assert take_out(before, ["many.example"], output=made)[0] == 2
    told = capsys.readouterr().err
    assert "holds a different corpus" in told
    assert "--overwrite" not in told


class _Killed(BaseException):
    """As if somebody had killed the process."""


@pytest.mark.parametrize("last", range(1, 14, 2))
def test_one_that_was_killed_and_is_begun_again_gives_the_same_bytes(build, take_out, monkeypatch, tmp_path, last):
    before = build("LINES", "--rejected", "all")
    _, expected = take_out(before, ["left.example"])
    write, count = BeamStore.write, 0

    def dying(store, path, *rest):
        nonlocal count
        count += 1
        if count == last:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).with_name(f".{Path(path).name}.1.tmp").write_bytes(b"half")
            raise _Killed
        return write(store, path, *rest)

    monkeypatch.setattr(BeamStore, "write", dying)
    with pytest.raises(_Killed):
        take_out(before, ["left.example"], output=tmp_path / "made")
    monkeypatch.setattr(BeamStore, "write", write)
    assert take_out(before, ["left.example"], output=tmp_path / "made")[0] == 0
    assert digests(tmp_path / "made") == digests(expected)


def test_an_emptied_shard_keeps_its_name(build, take_out):
    before = build("WHOLE")
    code, made = take_out(before, ["left.example", "other.example", "many.example", "bücher.example"])
    assert code == 0
    shards = manifest_of(made)["shards"]
    assert [row["path"] for row in shards] == [row["path"] for row in manifest_of(before)["shards"]]
    assert {row["rows"] for row in shards} == {0}
    assert [*rows(made)] == []
    assert whole(made) == []


def test_without_a_dedup_of_text_nothing_comes_back(build, take_out):
    before = build("WHOLE")
    code, made = take_out(before, ["https://www.LEFT.example/63/?utm_source=x", "other.example/b"], option="--urls")
    assert code == 0
    gone = {LEFT, "http://other.example/b"}
    assert sorted(map(str, rows(made))) == sorted(str(row) for row in rows(before) if row["url"] not in gone)
    assert whole(made) == []
    assert manifest_of(made)["ledger"]["stages"][-1]["removed"] == 2
    assert dict(manifest_of(made)["ledger"]["stages"][0]) == manifest_of(before)["ledger"]["stages"][0]


def test_a_dry_run_says_what_matches_and_changes_nothing(build, capsys, tmp_path):
    before, listed, table = build("LINES", "--rejected", "all"), tmp_path / "letter.txt", tmp_path / "pages.csv"
    known = digests(before)
    listed.write_text("left.example\nother.example\nnowhere.example\n")
    words = ["--corpus", str(before), "--domains", str(listed), "--dry-run", "--changes", str(table)]
    capsys.readouterr()
    assert remove.main(words) == 0
    told = capsys.readouterr()
    assert told.out == (
        "3 entries would remove 8 pages: 3 kept, 5 rejected\n"
        "  left.example: 3 pages\n  other.example: 5 pages\n  nothing was changed (--dry-run)\n"
    )
    assert "note: nowhere.example matches no page." in told.err
    lines = table.read_text().splitlines()
    assert lines[0] == "change,url,was,entries"
    assert f"removed,{LEFT},kept,left.example" in lines
    assert (len(lines), table.stat().st_mode & 0o777, digests(before)) == (9, 0o600, known)
    assert remove.main([*words, "--prove"]) == 2
    assert "--prove has no effect" in capsys.readouterr().err
    assert remove.main(["--corpus", str(build("LINES", "--no-keys")), "--domains", str(listed), "--dry-run"]) == 2
    assert "would remove 8 pages" in capsys.readouterr().out


def test_pages_that_change_are_named(build, take_out, capsys, tmp_path):
    before, table = build("LINES", "--rejected", "all"), tmp_path / "pages.csv"
    code, made = take_out(before, ["left.example", "many.example"], "--changes", str(table))
    told = capsys.readouterr().out
    assert code == 0
    old, new = ({row["url"]: row["text"] for row in rows(folder)} for folder in (before, made))
    back, changed = new.keys() - old.keys(), {url for url in new.keys() & old.keys() if new[url] != old[url]}
    named = {tuple(line.split(",")[:2]) for line in table.read_text().splitlines()}
    assert {url for change, url in named if change == "restored"} == back != set()
    assert {url for change, url in named if change == "changed"} == changed != set()
    assert {f"  restored: {url}" for url in back} | {f"  changed: {url}" for url in changed} < {*told.splitlines()}
    assert "  left.example: 3 pages\n  many.example: 20 pages\n" in told
    first = table.read_text()
    table.write_text("")
    assert take_out(before, ["left.example", "many.example"], "--changes", str(table), output=made)[0] == 0
    assert table.read_text() == first  # also for one that was already made
    assert take_out(before, ["left.example"], "--changes", str(before / "pages.csv"))[0] == 2
    assert "It names removed pages: write it elsewhere" in capsys.readouterr().err


def test_a_page_by_its_code(build, take_out):
    before = build("WHOLE")
    code, made = take_out(before, [hashlib.md5(LEFT.encode()).hexdigest()[:16].upper()], option="--ids")
    assert code == 0
    assert {row["url"] for row in rows(before)} - {row["url"] for row in rows(made)} == {LEFT}


def test_what_is_proven(build, take_out, capsys, tmp_path):
    before = build("LINES", "--rejected", "all")
    code, made = take_out(before, ["left.example"], "--prove")
    told = capsys.readouterr().out
    assert code == 0, told
    assert "nothing listed (1 entry) is left" in told
    listed = tmp_path / "mixed"
    owner = hashlib.md5(LEFT.encode()).hexdigest()[:16]
    listed.write_text(f"left.example\n{owner}\n")
    assert remove.main(["--corpus", str(made), "--prove", str(listed)]) == 0
    capsys.readouterr()
    assert remove.main(["--corpus", str(before), "--prove", str(listed)]) == 1
    told = capsys.readouterr().out
    for words in ("lines/train-0000", f"the page {LEFT}", f"the page {owner} as an owner", "keys/"):
        assert words in told
    listed.write_text("https://left.example/63\n")
    assert remove.main(["--corpus", str(before), "--prove", str(listed)]) == 1
    assert "keys/url.keys, key" in capsys.readouterr().out


def test_a_beginning_and_lines_that_match_nothing(build, take_out, capsys, tmp_path):
    lines = ["https://www.many.example/1*", "http://nowhere.example/x", "other.example/"]
    code, made = take_out(build("LINES", "--rejected", "all"), lines, "--prove", option="--urls")
    told = capsys.readouterr()
    assert code == 0, told.out
    left = {row["url"] for row in rows(made) if "many.example" in row["url"]}
    assert left == {f"http://many.example/{n}" for n in (0, *range(2, 10))}
    assert "2 of 3 entries matched no page" in told.out
    assert "http://nowhere.example/x, other.example/" in told.out
    assert whole(made) == []
    log = json.loads((made / "removed.json").read_bytes())["removals"][0]
    assert log["asked"] == {"urls": 3, "domains": 0, "ids": 0}
    assert log["entries"][0] == {
        "kind": "prefix",
        "sha256": hashlib.sha256(b"prefix many.example/1").hexdigest(),
        "pages": 11,
    }
    listed = tmp_path / "later"
    listed.write_text("many.example/1*\nmany.example/1\n")
    assert remove.main(["--corpus", str(made), "--prove", str(listed)]) == 0
    assert "1 of 2 entries matched no page" in capsys.readouterr().out
    assert remove.main(["--corpus", str(made), "--prove", str(listed), "--strict"]) == 1
    assert "remove: 1 of 2 entries never matched a page (--strict)\n" in capsys.readouterr().err


def test_what_a_line_may_not_have_meant(build, take_out, capsys):
    before = build("WHOLE")
    assert take_out(before, ["http://other.example/"], option="--urls")[0] == 0
    told = capsys.readouterr()
    assert "http://other.example/ matches no page" not in told.err
    assert (
        "note: http://other.example/ means only the first page of its host, which is not in the corpus; 4 other pages "
        "of the host stay. To remove all pages of the host, list other.example/*, or the domain with --domains.\n"
    ) in told.err
    assert "1 entry matched no page of" in told.out


@pytest.mark.parametrize(
    ("option", "suffix"), [("--domains", "co.uk"), ("--domains", "github.io"), ("--prove", "*.co.uk")]
)
def test_a_suffix_of_many_owners_is_refused_with_its_line(build, capsys, tmp_path, option, suffix):
    (tmp_path / "list").write_text(f"# a letter\nleft.example\n{suffix}\n")
    words = ["--output", str(tmp_path / "new")] if option == "--domains" else []
    code = remove.main(["--corpus", str(build("WHOLE")), *words, option, str(tmp_path / "list")])
    assert (code, (tmp_path / "new").exists()) == (2, False)
    told = capsys.readouterr().err
    assert f"remove: {option} {tmp_path}/list, line 3: '{suffix}' is a public suffix: domains of many owners" in told
    assert told.endswith(f"List the domain of one owner, such as example.{suffix.removeprefix('*.')}.\n")


def test_what_inspect_says_of_a_page_that_was_taken_out(build, take_out, capsys):
    before = build("LINES", "--rejected", "all")
    assert inspect.main([str(before), "--url", LEFT]) == 0
    assert f"code {hashlib.md5(LEFT.encode()).hexdigest()[:16]}" in capsys.readouterr().out
    _, made = take_out(before, ["left.example", "nowhere.example"], "--reason", "a letter", "--date", "2026-11-29")
    for url, words in (
        (
            LEFT,
            "it was removed. Pages with this URL, its domain or its prefix were removed 2026-11-29",
        ),
        (LEFT, "(a letter), says removed.json"),
        ("http://nowhere.example/x", "Pages were removed later; removed.json has digests"),
    ):
        capsys.readouterr()
        assert inspect.main([str(made), "--url", url]) == 1
        assert words in capsys.readouterr().err
    _, made = take_out(before, ["many.example/1*"], option="--urls")
    capsys.readouterr()
    assert inspect.main([str(made), "--url", "https://many.example/17"]) == 1
    assert "were removed" in capsys.readouterr().err


def test_a_page_without_a_url_is_not_taken_out_by_its_code(once, built, take_out, capsys):
    texts = ["a line of both\nits own", "a line of both\nanother"]

    def write(folder):
        folder.mkdir(parents=True)
        (folder / "a.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))

    source = once("pages without a URL", write)
    corpus = built(source, "--input-format", "jsonl", "--preset", f"{__name__}:LINES", "--rejected", "all")
    (owner,) = {drop["owner"] for row in rejected(corpus) for drop in row["dropped"] if drop["owner"]}
    assert take_out(corpus, [owner], option="--ids")[0] == 2
    assert f"--ids: {owner} " in (told := capsys.readouterr().err)
    assert "Pages without a URL cannot be removed" in told


def test_what_is_refused(build, take_out, capsys, tmp_path):
    before = build("WHOLE")
    for lines, option, words in (
        (["http://a.example/x"], "--domains", "line 1: 'http://a.example/x' is not a domain"),
        (["a.example", "two words"], "--domains", "line 2: 'two words' is not a domain"),
        (["# nothing", "word"], "--urls", "line 2: 'word' is neither a page URL"),
        (["mailto:x@a.example"], "--urls", "line 1: 'mailto:x@a.example' is neither a page URL"),
        (["*.a.example"], "--urls", "(example.com) with --domains"),
        (["hxxps://a.example/x"], "--urls", "line 1: 'hxxps://a.example/x' is written so that it is not a link. Write"),
        (["https://a[.]example/"], "--urls", "line 1: 'https://a[.]example/' is written so that it is not a link"),
        (["# x", "a(dot)example"], "--domains", "line 2: 'a(dot)example' is written so that it is not a link"),
        (["a.example:8443"], "--domains", "has a port. Leave out the port: a domain covers all ports."),
        (["abc"], "--ids", "is not the code of a page"),
        (["# nothing"], "--ids", "no entries"),
    ):
        assert take_out(before, lines, option=option)[0] == 2
        assert words in capsys.readouterr().err
    assert take_out(before, ["a.example"], output=before)[0] == 2
    assert "contain one another" in capsys.readouterr().err
    assert take_out(before.parent.parent, ["a.example"])[0] == 2
    assert "no finished corpus" in capsys.readouterr().err
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs/letter.txt").write_text("theirs")
    assert take_out(before, ["a.example"], output=tmp_path / "theirs")[0] == 2
    assert "holds files that no build recorded as its own" in capsys.readouterr().err
    assert (tmp_path / "theirs/letter.txt").read_text() == "theirs"
    for arguments, words in (
        (["--corpus", str(before)], "expected --output DIR2"),
        (["--corpus", str(before), "--prove", "x", "--changes", "y"], "--changes has no effect"),
        (["--corpus", str(before), "--output", "x"], "nothing is listed"),
        (["--corpus", str(before), "--prove", "x", "--date", "now"], "--date has no effect"),
    ):
        assert remove.main(arguments) == 2
        assert words in capsys.readouterr().err


def test_a_damaged_corpus_a_mixture_and_several_corpora_are_refused(build, capsys, tmp_path, take_out):
    folder = tmp_path / "several" / "c4"
    shutil.copytree(build("WHOLE"), folder)
    assert take_out(folder.parent, ["a.example"])[0] == 2
    assert "holds several corpora. Name one of them: c4." in capsys.readouterr().err
    (shard,) = [row["path"] for row in manifest_of(folder)["shards"]][:1]
    data = (folder / shard).read_bytes()
    (folder / shard).write_bytes(data[:-9] + b"x" + data[-8:])
    assert take_out(folder, ["a.example"])[0] == 1
    assert "was changed or damaged" in capsys.readouterr().err
    (folder / shard).write_bytes(data)
    write_again(folder, manifest_of(folder) | {"mixture": {}})
    assert take_out(folder, ["a.example"])[0] == 2
    assert "is a mixture" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["LINES", "--no-keys"], "could not come back. Rebuild it without the pages (--exclude)"),
        (["LINES", "--mask-personal"], "masks personal data (--mask-personal), so it keeps no pages to restore"),
        (
            ["SIZED"],
            "leaves out languages with fewer than 2 pages (--min-pages), and removing pages may change which ones",
        ),
    ],
)
def test_one_that_cannot_be_restored_is_refused(build, tmp_path, capsys, options, why):
    listed = tmp_path / "list.txt"
    listed.write_text("left.example")
    assert remove.main(["--corpus", str(build(*options)), "--output", "x", "--domains", str(listed)]) == 2
    assert why in capsys.readouterr().err


def test_the_command_ends_without_a_word_of_its_libraries():
    """What DuckDB leaves behind is told at the end of a job that has loaded it: this one has no use for it."""
    done = subprocess.run([sys.executable, "-m", "beam_jobs.remove", "--help"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_corpus_may_come_without_its_option() -> None:
    rest = ["--output", "o", "--urls", "u"]
    assert parse_remove(["c4", *rest]).corpus == parse_remove(["--corpus", "c4", *rest]).corpus == "c4"
    for words, found in ((["c4", "--corpus", "d4"], "c4 and d4"), ([], "none")):
        with pytest.raises(ConfigError, match=f"^expected DIR, the folder of one finished corpus, found {found}"):
            parse_remove([*words, *rest])
