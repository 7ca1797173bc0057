"""The rebuilt langdetect against the package itself: same language, same probability to the last bit."""

from __future__ import annotations

import gzip
import json
import random
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import langdetect
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from langdetect.detector import Detector
from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory
from langdetect.utils.ngram import NGram
from langdetect.utils.unicode_block import unicode_block

from bench.outside import SHARED
from c4pipe.errors import ConfigError
from c4pipe.langid import langdetect_kernel, langdetect_profiles, langdetect_stream, langdetect_text
from c4pipe.langid.base import Guess
from c4pipe.langid.langdetect import FLOOR, LangDetect
from tests import needs

EVERY = 48  # of the pages there: about 150 texts, on which the package spends about 10 ms each

SENTENCES = {
    "af": "Die kinders het gister die hele dag in die tuin gespeel totdat dit te donker geword het.",
    "ar": "ذهب الأطفال إلى المدرسة في الصباح الباكر ثم عادوا إلى البيت بعد الظهر.",
    "bg": "Децата играха цял ден в градината, докато не стана прекалено тъмно.",
    "bn": "শিশুরা সারাদিন বাগানে খেলেছিল যতক্ষণ না অন্ধকার হয়ে গেল।",
    "cs": "Děti si celý den hrály na zahradě, dokud nebyla úplná tma.",
    "da": "Børnene legede hele dagen i haven, indtil det blev for mørkt.",
    "de": "Die Kinder spielten den ganzen Tag im Garten, bis es zu dunkel wurde.",
    "el": "Τα παιδιά έπαιζαν όλη μέρα στον κήπο μέχρι που σκοτείνιασε.",
    "en": "The children played in the garden all day until it was too dark to see.",
    "es": "Los niños jugaron todo el día en el jardín hasta que se hizo de noche.",
    "fa": "بچه‌ها تمام روز در باغ بازی کردند تا اینکه هوا تاریک شد.",
    "fi": "Lapset leikkivät puutarhassa koko päivän, kunnes tuli liian pimeää.",
    "fr": "Les enfants ont joué toute la journée dans le jardin jusqu'à la nuit.",
    "he": "הילדים שיחקו בגן כל היום עד שנעשה חשוך מדי.",
    "hi": "बच्चे पूरे दिन बगीचे में खेलते रहे जब तक कि अंधेरा नहीं हो गया।",
    "hu": "A gyerekek egész nap a kertben játszottak, amíg be nem sötétedett.",
    "it": "I bambini hanno giocato tutto il giorno in giardino finché non è calata la notte.",
    "ja": "子供たちは暗くなるまで一日中庭で遊んでいました。",
    "ko": "아이들은 어두워질 때까지 하루 종일 정원에서 놀았습니다.",
    "nl": "De kinderen speelden de hele dag in de tuin totdat het te donker werd.",
    "pl": "Dzieci bawiły się w ogrodzie przez cały dzień, aż zrobiło się zupełnie ciemno.",
    "pt": "As crianças brincaram no jardim o dia inteiro até que ficou escuro demais.",
    "ro": "Copiii s-au jucat toată ziua în grădină până când s-a întunecat și au plecat acasă.",
    "ru": "Дети весь день играли в саду, пока совсем не стемнело.",
    "sv": "Barnen lekte i trädgården hela dagen tills det blev för mörkt.",
    "ta": "குழந்தைகள் இருட்டும் வரை நாள் முழுவதும் தோட்டத்தில் விளையாடினார்கள்.",
    "th": "เด็ก ๆ เล่นในสวนทั้งวันจนกระทั่งมืดค่ำ",
    "tr": "Çocuklar hava kararana kadar bütün gün bahçede oynadılar.",
    "uk": "Діти цілий день гралися в саду, доки зовсім не стемніло.",
    "vi": "Bọn trẻ chơi trong vườn cả ngày cho đến khi trời tối hẳn.",
    "zh-cn": "孩子们整天都在花园里玩耍，直到天黑得什么也看不见。",
}
ODDITIES = [
    "",
    " ",
    "\n\t \u3000",
    "12345 67.89 %",
    "a",
    "A",
    "é",
    "x ",
    "NASA AND THE ESA LAUNCHED IT TODAY",
    "NaSA McDONALDs iPHONE ÉCOLE ÀÉ ΑΒγ",
    "see https://example.com/a?b=c#d and http://x.example for more",
    "https://",
    "http://" + "a" * 5000 + " tail of the text",
    "mail jane.doe@example.com or a@b, x@yz, @start, end@ now",
    "a@b@c@dd.example@ee",
    "AAAAAÀ" + "\u0300" * 10 + "Ḁ",
    "x" * 100 + "@example.com",
    "y" * 65 + "@" + "z" * 600 + " and more words",
    "w" * 10 + "@" + "-" * 300 + "@" + "v" * 300,
    "日本語 English 日本語の文章 with Latin words 混ざった文章です",
    "[\\]^_` русский текст с скобками [\\]^_`",
    "naïve café “curly quotes” — dashes… and more",
    unicodedata.normalize("NFD", SENTENCES["vi"]),
    "e\u0300" * 9_999 + "tail",
    "a" + "\u0300" * 20,
    "și țară Ș Ț ș ț",
    "ی ي فارسی",
    "😀 emoji 😀😀 text 🇩🇪 𝐁𝐎𝐋𝐃 𝐓𝐄𝐗𝐓",
    "\x00 nul \x7f del \x85 nel \xa0 nbsp",
    "\ud800 lone \udfff surrogates",
    "word " * 5_000,
    "a" * 30_000,
    "あ" * 12_000,
    "The end of a page cut in the middle. " * 270 + "Überraschung! " * 20,
]


