"""Sentences and lines in every script: what a sentence is, what span and line dedup then take, what the rules count.

The texts were written for these tests. For each language three sentences (`again`) that two pages share, and sentences
of their own around them (`one`, `two`), as that language sets its stops and blanks.
"""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from c4pipe.dedup import LineLevel, SpanLevel
from c4pipe.languages.codes import MC4
from c4pipe.page import Page
from c4pipe.presets import EN, for_languages
from c4pipe.rules import EndMark, MaxWordLength, MinParagraphs, MinSentences, MinWords
from c4pipe.text import hash64, sentence_splitter
from tests.dedup.oracle import Put, md5, packed

A, B = sorted(("http://a.example/", "http://b.example/"), key=md5)  # A owns what both have


class Texts(NamedTuple):
    """Sentences that both pages have, and those of one of them: in front and behind."""

    again: tuple[str, str, str]
    one: tuple[str, str]
    two: tuple[str, str]
    joint: str = " "  # what stands between sentences


TEXTS = {
    "hi": Texts(
        ("गाँव के पास एक नदी बहती है।", "बच्चे वहाँ रोज़ खेलते हैं।", "क्या तुम भी चलोगे?"),
        ("आज मौसम अच्छा है।", "हम घर लौट आए।"),
        ("यह दूसरी कहानी है।", "कहानी यहाँ समाप्त होती है॥"),
    ),
    "mr": Texts(
        ("माझे घर नदीजवळ आहे।", "तेथे खूप झाडे आहेत।", "तू कधी येशील?"),
        ("आज रविवार आहे.", "आम्ही परत आलो."),
        ("ही वेगळी गोष्ट आहे.", "गोष्ट संपली!"),
    ),
    "ne": Texts(
        ("मेरो गाउँ पहाडमा छ।", "त्यहाँ धेरै रूख छन्।", "तिमी कहिले आउँछौ?"),
        ("आज घाम लागेको छ।", "हामी घर फर्कियौं।"),
        ("यो अर्को कथा हो।", "कथा सकियो।"),
    ),
    "sa": Texts(
        ("वने सिंहः वसति।", "सः प्रतिदिनं जलं पिबति॥", "सर्वे तं पश्यन्ति।"),
        ("अद्य सोमवासरः अस्ति।", "वयं गृहं गच्छामः॥"),
        ("एषा अन्या कथा।", "कथा समाप्ता॥"),
    ),
    "bn": Texts(
        ("নদীর ধারে একটি গ্রাম আছে।", "সেখানে অনেক গাছ।", "তুমি কি যাবে?"),
        ("আজ রোদ উঠেছে।", "আমরা ফিরে এলাম।"),
        ("এটি অন্য গল্প।", "গল্প শেষ হলো।"),
    ),
    "ta": Texts(
        ("ஆற்றின் அருகில் ஒரு ஊர் உள்ளது.", "அங்கே பல மரங்கள் உண்டு.", "நீ வருவாயா?"),
        ("இன்று மழை பெய்கிறது.", "நாங்கள் திரும்பினோம்."),
        ("இது வேறு கதை.", "கதை முடிந்தது."),
    ),
    "si": Texts(
        ("ගඟ අසල ගමක් ඇත.", "එහි ගස් බොහෝ ඇත.", "ඔබ එනවාද?"),
        ("අද හිරු පායා ඇත.", "අපි ආපසු ආවෙමු."),
        ("මෙය වෙනත් කතාවකි.", "කතාව අවසන්."),
    ),
    "zh": Texts(
        ("河边有一个小村子。", "孩子们每天都去那里玩！", "你也想去吗？"),
        ("今天天气很好。", "“我们回家吧。”"),
        ("这是另一个故事。", "故事到这里就结束了。"),
        joint="",
    ),
    "ja": Texts(
        ("川のそばに小さな村がある。", "子供たちは毎日そこで遊ぶ！", "「君も行くかい？」"),
        ("今日はいい天気だ。", "私たちは家に帰った。"),
        ("これは別の話だ。", "話はここで終わる。"),
        joint="",
    ),
    "ko": Texts(
        ("강가에 작은 마을이 있다.", "아이들은 날마다 거기서 논다.", "너도 갈래?"),
        ("오늘은 날씨가 좋다.", "우리는 집으로 돌아왔다."),
        ("이것은 다른 이야기다.", "이야기는 여기서 끝난다."),
    ),
    "my": Texts(
        ("မြစ်နားမှာ ရွာတစ်ရွာရှိသည်။", "ကလေးများ နေ့တိုင်းကစားကြသည်။", "သစ်ပင်များလည်း ရှိသည်။"),
        ("ယနေ့ ရာသီဥတုကောင်းသည်။", "ကျွန်တော်တို့ အိမ်ပြန်ခဲ့သည်။"),
        ("ဤသည်မှာ အခြားပုံပြင်ဖြစ်သည်။", "ပုံပြင်ပြီးပါပြီ။"),
        joint="",
    ),
    "km": Texts(
        ("មានភូមិមួយនៅក្បែរទន្លេ។", "ក្មេងៗលេងនៅទីនោះរាល់ថ្ងៃ។", "នៅទីនោះមានដើមឈើច្រើន។"),
        ("ថ្ងៃនេះអាកាសធាតុល្អ។", "យើងបានត្រឡប់មកផ្ទះវិញ៕"),
        ("នេះជារឿងមួយទៀត។", "រឿងនេះចប់ហើយ៕"),
        joint="",
    ),
    "lo": Texts(
        ("ມີບ້ານນ້ອຍຢູ່ແຄມແມ່ນ້ຳ.", "ເດັກນ້ອຍຫຼິ້ນຢູ່ທີ່ນັ້ນທຸກມື້.", "ເຈົ້າຢາກໄປບໍ?"),
        ("ມື້ນີ້ອາກາດດີ.", "ພວກເຮົາກັບບ້ານ."),
        ("ນີ້ແມ່ນອີກເລື່ອງໜຶ່ງ.", "ເລື່ອງຈົບແລ້ວ."),
    ),
    "ar": Texts(
        ("تقع القرية قرب النهر.", "يلعب الأطفال هناك كل يوم!", "هل تريد أن تذهب؟"),
        ("الطقس جميل اليوم.", "عدنا إلى البيت."),
        ("هذه قصة أخرى.", "انتهت القصة هنا."),
    ),
    "fa": Texts(
        ("روستا کنار رودخانه است.", "بچه‌ها هر روز آنجا بازی می‌کنند.", "آیا تو هم می‌آیی؟"),
        ("امروز هوا خوب است.", "ما به خانه برگشتیم."),
        ("این داستان دیگری است.", "داستان اینجا تمام شد."),
    ),
    "ur": Texts(
        ("گاؤں دریا کے پاس ہے۔", "بچے وہاں روز کھیلتے ہیں۔", "کیا تم بھی چلو گے؟"),
        ("آج موسم اچھا ہے۔", "ہم گھر لوٹ آئے۔"),
        ("یہ دوسری کہانی ہے۔", "کہانی ختم ہوئی۔"),
    ),
    "iw": Texts(
        ("הכפר שוכן ליד הנהר.", "הילדים משחקים שם בכל יום.", "האם תרצה לבוא?"),
        ("היום מזג האוויר נאה.", "חזרנו הביתה."),
        ("זה סיפור אחר.", "הסיפור נגמר כאן."),
    ),
    "yi": Texts(
        ("דאָס דאָרף ליגט בײַם טײַך.", "די קינדער שפּילן זיך דאָרט.", "ווילסטו אויך גיין?"),
        ("הײַנט איז שיין.", "מיר זײַנען געקומען אַהיים."),
        ("דאָס איז אַן אַנדער מעשׂה.", "די מעשׂה איז אויס."),
    ),
    "hy": Texts(
        ("Գյուղը գետի մոտ է։", "Երեխաները ամեն օր խաղում են այնտեղ։", "Դու էլ կգա՞ս։"),
        ("Այսօր եղանակը լավ է։", "Մենք տուն վերադարձանք։"),
        ("Սա ուրիշ պատմություն է։", "Պատմությունն ավարտվեց։"),
    ),
    "am": Texts(
        ("መንደሩ ከወንዙ አጠገብ ነው።", "ልጆች በየቀኑ እዚያ ይጫወታሉ።", "አንተም ትሄዳለህ፧"),
        ("ዛሬ አየሩ ጥሩ ነው።", "ወደ ቤት ተመለስን።"),
        ("ይህ ሌላ ታሪክ ነው።", "ታሪኩ አለቀ።"),
    ),
    "el": Texts(
        ("Το χωριό είναι κοντά στο ποτάμι.", "Τα παιδιά παίζουν εκεί κάθε μέρα!", "Θα έρθεις κι εσύ;"),
        ("Σήμερα κάνει καλό καιρό.", "Γυρίσαμε στο σπίτι."),
        ("Αυτή είναι άλλη ιστορία.", "Η ιστορία τελείωσε."),
    ),
    "ka": Texts(
        ("სოფელი მდინარესთან დგას.", "ბავშვები იქ ყოველდღე თამაშობენ.", "შენც წამოხვალ?"),
        ("დღეს კარგი ამინდია.", "შინ დავბრუნდით."),
        ("ეს სხვა ამბავია.", "ამბავი დასრულდა."),
    ),
    "ru": Texts(
        ("Деревня стоит у реки.", "Дети играют там каждый день!", "А ты пойдёшь с нами?"),
        ("Сегодня хорошая погода.", "Мы вернулись домой."),
        ("Это другая история.", "История закончилась."),
    ),
    "vi": Texts(
        ("Ngôi làng nằm bên bờ sông.", "Trẻ con chơi ở đó mỗi ngày.", "Bạn có muốn đi không?"),
        ("Hôm nay trời đẹp.", "Chúng tôi đã về nhà."),
        ("Đây là một câu chuyện khác.", "Câu chuyện kết thúc ở đây."),
    ),
    "tr": Texts(
        ("Köy ırmağın kıyısındadır.", "Çocuklar her gün orada oynar.", "Sen de gelir misin?"),
        ("Bugün hava güzel.", "Eve döndük."),
        ("Bu başka bir öykü.", "Öykü burada bitti."),
    ),
}  # fmt: skip


