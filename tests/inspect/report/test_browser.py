"""The report in Chromium, from disk: silent, in both schemes, on a telephone, by keyboard; and its colours by sums."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from c4pipe.facts.corpus import Corpus
from c4pipe.presets import EN
from tests.inspect.report.written import report_of

FileOf = Callable[[str], Path]
CSS = Path(__file__).parents[3] / "c4pipe" / "inspect" / "report" / "templates" / "report.css"


class Visit:
    """A page of the browser that remembers what went wrong and what was asked for."""

    def __init__(self, browser: Any, path: Path, width: int = 1280, scheme: str = "light"):
        self.context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        self.page = self.context.new_page()
        self.messages: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.messages.append(message.text))
        self.page.on("pageerror", lambda error: self.messages.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri())

    def __enter__(self) -> Visit:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()

    def open_all(self) -> None:
        self.page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true })")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["samples", "languages", "mixture"])
def test_it_opens_from_disk_asks_for_nothing_and_complains_of_nothing(
    browser: Any, file_of: FileOf, name: str, scheme: str
) -> None:
    path = file_of(name)
    with Visit(browser, path, scheme=scheme) as visit:
        visit.open_all()
        assert visit.messages == []
        assert [url for url in visit.requests if url not in (path.as_uri(), "data:,")] == []
        red, green, blue = map(
            int, re.findall(r"\d+", visit.page.evaluate("getComputedStyle(document.body).backgroundColor"))
        )
        assert (red + green + blue < 150) == (scheme == "dark"), "the style sheet is not refused, and knows the scheme"


@pytest.mark.parametrize("name", ["samples", "languages", "mixture"])
def test_a_telephone_need_not_scroll_sideways(browser: Any, file_of: FileOf, name: str) -> None:
    with Visit(browser, file_of(name), width=375) as visit:
        visit.open_all()
        assert visit.page.evaluate("document.documentElement.scrollWidth") == 375
        outside = visit.page.evaluate(
            "[...document.querySelectorAll('body *')].filter(e => !e.closest('.scroll, .skip, svg')"
            " && e.getBoundingClientRect().right > 376).map(e => e.outerHTML.slice(0, 80))"
        )
        assert outside == []


# Names of which a letter stands on another line than the one before it, where that is no end of a word.
BROKEN = """names => {
  const found = [], range = document.createRange();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const box = (node, at) => {
    range.setStart(node, at);
    range.setEnd(node, at + 1);
    return range.getBoundingClientRect();
  };
  for (let node; (node = walk.nextNode());) for (const name of names) {
    const first = node.data.indexOf(name);
    for (let at = first + 1; first >= 0 && at < first + name.length; at++) {
      const [before, here] = [box(node, at - 1), box(node, at)];
      if (here.height && here.top > before.top + 4 && !"_/".includes(node.data[at - 1])) found.push(name);
    }
  }
  return found;
}"""


@pytest.mark.parametrize("name", ["samples", "languages"])
def test_a_telephone_breaks_no_name_of_a_rule_inside_a_word(
    browser: Any, file_of: FileOf, name: str, samples: Corpus, languages: Corpus
) -> None:
    stages = {"samples": samples, "languages": languages}[name].manifest["ledger"]["stages"]
    codes = {code for stage in stages for code in [*stage["rejected"], *stage.get("lines_dropped", ())]}
    assert len(codes) > 5
    with Visit(browser, file_of(name), width=375) as visit:
        visit.open_all()
        assert visit.page.evaluate(BROKEN, sorted(codes)) == []
        visit.page.evaluate(
            "document.querySelectorAll('code').forEach(e => Object.assign(e.style, "
            "{ display: 'inline-block', width: '3ch', whiteSpace: 'normal', wordBreak: 'break-all' }))"
        )
        assert visit.page.evaluate(BROKEN, sorted(codes)) != []


def test_hostile_lines_do_not_widen_the_page(browser: Any, tmp_path: Path, samples: Corpus) -> None:
    corpus = samples._replace(manifest=samples.manifest | {"settings": {"x" * 300: "y" * 5000, "z": "\u202e" * 400}})
    report_of(corpus, tmp_path)
    with Visit(browser, tmp_path / "report.html", width=375) as visit:
        assert visit.page.evaluate("document.documentElement.scrollWidth") == 375


def test_a_keyboard_reaches_the_report_its_folds_and_its_links(browser: Any, file_of: FileOf) -> None:
    with Visit(browser, file_of("samples")) as visit:
        page = visit.page
        focused = "document.activeElement.textContent.trim()"
        page.keyboard.press("Tab")
        assert page.evaluate(focused) == "Skip to the report"
        assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0, "shown when focused"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        seen = []
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.tagName") == "SUMMARY":
                seen.append(page.evaluate(focused))
                if "sampled" in seen[-1]:
                    break
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.parentElement.open")
        for _ in range(10):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.tagName") == "A":
                break
        assert page.evaluate("document.activeElement.protocol") in ("http:", "https:")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"


def test_the_stream_is_as_wide_as_its_numbers_say(browser: Any, file_of: FileOf) -> None:
    """Pixels of the funnel against the numbers beside it."""
    with Visit(browser, file_of("samples")) as visit:
        rows = visit.page.evaluate(
            "[...document.querySelectorAll('.funnel > ol > li')].map(li => ["
            "li.querySelector('rect.kept').getBoundingClientRect().width, +li.querySelector('h3 data').value])"
        )
    full, records = rows[0]
    assert len(rows) == 1 + len(EN.stages)
    assert [width / full for width, _ in rows] == pytest.approx([n / records for _, n in rows], abs=0.002)


def test_paper_gets_black_on_white_without_the_list_of_sections(browser: Any, file_of: FileOf) -> None:
    with Visit(browser, file_of("samples"), scheme="dark") as visit:
        visit.page.emulate_media(media="print")
        assert visit.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert visit.page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
        assert not visit.page.is_visible("nav")


def _palettes() -> list[dict[str, str]]:
    found = [dict(re.findall(r"--([a-z0-9]+): (#[0-9a-f]{3,6})", block)) for block in
             re.findall(r":root \{(.*?)\}", CSS.read_text(), re.DOTALL)]  # fmt: skip
    light, dark, paper = found
    return [light, light | dark, light | paper]


def _luminance(colour: str) -> float:
    """Relative luminance, as WCAG 2.1 defines it."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(a: str, b: str) -> float:
    low, high = sorted((_luminance(a), _luminance(b)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_computed_as_wcag_does() -> None:
    assert _contrast("#000000", "#fff") == 21
    assert _contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


TEXT = [(ink, ground) for ink in ("ink", "soft", "link", "c1", "kept") for ground in ("paper", "raised")]
TEXT += [("marked", "mark"), ("warned", "warn"), ("newly", "new")]
MARKS = [(mark, ground) for mark in ("kept", "before", "c0", "c1", "c2", "c3", "c4") for ground in ("paper", "raised")]


@pytest.mark.parametrize("palette", range(3), ids=["light", "dark", "print"])
@pytest.mark.parametrize(("front", "back", "least"), [(*p, 4.5) for p in TEXT] + [(*p, 3.0) for p in MARKS])
def test_colours_have_the_contrast_of_wcag_aa(palette: int, front: str, back: str, least: float) -> None:
    colours = _palettes()[palette]
    assert _contrast(colours[front], colours[back]) >= least
