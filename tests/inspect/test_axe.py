"""Whether everybody can use the report and every view of the viewer, as far as axe-core can tell: by day and by night,
on a telephone and on a screen. A new view is a line of `VIEWS`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from c4pipe.facts.corpus import Corpus
from tests import needs
from tests.inspect.report.written import report_of
from tests.inspect.serve.conftest import served

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


def violations(browser: Any, url: str, windows: Any) -> list[str]:
    """What axe finds on a page with all its folds open, a line each."""
    found = []
    for width, scheme in windows:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.goto(url)
        if page.locator("#facets").count():
            page.wait_for_selector("#facets[data-counts='']", state="attached")
        page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true })")
        page.add_script_tag(path=str(needs.AXE))
        for each in page.evaluate("axe.run()")["violations"]:
            places = "; ".join(f"{node['target']} {node['html'][:100]}" for node in each["nodes"][:3])
            found.append(f"{width} {scheme} {each['id']}: {each['help']}: {places}")
        context.close()
    return found