def page(texts: Texts, own: tuple[str, str]) -> str:
    """A page of one line."""
    return texts.joint.join((own[0], *texts.again, own[1]))


def spans(before: dict[str, str], splitter: str) -> dict[str, str]:
    """What span dedup leaves of two pages."""
    return packed([[[Put(*item) for item in before.items()]]], SpanLevel(splitter), 2).corpus


@pytest.mark.parametrize(
    ("language", "splitter"),
    # Greek by the rules of English has no question mark: see `test_a_line_has_these_sentences`.
    [(code, f"sentencex:{rules}") for code in TEXTS for rules in (code, "en") if (code, rules) != ("el", "en")],
)
def test_of_three_repeated_sentences_one_occurrence_stays(language: str, splitter: str) -> None:
    """In every script, with the splitter of the language and with the one that a build of several languages has."""
    texts = TEXTS[language]
    first, second = page(texts, texts.one), page(texts, texts.two)
    assert spans({A: first, B: second}, splitter) == {A: first, B: texts.joint.join(texts.two)}
    assert spans({B: first, A: second}, splitter) == {A: second, B: texts.joint.join(texts.one)}


@pytest.mark.parametrize("language", TEXTS)
def test_two_repeated_sentences_are_no_span(language: str) -> None:
    texts = TEXTS[language]
    before = {A: texts.joint.join(texts.again), B: texts.joint.join((*texts.again[:2], texts.two[0]))}
    assert spans(before, f"sentencex:{language}") == before


