"""Six languages of mC4 in Latin letters that no voter knows: ru, bg, el, hi, ja and zh.

A text is in one of the six only if it has that language's small words, often and many different ones; Japanese and
Chinese must also be made of their syllables. The lists are ours. They apply only to a text on which the voters
disagree. Precision comes first: a missed text becomes `und`, but a wrong one spoils a small subset.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import NamedTuple

MIN_WORDS = 8  # fewer prove nothing


class Profile(NamedTuple):
    """The signs of a romanised language."""

    language: str
    marks: frozenset[str]  # small words that no other language has, or rarely
    common: frozenset[str]  # the marks, and small words that others have too
    share: float  # required share of small words among the words
    distinct: int  # different marks that must occur
    endings: tuple[str, ...] = ()  # a word with one of them is also a mark
    syllables: re.Pattern[str] | None = None  # what words are made of, if that is a closed list ...
    made: float = 0.0  # ... and the required share of such words


def _profile(language: str, marks: str, others: str, share: float, distinct: int, **more: object) -> Profile:
    own = frozenset(marks.split())
    return Profile(language, own, own | frozenset(others.split()), share, distinct, **more)  # type: ignore[arg-type]


def _syllables(initials_and_finals: str) -> str:
    """Each line holds an initial ("-" for none) and the finals that it combines with."""
    lines = [line.split() for line in initials_and_finals.strip().split("\n")]
    made = [initial.strip("-") + final for initial, *finals in lines for final in finals]
    return "(?:" + "|".join(sorted(made, key=lambda syllable: (-len(syllable), syllable))) + ")+"


# Hepburn's and Kunrei's spellings; n before a vowel begins the next mora, and a doubled consonant is one by itself.
_ROMAJI = "(?:(?:[kgsztdnhbpmr]y?|sh|ch|ts|jy?|f|w|y)?[aiueo]|n(?![aiueoy])|k(?=k)|s(?=s)|t(?=t|ch)|p(?=p))+"
_PINYIN = _syllables("""
b a o ai ei ao an en ang eng i ie iao ian in ing u
p a o ai ei ao ou an en ang eng i ie iao ian in ing u
m a o e ai ei ao ou an en ang eng i ie iao iu ian in ing u
f a o ei ou an en ang eng u
d a e ai ei ao ou an en ang eng ong i ie iao iu ian ing u uo ui uan un
t a e ai ao ou an ang eng ong i ie iao ian ing u uo ui uan un
n a e ai ei ao ou an en ang eng ong i ie iao iu ian in iang ing u uo uan v ve ue
l a e ai ei ao ou an ang eng ong i ia ie iao iu ian in iang ing u uo uan un v ve ue
g a e ai ei ao ou an en ang eng ong u ua uo uai ui uan un uang
k a e ai ao ou an en ang eng ong u ua uo uai ui uan un uang
h a e ai ei ao ou an en ang eng ong u ua uo uai ui uan un uang
j i ia ie iao iu ian in iang ing iong u ue uan un
q i ia ie iao iu ian in iang ing iong u ue uan un
x i ia ie iao iu ian in iang ing iong u ue uan un
zh a e i ai ei ao ou an en ang eng ong u ua uo uai ui uan un uang
ch a e i ai ao ou an en ang eng ong u ua uo uai ui uan un uang
sh a e i ai ei ao ou an en ang eng u ua uo uai ui uan un uang
r e i ao ou an en ang eng ong u uo ui uan un
z a e i ai ei ao ou an en ang eng ong u uo ui uan un
c a e i ai ao ou an en ang eng ong u uo ui uan un
s a e i ai ao ou an en ang eng ong u uo ui uan un
y a e ao ou an ang i in ing o ong u ue uan un
w a o ai ei an en ang eng u
- a o e ai ei ao ou an en ang er
""")

# The shares are well below what plain prose of the language has and well above what texts in others have: see the
# tests, which check each against texts in all languages.
PROFILES = (
    _profile(
        "ru-Latn",
        "budet byla byli bylo bolshe chego chem chto chtoby cto dazhe dlya eshche esche eshe esli eta eti eto etogo "
        "etot gde horosho khorosho kogda kotorye kotoraya kotoroye kotoryi kotoryy lyudi menya mne mozhet mozhno "
        "nado nego nichego ochen ona oni poka potom potomu seichas seychas sebya svoi svoy takzhe teper togda tolko "
        "tozhe uzhe vremya vsegda vsyo yego yesli yest yeshche yeyo zdes",
        "a bez bil bila byl da do ego ee est ih i iz ja k kak my na ne net no nu o on ot po pod pri s so tak tam tebya "
        "to ty u v vas vo vot vse vy ya za zhe",
        share=0.25,
        distinct=4,
    ),
    _profile(
        "bg-Latn",
        "beshe biha chrez dokato kadeto kakto kakvo kato koeto koyto koito koyato koiato kogato mezhdu mnogo nyama "
        "njama nego neya nyakoi oshte osven pri sega shte shteshe sled tazi tezi tova tozi togava tya tyah vseki "
        "vsichki vsichko vie zashto zatova",
        "a bez bi da do e gi go i ili im ima ya kak kam li me mi mu na ne ni no ot po s sa samo se si sme sam su te ti "
        "v vav za",
        share=0.3,
        distinct=3,
    ),
    _profile(
        "el-Latn",
        "afti afto afta alla apo den echei echoume einai ekei eixe eiche edo etsi exei giati gia ikan itan kathe mazi "
        "mou otan opos opou oti oloi polla poli poly pou prepei prin sou stin sti ston stous tha thelo tipota tis tou "
        "tous tora tote xoris",
        "an as ena enas h i kai ke me mia mas na ola o oi se sas sta sto ta ti tin to ton",
        share=0.3,
        distinct=4,
    ),
    _profile(
        "hi-Latn",
        "aaj aap aapke aur bahut bhi gaya gayi gaye hai hain hoga hota hoti hote humein iske jab jaise kabhi karke "
        "karna karne karta karte karti koi kuch kya kyon kyun kyunki lekin liye mein mera mere meri mujhe nahi nahin "
        "phir raha rahe rahi sabhi sakte sakta tha thi tum unka unke unki unhone uska uske uski waala wale woh yah yeh",
        "ab apna apne apni baad bas din do ek hi ho hum is ise jo ka kar ke ki ko main na ne pe par saath sab se tab "
        "to toh us wo ye",
        share=0.3,
        distinct=5,
    ),
    _profile(
        "ja-Latn",
        "boku datta dattara dake demo deshita deshou desu desuga dewa doko hajimete hito hitotsu hontou ikimashita "
        "itsumo kanojo kara kare kedo kono koto kotoga kyou made mashita masu mono motto nakatta nani naru nato node "
        "shita shite shikashi sono sore soshite suru tachi takusan tame toki totemo watakushi watashi watashitachi "
        "yori yoru",
        "a da de e ga he i ka mo na nai ne ni no o ta te to wa wo ya yo",
        share=0.25,
        distinct=4,
        endings=("mashita", "masu", "masen", "desu", "nakatta", "shita", "teita", "teiru"),
        syllables=re.compile(_ROMAJI),
        made=0.85,
    ),
    _profile(
        "zh-Latn",
        "bushi danshi dou duo guo hao hen henduo jiu keyi mei meiyou nage nimen ranhou ruguo shang shei shenme shenme "
        "shi shihou shuo suoyi tamen women xia xian xiang xiangxin xianzai xihuan yao ye yige yijing yinwei yizhi you "
        "zai zenme zhe zheme zhege zhexie zhi zhong zhongguo zhongwen zui zuo",
        "ba bu cong da dao de dei di ge gei hai he hui jia la lai le li ma men na ne neng ni qu ren ta tian wei wo yi",
        share=0.25,
        distinct=5,
        syllables=re.compile(_PINYIN),
        made=0.9,
    ),
)
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")


def latin_words(text: str) -> list[str]:
    """The words of a text in plain Latin letters: no marks (zhōng, č), no capitals, no apostrophes in them (tol'ko)."""
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return [word.replace("'", "") for word in _WORD.findall(text.lower())]


def romanised(text: str) -> tuple[str, float] | None:
    """The romanised language of a text and the share of its small words among all; None if it is none of the six.

    >>> romanised("Kogda ya byl malenkim, mne kazalos, chto eto ochen bolshoy dom, no teper on uzhe ne takoy.")
    ('ru-Latn', 0.7058823529411765)
    """
    words = latin_words(text)
    if len(words) < MIN_WORDS:
        return None
    seen = Counter(words)
    fits = [(share, profile.language) for profile in PROFILES if (share := _fit(seen, len(words), profile))]
    return max(fits)[::-1] if fits else None


def _fit(seen: Counter[str], total: int, profile: Profile) -> float:
    """The share of a language's small words among all, 0.0 if something contradicts it."""
    marks = profile.marks & seen.keys()
    if profile.endings:
        marks |= {word for word in seen if word.endswith(profile.endings)}
    if len(marks) < profile.distinct:
        return 0.0
    share = sum(seen[word] for word in marks | (profile.common & seen.keys())) / total
    if share < profile.share:
        return 0.0
    made = profile.syllables
    if made and sum(n for word, n in seen.items() if made.fullmatch(word)) < profile.made * total:
        return 0.0
    return share
