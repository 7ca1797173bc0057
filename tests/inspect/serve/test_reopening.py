"""A corpus that changes while its viewer is open: what is shown is of one build, and a person is told."""

from __future__ import annotations

import gc
import http.client
import json
import logging
import re
import shutil
import threading
import urllib.error
import urllib.request
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from c4pipe.facts.corpus import open_corpus
from c4pipe.facts.verdict import VERDICT_FILE, CorpusVerdict, Judgement
from c4pipe.inspect.serve import export, finding, lists, make_app
from c4pipe.page import Page
from c4pipe.shards import MANIFEST
from tests.inspect import tiny
from tests.inspect.serve.conftest import served
from tests.inspect.serve.test_app import text_of
from tests.inspect.serve.test_browser import counted

TOLD = "was rebuilt or changed while the viewer was open"


def build(folder: Path, word: str, count: int) -> Path:
    """A corpus of so many pages that hold a word and their number of all."""
    pages = [Page(f"http://a.example/{word}/{n}", f"{word} {n} of {count}.", "2024", f"a#{n}") for n in range(count)]
    return tiny.write(folder, pages, [tiny.lost(f"http://b.example/{word}", "clean", "few_sentences", word)])


def put(folder: Path, word: str, count: int) -> None:
    """As a build puts a corpus in place where folders cannot be exchanged: the manifest goes first, and comes last."""
    made = build(folder.parent / f"made-{word}-{count}", word, count)
    (folder / MANIFEST).unlink(missing_ok=True)
    for path in sorted(made.rglob("*.*"), key=lambda path: path.name == MANIFEST):
        if path.is_file():
            target = folder / path.relative_to(made)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)
    shutil.rmtree(made)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return build(tmp_path / "c4", "aged", 3)


@pytest.fixture
def client(folder: Path) -> Iterator[TestClient]:
    with TestClient(make_app(open_corpus(folder)), base_url="http://127.0.0.1:8000") as made:
        yield made


def test_a_corpus_that_was_built_anew_is_opened_again_and_that_is_said_once(folder: Path, client: TestClient) -> None:
    before = open_corpus(folder).digest[:16]
    assert "3 pages" in text_of(client.get("/").text)
    assert client.get("/counts").status_code == 200
    put(folder, "fresh", 5)
    now = open_corpus(folder).digest[:16]
    words = text_of(client.get("/").text)
    day = r"\d{4}-\d\d-\d\d \d\d:\d\d UTC"
    told = rf"{TOLD}\. This page shows the current one \({day}, digest {now}\); before, it was another"
    assert re.search(rf"{told} \({day}, digest {before}\)\.", words)
    assert "5 pages" in words
    assert "fresh 4 of 5." in words
    assert "aged" not in words
    assert "<p data-total hidden>5 pages</p>" in client.get("/counts").text
    assert TOLD not in client.get(f"/?build={now}").text


def test_every_tab_is_told_once(folder: Path, client: TestClient) -> None:
    """Links of a page name the build that it shows: whoever asks by an old one is told, and others besides."""
    before = open_corpus(folder).digest[:16]
    put(folder, "fresh", 5)
    now = open_corpus(folder).digest[:16]
    for path in ("/?build={}", "/page?url=http://a.example/aged/1&build={}", "/why?url=http://b.example/&build={}"):
        for _ in range(2):  # two tabs
            old = client.get(path.format(before))
            assert old.text.count("data-notice") == 1
            assert "This link was made from another build (20" in text_of(old.text)
            assert f"digest {before})" in text_of(old.text)
        assert "data-notice" not in client.get(path.format(now)).text
        assert TOLD in text_of(client.get(path.replace("&build={}", "").replace("build={}", "")).text)


