"""c4pipe.rules.matcher: the reference's regular expression is the judge."""

from __future__ import annotations

import re
from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bench.outside import SHARED
from c4pipe.rules.matcher import WordMatcher, non_word_class
from tests import needs


def reference(entries: frozenset[str], boundaries: bool) -> re.Pattern[str]:
    """TFDS c4_utils.get_badwords_filter_fn's pattern; it is searched in `text.lower()`."""
    words = "|".join(map(re.escape, entries))
    return re.compile(rf"(?:\W|^)({words})(?:\W|$)" if boundaries else f"({words})")


def find(text: str, *entries: str, boundaries: bool = True) -> str | None:
    return WordMatcher(frozenset(entries), boundaries).search(text)


@pytest.mark.parametrize(
    ("text", "hit"),
    [
        ("tit", "tit"),
        ("A tit in a tree", "tit"),
        ("A TIT!", "tit"),
        ("A bird:tit", "tit"),
        ("bird\ntit\nbird", "tit"),
        ("bird\ntit\n", "tit"),
        ("«tit»", "tit"),
        ("tit\N{NO-BREAK SPACE}x", "tit"),
        ("tit😀", "tit"),
        ("😀tit", "tit"),
        ("\N{COMBINING ACUTE ACCENT}tit", "tit"),  # a mark is no word character to Python
        ("tit\u200bx", "tit"),
        ("title", None),
        ("petit", None),
        ("tit_", None),
        ("_tit", None),
        ("tit2", None),
        ("2tit", None),
        ("tit²", None),  # numeric is enough
        ("Ⅷtit", None),
        ("étit", None),
        ("tité", None),
        ("tit女", None),
        ("titтит", None),
        ("", None),
    ],
)
def test_a_word_counts_where_no_word_character_touches_it(text: str, hit: str | None) -> None:
    assert find(text, "tit") == hit
    assert (reference(frozenset({"tit"}), True).search(text.lower()) is not None) == (hit is not None)


def test_scunthorpe_is_a_town() -> None:
    assert find("Scunthorpe, Penistone and Essex", "cunt", "penis", "sex") is None


def test_entries_are_text_and_not_patterns() -> None:
    assert find("aXb", "a.b") is None
    assert find("an a.b!", "a.b") == "a.b"
    assert find("c++ (x)", "c++") == "c++"
    assert find("a|b", "(x|y)") is None
    assert find("see a\\b", "a\\b") == "a\\b"


def test_phrases_need_their_own_spaces() -> None:
    assert find("a two girls one cup moment", "two girls one cup") == "two girls one cup"
    assert find("two  girls", "two girls") is None
    assert find("two\ngirls", "two girls") is None


def test_signs_as_entries() -> None:
    assert find("So 🖕 there", "🖕") == "🖕"
    assert find("so🖕", "🖕") is None
    assert find("so🖕", "🖕", boundaries=False) == "🖕"


@pytest.mark.parametrize(("word", "text"), [("女の子", "この女の子は"), ("เย็ด", "กกเย็ดกก"), ("性", "男性的")])
def test_without_boundaries_any_occurrence_counts(word: str, text: str) -> None:
    assert find(text, word, boundaries=False) == word
    assert find(text, word, boundaries=True) is None


def test_the_text_is_lowered_and_the_entry_is_not() -> None:
    assert find("MILF", "MILF") is None
    assert find("MILF", "milf") == "milf"
    assert find("a 𝐀 b", "𝐀") == "𝐀"  # a capital without a small letter is left as it is


def test_lowering_that_changes_lengths() -> None:
    assert find("İ" * 9 + " drat", "drat") == "drat"
    assert find("İ", "i\N{COMBINING DOT ABOVE}") == "i\N{COMBINING DOT ABOVE}"
    assert find("İdrat", "drat") == "drat"  # the dot that İ leaves behind is no word character
    assert find("STRAẞE", "straße") == "straße"
    assert find("ΟΔΟΣ", "οδος") == "οδος"  # the small sigma at the end of a word
    assert find("ΟΔΟΣ", "οδοσ") is None


def test_the_first_to_start_is_named_and_the_longest_of_those() -> None:
    assert find("of bad words, worse", "worse", "words", "bad words", "bad") == "bad words"
    assert find("bad word", "bad words", "bad word", "bad") == "bad word"
    assert find("!-", "!", "-") == "!"
    assert find("abcd", "bcd", "abc", "cd", boundaries=False) == "abc"


def test_words_share_the_character_between_them() -> None:
    assert find("one two", "two") == "two"
    assert find("xone one", "one") == "one"


def test_an_empty_entry_is_found_between_two_gaps() -> None:
    for text in ("", " ", "a", "a b", "a  b", "a.", "\n", "a\n", "a \n"):
        expected = reference(frozenset({""}), True).search(text) is not None
        assert (find(text, "") is not None) == expected, text
    assert find("abc", "", boundaries=False) == ""


def test_an_empty_list_finds_nothing() -> None:
    assert find("a  b", boundaries=True) is None
    assert find("a  b", boundaries=False) is None


def test_half_a_surrogate_pair_is_no_word_character() -> None:
    assert find("\ud800tit\udfff", "tit") == "tit"
    assert find("\ud800title", "tit") is None


