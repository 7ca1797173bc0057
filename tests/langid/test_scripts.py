"""Scripts of letters, held against the `regex` package's Unicode data."""

from __future__ import annotations

import regex
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.langid.scripts import NAMES, Scripts, has_letters, scripts_in
from c4pipe.languages.codes import SCRIPT_LANGUAGES


def test_mixed_text() -> None:
    found = scripts_in("Привет, world 123! 世界")
    assert found == Scripts(13, {"Cyrl": 6, "Latn": 5, "Hani": 2})
    assert found.main == "Cyrl"
    assert found.share("Latn", "Hani") == 7 / 13


def test_no_letters() -> None:
    assert scripts_in("12 % \U0001f600\n") == scripts_in("") == Scripts(0, {})
    assert scripts_in("").main == ""
    assert scripts_in("").share("Latn") == 0.0


def test_rare_chinese_characters_count_and_other_planes_do_not() -> None:
    assert scripts_in("\U00020000\U00030000\U0001d400").counts == {"Hani": 2}


def test_no_letter_is_given_to_another_script() -> None:
    for point in range(0x10000):
        c = chr(point)
        if 0xD800 <= point < 0xE000 or not regex.match(r"[\p{L}\p{M}]", c):
            continue
        script = scripts_in(c).main
        assert not script or regex.match(rf"\p{{Script={script}}}", c), hex(point)


def test_letters_of_every_script_are_found() -> None:
    # But for some extensions, see _RANGES: at least three in four, and of Latin all that languages are written in.
    points = "".join(map(chr, (*range(0xD800), *range(0xE000, 0x10000))))
    for script in NAMES[1:]:
        found = regex.findall(rf"(?=\p{{L}})\p{{Script={script}}}", points)
        letters = [c for c in found if script != "Latn" or c < "\u02b0"]
        missing = [c for c in letters if scripts_in(c).main != script]
        assert len(missing) <= (0 if script == "Latn" else 0.25 * len(letters)), (script, missing)
    assert set(SCRIPT_LANGUAGES) <= set(NAMES)


@given(st.text())
def test_any_text(text: str) -> None:
    found = scripts_in(text)
    assert found.letters == sum(found.counts.values()) <= len(text)
    assert list(found.counts.values()) == sorted(found.counts.values(), reverse=True)
    assert 0.0 <= found.share(*found.counts) <= 1.0


def test_has_letters() -> None:
    assert has_letters("1 a")
    assert has_letters("ქ")
    assert not has_letters("12_%\U0001f600")
