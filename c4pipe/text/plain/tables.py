"""What the kernel knows of bytes, characters and words."""

from __future__ import annotations

from collections import Counter
from functools import cache

import numpy as np
from numpy.typing import NDArray

from c4pipe.text.plain import marks, stops

# A full stop behind one of these does not count, unless a word of STARTING_WORDS follows; in sentencex 1.0.32, those
# of `abbrev/en.txt` without a stop within.
SHORTENED_WORDS = """
a abbrev adj adm adv al ala alta apr arc ariz ark art assn asst attys aug ave b bart bld bldg blvd brig bros btw c
ca cal calif capt cf cit cl cmdr co col colo comdr con conn corp cpl cres ct d dak dc dec del dept det dist dr drs e
eg ens esp esq etc exec exp expy ext f feb fed ff fig fla fr ft fwy fy g ga gen gov h hon hosp hr hway hwy i ia ibid
id ida ie ill inc ind ing insp j jan jr jul jun k kan kans ken ky l la ll llb lld llm loc lt ltd m maj mar may md me
med messrs mex mfg mich min minn miss mlle mm mme mo mont mr mrs ms msgr mssrs mt mtn n nb neb nebr nem nev no nos
nov nr o oct ok okla ont op ord ore p pa pd pde penn penna pfc pg ph pl plz pp pps pres prof ps pvt q qq que r rd re
ref reg rep reps res rev rs rt s sask sc scil sec sen sens sep sept sfc sgt sr st supt surg t tce tenn tex u univ
usafa ut v va ver viz vs vt w wef wis wisc wrt wy wyo x y yuk z
"""
# Of `starters/en.txt`.
STARTING_WORDS = """
About According Accordingly Actually Additionally After Again All Also Although Always Among An And Another Any
Anyway Apparently Are As At Back Because Before Besides Between Both But By Can Cannot Clearly Coincidentally
Consequently Conversely Could Dear Despite Did Do Does Don't During Each Early Eight Even Eventually Every Everybody
Everyone Except Fifth Finally First Following For Four Fourth From Further Furthermore Generally Given Go Great Had
Has Have Having He Hence Her Here His How However If In Indeed Initially Instead Is It Its Just Last Later Lately
Let Like Many Maybe Meanwhile Might More Moreover Most Much Must My Neither Never Nevertheless New Next Ninth No
None Nonetheless Nor Not Nothing Now Obviously Of Often On Once One Only Or Other Others Otherwise Ought Our Over
Particularly People Perhaps Please Previous Rarely Rather Recent Recently Right Second See Seventh Several Shall She
Shortly Should Similarly Since Sixth So Some Sometimes Soon Specifically Start Still Subsequently Such Suddenly Take
Tenth That The Their Then There Thereafter Therefore These They Third This Those Three Through Thus To Today
Tomorrow Tonight Two Under Unfortunately Unlike Until Upon Using Usually Was We Well Were What Whatever When
Whenever Where Whereas Wherever Whether Which Whichever While Whilst Who Whose Why Will With Within Without Would
Yes Yesterday Yet You Your
"""
# Of `trailing_markers/en.txt`: those without a stop, those that count only behind a digit, and how the others end.
UNIT_WORDS = "ba bcom bs bsc dds fl ft jd lb llb lld llm ma mba mcom md mi mph ms msc ne nw oz phd pt qt se sq sw yd"
UNITS_OF_DIGITS = "gal in"
ENDS_OF_UNITS = "com sc ad am ba bc bs ce ds hd jd lb ld lm ma md ms ne nw pm se sw"
OWN_STOPS = "yahoo yum"  # EXCLAMATION_WORDS in `constants.rs`, of ASCII letters

# Code points of plain lines other than ASCII: letters and marks of Latin, Greek, Cyrillic, Armenian, Hebrew and Arabic,
# dashes, € and ™, Hangul. Characters whose lower case has more bytes, fewer, or is several, are not plain.
PLAIN_POINTS = "a1-588 5d0-61a 620-6d3 6d5-6ff 1e00-1fff 2010-2015 20ac 2122 ac00-d7a3"
NOT_PLAIN = "b0 ba 331 37e 38b 38d 3a2"  # in "N°", "nº", "No̱"; a question mark; gaps among the letters