@pytest.fixture(scope="module")
def ours() -> LangDetect:
    return LangDetect()


def package(text: str) -> Guess | None:
    """What the package says, with the seed of C4."""
    seed, DetectorFactory.seed = DetectorFactory.seed, 0
    try:
        best = langdetect.detect_langs(text)
    except langdetect.LangDetectException:
        return None
    finally:
        DetectorFactory.seed = seed
    return Guess(best[0].lang, best[0].prob) if best else None


@pytest.mark.parametrize("language", SENTENCES)
def test_sentences(ours: LangDetect, language: str) -> None:
    guess = ours.guess(SENTENCES[language])
    assert guess is not None
    assert guess.language == language
    assert guess == package(SENTENCES[language])


@pytest.mark.parametrize("text", ODDITIES, ids=lambda text: ascii(text[:20]))
def test_oddities(ours: LangDetect, text: str) -> None:
    assert ours.guess(text) == package(text)


@pytest.mark.parametrize("text", ["", " \n", "12345 67.89 %", "https://example.com/only-an-address", "me@example.com"])
def test_nothing_to_go_by(ours: LangDetect, text: str) -> None:
    assert ours.guess(text) is None


def test_mixed_text_is_unsure(ours: LangDetect) -> None:
    guess = ours.guess(" ".join([SENTENCES["en"], SENTENCES["de"], SENTENCES["fr"]]))
    assert guess is not None
    assert guess.score < 0.99


PIECES = st.one_of(
    st.sampled_from([word for sentence in SENTENCES.values() for word in sentence.split()]),
    st.sampled_from(
        ["https://a.example/b?c", "http", "://", "x.y@z.example", "@", "a@b", "@@", "...", "\n", "  ", "\t"]
    ),
    st.sampled_from(
        ["USA", "McDONALD", "ÀÉÎ", "aB", "ΑΘΗΝΑ", "\u0300", "\u0323", "ê\u0301", "O\u0303", "ș", "ی", "かな"]
    ),
    st.sampled_from(
        ["カタ", "ㄅㄆ", "漢字", "한국", "😀", "𝐀𝐁", "123", "a" * 70, "[]^_`", "\xa0", "\u2019", "ệ", "\x85"]
    ),
    st.text(max_size=8),
)
TEXTS = st.one_of(
    st.text(max_size=200),
    st.lists(PIECES, max_size=60).map(" ".join),
    st.lists(PIECES, max_size=60).map("".join),
    st.builds(
        lambda text, times: text * times, st.lists(PIECES, min_size=1, max_size=8).map(" ".join), st.integers(1, 400)
    ),
)