def test_the_class_is_what_re_says() -> None:
    import re2  # type: ignore[import-untyped]

    gap = re2.compile(non_word_class())
    for code in (*range(0xD800), *range(0xE000, 0x110000, 7)):
        char = chr(code)
        assert (gap.search(char) is not None) == (re.fullmatch(r"\W", char) is not None), hex(code)


def test_a_long_list() -> None:
    entries = frozenset(f"w{number:x}" for number in range(50_000))
    assert WordMatcher(entries, True).search("so wc34f is listed, wc351 is not") == "wc34f"
    assert WordMatcher(entries, True).search("so wc351 is not") is None


# Few letters, so that words meet; all that is strange about case, marks, digits, gaps and widths is among them.
STRANGE = "ab_1 .\n-\\|^$()éßİıΣ²٣女の性ก็😀\u0301\u00a0\u200b\u0085\u2028\x00𝐀"
ENTRY = st.one_of(
    st.text(STRANGE, max_size=4),
    st.text(st.characters(codec="utf-8"), max_size=4),
    st.lists(st.text("ab", min_size=1, max_size=2), min_size=1, max_size=3).map(" ".join),
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[frozenset[str], str]:
    """A list, and a text that has good chances of holding its words."""
    entries = draw(st.frozensets(ENTRY, min_size=1, max_size=6))
    piece = st.one_of(st.sampled_from(sorted(entries)), st.text(STRANGE, max_size=3), st.text(max_size=3))
    text = "".join(draw(st.lists(piece, max_size=8)))
    return entries, text.upper() if draw(st.booleans()) else text


@settings(deadline=None)  # the first matcher of a process takes its time
@given(cases(), st.booleans())
@example((frozenset({"a", "a a"}), "ba a a"), True)
@example((frozenset({"\n"}), "\n"), True)
@example((frozenset({""}), "a\n"), True)
@example((frozenset({"$"}), "a$\n"), True)
def test_hits_are_those_of_the_reference(case: tuple[frozenset[str], str], boundaries: bool) -> None:
    entries, text = case
    lowered = text.lower()
    found = WordMatcher(entries, boundaries).search(text)
    assert (found is not None) == (reference(entries, boundaries).search(lowered) is not None)
    # And the word named is the one that starts first, then the longest: said in another way than the matcher does it.
    spans = [
        (start, -len(entry), entry)
        for entry in entries
        for start in range(len(lowered) + 1)
        if lowered.startswith(entry, start)
        and not (boundaries and re.search(r"\w", lowered[start - 1 : start] + lowered[start + len(entry) :][:1]))
    ]
    assert found == (min(spans)[2] if spans else None)


@cache
def pages() -> list[str]:
    """Bodies of the records of the shared WET files: real pages, and pages of real prose in 30 languages."""
    from warcio.archiveiterator import ArchiveIterator  # type: ignore[import-untyped]

    texts = []
    for path in sorted([*SHARED.glob("wet/*.wet.gz"), *SHARED.glob("wet_bench/*00000.warc.wet.gz")]):
        with path.open("rb") as stream:
            for record in ArchiveIterator(stream):
                if record.rec_type == "conversion":
                    texts.append(record.content_stream().read().decode("utf-8", "replace"))
    return texts[::5]


@needs.shared
@pytest.mark.parametrize("language", ["en", "de", "es", "fr", "ja", "ko", "ru", "tr", "zh"])
def test_real_lists_on_real_pages(language: str) -> None:
    path = SHARED / "badwords" / ("at-25e679f/en.txt" if language == "en" else f"{language}.txt")
    entries = frozenset(line.strip() for line in path.read_text(encoding="utf-8").split("\n")) - {""}
    boundaries = language not in ("ja", "th", "zh")
    matcher, pattern = WordMatcher(entries, boundaries), reference(entries, boundaries)
    hits = 0
    for text in pages():
        expected = pattern.search(text.lower()) is not None
        assert (matcher.search(text) is not None) == expected
        hits += expected
    assert hits > 0  # a test that never sees a hit shows little


@given(
    entries=st.frozensets(st.text("abİ ß-あ", min_size=1, max_size=4), min_size=1, max_size=6),
    text=st.text("abAİ ßẞ-あ.\n", max_size=30),
    boundaries=st.booleans(),
)
def test_all_hits_are_what_each_entry_alone_finds(entries: frozenset[str], text: str, boundaries: bool) -> None:
    """What is found first is among them, and each stands in the text where it is said to."""
    found = WordMatcher(entries, boundaries).hits(text)
    alone = sorted(entry for entry in entries if WordMatcher(frozenset({entry}), boundaries).search(text))
    assert [hit.entry for hit in found] == alone
    assert (WordMatcher(entries, boundaries).search(text) in alone) == bool(alone)
    for entry, start, end in found:
        assert entry in text[start:end].lower()
        assert 0 <= start < end <= len(text)


def test_hits_within_hits_count() -> None:
    matcher = WordMatcher(frozenset({"ass", "bad", "bad word"}), boundaries=True)
    assert matcher.hits("Pass a BAD WORD, ass.") == [("ass", 17, 20), ("bad", 7, 10), ("bad word", 7, 15)]
    assert WordMatcher(frozenset({"混蛋", "蛋"}), boundaries=False).hits("大混蛋") == [("混蛋", 1, 3), ("蛋", 2, 3)]