def test_every_view_tells_of_an_older_build_without_a_script(folder: Path) -> None:
    """The notice stands in the page: nothing but the link has to say of which build it was made."""
    other = build(folder.parent / "other", "aged", 2)
    views = ("/", "/losses", "/words", "/why", "/sql", "/flow", "/repeated", "/compare", "/compare/pages", "/domains")
    with TestClient(
        make_app(open_corpus(folder), others=[open_corpus(other)]), base_url="http://127.0.0.1:8000"
    ) as client:
        before = open_corpus(folder).digest[:16]
        put(folder, "fresh", 5)
        now = open_corpus(folder).digest[:16]
        for view in views:
            old = client.get(f"{view}?build={before}").text
            assert old.count("data-notice") == 1, view
            assert "This link was made from another build" in text_of(old)
            assert "data-notice" not in client.get(f"{view}?build={now}").text


def test_what_became_of_a_page_is_said(folder: Path, client: TestClient) -> None:
    """By what a link says that the page was."""
    hits = re.findall(r'class="hit" href="([^"]*)"', client.get("/").text + client.get("/?outcome=rejected").text)
    kept, lost = (hits[number].replace("&amp;", "&") for number in (0, -1))
    assert "was=kept" in kept
    assert "was=clean%2Ffew_sentences" in lost
    for link in (kept, lost):
        assert 'id="then"' not in client.get(link).text
    put(folder, "fresh", 5)
    assert "When this link was made, it was kept." in text_of(client.get(kept).text)
    assert "it was rejected at clean: few_sentences." in text_of(client.get(lost).text)
    here = "/page?url=http://a.example/fresh/1&was="
    changed = "Its fate has changed: when this link was made, the page was rejected at clean: few_sentences."
    assert changed in text_of(client.get(f"{here}clean/few_sentences").text)
    for same in ("kept", "", "<b>", "a b/c"):
        assert "Its fate has changed" not in text_of(client.get(f"{here}{same}").text)


def test_what_took_nothing_this_time_is_an_empty_list(folder: Path, client: TestClient) -> None:
    """The rule ran, and a link to its victims was made from another build."""
    put(folder, "fresh", 5)
    for query in (
        "outcome=badwords/bad_word", "outcome=language/other_language", "lost=policy", "outcome=clean/policy",
        "split=validation", "outcome=rejected&lost=policy&in=lost&q=x",
    ):  # fmt: skip
        answer = client.get(f"/?{query}&counts=now&build=0123")
        assert answer.status_code == 200, query
        assert '<h1 id="total">0 pages' in answer.text, query
        assert "made from another build" in answer.text
        assert client.get(f"/?{query}").status_code == client.get(f"/counts?{query}").status_code == 200
        assert client.get(f"/export?{query}&format=csv").status_code == 200
    for query in ("outcome=badwords/worse", "lost=polcy", "config=xx", "split=test"):
        assert client.get(f"/?{query}").status_code == 400


def test_answers_for_scripts_do_not_use_up_what_is_to_be_said(folder: Path, client: TestClient) -> None:
    put(folder, "fresh", 5)
    assert client.get("/counts").status_code == 200
    assert client.get("/static/viewer.js").status_code == 200
    assert TOLD in client.get("/why").text


def test_a_page_of_the_old_build_gets_no_numbers_of_the_new_one(folder: Path, client: TestClient) -> None:
    header = {"C4-Build": open_corpus(folder).digest[:16]}
    assert client.get("/counts", headers=header).status_code == 200
    put(folder, "fresh", 5)
    answer = client.get("/counts", headers=header)
    assert answer.status_code == 409
    assert "Reload the page." in answer.text