@pytest.mark.parametrize("language", TEXTS)
def test_sentences_are_counted(language: str) -> None:
    rule = MinSentences(5, splitter=f"sentencex:{language}")
    texts = TEXTS[language]
    assert rule.offence(Page("u", page(texts, texts.one), "")) is None
    assert rule.offence(Page("u", texts.joint.join((*texts.again, texts.one[0])), "")) == "4 sentences"


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        # A corner bracket that closes behind a stop belongs to the sentence.
        ("ja", ["「いいよ。」", "と彼は言った。"]),
        ("zh", ["他说：“好的。”", "然后……走了。", "真的吗？！", "是。"]),
        ("ja", ["半角の文です｡", "次の文です｡"]),
        ("hi", ["शर्मा आए।", "वे चले गए॥", "अब?"]),
        ("am", ["ይህ ነው። ", "ጥያቄ ነው፧ ", "አዎ!"]),
        ("hy", ["Սա առաջինն է։ ", "Սա երկրորդն է։"]),
        # Both question marks of Greek: Unicode holds them equal.
        ("el", ["Είναι ερώτηση; ", "Ναι."]),
        ("el", ["Είναι ερώτηση\u037e ", "Ναι."]),
        ("km", ["ភូមិមួយ។", "ទន្លេ៕ ", "ផ្ទះ"]),
        ("en", ["It is good 😀. ", "It is bad! ", "😞 So it is 👍🏽."]),
        ("en", ["Really‼️ ", "Yes."]),
        ("en", ["Он сказал: да. ", "他说好。", "So it was."]),
        # Thai sets blanks where others set stops, and no less inside a sentence: its unit is the line. So is Tibetan's.
        ("th", ["วันนี้อากาศดี เราไปสวนกันเถอะ"]),
        ("bo", ["འདི་ནི་དང་པོ་ཡིན། འདི་ནི་གཉིས་པ་ཡིན།"]),
        # To English and most others a semicolon ends nothing.
        ("en", ["Είναι ερώτηση; Ναι."]),
    ],
)  # fmt: skip
def test_a_line_has_these_sentences(language: str, sentences: list[str]) -> None:
    joined = " ".join(sentences) if language == "hi" else "".join(sentences)
    found = sentence_splitter(f"sentencex:{language}")(joined)
    assert [s.strip() for s in found] == [s.strip() for s in sentences]


