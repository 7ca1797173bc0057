"""Which scripts a text is written in: the share of its letters in each.

A table over the Basic Multilingual Plane, built from the ranges below, answers for a whole text in two steps of numpy.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

# Script (ISO 15924) -> first and last code points of its letters and vowel signs: Unicode 17, Scripts.txt. Left out are
# phonetic and archaic extensions that no page is written in, marks that scripts share, and most of the compatibility
# forms. A character in no range is not a letter here. The tests compare the ranges with the `regex` package.
_RANGES = """
Latn 41-5A 61-7A AA-AA BA-BA C0-D6 D8-F6 F8-2B8 1E00-1EFF 2C60-2C7F A722-A787 FF21-FF3A FF41-FF5A
Grek 370-373 376-377 37A-37D 37F-37F 386-386 388-3E1 3F0-3FF 1F00-1FFE
Cyrl 400-484 487-52F 1C80-1C88 2DE0-2DFF A640-A69F
Armn 531-556 559-588 FB13-FB17
Hebr 591-5F4 FB1D-FB4F
Arab 620-63F 641-64A 66E-66F 671-6D5 6E5-6E6 6EE-6EF 6FA-6FC 750-77F 8A0-8C9 FB50-FBB1 FBD3-FD3D FD50-FDFB FE70-FEFC
Syrc 710-74A 74D-74F 860-86A
Thaa 780-7B1
Nkoo 7CA-7F5
Deva 900-950 955-963 971-97F A8E0-A8FF
Beng 980-9E3 9F0-9F1
Guru A01-A5E A70-A75
Gujr A81-AE3 AF9-AFC
Orya B01-B63 B71-B71
Taml B82-BD7
Telu C00-C63
Knda C80-CE3 CF1-CF2
Mlym D00-D63 D7A-D7F
Sinh D81-DDF DF2-DF3
Thai E01-E3A E40-E4E
Laoo E81-ECD EDC-EDF
Tibt F00-F00 F40-FBC
Mymr 1000-103F 1050-109D A9E0-A9EF A9FA-A9FE AA60-AA7F
Geor 10A0-10FA 10FC-10FF 1C90-1CBF 2D00-2D2D
Hang 1100-11FF 3131-318E A960-A97C AC00-D7A3 D7B0-D7FB FFA0-FFDC
Ethi 1200-135F 1380-138F 2D80-2DDE AB01-AB2E
Cher 13A0-13FD AB70-ABBF
Cans 1401-166C 166F-167F 18B0-18F5
Khmr 1780-17D3 17DC-17DD
Mong 1820-1878 1880-18AA
Limb 1900-193B
Tale 1950-1974
Talu 1980-19C9
Lana 1A20-1A7C
Bali 1B00-1B4C
Sund 1B80-1BAF
Olck 1C5A-1C7D
Tfng 2D30-2D6F
Hira 3041-3096 309D-309F
Kana 30A1-30FA 30FD-30FF 31F0-31FF FF66-FF6F FF71-FF9D
Bopo 3105-312F 31A0-31BF
Hani 2E80-2FD5 3005-3005 3007-3007 3021-3029 3400-4DBF 4E00-9FFF F900-FAD9
Yiii A000-A48C
Lisu A4D0-A4FD
Vaii A500-A61F
Java A980-A9BF
Cham AA00-AA4D
Mtei AAE0-AAEF AAF2-AAF6 ABC0-ABEA
"""
_PLANE = 0x10000

NAMES = ("", *(line.split()[0] for line in _RANGES.split("\n") if line))
Points = npt.NDArray[np.uint32]


class Scripts(NamedTuple):
    """The scripts of a text."""

    letters: int  # their number
    counts: dict[str, int]  # letters of each script that occurs, the most frequent first

    @property
    def main(self) -> str:
        """The most frequent script, "" for a text without letters."""
        return next(iter(self.counts), "")

    def share(self, *scripts: str) -> float:
        """The share of the letters that are in these scripts, 0..1."""
        return sum(self.counts.get(script, 0) for script in scripts) / max(self.letters, 1)


def scripts_in(text: str) -> Scripts:
    """The scripts of a text.

    >>> scripts_in("Ωmega, Ω!").counts
    {'Latn': 4, 'Grek': 2}
    """
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    if len(points) and points.max() >= _PLANE:
        # Planes 2 and 3 hold rare Chinese characters; letters of other planes are not counted.
        points = np.where(points < _PLANE, points, np.where(points >> 17 == 1, ord("一"), 0))
    counts = np.bincount(_TABLE[points], minlength=len(NAMES))
    counts[0] = 0
    order = np.argsort(-counts, kind="stable")
    found = {NAMES[i]: int(counts[i]) for i in order[: int(np.count_nonzero(counts))]}
    return Scripts(sum(found.values()), found)


_LETTER = re.compile(r"[^\W\d_]")


def has_letters(text: str) -> bool:
    """Whether there is any letter, of any script."""
    return _LETTER.search(text) is not None


def _table() -> npt.NDArray[np.uint8]:
    table = np.zeros(_PLANE, np.uint8)
    for number, line in enumerate(filter(None, _RANGES.split("\n")), 1):
        for first, _, last in (part.partition("-") for part in line.split()[1:]):
            table[int(first, 16) : int(last, 16) + 1] = number
    return table


_TABLE = _table()
