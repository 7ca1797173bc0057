"""The words of a text and their hashes, spelt out in plain Python over Python's own tables of characters."""

from __future__ import annotations

import unicodedata

import regex

BLOCKS = """
Thai Lao Tibetan Myanmar Myanmar_Extended_A Myanmar_Extended_B Khmer Tai_Le New_Tai_Lue Tai_Tham Tai_Viet Ahom
Yi_Syllables Yi_Radicals CJK_Radicals_Supplement Kangxi_Radicals CJK_Symbols_And_Punctuation Hiragana Katakana
Katakana_Phonetic_Extensions Bopomofo Bopomofo_Extended CJK_Unified_Ideographs CJK_Unified_Ideographs_Extension_A
CJK_Compatibility_Ideographs Ideographic_Symbols_And_Punctuation Tangut Tangut_Components Khitan_Small_Script
Tangut_Supplement Kana_Extended_A Kana_Extended_B Kana_Supplement Small_Kana_Extension
"""
_NAMED = "".join(f"\\p{{Block={name}}}" for name in BLOCKS.split())
WITHOUT_BLANKS = regex.compile(f"[[{_NAMED}\uff65-\uff9f]--[\u302e\u302f]]", regex.V1)


def pieces(text: str) -> list[tuple[str, int, int]]:
    """The words as (word in lower case, start, end), character by character."""
    found: list[tuple[str, int, int]] = []
    goes_on = False
    for at, char in enumerate(text):
        kind = kind_of(char)
        if (kind == "letter" and not goes_on) or kind == "alone":
            found.append((lower(char), at, at + 1))
        elif kind in ("letter", "mark") and goes_on:
            word, start, _ = found[-1]
            found[-1] = (word + lower(char), start, at + 1)
        goes_on = kind == "letter" or (kind == "mark" and goes_on)
    return found


def kind_of(char: str) -> str:
    category = unicodedata.category(char)[0]
    if "\U00020000" <= char < "\U00040000":
        return "alone"
    if category not in "LMN" or char > "\U00040000":
        return "none"
    if WITHOUT_BLANKS.match(char):
        return "alone"
    return "mark" if category == "M" else "letter"


def lower(char: str) -> str:
    """One character, whatever its lower case is; both small sigmas are one."""
    return char.lower()[0].replace("ς", "σ")


def hashed(word: str) -> int:
    """FNV-1a over the code points, then MurmurHash3's finaliser."""
    value = 0xCBF29CE484222325
    for char in word:
        value = (value ^ ord(char)) * 0x100000001B3 % 2**64
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        value = (value ^ value >> 33) * factor % 2**64
    return value ^ value >> 33