def test_a_corpus_that_goes_and_comes_back(folder: Path, client: TestClient) -> None:
    manifest = (folder / MANIFEST).read_bytes()
    for half in (None, b"{}\n", manifest[: len(manifest) // 2], b"\xff"):
        (folder / MANIFEST).unlink() if half is None else (folder / MANIFEST).write_bytes(half)
        for path in ("/", "/counts", "/why", "/export?format=csv", "/page/en/train-00000-of-00001.parquet/0"):
            answer = client.get(path)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
            assert "There is no corpus to show" in text_of(answer.text)
            assert "3 pages" not in answer.text
        assert client.get("/static/viewer.css").status_code == 200
    (folder / MANIFEST).write_bytes(manifest)
    answer = client.get("/")
    assert answer.status_code == 200
    assert TOLD not in answer.text
    shutil.move(folder, folder.parent / "away")
    assert client.get("/").status_code == 503
    shutil.move(folder.parent / "away", folder)
    assert client.get("/").status_code == 200


def test_an_answer_over_which_the_corpus_changed_is_made_again(
    folder: Path, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    find, made = finding.find, []

    def slow(*arguments: Any) -> Any:
        found = find(*arguments)
        made.append(len(found.hits))
        if len(made) == 1:
            put(folder, "fresh", 5)
        return found

    monkeypatch.setattr(finding, "find", slow)
    words = text_of(client.get("/").text)
    assert made == [3, 5]
    assert "5 pages" in words
    assert "aged" not in words
    assert TOLD in words


def test_an_export_that_a_build_runs_into_is_broken_off(
    folder: Path, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = export.batches

    def slow(*arguments: Any) -> Any:
        for table in batches(*arguments):
            yield table
            put(folder, "fresh", 5)

    assert client.get("/export?format=csv").text.count("\n") == 4
    monkeypatch.setattr(export, "batches", slow)
    assert "fresh" not in client.get("/export?format=csv").text
    monkeypatch.undo()
    assert client.get("/export?format=csv").text.count("\n") == 6


def test_many_at_once_see_one_build_each(folder: Path) -> None:
    """While five builds take each other's place, whatever is answered is of one of them, whole."""
    with served(open_corpus(folder)) as address:

        def ask(number: int) -> tuple[int, str]:
            path = ("/?counts=now", "/counts", "/?q=of")[number % 3]
            try:
                with urllib.request.urlopen(address + path, timeout=30) as answer:
                    return answer.status, answer.read().decode()
            except urllib.error.HTTPError as error:
                return error.code, error.read().decode()

        with ThreadPoolExecutor(4) as threads:
            asked = [threads.submit(ask, number) for number in range(60)]
            for count in range(4, 9):
                put(folder, "fresh", count)
            answers = [future.result() for future in asked]
        last = ask(0)[1]
    assert {status for status, _ in answers} <= {200, 503, 500}
    for status, body in answers:
        if status == 200 and "<ol class" in body:
            sizes = {int(size) for size in re.findall(r"\d of (\d)\.", text_of(body))}
            assert len(sizes) == 1
            assert body.count('class="hit"') in sizes
        assert "Traceback" not in body
    assert "8 pages" in last


def test_what_was_given_beside_another_build_is_left_out_and_named(folder: Path, tmp_path: Path) -> None:
    whole = Judgement("overall", 40, 140_000, (2.25, 2.215), -0.035, 0.004, None, 1e-9)
    found = CorpusVerdict(("out/b", "out/en"), "grams", 0.02, whole, [], ("aa", open_corpus(folder).digest))
    (tmp_path / VERDICT_FILE).write_text(json.dumps(found.as_json()))
    with TestClient(make_app(open_corpus(folder), compared=tmp_path), base_url="http://127.0.0.1:8000") as client:
        assert "Beside B" in text_of(client.get("/").text)
        put(folder, "fresh", 5)
        words = text_of(client.get("/").text)
        assert "Left out from here on: " in words
        assert "this corpus is neither" in words
        assert "Beside B" not in words


def test_a_corpus_that_it_is_held_against_changes_goes_and_comes_back(folder: Path, tmp_path: Path) -> None:
    other = build(tmp_path / "other", "aged", 4)
    app = make_app(open_corpus(folder), others=[open_corpus(other)])
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        assert client.get("/compare").status_code == 200
        put(other, "fresh", 6)
        words = text_of(client.get("/compare").text)
        assert f"The corpus {other} {TOLD}" in words
        assert client.get("/compare").status_code == 200
        shutil.move(other, tmp_path / "away")
        words = text_of(client.get("/").text)
        assert f"A corpus compared with this one is left out: {other} holds no finished corpus" in words
        assert "3 pages" in words
        for _ in range(2):
            gone = client.get("/compare")
            assert gone.status_code == 404
            assert f"{other} holds no finished corpus" in text_of(gone.text)
        shutil.move(tmp_path / "away", other)
        for _ in range(2):
            assert f"The corpus {other} {TOLD}" in text_of(client.get("/compare").text)
        assert f"The corpus {other}" not in text_of(client.get("/").text)


def test_a_link_about_two_corpora_names_the_builds_of_both(folder: Path, tmp_path: Path) -> None:
    """Also when the second one alone was built anew, and each time."""
    other = build(tmp_path / "other", "aged", 4)
    app = make_app(open_corpus(folder), others=[open_corpus(other)])
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        a, before = (open_corpus(one).digest[:16] for one in (folder, other))
        for path in ("/compare", "/compare/pages?list=only_b&why=badwords/bad_word"):
            page = client.get(path).text
            (link,) = re.findall(r'id="link-view" readonly value="([^"]*)"', page)
            assert link.endswith(f"build={a}-{before}")
            assert f'data-build="{a}-{before}"' in page
            assert f"Digest:    {open_corpus(other).digest} (likewise)" in page
        saved = client.get("/compare/export?format=csv").headers["content-disposition"]
        assert f"-with-other-{before[:8]}-list-same.csv" in saved
        asked = f"/compare/pages?with=other&list=only_b&build={a}-{before}"
        assert "data-notice" not in client.get(asked).text
        put(other, "fresh", 6)
        now = open_corpus(other).digest[:16]
        for _ in range(2):
            words = text_of(client.get(asked).text)
            assert re.search(
                rf"This link was made from another build of the corpus {other} \(20[^)]*, digest {before}\)\. This "
                rf"page shows the current one \(20[^)]*, digest {now}\)\.", words,
            )  # fmt: skip
            assert f"The corpus {other} {TOLD}" in text_of(client.get(f"/compare?build={a}").text)
        assert "data-notice" not in client.get(f"/compare?build={a}-{now}").text
        assert "data-notice" not in client.get(f"/?build={a}-{now}").text
        headers = {"c4-build": f"{a}-{before}"}
        assert client.get("/counts", headers=headers).status_code == 409
        assert client.get("/counts", headers={"c4-build": f"{a}-{now}"}).status_code == 200


def test_a_link_of_another_build_says_so(folder: Path, client: TestClient) -> None:
    build = open_corpus(folder).digest
    for same in (build, build[:16], build[:7]):
        assert "another build" not in client.get(f"/?build={same}").text
    words = text_of(client.get("/?build=0123456789abcdef<b>").text)
    assert "This link was made from another build (digest 0123456789abcdef<b>)" in words
    assert re.search(rf"the current one \(20[^)]* UTC, digest {build[:16]}\)\.", words)


def test_the_address_and_links_name_the_build(browser: Any, folder: Path) -> None:
    build = open_corpus(folder).digest[:16]
    with served(open_corpus(folder)) as address, browser.new_page() as watched:
        watched.goto(f"{address}/?q=aged#hits")
        counted(watched)
        assert watched.url == f"{address}/?q=aged&build={build}#hits"
        watched.locator(".hit").first.focus()
        assert f"build={build}" in watched.locator(".hit").first.get_attribute("href")
        watched.get_by_label("Search", exact=True).fill("of 3")
        watched.keyboard.press("Enter")
        watched.wait_for_url(f"**/?q=of+3*build={build}")
        put(folder, "fresh", 5)
        watched.locator(".hit").first.click()
        watched.wait_for_selector("[data-notice]")
        assert watched.locator("[data-notice]").count() == 1
        assert "Not in this corpus" in watched.locator("h1").inner_text()


def test_an_open_page_says_that_it_is_out_of_date(browser: Any, folder: Path) -> None:
    with served(open_corpus(folder)) as address, browser.new_page() as watched:
        watched.goto(address)
        counted(watched)
        put(folder, "fresh", 5)
        watched.evaluate("document.querySelector('#facets').dataset.counts = '/counts'; count().catch(quiet)")
        watched.wait_for_selector("#rebuilt")
        assert watched.locator("#total").inner_text() == "3 pages"
        watched.get_by_text("Reload the page").click()
        watched.wait_for_selector("[data-notice]")
        counted(watched)
        assert watched.locator("#total").inner_text() == "5 pages"


def test_folders_that_are_exchanged_and_viewers_that_are_let_go(folder: Path) -> None:
    """As a build puts a corpus in place where it can; what was opened before is closed."""
    client, held = TestClient(make_app(open_corpus(folder)), base_url="http://127.0.0.1:8000"), []
    for number in range(3):
        held.append(weakref.ref(client.app._app._opened.app))  # type: ignore[attr-defined]
        made = build(folder.parent / "made", f"fresh{number}", 5 + number)
        folder.rename(folder.parent / f"before{number}")
        made.rename(folder)
        words = text_of(client.get("/").text)
        assert f"{5 + number} pages" in words
        assert TOLD in words
        assert client.get("/counts").status_code == 200
    gc.collect()
    assert [ref() for ref in held] == [None] * 3


def test_a_file_is_made_again_when_the_corpus_changes_before_its_first_byte(
    folder: Path, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    joined = lists._joined

    def late(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
        monkeypatch.undo()
        put(folder, "fresh", 5)
        return joined(first, rest)

    monkeypatch.setattr(lists, "_joined", late)
    answer = client.get("/export?format=csv")
    assert answer.status_code == 200
    assert "fresh 4 of 5" in answer.text
    assert "aged" not in answer.text


def test_a_file_is_broken_off_without_a_traceback_when_the_corpus_changes_later(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    written = export.comma_separated

    def late(*arguments: Any) -> Iterator[bytes]:
        yield from written(*arguments)
        sent.wait(10)
        put(folder, "fresh", 5)
        yield b"more"

    sent = threading.Event()
    monkeypatch.setattr(export, "comma_separated", late)
    with served(open_corpus(folder)) as address:
        logging.getLogger("uvicorn.error").addHandler(caplog.handler)
        answer = urllib.request.urlopen(f"{address}/export?format=csv", timeout=20)
        assert answer.status == 200
        sent.set()
        with pytest.raises(http.client.IncompleteRead):
            answer.read()
    logging.getLogger("uvicorn.error").removeHandler(caplog.handler)
    assert [record.exc_info for record in caplog.records] in ([], [None])


def test_a_link_to_what_this_build_cannot_have_is_answered_in_words(folder: Path, client: TestClient) -> None:
    """The corpus was replaced by one of another preset: its rule is in no list of this one."""
    answer = client.get("/?outcome=badwords/bad_words&q=a%26b&build=0123456789abcdef")
    words = text_of(answer.text)
    assert answer.status_code == 404
    assert "Not in the current build" in words
    assert "of preset en , does not have" in words
    assert "outcome badwords/bad_words q a&b" in words
    assert "This link was made from another build (digest 0123456789abcdef)" in words
    for here in ("", f"&build={open_corpus(folder).digest[:16]}"):
        assert client.get(f"/?outcome=badwords/bad_words{here}").status_code == 400
    for path in ("/?lost=gone", "/?config=xx", "/?edit=gone"):
        assert client.get(f"{path}&build=0123456789abcdef").status_code == 404, path
