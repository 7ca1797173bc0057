"""Whether everybody can use the report and every view of the viewer, as far as axe-core can tell: by day and by night,
on a telephone and on a screen. A new view is a line of `VIEWS`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from c4pipe.facts.corpus import Corpus
from c4pipe.facts.released import open_released
from c4pipe.inspect.serve.later import AnswerStillMadeError, LaterAnswers
from c4pipe.inspect.token_counts import TokenCounting
from tests import needs
from tests.facts.test_released import rows_of, write
from tests.inspect.report.written import report_of
from tests.inspect.serve.conftest import served
from tests.inspect.test_domains import by_words

pytestmark = needs.axe
WINDOWS = ((375, "light"), (375, "dark"), (768, "dark"), (1440, "light"))
VIEWS = {
    "list": "/",
    "search": "/?q=harbour&split=train",
    "rejected": "/?outcome=rejected&counts=now",
    "reason": "/?outcome=badwords/bad_word",
    "kept page": "/page/{kept}/0?q=the",
    "rejected page": "/page/{rejected}/0",
    "why": "/why",
    "why a URL": "/why?url={url}",
    "holding": "/holding?text={text}",
    "rule": "/rule/few_words",
    "marked page": "/page?url={url}&mark={text}&build=1",
    "absent page": "/page?id=nothing&url=http://nowhere.example/",
    "empty list": "/?outcome=rejected&q={url}",
    "flow": "/flow",
    "rejected pages by language": "/?outcome=rejected&language=de&counts=now",
    "doubtful languages": "/?order=score&counts=now",
    "losses": "/losses",
    "losses by language": "/losses?by=language&rule=paragraphs/few_paragraphs",
    "losses by domain": "/losses?by=domain&sort=share+of+pages",
    "losses of a length": "/losses?bin=8",
    "losses by language and domain": "/losses?by=language,domain",
    "domains": "/domains",
    "words": "/words?by=only",
    "repeated": "/repeated?by=each",
    "kept pages that lost lines": "/?lost=repeated_line&q=the&in=lost&how=words&counts=now",
    "random": "/?order=random&seed=7&votes=agreed&counts=now",
    "compared": "/compare",
    "list of two corpora": "/compare/pages?list=other_text",
    "SQL": "/sql",
    "every preset": "/why/presets?url={url}",
    "lost lines": "/?lost=repeated_in_page",
    "an answer": "/sql?q=SELECT+reason,+count(*)+AS+pages+FROM+rejected+GROUP+BY+ALL",
    "refused": "/nowhere",
}


@pytest.fixture(scope="module")
def address(languages: Corpus, samples: Corpus) -> Iterator[Callable[[str], str]]:
    """The address of a view of the viewer of all languages."""
    from c4pipe.facts.corpus import connect

    with connect(languages) as db:
        row = db.execute(
            "SELECT shard, url, text FROM pages WHERE length(text) > 200 ORDER BY source LIMIT 1"
        ).fetchone()
    assert row is not None
    kept, url, text = row
    values = {"kept": kept, "rejected": languages.rejected[0]["path"], "url": url, "text": text[:60]}
    with served(languages, others=[samples]) as here:
        yield lambda view: here + VIEWS[view].format(**values)


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_of_the_viewer(browser: Any, address: Callable[[str], str], view: str) -> None:
    assert violations(browser, address(view), WINDOWS[1::2]) == []


# Views of which something is missing: the address, and words that must stand there.
SELDOM = {
    "released pages": ("/compare", "folder of files, without a ledger"),
    "only in a corpus, beside released pages": ("/compare/pages?list=only_a", "Only in A"),
    "domains while tokens are counted": ("/domains", "Tokens are being counted"),
    "a reason of another build": ("/?outcome=clean/gone&build=0123456789abcdef", "Not in the current build"),
}


@pytest.fixture(scope="module")
def seldom(samples: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A viewer beside released pages, whose tokens nobody ever has counted."""
    folder = tmp_path_factory.mktemp("seldom")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("C4PIPE_CACHE_DIR", str(folder / "cache"))
        patched.setattr("c4pipe.inspect.serve.later.PATIENT_SECONDS", 60.0)
        patched.setattr(TokenCounting, "begin", lambda _: None)
        released = open_released(write(folder / "c4", rows_of(samples)[2:]))
        with served(samples, others=[released], tokenizer=by_words()) as here:
            yield here


@pytest.mark.parametrize("view", SELDOM)
def test_what_is_seldom_seen(browser: Any, seldom: str, view: str) -> None:
    path, words = SELDOM[view]
    assert violations(browser, seldom + path, WINDOWS[:2], words) == []


def test_what_is_said_while_an_answer_is_made(browser: Any, seldom: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(self: LaterAnswers, name: str, words: str, *_: object) -> None:
        raise AnswerStillMadeError(words)

    def once(page: Any, url: str) -> None:
        page.route("**/viewer.js", lambda route: route.abort())  # which asks again, while axe looks
        page.goto(url)

    monkeypatch.setattr(LaterAnswers, "answer", never)
    assert violations(browser, f"{seldom}/repeated", WINDOWS[:2], "Being counted", once) == []


def test_a_url_that_was_pasted_as_a_text(browser: Any, seldom: str) -> None:
    def pasted(page: Any, url: str) -> None:
        page.goto(url)
        page.locator("#text").fill("http://nowhere.example/")
        page.get_by_role("button", name="Judge it", exact=True).click()
        page.get_by_role("button", name="Judge it as a text").wait_for()

    assert violations(browser, f"{seldom}/why", WINDOWS[:2], "What you pasted is a URL", pasted) == []


@pytest.mark.parametrize("name", ["samples", "languages"])
def test_the_report(browser: Any, tmp_path: Path, samples: Corpus, languages: Corpus, name: str) -> None:
    report_of({"samples": samples, "languages": languages}[name], tmp_path)
    assert violations(browser, (tmp_path / "report.html").as_uri(), WINDOWS) == []


def test_what_axe_finds_is_told(browser: Any, tmp_path: Path) -> None:
    (tmp_path / "bad.html").write_text(
        "<!doctype html><html><title>Bad</title><img src=x><main><h1>A</h1></main></html>"
    )
    found = violations(browser, (tmp_path / "bad.html").as_uri(), WINDOWS[:1])
    assert any("image-alt" in each for each in found)


def visit(page: Any, url: str) -> None:
    """Goes to the page."""
    page.goto(url)


def violations(
    browser: Any, url: str, windows: Any, words: str = "", go: Callable[[Any, str], None] = visit
) -> list[str]:
    """What axe finds on a page with these words and all its folds open, a line each."""
    found = []
    for width, scheme in windows:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
        page = context.new_page()
        page.set_default_timeout(20_000)
        go(page, url)
        assert words in page.locator("body").inner_text()
        if page.locator("#facets").count():
            page.wait_for_selector("#facets[data-counts='']", state="attached")
        page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true })")
        page.add_script_tag(path=str(needs.AXE))
        for each in page.evaluate("axe.run()")["violations"]:
            places = "; ".join(f"{node['target']} {node['html'][:100]}" for node in each["nodes"][:3])
            found.append(f"{width} {scheme} {each['id']}: {each['help']}: {places}")
        context.close()
    return found
