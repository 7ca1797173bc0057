"""Builds that exclude pages by lists and robots.txt: excluded pages own nothing, are reported, and can be found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from beam_jobs import build_c4
from c4pipe.inspect import __main__ as inspect_main
from c4pipe.presets import EN, with_exclusions
from c4pipe.rules import NotExcluded, RobotsAllow
from c4pipe.verify import __main__ as verify_main
from tests import wetfiles
from tests.conftest import Build, Once
from tests.wetfiles import REPEATED, WebPage, manifest_of, rejected, rows, story

FREE = [
    WebPage("http://free.example/1", story(10)),
    WebPage("http://free.example/2", story(20) + "\n" + REPEATED),
    WebPage("http://free.example/3", story(30)),
    WebPage("https://robots.example/open", story(40)),
]
LISTED = [
    WebPage("https://www.LISTED.example/page", story(50)),
    # It would own what free.example/2 holds too: of all repeats the page with the smallest MD5 of its URL stays.
    *(WebPage(f"http://sub.listed.example/{n}", REPEATED + f"\n{story(60 + 10 * n)}") for n in range(6)),
    WebPage("https://free.example/3/?utm_source=x", story(200), "2024-06-01T00:00:00Z"),  # newer than free.example/3
]
FORBIDDEN = [WebPage("https://robots.example/private/1", story(140)), WebPage("http://busy.example/", story(150))]
LIST = "# asked for in May\nlisted.example\nhttps://free.example/3/?utm_medium=y\n"
OURS = Path("lists/exclude/opt-out.txt"), Path("lists/robots/CCBot.jsonl")
PRESET = with_exclusions(EN.named("mine", "`en` for these tests"), NotExcluded())


@pytest.fixture(scope="session")
def lists(once: Once) -> Path:
    """`opt-out.txt`, and `robots` with the rules of two hosts."""

    def make(folder: Path) -> None:
        (folder / "robots").mkdir(parents=True)
        (folder / "opt-out.txt").write_text(LIST.replace("https://free.example/3/?utm_medium=y\n", ""))
        (folder / "robots" / "robots.example.txt").write_text("User-agent: ccbot\nDisallow: /private\n")
        (folder / "robots" / "busy.example.txt").write_text(
            "User-agent: *\nDisallow: /\n\nUser-agent: other\nAllow: /\n"
        )

    return once("exclusion lists", make)


@pytest.fixture(scope="session")
def crawl(once: Once) -> Path:
    """An input with pages that may be used and others."""

    def make(folder: Path) -> None:
        folder.mkdir()
        (folder / "a.warc.wet.gz").write_bytes(wetfiles.wet([*LISTED[:-1], *FREE, *FORBIDDEN]))

    return once("exclusion crawl", make)


@pytest.fixture(scope="session")
def corpus(crawl: Path, lists: Path, built: Build) -> Path:
    return built(crawl, "--exclude", str(lists / "opt-out.txt"), "--robots", str(lists / "robots"))


def ledger(corpus: Path) -> dict[str, dict[str, int]]:
    return {row["stage"]: row["rejected"] for row in manifest_of(corpus)["ledger"]["stages"]}


def test_what_is_kept_is_what_a_build_without_those_pages_keeps(once: Once, built: Build, corpus: Path) -> None:
    def make(folder: Path) -> None:
        folder.mkdir()
        (folder / "a.warc.wet.gz").write_bytes(wetfiles.wet(FREE))

    alone = built(once("exclusion crawl without", make))
    kept = [{(row["url"], row["text"]) for row in rows(folder)} for folder in (corpus, alone)]
    assert kept[0] == kept[1]
    assert len(kept[0]) == len(FREE)
    assert ledger(corpus)["exclude"] == {"excluded": len(LISTED) - 1}
    assert ledger(corpus)["robots"] == {"robots": len(FORBIDDEN)}


def test_without_the_lists_they_own_it(built: Build, crawl: Path) -> None:
    corpus = built(crawl)
    assert "idna" not in manifest_of(corpus)["versions"]  # which decides nothing here
    texts = {row["url"]: row["text"] for row in rows(corpus)}
    assert len(texts) > len(FREE)
    assert REPEATED not in texts["http://free.example/2"]


def test_they_are_told_without_their_text(corpus: Path) -> None:
    gone = {row["url"]: row for row in rejected(corpus) if row["reason"] in ("excluded", "robots")}
    assert len(gone) == len(LISTED) - 1 + len(FORBIDDEN)
    assert {row["text"] for row in gone.values()} == {""}
    assert gone["https://www.LISTED.example/page"]["detail"] == "listed.example (opt-out.txt)"
    assert gone["https://robots.example/private/1"]["detail"] == "line 2: Disallow: /private"
    for file in corpus.rglob("*"):
        assert not file.is_file() or wetfiles.sentence(51).encode() not in file.read_bytes()


def test_the_lists_lie_in_the_corpus(corpus: Path, lists: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (corpus / OURS[0]).read_text() == (lists / "opt-out.txt").read_text()
    assert (corpus / OURS[1]).read_text().splitlines()[0] == '{"robots": 1, "agent": "CCBot"}'
    files = {file["kind"]: file for file in manifest_of(corpus)["files"]}
    assert files["exclude"]["read_by"] == ["NotExcluded"]
    assert (files["robots"]["name"], files["robots"]["at"]) == ("CCBot.jsonl", str(OURS[1]))
    assert "idna" in manifest_of(corpus)["versions"]
    assert verify_main.main([str(corpus)]) == 0
    card = (corpus / "README.md").read_text()
    assert "--exclude LISTS" in card
    assert "--robots ROBOTS" in card
    preset = manifest_of(corpus)["preset"]
    assert [row["stage"] for row in preset["stages"]][:4] == ["read", "exclude", "robots", "length"]
    assert preset["says"].endswith("; without pages that may not be used (excluded, robots)")


def test_inspect_judges_again_with_the_copies(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert inspect_main.main([str(corpus), "--url", "https://robots.example/private/1"]) == 0
    said = capsys.readouterr().out
    assert "is forbidden to CCBot by the robots.txt of its host" in said
    assert "line 2: Disallow: /private" in said
    assert inspect_main.main([str(corpus), "--url", "https://www.LISTED.example/page"]) == 0
    assert "listed.example (opt-out.txt)" in capsys.readouterr().out
    assert inspect_main.main([str(corpus), "--url", "http://free.example/1"]) == 0
    assert "differ" not in capsys.readouterr().err


def build(*options: str | Path) -> int:
    return build_c4.main([*map(str, options), "--workers", "1"])


def test_other_entries_are_another_corpus(
    crawl: Path, lists: Path, badwords: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = tmp_path / "mine.txt"
    given.write_text("listed.example\n")
    output = tmp_path / "c4"
    command = ["--input", crawl, "--output", output, "--badwords-dir", badwords, "--preset", f"{__name__}:PRESET"]
    assert build(*command, "--exclude", given) == 0
    assert "note" not in capsys.readouterr().err
    assert build(*command, "--exclude", given) == 0
    assert "it was already built" in capsys.readouterr().out
    given.write_text("free.example\n")
    assert build(*command, "--exclude", given) == 2
    assert "mine.txt" in capsys.readouterr().err
    assert [row["stage"] for row in manifest_of(output)["preset"]["stages"]][:3] == ["read", "exclude", "length"]


def test_the_rules_of_an_earlier_corpus_are_taken(
    crawl: Path, corpus: Path, badwords: Path, lists: Path, tmp_path: Path
) -> None:
    options = ["--input", crawl, "--output", tmp_path / "c4", "--badwords-dir", badwords]
    assert build(*options, "--robots", corpus / OURS[1], "--exclude", corpus / OURS[0]) == 0
    again = manifest_of(tmp_path / "c4")
    assert again["fingerprint"] == manifest_of(corpus)["fingerprint"]


def test_a_url_goes_with_its_newer_copy(crawl: Path, tmp_path: Path, badwords: Path) -> None:
    """All copies of it are excluded, so that no older one comes in its place."""
    (tmp_path / "a.wet").write_bytes(wetfiles.wet([*FREE, LISTED[-1]], packed=False))
    (tmp_path / "list.txt").write_text(LIST)
    options = ["--input", tmp_path / "a.wet", "--output", tmp_path / "c4", "--badwords-dir", badwords]
    assert build(*options, "--exclude", tmp_path / "list.txt") == 0
    assert {row["url"] for row in rows(tmp_path / "c4")} == {page.url for page in FREE if "/3" not in page.url}


def test_crawls_with_other_lists_are_built_against_one_another(
    corpus: Path, crawl: Path, tmp_path: Path, badwords: Path
) -> None:
    """What was asked for grows from crawl to crawl."""
    (tmp_path / "list.txt").write_text("robots.example\n")
    options = ["--input", crawl, "--output", tmp_path / "c4", "--badwords-dir", badwords]
    assert build(*options, "--exclude", tmp_path / "list.txt", "--against", corpus) == 0
    assert {row["url"].split("/")[2] for row in rows(tmp_path / "c4")} <= {
        *("www.LISTED.example", "sub.listed.example", "busy.example")
    }


def test_a_dry_run_knows_them(
    crawl: Path, lists: Path, badwords: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--input", crawl, "--output", tmp_path / "c4", "--badwords-dir", badwords, "--dry-run"]
    assert build(*options, "--exclude", lists / "opt-out.txt", "--robots", lists / "robots") == 0
    said = capsys.readouterr().out
    assert "robots.txt of 2 hosts: 2 disallow something for CCBot" in said
    assert f"kept          {len(FREE)}" in said
    assert not (tmp_path / "c4").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--exclude gone.txt", "--exclude gone.txt does not exist: expected a list, or a folder of categories."),
        ("--exclude bad.txt", "line 2: 'a b' is not an entry. Expected a domain (example.com)"),
        ("--exclude robots", "--exclude robots holds no category"),
        ("--robots gone", "--robots gone does not exist"),
        ("--robots words", "words/list.txt does not name a host"),
        ("--robots empty", "--robots empty holds no robots.txt file: expected HOST.txt or HOST/robots.txt"),
        ("--robots bad.txt", "bad.txt does not hold robots.txt rules in c4pipe's format"),
        ("--robots-agent GPTBot", "--robots-agent has no effect: it is the user agent looked up in --robots."),
        ("--robots robots --robots-agent Mozilla/5.0", "expected a name of letters, digits, - and _, such as CCBot"),
        ("--robots kept.jsonl", "kept.jsonl has rules for GPTBot; expected those for CCBot"),
        (f"--preset {__name__}:PRESET", "this preset excludes what lists name, and no list was given: --exclude FILE"),
        ("--input-format text --exclude good.txt", "judges pages by their URL (stage 'exclude'), but text files have"),
    ],
)
def test_wrong_use_is_told_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], options: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("robots", "words", "empty"):
        (tmp_path / folder).mkdir()
    (tmp_path / "x.wet").write_text("")
    (tmp_path / "bad.txt").write_text("a.example\na b\n")
    (tmp_path / "good.txt").write_text("a.example\n")
    (tmp_path / "robots/a.example.txt").write_text("User-agent: *\nDisallow: /\n")
    (tmp_path / "words/list.txt").write_text("x\n")
    (tmp_path / "kept.jsonl").write_text(json.dumps({"robots": 1, "agent": "GPTBot"}) + "\n")
    before = sorted(tmp_path.rglob("*"))
    assert build("--input", "x.wet", "--output", "c4", *options.split()) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_a_preset_has_each_rule_once() -> None:
    assert with_exclusions(PRESET, NotExcluded()) == PRESET
    both = with_exclusions(PRESET, NotExcluded(), RobotsAllow("GPTBot"))
    assert [stage.name for stage in both.stages][:4] == ["read", "robots", "exclude", "length"]
