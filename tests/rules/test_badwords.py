"""c4pipe.rules.badwords: whose list, whose boundaries, and which hits are spared. The matcher has tests of its own."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.page import Page
from c4pipe.rules import BadWords


class Lists:
    """Word lists in a few languages."""

    def badwords(self) -> dict[str, frozenset[str]]:
        return {
            "en": frozenset({"darn", "drat it"}),
            "de": frozenset({"mist"}),
            "ja": frozenset({"ばか"}),
            "th": frozenset({"บ้า"}),
            "zh": frozenset({"混蛋"}),
            "eo": frozenset(),
        }


def page(text: str, language: str = "en", url: str = "http://a.example/") -> Page:
    return Page(url, text, "2024-05-22T10:11:12Z", language=language)


@pytest.mark.parametrize(
    ("language", "text", "hit"),
    [
        ("en", "Oh darn, it rains.", "darn"),
        ("en", "DARN", "darn"),
        ("en", "Oh Drat It all.", "drat it"),
        ("en", "She darned a sock.", None),
        ("en", "Ein Mist aber auch.", None),
        ("de", "Ein Mist aber auch.", "mist"),
        ("de", "Er misst es.", None),
        ("de", "Oh darn.", None),
        ("ja", "おまえはばかだ", "ばか"),
        ("th", "คนบ้าคลั่ง", "บ้า"),
        ("zh", "你这混蛋东西", "混蛋"),
        ("en-latin", "Oh darn.", "darn"),
        ("zh-cn", "你这混蛋东西", "混蛋"),
        ("zh-Latn", "hundan", None),
        ("fr", "Oh darn.", None),  # no list
        ("eo", "Oh darn.", None),  # an empty list
        ("und", "Oh darn.", None),
        ("", "Oh darn.", None),
    ],
)
def test_a_page_is_searched_for_the_words_of_its_language(language: str, text: str, hit: str | None) -> None:
    assert BadWords().bind(Lists()).offence(page(text, language)) == hit


class Capitals:
    """Lists as people save them."""

    lists = {
        "es.txt": "Asesinato\nbollera\nÑOÑO Tonto\n",
        "he.txt": "זבל\n",
        "nb.txt": "Faen\n",
        "zh.txt": "性\n卖B\n",
        "ja.txt": "SM\nばか\n",
    }

    def badword_lists(self) -> list[Path]:
        return [Path(name) for name in self.lists]

    def text(self, path: Path) -> str:
        return self.lists[path.name]

    def badwords(self) -> dict[str, frozenset[str]]:
        return {path.stem: frozenset(self.text(path).split("\n")) - {""} for path in self.badword_lists()}


@pytest.mark.parametrize(
    ("language", "text", "folded", "exact"),
    [
        ("es", "Un asesinato.", "asesinato", None),
        ("es", "UN ASESINATO.", "asesinato", None),
        ("es", "Una Bollera.", "bollera", "bollera"),
        ("es", "Un ñoño TONTO.", "ñoño tonto", None),
        ("iw", "איזה זבל.", "זבל", None),  # he.txt
        ("he", "איזה זבל.", "זבל", "זבל"),
        ("no", "Å faen!", "faen", None),
        ("zh", "卖b", "卖b", None),
        ("ja", "BDSMです", None, None),  # allowed in any case
    ],
)
def test_entries_are_folded_as_the_text_is_but_where_the_reference_is_followed(
    language: str, text: str, folded: str | None, exact: str | None
) -> None:
    assert BadWords().bind(Capitals()).offence(page(text, language)) == folded
    assert BadWords(fold=False).bind(Capitals()).offence(page(text, language)) == exact


@given(st.text(st.characters(categories=["L"]), min_size=1, max_size=12))
def test_a_folded_entry_is_found_as_it_is_written(word: str) -> None:
    class One:
        def badwords(self) -> dict[str, frozenset[str]]:
            return {"en": frozenset({word})}

    assert BadWords().bind(One()).offence(page(f"Oh {word}, {word.upper()}!")) == word.lower()


def test_dead_entries_are_told_where_they_stay_dead() -> None:
    assert BadWords().remarks(Capitals()) == {}
    said = BadWords(fold=False).remarks(Capitals())
    assert said["es.txt"] == "2 of 3 entries can never match: they hold capitals"
    assert sorted(said) == ["es.txt", "ja.txt", "nb.txt", "zh.txt"]


def spared_by_definition(key: str) -> bool:
    numerator, denominator = (0.999).as_integer_ratio()
    return int(hashlib.md5(key.encode()).hexdigest(), 16) % denominator >= numerator


SPARED = [f"http://www.a.example/{n}/" for n in range(5000) if spared_by_definition(f"a.example/{n}")]


def test_one_hit_in_a_thousand_is_spared() -> None:
    assert SPARED[:2] == ["http://www.a.example/1885/", "http://www.a.example/2411/"]
    rule = BadWords(fraction=0.999).bind(Lists())
    offences = [rule.offence(page("darn", url=f"http://www.a.example/{n}/")) for n in range(5000)]
    assert [f"http://www.a.example/{n}/" for n, offence in enumerate(offences) if offence is None] == SPARED
    assert offences.count("darn") == 5000 - len(SPARED)


def test_c4_spares_none() -> None:
    rule = BadWords().bind(Lists())
    assert all(rule.offence(page("darn", url=url)) == "darn" for url in SPARED)


def test_a_fraction_of_zero_spares_all() -> None:
    assert BadWords(fraction=0.0).bind(Lists()).offence(page("darn")) is None


@given(st.text(max_size=20))
def test_the_lottery_is_by_the_key_of_the_url(path: str) -> None:
    rule = BadWords(fraction=0.5).bind(Lists())
    urls = [f"http://a.example/{path}x", f"https://www.a.example/{path}x///"]
    assert len({rule.offence(page("darn", url=url)) for url in urls}) == 1


def test_a_page_without_a_hit_has_no_part_in_the_lottery() -> None:
    assert BadWords(fraction=0.999).bind(Lists()).offence(page("Nothing here.")) is None


def test_a_bound_rule_is_still_the_same_value() -> None:
    assert BadWords(0.999).bind(Lists()) == BadWords(0.999) != BadWords()