@cache
def addresses() -> tuple[int, int, int]:
    """The addresses of the three tables, as `kernel.hash_plain` takes them."""
    of_byte, of_point, words = (table.ctypes.data for table in _tables())
    return of_byte, of_point, words


@cache
def _tables() -> tuple[NDArray[np.uint16], NDArray[np.uint16], NDArray[np.int64]]:
    return _of_byte(), _of_point(), _words()


def _of_byte() -> NDArray[np.uint16]:
    kinds = dict.fromkeys(range(0x20, 0x7F), marks.ORDINARY)
    kinds |= dict.fromkeys(b".!?", marks.STOPS) | dict.fromkeys(b"\n\0", marks.ENDS)
    kinds |= dict.fromkeys(b"([{<", marks.OPENS) | dict.fromkeys(b")]}>", marks.CLOSES)
    kinds |= {ord('"'): marks.DOUBLE_QUOTE, ord("'"): marks.APOSTROPHE, ord("@"): marks.AT_SIGN}
    kinds |= dict.fromkeys(b"`\\", marks.OTHER_BYTE)
    kinds |= dict.fromkeys(range(0xC2, 0xE0), marks.TWO_BYTES) | dict.fromkeys(range(0xE1, 0xEE), marks.THREE_BYTES)
    entries = (kinds.get(byte, marks.OTHER_BYTE) << marks.BYTE_BITS | ord(chr(byte).lower()) for byte in range(0x80))
    wide = (kinds.get(byte, marks.OTHER_BYTE) << marks.BYTE_BITS for byte in range(0x80, 0x100))
    return np.array([*entries, *wide], np.uint16)


def _of_point() -> NDArray[np.uint16]:
    of_point = np.zeros(1 << 16, np.uint16)
    for first, _, last in (run.partition("-") for run in PLAIN_POINTS.split()):
        start, stop = int(first, 16), int(last or first, 16) + 1
        chars = "".join(map(chr, range(start, stop)))
        lower = chars.lower()
        if len(lower) == len(chars) == len(chars.encode()) / len(lower.encode()) * len(lower):
            of_point[start:stop] = np.frombuffer(lower.encode("utf-16-le"), np.uint16)
            continue
        for point in range(start, stop):
            small = chr(point).lower()
            if len(small) == 1 and len(small.encode()) == len(chr(point).encode()):
                of_point[point] = ord(small)
    of_point[[int(point, 16) for point in NOT_PLAIN.split()]] = marks.UNKNOWN
    of_point[[ord(mark) for mark in "«»‘’“”„"]] = marks.QUOTE_MARK
    of_point[0xA0] = marks.WIDE_BLANK
    of_point[[0x2026, 0x200C, 0x200D]] = marks.BEGINS_NOTHING  # the ellipsis, and what joins or separates letters
    of_point[ord("Σ")] = marks.CAPITAL_SIGMA
    return of_point


def _words() -> NDArray[np.int64]:
    flags: Counter[int] = Counter()
    starters = STARTING_WORDS.split()
    short = [word for word in starters if len(word) < stops.WORD_LETTERS and word.isalpha()]
    for flag, known in (
        (stops.SHORTENED, SHORTENED_WORDS.split()),
        (stops.UNIT, UNIT_WORDS.split()),
        (stops.UNIT_OF_DIGITS, UNITS_OF_DIGITS.split()),
        (stops.UNIT_BEHIND_DOT, ENDS_OF_UNITS.split()),
        (stops.OWN_STOP, OWN_STOPS.split()),
        (stops.STARTER, short),
        (stops.STARTER_PERHAPS, set(starters) - set(short)),
    ):
        for word in known:
            flags[_key_of(word)] |= flag
    words = np.zeros(stops.WORD_SLOTS, np.int64)
    for key, flag in flags.items():
        slot = key * stops.SLOT_FACTOR >> stops.SLOT_SHIFT
        while words[slot % stops.WORD_SLOTS]:
            slot += 1
        words[slot % stops.WORD_SLOTS] = key | flag
    return words


def _key_of(word: str) -> int:
    """The key of a word: its first letters, as far as it consists of letters."""
    letters = word[: stops.WORD_LETTERS].lower().partition("'")[0]
    return sum((ord(letter) & 31) << stops.LETTER_BITS * i for i, letter in enumerate(letters))