@pytest.mark.parametrize("mark", ["\u200f", "\u200e", "\u061c", "\u202c", "\u2069", "\u200b", "\ufeff", "\u200f\u200b"])
def test_marks_behind_a_stop_go_with_the_sentence_that_it_ends(mark: str) -> None:
    """Found on real pages: a mark at the end of a line counted as a sentence, and in its middle made another one."""
    sentences = [f"الأول هنا.{mark}", f"هل هذا؟{mark}", f"نعم!{mark}"]
    split = sentence_splitter("sentencex:ar")
    assert list(split(sentences[0])) == sentences[:1]
    assert list(split(" ".join(sentences))) == [f"{sentences[0]} ", f"{sentences[1]} ", sentences[2]]
    assert MinSentences(3, splitter="sentencex:ar").offence(Page("u", "\n".join(sentences[:2]), "")) == "2 sentences"
    shared = " ".join(sentences)
    before = {A: shared, B: f"قبل ذلك.{mark} {shared}"}
    assert spans(before, "sentencex:ar") == {A: shared, B: f"قبل ذلك.{mark}"}


@pytest.mark.parametrize("blank", ["\x85", "\xa0", "\u1680", "\u2003", "\u2009", "\u202f", "\u205f", "\u3000"])
@pytest.mark.parametrize("language", ["en", "am", "gu", "sk"])
def test_an_initial_a_wide_blank_and_a_stop_do_not_end_the_build(blank: str, language: str) -> None:
    """sentencex 1.0.32 panics at them, and what is then raised is no Exception."""
    split = sentence_splitter(f"sentencex:{language}")
    for text in (
        f"Plan B{blank}. Next",
        f"B{blank}.",
        f"A{blank}.{blank}./A",
        f"vitamin B {blank}. Next",
        f"B.{blank}.",
    ):
        assert "".join(split(text)) == text
    text = f"Take vitamin B{blank}. Then rest. {blank}."
    assert [len(s) for s in split(text)] == [len(s) for s in split(text.replace(blank, " "))]


HARD = st.text(
    st.one_of(
        st.sampled_from("aBZ1. .  ?!;:\"'”“’»«…()[]/·\u0301😀\t\x0b\x1c\x85\xa0\u2028\u3000"),
        st.sampled_from("\u200f\u200e\u202c\u200b\u200d\ufe0f"),
        st.sampled_from("。！？」「』『）（।॥؟۔։።፧។៕။།\u037e"),
        st.characters(codec="utf-8", exclude_characters="\n"),
    ),
    max_size=60,
)  # fmt: skip


@settings(max_examples=1500, deadline=None)
@given(HARD, st.sampled_from([*MC4, "und", "bo", "sa", "zh-cn", "no-such"]))
@example("Plan B\xa0. Next", "en")
@example("\u200f", "ar")
@example("។\u200b\u200b។", "km")
def test_the_sentences_of_any_line_joined_are_the_line(line: str, language: str) -> None:
    """For every code of mC4, those too that sentencex has no rules for: it takes those of a relative or of English."""
    sentences = list(sentence_splitter(f"sentencex:{language}")(line))
    assert "".join(sentences) == line
    assert "" not in sentences


@settings(max_examples=300, deadline=None)
@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\n", exclude_categories=["Cf", "Zs", "Zl", "Zp", "Cc"]))
)
def test_what_sentencex_gets_right_is_left_alone(line: str) -> None:
    import sentencex

    line = line.translate(dict.fromkeys(map(ord, "\u17d4\u17d5\u037e\ufe0e\ufe0f")))
    assert sentence_splitter("sentencex:en")(line) == sentencex.segment("en", line)


def test_each_language_alone_has_its_own_splitter() -> None:
    for language, named in (("zh-cn", "zh"), ("hi", "hi"), ("iw", "iw"), ("bg-Latn", "bg")):
        stages = for_languages(EN, [language]).stages
        assert [s.level.splitter for s in stages if isinstance(getattr(s, "level", None), SpanLevel)] == [  # type: ignore[union-attr]
            f"sentencex:{named}"
        ]


