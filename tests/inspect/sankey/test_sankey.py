"""The diagram from literal ledgers: its amounts, that no band crosses another, and that hostile words do nothing."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.corpus.characters import EDITED
from c4pipe.errors import ConfigError
from c4pipe.facts.corpus import Corpus, connect, open_corpus
from c4pipe.inspect.__main__ import main
from c4pipe.inspect.report.slide import write_slide
from c4pipe.inspect.sankey import TextFlow, compact, slide, svg, text_flow
from c4pipe.inspect.sankey.amounts import CUT, FELL, LATER_TAKEN, LanguageFlow, Outflow
from c4pipe.inspect.sankey.arrange import arranged
from c4pipe.inspect.sankey.draw import FLOW_COLOURS, NARROW_SHEET, SLIDE_HEIGHT, WIDE_SHEET, legend, said_of_flow
from c4pipe.page import Page
from tests.inspect.report.written import write_corpus

CSS = Path(__file__).parents[3] / "c4pipe" / "inspect"
SVG = "{http://www.w3.org/2000/svg}"


def row(stage: str, came: int, kept: int, rejected: dict[str, int], **more: Any) -> dict[str, Any]:
    return {"stage": stage, "in": came, "kept": kept, "rejected": rejected, "lines_dropped": {}, **more}


def counted(came: int, kept: int, rejected: dict[str, int], dropped: dict[str, int], edited: int = 0) -> dict[str, Any]:
    return {"characters": {"in": came, "kept": kept, "rejected": rejected, "dropped": dropped, "edited": edited}}


PAGES = [
    Page("http://a.example/1", "Eight c.", "2024", "a#0", language="en"),
    Page("http://a.example/2", "12 letters..", "2024", "a#1", language="de"),
]
OF_CHARACTERS = [
    row("read", 5, 4, {"no_url": 1}),
    row("clean", 4, 3, {"few_words": 1}, **counted(60, 31, {"few_words": 9}, {"policy": 15, "no_end_mark": 4}, 1)),
    row("size", 3, 2, {"too_long": 1}, **counted(31, 20, {"too_long": 11}, {})),
]


def flow_of(folder: Path, rows: list[dict[str, Any]], **stats: Any) -> TextFlow | None:
    made = write_corpus(folder, PAGES, ledger={"records": 5, "stages": rows})
    corpus = made._replace(stats=stats)
    with connect(corpus) as db:
        return text_flow(corpus, db)


def test_in_characters_every_one_of_them_goes_somewhere(tmp_path: Path) -> None:
    flow = flow_of(tmp_path, OF_CHARACTERS)
    assert flow == TextFlow(
        "characters",
        60,
        ("read", "clean", "size"),
        (
            Outflow("clean", 1, "policy", CUT, 15),
            Outflow("clean", 1, "few_words", FELL, 9),
            Outflow("clean", 1, "no_end_mark", CUT, 4),
            Outflow("clean", 1, "edits and blanks", EDITED, 1),
            Outflow("size", 2, "too_long", FELL, 11),
        ),
        (LanguageFlow("de", "German", 12), LanguageFlow("en", "English", 8)),
    )
    assert flow.came == flow.left + sum(loss.amount for loss in flow.lost)
    assert said_of_flow(flow) == (
        "Of 60 characters 20 are in the corpus, 33.3 %. The largest losses: policy at clean dropped 25.0 %, too_long "
        "at size dropped 18.3 %, few_words at clean dropped 15.0 %."
    )


def test_what_was_taken_out_later_is_a_loss_too(tmp_path: Path) -> None:
    last = row("size", 3, 3, {}, removed=1, **counted(31, 31, {}, {}))
    last["characters"]["removed"] = 11
    rows = [*OF_CHARACTERS[:2], last]
    flow = flow_of(tmp_path, rows)
    assert flow is not None
    assert flow.lost[-1] == Outflow("size", 2, "removed", LATER_TAKEN, 11)
    assert flow.left == 20


def test_an_older_ledger_is_drawn_in_pages_and_that_is_said(tmp_path: Path) -> None:
    rows = [row("read", 5, 4, {"no_url": 1}), row("clean", 4, 3, {"few_words": 1}, removed=1)]
    flow = flow_of(tmp_path, rows, languages={"en": 1, "de": 1})
    assert flow is not None
    assert (flow.unit, flow.came, flow.left) == ("pages", 5, 2)
    assert [(loss.code, loss.how, loss.amount) for loss in flow.lost] == [
        ("no_url", FELL, 1), ("few_words", FELL, 1), ("removed", LATER_TAKEN, 1),
    ]  # fmt: skip
    assert "did not count the characters that each reason dropped" in legend(flow)


def test_languages_that_do_not_add_up_are_not_told_apart(tmp_path: Path) -> None:
    flow = flow_of(tmp_path, [row("read", 5, 4, {"no_url": 1})], languages={"en": 1})
    assert flow is not None
    assert flow.kept == (LanguageFlow("", "", 4),)


def test_without_a_ledger_there_is_nothing_to_draw(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "c4", PAGES)
    with connect(corpus) as db:
        assert text_flow(corpus, db) is None
    with pytest.raises(ConfigError, match="has no ledger"):
        write_slide(corpus, tmp_path / "flow.svg")


def test_after_the_twelfth_language_the_others_are_one(tmp_path: Path) -> None:
    kept = tuple(LanguageFlow(f"l{i}", "", 100 - i) for i in range(15))
    shown = TextFlow("pages", 2000, ("read",), (), kept).languages_shown
    assert [each.code for each in shown] == [*(f"l{i}" for i in range(12)), "3 others"]
    assert sum(each.amount for each in shown) == sum(each.amount for each in kept)
    assert len(TextFlow("pages", 2000, ("read",), (), kept[:13]).languages_shown) == 13


names = st.sampled_from(["clean", "url", "</svg><script>x</script>", "long" * 30, "\u202e"])
amounts = st.integers(-5, 1_000_000)


@st.composite
def flows(draw: st.DrawFn) -> TextFlow:
    stages = draw(st.lists(names, min_size=1, max_size=9))
    lost = [
        Outflow(stage, place, draw(names), FELL, draw(amounts))
        for place, stage in enumerate(stages)
        for _ in range(draw(st.integers(0, 12)))
    ]
    kept = tuple(LanguageFlow(f"l{i}", "", n) for i, n in enumerate(draw(st.lists(st.integers(1, 10**6), max_size=20))))
    came = sum(max(0, loss.amount) for loss in lost) + sum(each.amount for each in kept)
    return TextFlow("characters", max(1, came), tuple(stages), tuple(lost), kept)


@given(flows(), st.sampled_from([WIDE_SHEET, NARROW_SHEET]))
def test_bands_never_cross_and_stay_on_the_sheet(flow: TextFlow, sheet: Any) -> None:
    picture = arranged(flow, sheet)
    numbers = [[float(n) for n in re.findall(r"-?[\d.]+", ribbon.path)] for ribbon in picture.ribbons]
    starts = [(found[1], found[-1]) for found in numbers]  # upper and lower edge where it leaves
    ends = [(found[7], found[8]) for found in numbers]  # and where it arrives
    for each in (starts, ends):
        assert all(upper <= lower + 1e-6 for upper, lower in each)
    assert all(a[1] <= b[0] + 0.8 for a, b in pairwise(ends)), "a hair's breadth at most"
    rises = [start[0] - end[0] for start, end in zip(starts, ends, strict=True)]
    assert all(a >= b - 0.8 for a, b in pairwise(rises)), "what leaves earlier rises at least as far"
    assert all(upper >= 0 and lower <= picture.height for upper, lower in ends)
    assert picture.ribbons[-1].start <= sheet.width - sheet.words


@given(flows(), names)
def test_pictures_are_well_formed_whatever_a_manifest_says(flow: TextFlow, said: str) -> None:
    alone = ET.fromstring(slide(flow, said, said, said))
    assert float(alone.attrib["height"]) >= SLIDE_HEIGHT
    for picture in (alone, ET.fromstring(str(svg(flow)).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" '))):
        assert {each.tag.removeprefix(SVG) for each in picture.iter()} <= {
            "svg", "g", "title", "desc", "style", "rect", "path", "text", "linearGradient", "stop",
        }  # fmt: skip
        ids = [each.attrib["id"] for each in picture.iter() if "id" in each.attrib]
        assert len(ids) == len(set(ids))
        used = {fill[5:-1] for each in picture.iter() if (fill := each.attrib.get("fill", "")).startswith("url")}
        assert used <= set(ids)


def _losing(*codes: str) -> TextFlow:
    lost = [Outflow("lines", 0, code, CUT, 999_960_000) for code in codes]
    return TextFlow("characters", 10**9 * len(codes), ("lines",), tuple(lost), (LanguageFlow("en", "English", 40_000),))


@pytest.mark.parametrize("narrow", [False, True], ids=["wide", "narrow"])
def test_names_of_rules_stand_whole_beside_their_numbers(browser: Any, narrow: bool) -> None:
    """As a browser sets them: `repeated_in_page` is the longest of the rules of C4."""
    codes = ["repeated_in_page", "few_words", "no_end_mark", "edits and blanks"]
    page = browser.new_page()
    page.set_content(f'<div style="width: {NARROW_SHEET.width if narrow else 880}px">{svg(_losing(*codes), narrow)}')
    boxes = page.locator("text").evaluate_all(
        "all => all.map((e) => [e.textContent, Math.round(e.getBBox().y + e.getBBox().height / 2), e.getBBox().x, "
        "e.getBBox().x + e.getBBox().width])"
    )
    page.close()
    for code in codes:
        ((middle, end),) = [(middle, end) for words, middle, _, end in boxes if words == code]
        beside = [start for _, other, start, _ in boxes if abs(other - middle) < 3 and start > end - 40]
        assert len(beside) == 2
        assert min(beside) >= end + 2


def test_the_slide_has_the_colours_of_the_report_and_the_viewer() -> None:
    def variables(css: str) -> list[dict[str, str]]:
        return [
            dict(re.findall(r"--([a-z0-9]+): (#[0-9a-f]{3,6})", each))
            for each in re.findall(r":root \{(.*?)\}", css, re.S)
        ]

    report = variables((CSS / "report/templates/report.css").read_text())
    viewer = variables((CSS / "serve/static/viewer.css").read_text())
    for name, *colours in FLOW_COLOURS:
        assert [each[name] for each in report[:2]] == colours
        assert [each["flow" if name == "kept" else name] for each in viewer[:2]] == colours


@pytest.mark.parametrize(
    ("n", "words"), [(9_999, "9,999"), (10_000, "10.0 k"), (9_994_999, "9.99 M"), (-12_000, "-12.0 k")]
)
def test_figures_are_short(n: int, words: str) -> None:
    assert compact(n) == words


def test_the_command_writes_the_picture_and_the_viewer_shows_it(samples: Corpus, tmp_path: Path) -> None:
    file = tmp_path / "flow.svg"
    assert main([str(samples.folder), "--flow", str(file)]) == 0
    written = file.read_bytes()
    assert main([str(samples.folder), "--flow", str(file)]) == 0
    assert file.read_bytes() == written
    words = "".join(ET.fromstring(written).itertext())
    assert "no_end_mark" in words or "few_sentences" in words
    assert open_corpus(samples.folder).digest[:8] in words
    assert main([str(samples.folder), "--flow", str(tmp_path)]) == 2
    assert main([str(samples.folder), "--flow", str(samples.folder / "manifest.json")]) == 2
