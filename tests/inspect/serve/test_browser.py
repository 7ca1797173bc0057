"""The viewer in a real browser, as people use it: with the mouse, with the keyboard alone, on a telephone, at night."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from c4pipe.facts.corpus import Corpus, connect, open_corpus
from tests.conftest import Once
from tests.inspect.serve.conftest import served
from tests.inspect.traced import first_page, indexed, write_run

TEXT = (
    "Home\nThe harbour was built in 1898, and its crane still works every morning.\nRead our cookie policy.\n"
    "Visitors may see it on Sundays between ten and four.\nA third sentence closes the page with a full stop."
)


@pytest.fixture(scope="module")
def english(samples: Corpus) -> Iterator[str]:
    with served(samples) as address:
        yield address


@pytest.fixture(scope="module")
def many(languages: Corpus) -> Iterator[str]:
    with served(languages) as address:
        yield address


@pytest.fixture(scope="module")
def evil(hostile: Corpus) -> Iterator[str]:
    with served(hostile) as address:
        yield address


def one(corpus: Corpus, sql: str) -> tuple[Any, ...]:
    row = connect(corpus).execute(sql).fetchone()
    assert row is not None
    return row


class Watched:
    """A page of the browser that notes what went wrong, and every request that left for elsewhere."""

    def __init__(self, browser: Any, **options: Any):
        self.page = browser.new_page(**options)
        self.page.set_default_timeout(20_000)
        self.wrong: list[str] = []
        self.asked: set[str] = set()
        self.page.on(
            "console", lambda said: self.wrong.append(said.text) if said.type in ("error", "warning") else None
        )
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.wrong.append(f"dialog {dialog.message}"), dialog.dismiss()))
        self.page.on("request", lambda request: self.asked.add("/".join(request.url.split("/")[:3])))


@pytest.fixture
def watched(browser: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A page; at the end nothing has gone wrong, and every request went to one viewer."""
    options = getattr(request, "param", {})
    seen = Watched(browser, **{"viewport": {"width": 1280, "height": 800}, **options})
    yield seen.page
    seen.page.close()
    assert seen.wrong == []
    assert len(seen.asked) == 1


def counted(page: Any) -> None:
    """Waits for the counts."""
    page.wait_for_selector("#facets[data-counts='']", state="attached")