@settings(max_examples=300, deadline=None)
@given(TEXTS)
@example("A b")
@example("AB c")
def test_any_text(ours: LangDetect, text: str) -> None:
    assert ours.guess(text) == package(text)


@settings(max_examples=500, deadline=None)
@given(st.text(alphabet="ab@.-_ é", max_size=700))
def test_mail_addresses_go_as_the_pattern_takes_them(text: str) -> None:
    assert langdetect_text.without_mail(text) == Detector.MAIL_RE.sub(" ", text)


def pages(path: Path) -> Iterator[str]:
    """The texts of a WET file; a plain split, good enough for well-formed files."""
    for record in gzip.decompress(path.read_bytes()).split(b"WARC/1.0\r\n"):
        head, _, body = record.partition(b"\r\n\r\n")
        if re.search(rb"(?i)^warc-type:\s*conversion", head, re.MULTILINE):
            yield body.decode("utf-8", "replace")


@needs.shared
def test_real_pages(ours: LangDetect) -> None:
    files = [*sorted(SHARED.glob("wet/*.warc.wet.gz")), *sorted(SHARED.glob("wet_bench/*.warc.wet.gz"))]
    texts = [text for path in files for text in islice(pages(path), 0, None, EVERY)]
    differ = [(text[:60], ours.guess(text), package(text)) for text in texts if ours.guess(text) != package(text)]
    assert not differ, f"{len(differ)} of {len(texts)} texts"


def test_constants_are_the_packages() -> None:
    detector = Detector(DetectorFactory())
    assert detector.n_trial == langdetect_kernel.TRIALS
    assert detector.max_text_length == langdetect_text.MAX_TEXT
    assert (Detector.ALPHA_DEFAULT, Detector.ALPHA_WIDTH) == (
        langdetect_stream.SMOOTHING,
        langdetect_stream.SMOOTHING_WIDTH,
    )
    assert Detector.BASE_FREQ == langdetect_stream.BASE_FREQ
    assert Detector.CONV_THRESHOLD == langdetect_kernel.CERTAIN
    assert Detector.ITERATION_LIMIT == langdetect_kernel.LAST_DRAW
    assert Detector.PROB_THRESHOLD == FLOOR
    assert NGram.N_GRAM == langdetect_profiles.LONGEST


def test_characters_become_what_the_package_makes_of_them(ours: LangDetect) -> None:
    expected = [NGram.normalize(chr(code)) for code in range(0x10000)]
    expected += map(chr, range(0x10000, langdetect_kernel.CHARACTERS))
    assert langdetect_profiles.normal_characters().tolist() == list(map(ord, expected))
    capitals = ours._grams.characters & langdetect_kernel.CAPITAL != 0
    assert capitals.tolist() == [character.isupper() for character in expected]


def test_every_ngram_is_found_with_its_shares(ours: LangDetect) -> None:
    grams: dict[str, dict[str, float]] = {}
    for path in Path(PROFILES_DIRECTORY).iterdir():
        profile = json.loads(path.read_text(encoding="utf-8"))
        for gram, seen in profile["freq"].items():
            grams.setdefault(gram, {})[profile["name"]] = seen / profile["n_words"][len(gram) - 1]
    table = ours._grams
    # Some hold characters that langdetect itself turns into others, and can never be met.
    rows = {gram: row(table, gram) for gram in grams if gram != " " and all(NGram.normalize(c) == c for c in gram)}
    assert len(set(rows.values())) == len(rows) > 60_000
    for gram, number in rows.items():
        there = slice(table.starts[number], table.starts[number + 1])
        names = [ours.languages[column] for column in table.columns[there]]
        assert dict(zip(names, table.shares[there].tolist(), strict=True)) == grams[gram]
        if number < len(table.common):
            dense = table.common[number].tolist()
            assert {ours.languages[i]: share for i, share in enumerate(dense) if share} == grams[gram]
        else:
            assert len(names) < langdetect_profiles.COMMON


