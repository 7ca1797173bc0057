"""python -m c4pipe.push against a stand-in for the Hub: what is sent, what never is, and what happens when it fails."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from beam_jobs import remove
from c4pipe.card import __main__ as card
from c4pipe.push import __main__ as push
from c4pipe.shards import belongings, read_manifest
from c4pipe.verify.corpus import check_corpus
from tests.push.hub import REPO, SIGNED, TOKEN, Hub, is_large, serving
from tests.rebalance.corpora import write_corpus
from tests.wetfiles import WebPage, digests, story, wet

hub_library = pytest.importorskip("huggingface_hub")


@pytest.fixture
def hub(monkeypatch, tmp_path) -> Iterator[Hub]:
    """A Hub without any data set; waits take no time."""
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with serving() as found:
        monkeypatch.setenv("HF_ENDPOINT", found.url)
        yield found


@pytest.fixture
def run(capsys):
    """`run(folder, "--private")`: the exit code, and what was said."""

    def call(folder, *options, repo=REPO):
        capsys.readouterr()
        code = push.main([str(folder), repo, *options])
        said = capsys.readouterr()
        assert TOKEN not in said.out + said.err
        assert SIGNED not in said.out + said.err
        return code, said.out, said.err

    return call


@pytest.fixture(scope="session")
def corpus(built, small):
    return built(small, "--shards", "3", "--format", "jsonl")


def pulled(hub: Hub, folder: Path, branch: str = "main") -> Path:
    """What a download would give."""
    for path, data in hub.branches[branch].items():
        if path != ".gitattributes":
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
    return folder


def whole(folder: Path) -> list[str]:
    return [finding.line() for finding in check_corpus(folder, lambda _: None).findings]


# --- what is sent ------------------------------------------------------------------------------------------------


def test_what_is_downloaded_is_a_whole_corpus(hub, run, corpus, tmp_path):
    code, out, err = run(corpus)
    assert (code, err) == (0, "")
    assert out.endswith(f"{hub.url}/datasets/{REPO}\n")
    copy = pulled(hub, tmp_path / "copy")
    assert whole(copy) == []
    mine, theirs = digests(corpus), digests(copy)
    shards = {path for path in mine if path.startswith("en/")}
    assert len(shards) == 8  # three of Parquet and three of JSON Lines, and one each for validation
    kept = shards | {"stats.json", "lists/badwords/en.txt"}
    assert {path: theirs[path] for path in kept} == {path: mine[path] for path in kept}
    assert not [path for path in theirs if path.startswith(("__rejected", "__restore", "keys"))]
    manifest = read_manifest(copy)
    assert (manifest["rejected"], manifest["settings"]["rejected"]) == ([], "none")
    assert manifest["fingerprint"] == read_manifest(corpus)["fingerprint"]
    [commit] = hub.commits
    assert {*commit[: len(shards)]} == shards
    assert commit[-1] == "manifest.json"


def told_folders(hub: Hub) -> list[str]:
    """The folders of which the card on the Hub says what they hold."""
    return re.findall(r"^`(\w+)/` ", hub.main["README.md"].decode(), re.MULTILINE)


def test_the_card_says_nothing_of_what_stays_here(hub, run, corpus):
    built = (corpus / "README.md").read_text()
    assert re.findall(r"^`(\w+)/` ", built, re.MULTILINE) == ["__rejected", "__facts", "keys", "__restore"]
    assert run(corpus)[0] == 0
    assert told_folders(hub) == ["__facts"]
    sent = hub.main["README.md"].decode().splitlines()
    assert set(sent) < set(built.splitlines())  # and nothing else is changed
    assert run(corpus, "--with", "rejected,keys,restore")[0] == 0
    assert hub.main["README.md"].decode() == built


def test_the_card_does_not_speak_of_lists_that_are_never_sent(hub, run, excluding, tmp_path):
    corpus = excluding()
    assert "are stored in `lists/exclude/` as plain text" in (corpus / "README.md").read_text()
    assert run(corpus)[0] == 0
    sent = hub.main["README.md"].decode()
    assert "lists/exclude" not in sent
    assert "\n\n\n" not in sent
    assert told_folders(hub) == []  # counts by domain name whom the list names
    assert whole(pulled(hub, tmp_path / "copy")) == []


def test_what_lies_there_is_not_sent_again(hub, run, corpus):
    assert run(corpus)[0] == 0
    asked = len(hub.asked)
    code, out, _ = run(corpus)
    assert code == 0
    assert out.startswith("0 files to send, 0.0 MB; ")
    assert len(hub.commits) == 1
    assert not [line for line in hub.asked[asked:] if line.startswith("PUT")]


def test_a_dry_run_lists_all_and_asks_nobody(hub, run, corpus, monkeypatch):
    monkeypatch.delenv("HF_TOKEN")
    code, out, err = run(corpus, "--dry-run")
    assert (code, err, hub.asked) == (0, "", [])
    rows = dict(reversed(line.split()) for line in out.splitlines() if len(line.split()) == 2)
    assert int(rows["stats.json"].replace(",", "")) == (corpus / "stats.json").stat().st_size
    assert "en/train-00000-of-00003.parquet" in rows
    assert re.search(r"^not sent: keys: \d+ files?, [\d.]+ kB \(add with --with keys\)$", out, re.MULTILINE)
    assert re.search(r"^not sent: __rejected: .* \(add with --with rejected\)$", out, re.MULTILINE)


def test_extras_are_sent_when_they_are_asked_for(hub, run, corpus, tmp_path):
    assert run(corpus, "--with", "restore,rejected,keys")[0] == 0
    copy = pulled(hub, tmp_path / "copy")
    assert whole(copy) == []
    assert {file.path for file in belongings(read_manifest(copy))} == {
        file.path for file in belongings(read_manifest(corpus))
    }


def test_a_branch_of_a_private_data_set(hub, run, corpus):
    code, out, _ = run(corpus, "--private", "--revision", "2024-22")
    assert code == 0
    assert out.endswith(f"/datasets/{REPO}/tree/2024-22\n")
    assert hub.private is True
    assert "manifest.json" in hub.branches["2024-22"]
    assert hub.main == {}
    assert run(corpus, "--private", "--revision", "2024-22")[0] == 0  # and once more


def test_a_mixture_is_sent_as_it_is(hub, run, tmp_path):
    folder = write_corpus(tmp_path / "c4", {"de": 20, "en": 30}, {"en": 2})
    assert run(folder)[0] == 0
    assert sorted(hub.main) == [*sorted(digests(folder)), "manifest.json.sha256"]


def test_the_card_of_an_older_build_comes_along(hub, run, tmp_path):
    """Its manifest does not name it."""
    folder = write_corpus(tmp_path / "c4", {"en": 30}, {"en": 2})
    (folder / "README.md").write_text("---\nlicense: odc-by\n---\n")
    assert run(folder)[0] == 0
    assert hub.main["README.md"] == (folder / "README.md").read_bytes()
    assert whole(pulled(hub, tmp_path / "copy")) == []


def test_what_goes_along_when_it_is_published_is_sent(hub, run, corpus, tmp_path):
    copy = tmp_path / "c4"
    shutil.copytree(corpus, copy)
    assert card.main([str(copy), "--date", "2026-11-29"]) == 0
    assert run(copy)[0] == 0
    assert hub.main["croissant.json"] == (copy / "croissant.json").read_bytes()
    assert "croissant.json" in hub.main["added.json"].decode()
    assert whole(pulled(hub, tmp_path / "copy")) == []


def test_a_file_that_changes_meanwhile_is_not_committed(hub, run, corpus, tmp_path, monkeypatch):
    copy = tmp_path / "c4"
    shutil.copytree(corpus, copy)
    path = copy / "en" / "train-00000-of-00003.parquet"
    monkeypatch.setattr("c4pipe.push.hub.Hub.prepare", lambda self: (hub_made(hub), path.write_bytes(b"other")))
    code, _, err = run(copy)
    assert (code, hub.commits) == (1, [])
    assert "en/train-00000-of-00003.parquet has changed since it was checked" in err


def hub_made(hub: Hub) -> None:
    hub.private, hub.branches["main"] = False, {}


# --- an older corpus there ---------------------------------------------------------------------------------------


@pytest.fixture
def mended(corpus, tmp_path):
    """The corpus less a page."""
    gone = json.loads((corpus / "manifest.json").read_bytes())["shards"][0]["path"]
    table = __import__("pyarrow.parquet").parquet.ParquetFile(corpus / gone).read(["url"])
    (tmp_path / "urls.txt").write_text(f"{table['url'][0].as_py()}\n")
    folder = tmp_path / "mended"
    options = ["--corpus", str(corpus), "--output", str(folder), "--urls", str(tmp_path / "urls.txt")]
    assert remove.main(options) == 0
    return folder


def test_of_a_mended_corpus_only_what_changed_is_sent(hub, run, corpus, mended, tmp_path):
    assert run(corpus, "--with", "rejected")[0] == 0
    before = len(hub.sent())
    hub.branches["main"]["LICENSE"] = b"mine"
    code, out, _ = run(mended)
    assert code == 0
    changed = {p for p, s in digests(mended).items() if p.startswith("en/") and digests(corpus)[p] != s}
    assert len(hub.sent()) - before == len(changed) == 2  # Parquet, and JSON Lines
    assert hub.main["LICENSE"] == b"mine"
    del hub.branches["main"]["LICENSE"]
    assert not [path for path in hub.main if path.startswith("__rejected/")]  # of the page that was taken out, too
    assert "old ones deleted" in out
    assert whole(pulled(hub, tmp_path / "copy")) == []


def test_shards_that_a_loader_would_take_for_ours_go(hub, run, corpus):
    """A push of other shards that was stopped has left no manifest."""
    hub.private = False
    stray = {"en/train-00007-of-00009.parquet": b"x", "en/c4-train.00007-of-00009.json.gz": b"x"}
    mine = {".gitattributes": b"", "en/notes.md": b"x", "data/train-00000-of-00001.parquet": b"x"}
    hub.branches["main"] = stray | mine
    assert run(corpus)[0] == 0
    assert not {*stray} & {*hub.main}
    assert {*mine} <= {*hub.branches["main"]}


# --- when it fails -----------------------------------------------------------------------------------------------


@pytest.fixture
def in_batches(monkeypatch):
    """Commits of at most two files of shards."""
    monkeypatch.setattr("c4pipe.push.hub.COMMIT_FILES", 2)


def test_several_commits_bring_the_manifest_last(hub, run, corpus, in_batches, tmp_path):
    assert run(corpus)[0] == 0
    assert [len(paths) for paths in hub.commits[:3]] == [2, 2, 2]
    assert len(hub.commits) == 4
    assert [("manifest.json" in paths) for paths in hub.commits] == [False, False, False, True]
    assert whole(pulled(hub, tmp_path / "copy")) == []


def test_an_older_manifest_goes_with_the_first_commit(hub, run, corpus, in_batches, tmp_path):
    folder = write_corpus(tmp_path / "old", {"de": 20, "en": 30}, {"en": 2})
    assert run(folder)[0] == 0
    hub.commits.clear()
    assert run(corpus)[0] == 0
    assert {"manifest.json", "de/train-00000-of-00002.parquet"} <= {*hub.commits[0]}
    assert "manifest.json" in hub.commits[-1]
    assert whole(pulled(hub, tmp_path / "copy")) == []


@pytest.mark.parametrize(("request_", "skip"), [("PUT /store/", 0), ("PUT /store/", 3), ("commit", 0), ("commit", 3)])
def test_a_push_that_was_stopped_sends_what_is_missing(hub, run, corpus, in_batches, tmp_path, request_, skip):
    """The Hub refuses one upload or commit; the same command then sends no large file a second time but that."""
    hub.fail(request_, 400, message="refused", skip=skip)
    code, _, err = run(corpus)
    assert (code, err) == (1, "push: the Hub refuses (400: refused).\n")
    assert "manifest.json" not in hub.main
    assert run(corpus)[0] == 0
    sent, large = hub.sent(), [path for path in hub.main if is_large(path)]
    assert len({*sent}) == len(large)
    assert len(sent) == len(large) + (request_ == "PUT /store/")
    assert whole(pulled(hub, tmp_path / "copy")) == []


def test_a_push_that_was_killed_sends_what_is_missing(hub, run, corpus, tmp_path):
    """A real process, and a real end, at the sixth large file."""
    hub.fail("PUT /store/", -1, skip=5)
    command = [sys.executable, "-m", "c4pipe.push", str(corpus), REPO]
    process = subprocess.Popen(command, env=os.environ | {"HF_HUB_DISABLE_XET": "1"}, stdout=subprocess.DEVNULL)
    hub.kill = process.kill
    assert process.wait() == -signal.SIGKILL
    before = {*hub.sent()} & {*hub.store}
    assert len(before) >= 1
    assert hub.commits == []
    asked = len(hub.sent())
    assert run(corpus)[0] == 0
    assert not before & {*hub.sent()[asked:]}
    assert whole(pulled(hub, tmp_path / "copy")) == []


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ("POST /api/repos/create", 503),
        (f"GET /api/datasets/{REPO}/tree", 502),
        (f"POST /api/datasets/{REPO}/preupload", 429),
        (r"POST /datasets/.*/lfs/objects/batch", 500),
        ("PUT /store/", 500),
        ("PUT /store/", 0),
        (f"POST /api/datasets/{REPO}/commit", 504),
        (f"POST /api/datasets/{REPO}/commit", 0),
    ],
)
def test_what_passes_is_tried_again(hub, run, corpus, tmp_path, request_, status):
    hub.fail(request_, status, times=3)
    assert run(corpus)[0] == 0
    assert hub.faults == []
    assert len(hub.commits) == 1
    assert whole(pulled(hub, tmp_path / "copy")) == []


@pytest.mark.parametrize("status", [504, 0])
def test_a_commit_whose_answer_is_lost_is_not_made_twice(hub, run, corpus, tmp_path, status):
    assert run(write_corpus(tmp_path / "old", {"de": 20, "en": 30}, {"en": 2}))[0] == 0
    hub.commits.clear()
    hub.fail(f"POST /api/datasets/{REPO}/commit", status, after=True)
    assert run(corpus)[0] == 0
    assert len(hub.commits) == 1
    assert whole(pulled(hub, tmp_path / "copy")) == []


@pytest.mark.parametrize(
    ("request_", "status", "times", "code", "words"),
    [
        ("commit", 503, 99, 1, "the Hub has failed 5 times (503: busy). Run the same command again to resume."),
        ("tree", 429, 99, 1, "the Hub asks to try again later (429: busy). Run the same command again"),
        ("repos/create", 0, 99, 1, "cannot be reached (RemoteProtocolError). Run the same command again"),
        ("commit", 403, 1, 2, f"the token may not write to {REPO} (403: busy). Use a token with write access."),
        ("repos/create", 404, 1, 2, f"{REPO} was not found, or not with this token (404: busy)"),
        ("commit", 413, 1, 1, "the Hub refuses (413: busy)."),
        ("PUT", 403, 1, 2, f"the token may not write to {REPO} (403: busy)"),
    ],
)
def test_what_stays_is_told_in_a_line(hub, run, corpus, request_, status, times, code, words):
    hub.fail(request_, status, times, "busy")
    got, _, err = run(corpus)
    assert got == code
    assert words in err
    assert err.count("\n") == 1


def test_a_wrong_token_is_told_and_not_shown(hub, run, corpus, monkeypatch, capsys):
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    assert push.main([str(corpus), REPO]) == 2
    err = capsys.readouterr().err
    assert err.startswith("push: the Hub rejects the token (401: Invalid username or password.). Set HF_TOKEN")
    assert "hf_wrong" not in err


def test_no_token_is_found_before_any_work(hub, run, corpus, monkeypatch):
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr("c4pipe.push.hub.get_token", lambda: None)
    code, _, err = run(corpus)
    assert (code, err) == (2, "push: there is no token for the Hub. Set HF_TOKEN, or log in: hf auth login\n")
    assert hub.asked == []


def test_a_public_data_set_is_no_private_one(hub, run, corpus):
    assert run(corpus)[0] == 0
    code, _, err = run(corpus, "--private")
    assert code == 2
    assert "exists and is public" in err


@pytest.mark.parametrize(
    ("repo", "options", "words"),
    [
        ("c4", (), "expected OWNER/NAME, such as someone/c4, got 'c4'"),
        ("a/b/c", (), "expected OWNER/NAME"),
        ("some one/c4", (), "'some one/c4' is not a data set name"),
        (REPO, ("--with", "all"), "unknown --with 'all'. Known: rejected, keys, restore, report."),
        (REPO, ("--with", "report"), "has none. Write it"),
        (REPO, ("--dry-run", "--private"), "--private has no effect: --dry-run does not contact the Hub."),
    ],
)
def test_wrong_use_is_refused_before_any_work(hub, run, corpus, repo, options, words):
    code, out, err = run(corpus, *options, repo=repo)
    assert (code, out, hub.asked) == (2, "", [])
    assert words in err
    assert err.count("\n") == 1


def test_a_damaged_corpus_is_not_published(hub, run, corpus, tmp_path):
    copy = tmp_path / "c4"
    shutil.copytree(corpus, copy)
    path = copy / "en" / "c4-train.00001-of-00003.json.gz"
    data = bytearray(path.read_bytes())
    data[50] ^= 1
    path.write_bytes(data)
    code, _, err = run(copy)
    assert code == 1
    assert f"it is damaged and was not published: {path}" in err
    assert hub.asked == []


# --- what is never sent ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def excluding(built, once):
    """A corpus with a list of what was kept out, and pages that fell by it."""

    def make(folder: Path) -> None:
        folder.mkdir()
        pages = [WebPage(f"http://free.example/{n}", story(10 * n)) for n in range(1, 9)]
        pages.append(WebPage("http://hidden.example/page", story(500)))
        (folder / "a.warc.wet.gz").write_bytes(wet(pages))
        (folder / "opt-out.txt").write_text("hidden.example\n")

    source = once("push excluding", make)
    return lambda *options: built(source / "a.warc.wet.gz", "--exclude", str(source / "opt-out.txt"), *options)


@pytest.mark.parametrize("extras", [(), ("--with", "rejected,keys")])
def test_who_asked_to_be_left_out_is_named_nowhere(hub, run, excluding, tmp_path, extras):
    corpus = excluding()
    table = sorted(path.name for path in (corpus / "__rejected").iterdir())
    assert [name for name in table if "excluded" in name]
    assert run(corpus, *extras)[0] == 0
    copy = pulled(hub, tmp_path / "copy")
    assert whole(copy) == []
    assert not (copy / "lists" / "exclude").exists()
    assert not [path for path in copy.rglob("*") if "excluded" in path.name or path.name == "domains.parquet"]
    for path in copy.rglob("*"):
        if path.is_file() and path.suffix != ".gz":
            data = path.read_bytes() if path.suffix != ".parquet" else sql_text(path)
            assert b"hidden.example" not in data, path


def sql_text(path: Path) -> bytes:
    """All values of a Parquet file."""
    import pyarrow.parquet as pq

    return repr(pq.ParquetFile(path).read().to_pylist()).encode()


def test_a_table_that_mixes_them_is_refused(hub, run, excluding):
    code, _, err = run(excluding("--rejected", "all"), "--with", "rejected")
    assert code == 2
    assert "includes pages that may not be used, as written by --rejected all" in err
    assert hub.asked == []


def test_keys_of_texts_that_were_masked_are_refused(hub, run, built, small):
    code, _, err = run(built(small, "--mask-personal", "email"), "--with", "keys")
    assert code == 2
    assert "--with keys: it holds texts from before personal data was masked" in err


# --- without the library -----------------------------------------------------------------------------------------


def test_without_the_library_it_says_what_to_install(corpus):
    code = "import sys; sys.modules['huggingface_hub'] = None; from c4pipe.push.__main__ import main; "
    code += f"sys.exit(main([{str(corpus)!r}, {REPO!r}]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "huggingface_hub is missing. Install it: pip install 'c4pipe[hub]'" in done.stderr