def wide(page: Any) -> int:
    """Pixels that the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def test_search_filter_open_and_come_back(watched: Any, english: str, samples: Corpus) -> None:
    (wanted,) = one(samples, "SELECT count(*) FROM pages WHERE text ILIKE '%harbour%' OR url ILIKE '%harbour%'")
    watched.goto(english)
    counted(watched)
    watched.get_by_label("Search", exact=True).fill("harbour")
    watched.keyboard.press("Enter")
    watched.wait_for_url("**/?q=harbour**")
    counted(watched)
    assert watched.locator("#total").inner_text() == f"{wanted} pages"
    assert watched.locator("#hits > li").count() == wanted
    assert watched.locator("#hits mark").first.inner_text().lower() == "harbour"
    watched.get_by_role("link", name=re.compile("^validation")).click()
    watched.wait_for_url("**split=validation**")
    counted(watched)
    fewer = watched.locator("#hits > li").count()
    assert 0 < fewer < wanted
    assert watched.locator("[data-facet=split] a", has_text="train").locator(".n").inner_text() == str(wanted - fewer)
    link = watched.url
    url = watched.locator(".hit").first.inner_text()
    watched.locator(".hit").first.click()
    watched.wait_for_selector("h1.address")
    assert watched.locator("h1.address").inner_text() == url
    watched.locator("#up").click()
    watched.wait_for_url(link)


def test_a_link_opens_the_same_view_for_others(watched: Any, english: str) -> None:
    watched.goto(f"{english}/?q=harbour&in=text&split=train&min=100")
    counted(watched)
    assert watched.locator("#q").input_value() == "harbour"
    assert watched.locator("#in").input_value() == "text"
    assert watched.get_by_label("from", exact=True).input_value() == "100"
    chips = [" ".join(chip.split()) for chip in watched.locator(".chips a").all_inner_texts()]
    assert chips == ["search harbour ×", "split train ×", "characters 100–… ×"]


def test_a_search_goes_on_until_the_list_is_full(
    watched: Any, english: str, samples: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("c4pipe.inspect.serve.finding.STRETCH", 4_000)
    watched.goto(f"{english}/?q=sundays")
    counted(watched)
    (wanted,) = one(samples, "SELECT count(*) FROM pages WHERE text ILIKE '%sundays%'")
    assert watched.locator("#hits > li").count() == wanted > 0
    assert watched.locator("#next").count() == 0


def test_struck_lines_and_the_way_to_the_owner(watched: Any, many: str, languages: Corpus) -> None:
    sql = (
        "SELECT shard, row FROM pages WHERE source IN (SELECT source FROM "
        "(SELECT source, unnest(dropped) AS d FROM rejected WHERE reason = 'kept') "
        "WHERE d.owner IN (SELECT left(md5(url), 16) FROM pages)) ORDER BY ALL LIMIT 1"
    )
    shard, row = one(languages, sql)
    watched.goto(f"{many}/page/{shard}/{row}")
    link = watched.locator("a.tag[title^='Kept by']").first
    link.wait_for()
    owner = link.get_attribute("title").removeprefix("Kept by ")
    struck = watched.locator("del.cut").first
    assert "line-through" in struck.evaluate("e => getComputedStyle(e).textDecorationLine")
    line = link.evaluate("e => e.previousElementSibling.textContent")
    link.click()
    watched.wait_for_selector("h1.address")
    assert watched.locator("h1.address").inner_text() == owner
    assert line.strip().lower() in "\n".join(watched.locator(".lines .left").all_inner_texts()).lower()


def test_why_not_answers_while_one_types(watched: Any, english: str) -> None:
    watched.goto(f"{english}/why")
    watched.get_by_label("Text of a page").fill(TEXT)
    watched.wait_for_selector("#verdict .verdict.kept")
    assert watched.locator("#verdict del").all_inner_texts() == ["Home", "Read our cookie policy."]
    assert watched.locator("#verdict .lines .tag").all_inner_texts() == ["no_end_mark", "few_words"]
    watched.locator("#preset").select_option("en.2019")
    watched.wait_for_selector("#verdict .verdict.lost")
    assert "few_sentences" in watched.locator("#verdict .verdict").inner_text()
    watched.get_by_role("button", name="Judge it").click()
    watched.wait_for_load_state()
    assert watched.locator("#text").input_value() == TEXT
    assert watched.locator("#verdict .verdict.lost").count() == 1


def test_the_keyboard_alone(watched: Any, english: str) -> None:
    watched.goto(english)
    counted(watched)
    watched.keyboard.press("Tab")
    assert watched.evaluate("document.activeElement.textContent") == "Skip to the results"
    watched.keyboard.press("Enter")
    watched.keyboard.press("Tab")
    assert watched.locator(".hit").first.evaluate("e => e === document.activeElement")
    watched.keyboard.press("/")
    watched.keyboard.type("harbour")
    watched.keyboard.press("Enter")
    watched.wait_for_url("**/?q=harbour**")
    counted(watched)
    watched.keyboard.press("j")
    watched.keyboard.press("ArrowDown")
    watched.keyboard.press("j")
    watched.keyboard.press("k")
    second = watched.locator(".hit").nth(1)
    assert second.evaluate("e => e === document.activeElement")
    assert second.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
    url, third = second.inner_text(), watched.locator(".hit").nth(2).inner_text()
    watched.keyboard.press("Enter")
    watched.wait_for_selector("h1.address")
    assert watched.locator("h1.address").inner_text() == url
    watched.wait_for_load_state()  # the script hears of keys when the page is there
    watched.keyboard.press("j")
    watched.locator("h1.address", has_text=third).wait_for()
    watched.wait_for_load_state()
    watched.keyboard.press("k")
    watched.locator("h1.address", has_text=url).wait_for()
    watched.wait_for_load_state()
    watched.keyboard.press("u")
    watched.wait_for_selector("#hits")
    assert "q=harbour" in watched.url


@pytest.mark.parametrize("watched", [{"viewport": {"width": 375, "height": 700}}], indirect=True)
def test_a_narrow_screen_scrolls_one_way_only(watched: Any, english: str, many: str, samples: Corpus) -> None:
    part, row = one(samples, "SELECT part, row FROM rejected WHERE stage = 'length' ORDER BY ALL LIMIT 1")
    for path in ("/", "/?q=e", "/?outcome=rejected", f"/page/{part}/{row}", "/why", "/?split=train"):
        watched.goto(english + path)
        assert wide(watched) <= 0, path
    watched.goto(english)
    counted(watched)
    assert not watched.locator("[data-facet=outcome]").is_visible()
    watched.get_by_text("Filters", exact=True).click()
    assert watched.locator("[data-facet=outcome]").is_visible()
    assert wide(watched) <= 0


@pytest.mark.parametrize("watched", [{"viewport": {"width": 375, "height": 700}}], indirect=True)
def test_tables_on_a_narrow_screen(watched: Any, english: str, samples: Corpus) -> None:
    (url,) = one(samples, "SELECT url FROM pages ORDER BY ALL LIMIT 1")
    for path in (f"/why/presets?all=1&url={url}", "/words", "/losses", "/rule/no_end_mark", "/sql?q=SELECT+1"):
        watched.goto(english + path)
        assert wide(watched) <= 0, path
    right = "e => Math.ceil(e.getBoundingClientRect().right)"
    watched.goto(f"{english}/words")
    assert watched.locator(".sentences").count() > 0
    for cell in watched.locator(".words td").all():
        assert cell.evaluate(right) <= 375
    assert watched.locator(".words tbody td").first.evaluate("e => getComputedStyle(e, '::before').content") != "none"
    watched.goto(f"{english}/losses")
    assert watched.locator("table.numbers tbody td.num").first.evaluate(right) <= 375
    watched.locator(".scroll").evaluate("e => { e.scrollLeft = 300 }")
    name = watched.locator("table.numbers tbody th").first
    name.scroll_into_view_if_needed()
    assert name.evaluate(
        "e => e.getBoundingClientRect().left >= 0 && e.contains(document.elementFromPoint("
        "e.getBoundingClientRect().left + 4, e.getBoundingClientRect().top + 4))"
    )


CONTRAST = """() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgb = (colour, under) => {
    canvas.fillStyle = `rgb(${under})`; canvas.fillRect(0, 0, 1, 1);
    canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (c) => {
    const [r, g, b] = c.map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !e.checkVisibility() || e.closest('.sr, .skip, option')) continue;
    const chain = [];
    for (let at = e; at; at = at.parentElement) chain.unshift(at);
    const ground = chain.reduce((under, at) => rgb(getComputedStyle(at).backgroundColor, under), [255, 255, 255]);
    const [a, b] = [light(rgb(getComputedStyle(e).color, ground)), light(ground)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) found.push(`${e.tagName}.${e.className} ${ratio.toFixed(2)} ${e.textContent.slice(0, 30)}`);
  }
  return found;
}"""


@pytest.mark.parametrize(
    "watched", [{"color_scheme": "light"}, {"color_scheme": "dark"}], indirect=True, ids=["day", "night"]
)
def test_text_can_be_read_by_day_and_by_night(watched: Any, english: str, samples: Corpus) -> None:
    shard, row = one(
        samples,
        "SELECT shard, row FROM pages WHERE source = (SELECT source FROM rejected WHERE reason = 'kept' ORDER BY "
        "len(list_distinct(list_transform(dropped, lambda d: d.reason))) DESC, source LIMIT 1)",
    )
    grounds = set()
    for path in ("/?q=harbour&split=train", "/?outcome=clean/few_sentences", f"/page/{shard}/{row}?q=the", "/why"):
        watched.goto(english + path)
        if watched.locator("#facets").count():
            counted(watched)
        grounds.add(watched.evaluate("getComputedStyle(document.body).backgroundColor"))
        assert watched.evaluate(CONTRAST) == []
    assert len(grounds) == 1


def test_what_is_cut_can_be_read_and_never_looks_added(watched: Any, english: str) -> None:
    watched.goto(f"{english}/why")
    for scheme in ("light", "dark"):
        watched.emulate_media(color_scheme=scheme)
        watched.evaluate(
            "document.querySelector('main').innerHTML = Array.from({length: 6}, (_, i) => "
            "`<del class='cut h${i}'>cut</del> <span class='tag h${i}'>tag</span>`).join(' ')"
        )
        assert watched.evaluate(CONTRAST) == []
        colours = watched.evaluate("[...document.querySelectorAll('del')].map((e) => getComputedStyle(e).color)")
        assert len(set(colours)) == 6
        style = "[...document.querySelectorAll('del')].map((e) => getComputedStyle(e)"
        assert set(watched.evaluate(f"{style}.textDecorationLine)")) == {"line-through"}
        for hue in watched.evaluate(f"{style}.getPropertyValue('--hue'))"):
            assert int(hue) >= 340 or int(hue) <= 70, "red to amber: no green or blue, which say added or a link"


def test_landmarks_labels_and_one_heading(watched: Any, english: str) -> None:
    for path in ("/?q=harbour", "/why", "/page/__rejected/part-kept.parquet/0"):
        watched.goto(english + path)
        assert watched.locator("h1").count() == watched.locator("main").count() == 1
        assert watched.locator("header nav").count() == 1
        unnamed = (
            "[...document.querySelectorAll('input:not([type=hidden]), select, textarea')]"
            ".filter((e) => !e.labels.length).map((e) => e.outerHTML)"
        )
        assert watched.evaluate(unnamed) == []
        assert watched.evaluate("document.documentElement.lang") == "en"


def test_hostile_pages_are_shown_and_do_nothing(watched: Any, evil: str) -> None:
    watched.goto(evil)
    counted(watched)
    assert "<script>alert('url')</script>" in watched.locator(".hit").first.inner_text()
    assert "U+202E" in watched.locator(".hit").nth(1).inner_text()
    for row in range(7):
        watched.goto(f"{evil}/page/en/train-00000-of-00002.parquet/{row}")
        assert wide(watched) <= 0
    for row in range(3):
        watched.goto(f"{evil}/page/__rejected/part-000000.parquet/{row}?q=alert")
    assert watched.evaluate("document.querySelectorAll('script').length") == 1
    watched.goto(f"{evil}/why")
    watched.get_by_label("Text of a page").fill("<img src=x onerror=alert(1)>\n</textarea><script>alert(2)</script>")
    watched.wait_for_selector("#verdict del")
    assert watched.locator("#verdict img, #verdict script").count() == 0


def test_without_scripts_everything_is_there(browser: Any, english: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{english}/?q=harbour")
    page.get_by_role("link", name="Count them").click()
    page.wait_for_url("**counts=now**")
    assert re.fullmatch(r"\d+ pages", page.locator("#total").inner_text())
    page.goto(f"{english}/why")
    page.get_by_label("Text of a page").fill(TEXT)
    page.get_by_role("button", name="Judge it").click()
    page.wait_for_selector("#verdict .verdict.kept")
    context.close()


@pytest.fixture(scope="module")
def read(samples: Corpus, once: Once) -> Iterator[tuple[str, str]]:
    """The viewer of a corpus with an index and a run, and a text of the first page."""

    def make(folder: Path) -> None:
        indexed(samples.folder, folder / "c4")
        write_run(folder / "t5", folder / "c4")

    folder = once("a viewer of a corpus with an index and a run", make)
    with served(open_corpus(folder / "c4"), folder / "t5") as address:
        yield address, first_page(folder / "c4")[1]


def test_a_text_leads_to_its_page_and_the_page_says_when_it_was_read(watched: Any, read: tuple[str, str]) -> None:
    """From the search field, by way of all pages that hold it, and back."""
    address, text = read
    watched.goto(address)
    watched.fill("#q", text)
    watched.press("#q", "Enter")
    watched.wait_for_selector("#holding")
    watched.click("#holding")
    watched.wait_for_selector("text=1 page contains this text")
    assert " ".join(text.split()) == watched.inner_text(".hits mark")
    assert "seen at steps 12, 840" in watched.inner_text(".hits .seen")
    assert wide(watched) <= 0
    watched.click(".hits .hit")
    assert "seen at steps 12, 840" in watched.inner_text("#seen")


def test_the_key_of_the_search_leaves_no_view(watched: Any, english: str) -> None:
    """It goes to a field of the view, and does nothing where there is none."""
    for path, field in (("/sql?q=SELECT+1", "sql"), ("/why", "text"), ("/?q=a", "q"), ("/losses", ""), ("/words", "")):
        watched.goto(english + path)
        watched.locator("#main").focus()
        watched.keyboard.press("/")
        assert watched.evaluate("document.activeElement.id") == field or not field
        assert watched.url.startswith(f"{english}{path}")


def test_lines_that_were_cut_whole_can_be_hidden(watched: Any, english: str, samples: Corpus) -> None:
    sql = "SELECT url FROM rejected WHERE stage = '' AND len(dropped) > 3 ORDER BY len(dropped) DESC, url LIMIT 1"
    watched.goto(f"{english}/page?url={one(samples, sql)[0]}")
    lines, cut = watched.locator(".lines > li:visible").count(), watched.locator(".gone-whole").count()
    assert cut > 3
    shown = watched.locator(".again .tag").evaluate_all("tags => tags.filter((tag) => tag.offsetWidth > 3)")
    assert len(shown) == watched.locator(".again a.tag").count()  # of a run of cut lines the first says why
    watched.get_by_label(f"Hide the {cut} lines that were cut whole").check()
    assert watched.locator(".lines > li:visible").count() == lines - cut
    assert all(watched.locator(".lines > li:visible .left").evaluate_all("all => all.map(one => one.textContent)"))


@pytest.mark.parametrize("watched", [{"viewport": {"width": 375, "height": 812}}], indirect=True)
def test_every_verdict_is_read_on_a_telephone(watched: Any, english: str, samples: Corpus) -> None:
    (url,) = one(samples, "SELECT url FROM rejected WHERE reason = 'few_sentences' ORDER BY url LIMIT 1")
    watched.goto(f"{english}/why/presets?all=1&url={url}")
    assert wide(watched) <= 0
    for cell in watched.locator(".verdicts td[data-name], #by-itself").all():
        box = cell.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 375
    assert watched.locator(".verdicts td[data-name]").count() > 5


def test_the_answer_to_a_url_stands_on_the_first_screen(watched: Any, english: str, samples: Corpus) -> None:
    (url,) = one(samples, "SELECT url FROM rejected WHERE reason = 'few_sentences' ORDER BY url LIMIT 1")
    watched.goto(f"{english}/why?url={url}")
    assert watched.locator(".verdict").first.bounding_box()["y"] < 450
    assert watched.locator(".verdict").count() == 1  # and not the same one twice
    assert watched.locator(".agrees").inner_text().startswith("The same verdict")
    watched.get_by_text("Paste a text instead").click()
    assert watched.locator("#text").is_visible()