def row(table: langdetect_profiles.NGramTable, gram: str) -> int:
    """Walks the table of hashes as the kernel does, which asks `near` first where it can."""
    symbols = [int(table.characters[ord(c)]) & (langdetect_kernel.CAPITAL - 1) for c in gram]
    key = near = 0
    for symbol in symbols:
        key, near = (key << langdetect_kernel.SYMBOL_BITS) | symbol, (near << langdetect_kernel.NEAR_BITS) | symbol
    home = (key * langdetect_kernel.HASH_FACTOR % 2**64) >> (64 - langdetect_kernel.HASH_BITS)
    while int(table.far[home]) >> langdetect_kernel.ROW_BITS != key:
        assert table.far[home]
        home += 1
    found = int(table.far[home]) & ((1 << langdetect_kernel.ROW_BITS) - 1)
    if max(symbols) < 1 << langdetect_kernel.NEAR_BITS:
        assert table.near[near] == found
    return found


def test_characters_beyond_the_table_are_left_alone() -> None:
    beyond = map(chr, range(0x10000, sys.maxunicode + 1))
    assert all(NGram.normalize(c) == c and not (c.isupper() and ord(c) >= langdetect_kernel.CHARACTERS) for c in beyond)


def test_vietnamese_letters_count_as_non_latin(ours: LangDetect) -> None:
    # The package means to spare U+1E00 to U+1EFF, but compares a block's number with a name (Detector.cleaning_text).
    text = "ẠẬẶ ab ẹệ"
    assert unicode_block("Ạ") != "Latin Extended Additional"
    assert ours.guess(text) == ours.guess("ẠẬẶ  ẹệ") == package(text)


def test_the_stream_is_long_enough_for_any_text() -> None:
    words = langdetect_stream.read_stream().words
    needed = langdetect_kernel.TRIALS * (langdetect_kernel.LAST_DRAW + 1 + langdetect_kernel.GAUSS_WORDS)
    for n in range(1, 3 * langdetect_text.MAX_TEXT + 1):
        assert np.count_nonzero((words >> np.uint32(32 - n.bit_length())) < n) >= needed


def test_the_stream_is_pythons() -> None:
    stream, source = langdetect_stream.read_stream(), random.Random(0)
    expected = [(0.5 + source.gauss(0.0, 1.0) * 0.05) / 10_000 for _ in range(2)]
    assert stream.weights[0].tolist() == expected
    assert stream.words[4:100].tolist() == [source.getrandbits(32) for _ in range(96)]


def test_order_of_languages_can_be_given() -> None:
    names = sorted(path.name for path in Path(PROFILES_DIRECTORY).iterdir() if path.is_file())
    ordered = LangDetect(names)
    assert list(ordered.languages) == names
    factory = DetectorFactory()
    factory.load_json_profile([(Path(PROFILES_DIRECTORY) / name).read_text(encoding="utf-8") for name in names])
    factory.set_seed(0)
    for text in SENTENCES.values():
        detector = factory.create()
        detector.append(text)
        best = detector.get_probabilities()[0]
        assert ordered.guess(text) == Guess(best.lang, best.prob)
    with pytest.raises(ConfigError, match="unknown langdetect profile 'xx'"):
        LangDetect(["en", "xx"])


def test_threads_may_share_one(ours: LangDetect) -> None:
    texts = [sentence * 5 for sentence in SENTENCES.values()] * 20
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ours.guess, texts)) == [ours.guess(text) for text in texts]


def test_works_in_forked_workers(ours: LangDetect) -> None:
    code = (
        "import multiprocessing as m; from c4pipe.langid import load; one = load('langdetect')\n"
        "def ask(text): return one.guess(text)\n"
        "if __name__ == '__main__':\n"
        "    with m.get_context('fork').Pool(2) as pool: print(pool.map(ask, ['A plain English sentence.'] * 4))\n"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out == f"{[ours.guess('A plain English sentence.')] * 4}\n"