# -- what is equal ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("Καλή ΜΈΡΑ.", "καλή μέρα.", True),
        ("ПРИВЕТ.", "привет.", True),
        ("ԲԱՐԵՎ։", "բարեւ։", False),  # the ligature has no capital of its own
        ("STRASSE.", "straße.", False),  # lower-cased, not folded: ß stays ß
        ("STRAẞE.", "straße.", True),
        ("ISPARTA.", "ısparta.", False),  # lower-cased as English, not Turkish: I is i
        ("İzmir.", "i̇zmir.", True),  # with the dot as a mark of its own
        ("İzmir.", "izmir.", False),
        ("ﬁne.", "fine.", False),
        ("ΟΔΟΣ.", "οδο\u03c2.", True),  # a capital sigma at the end of a word is lower-cased to the final one
        ("ΟΔΟΣ.", "οδο\u03c3.", False),
        ("می‌آیی؟", "میآیی؟", False),  # a zero-width non-joiner makes another word
        ("क्‍ष।", "क्ष।", False),
        (unicodedata.normalize("NFC", "Đường phố."), unicodedata.normalize("NFD", "Đường phố."), False),
        (unicodedata.normalize("NFC", "각."), unicodedata.normalize("NFD", "각."), False),
        ("\u3000終わり。", "終わり。", True),  # an ideographic blank is a blank
        ("ａｂｃ.", "ABC.", False),
        ("ＡＢＣ.", "ａｂｃ.", True),
    ],
)
def test_text_is_equal_when_it_is_so_stripped_and_in_lower_case(one: str, other: str, equal: bool) -> None:
    """As the reference compares: without normalisation, so that composed and decomposed letters differ."""
    assert (LineLevel().atoms(one) == LineLevel().atoms(other)) == equal
    assert (SpanLevel().atoms(one) == SpanLevel().atoms(other)) == equal
    assert LineLevel().atoms(one) == [hash64(one.strip().lower())]


@pytest.mark.parametrize("language", [*TEXTS, "th"])
def test_of_a_repeated_line_one_stays(language: str) -> None:
    thai = Texts(("มีหมู่บ้านเล็กๆ อยู่ริมแม่น้ำ", "เด็กๆ เล่นกันที่นั่นทุกวัน", "คุณอยากไปไหม"), ("ก", "ข"), ("ค", "ง"))
    texts = TEXTS.get(language, thai)
    first, second = ("\n".join((own[0], *texts.again, own[1])) for own in (texts.one, texts.two))
    expected = {A: first, B: "\n".join(texts.two)}
    assert packed([[[Put(A, first), Put(B, second)]]], LineLevel(), 2).corpus == expected
    assert spans({A: first, B: second}, f"sentencex:{language}") == expected  # three lines are three sentences, or more


# -- the rules ----------------------------------------------------------------------------------------------------


def test_a_paragraph_is_counted_in_characters_whatever_their_bytes() -> None:
    rule = MinParagraphs()
    for letter in ("a", "é", "字", "ก", "😀"):
        assert rule.offence(Page("u", "\n".join([letter * 200] * 3), "")) is None
        assert rule.offence(Page("u", "\n".join([letter * 199] * 3), "")) == "0 long lines"
    composed = unicodedata.normalize("NFC", "ệ" * 100)  # a mark counts as a character
    assert (len(composed), len(unicodedata.normalize("NFD", composed))) == (100, 300)


@pytest.mark.parametrize(
    ("rule", "keeps", "drops"),
    [
        # C4's marks: lines of scripts with other stops are dropped, unless a preset declares theirs.
        (EndMark(), ["ко́нец.", "끝났다.", "סוף?"], ["है।", "。", "؟", "۔", "။", "։", "።", ".\u200f", "”", "»"]),
        (EndMark(marks=(".", "।", "॥")), ["है।", "है॥"], ["है"]),
        (MinWords(), ["यह एक बहुत अच्छा दिन।"], ["川のそばに小さな村があるのだ。", "मौसम अच्छा है।"]),
        (MinWords(), ["a\u3000b\u3000c\u3000d\u3000e"], ["a\u200bb\u200bc\u200bd\u200be"]),
        # A line without blanks is one word: of 1,001 characters it is dropped.
        (MaxWordLength(), ["字" * 1000], ["字" * 1001]),
    ],
)  # fmt: skip
def test_line_rules_in_other_scripts(
    rule: EndMark | MinWords | MaxWordLength, keeps: list[str], drops: list[str]
) -> None:
    assert [line for line in keeps if rule.breaks(line)] == []
    assert [line for line in drops if not rule.breaks(line)] == []
