"""bench.recipes: our reasons in datatrove's words, and a table of differences."""

from __future__ import annotations

from bench.recipes import ALONE, REASONS, _agreement, in_their_words, said_by
from c4pipe.page import Kept, Page
from c4pipe.recipes import FINEWEB
from c4pipe.rules import GOPHER_REPETITION


def page(text: str) -> Page:
    return Page("http://a.example/", text, "2024-05-22T10:11:12Z")


def test_every_reason_of_a_page_has_its_name_there() -> None:
    codes = {
        reason.code
        for stage in FINEWEB.stages
        if stage.name in ("repetition", "quality", "c4", "fineweb")
        for reason in stage.all_reasons()
        if reason.unit.value == "page"
    }
    assert codes == set(REASONS)


def test_every_rule_of_the_filters_is_asked_alone() -> None:
    asked = [rule for rules in ALONE.values() for rule in rules]
    filters = [stage for stage in FINEWEB.stages if stage.name in ("repetition", "quality", "fineweb")]
    assert sorted(map(repr, asked)) == sorted(repr(rule) for stage in filters for rule in stage.parts())


def test_a_reason_with_a_size() -> None:
    assert said_by(GOPHER_REPETITION, page("buy now " * 30)) == "top_2_gram"
    assert said_by(GOPHER_REPETITION, page("")) == ""
    assert in_their_words(Kept(page(""))) == ""


def test_a_page_on_which_they_differ_is_told() -> None:
    pages = [page("a"), page("b")]
    row = _agreement("rule x", pages, ["", "short"], lambda said: said, lambda page: "")
    assert (row.pages, row.same, row.dropped, dict(row.differing)) == (2, 1, 1, {("short", ""): 1})
    assert row.line().split()[:4] == ["rule", "x", "1", "50.000%"]
    assert row.line().endswith("short | kept: 1  such as http://a.example/")
