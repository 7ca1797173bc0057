"""What fastText's lid.176 and CLD2 agree on, checked against the script: the default for mC4.

Each fails where the other is good. lid.176 has no class for a tenth of mC4's languages and calls Zulu English; CLD2
mistakes short names of anything for a language. So a language is returned if both agree on it, or if one is firm and
the other does not know the language or has no opinion. Otherwise the answer is `und`. Both read a page's prose, see
`prose`. In this order:

1. Script: a language is no candidate if fewer than three in ten letters are in its scripts.
2. Romanised languages, which neither knows, if they disagree: small words and syllables, see `romanised`.
3. Agreement: fastText is sure of a language that CLD2 also finds.
4. Close languages (Indonesian and Malay; Serbian, Croatian and Bosnian in Latin letters): words decide, see `siblings`.
5. Languages that lid.176 cannot recognise: CLD2 alone, if it is firm.
6. Evidence: CLD2's strength, plus fastText's probability of CLD2's language, less that of the next one.
7. Languages that CLD2 has no class for: fastText alone, if it is sure and CLD2 is not.

The score is the lowest that the voters for the language gave it; for `und` it is 0. The numbers below were chosen
on the Universal Declaration of Human Rights in 530 languages and on texts of our own, see bench/languages.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from c4pipe.langid.base import UND, Guess, Vote
from c4pipe.langid.cld2 import DetectedLanguage, Detection, ask, known_languages
from c4pipe.langid.fasttext import FastText
from c4pipe.langid.prose import prose_of
from c4pipe.langid.romanised import romanised
from c4pipe.langid.scripts import Scripts, scripts_in
from c4pipe.langid.siblings import SIBLINGS, Siblings
from c4pipe.languages.codes import MC4, ROMANISED, scripts_of

# Classes that lid.176 lacks, or has but never uses: none of them was best on a text of 300 characters.
DEAF = frozenset({"co", "ha", "haw", "hmn", "ig", "mi", "ny", "sm", "sn", "st", "xh", "yo", "zu"})

IN_SCRIPT = 0.3  # of the letters: a Chinese page can have more Latin letters than Chinese characters
SHORTEST_TEXT = 30  # characters of a usable text: with fewer, CLD2 calls a name of two words English
KANA = 0.05  # of Japanese's letters; Chinese has fewer
MAJORITY = 0.6  # of a text's bytes that CLD2 must find in the language ...
PLURALITY, SURE = 0.4, 0.9  # ... or this share, if fastText's probability of the same language is this high
EVIDENCE = 0.4  # strength + probability - probability of the next; see `decide`
PROSE = 1_000.0  # CLD2's score of plain prose in a language that it knows well: full strength
STRANGE = 0.33  # below this strength, CLD2 does not know the language
ENGLISH = 0.5  # fastText's probability of English, which CLD2 also finds in names, code and broken bytes
WEAK, UNHEARD = 0.5, 0.1  # for a weak text, a language of this probability that CLD2 lacks may be the right one
SILENT = 0.25  # lead of fastText's best of close languages over the next, if no word distinguishes them
ALONE = 0.6  # CLD2's strength if it is the only voter
STRANGER = 0.5  # ... unless fastText gives a language that CLD2 lacks this probability
FASTTEXT_ALONE = 0.7  # fastText's probability if it is the only voter


NOTHING = DetectedLanguage("", 0.0, 0.0)


class Voters(NamedTuple):
    """The languages that the voters can return at all."""

    deaf: frozenset[str]  # languages that fastText cannot recognise
    by_cld2: frozenset[str]  # languages that CLD2 has a class for


class Evidence(NamedTuple):
    """The findings on a text, restricted to languages that fit its script."""

    text: str
    heard: Mapping[str, float]  # language -> fastText's probability
    found: tuple[DetectedLanguage, ...]  # CLD2's languages, the one with most bytes first
    reliable: bool  # whether CLD2 trusts its answer

    @property
    def best(self) -> tuple[str, float]:
        """fastText's best language and its probability, ("", 0.0) if none fits."""
        return max(((p, language) for language, p in self.heard.items()), default=(0.0, ""))[::-1]

    @property
    def agreed(self) -> bool:
        """Whether both voters choose the same, and fastText's probability of it is above one half."""
        language, probability = self.best
        return language == self.first.language and probability >= 0.5

    @property
    def first(self) -> DetectedLanguage:
        """CLD2's language with most bytes, "" if none fits."""
        return self.found[0] if self.found else NOTHING

    @property
    def strength(self) -> float:
        """How strongly CLD2 supports that, 0..1."""
        firm = self.reliable and self.first.share >= MAJORITY
        return min(self.first.score / PROSE, 1.0) if firm else 0.0


class Decision(NamedTuple):
    """The outcome for a text."""

    language: str
    score: float
    votes: tuple[Vote, ...] = ()  # of further voters: "words", "romanised"


NO_DECISION = Decision(UND, 0.0)


class Consensus:
    """fastText and CLD2 together.

    >>> guess = Consensus().guess("Das ist ein ganz gewöhnlicher Satz auf Deutsch, nur etwas länger.")
    >>> guess.language, str(guess.votes[1])
    ('de', 'cld2:de:0.98')
    """

    name = "consensus"

    def __init__(self, model: str | None = None) -> None:
        """`model` is a fastText model file; None selects lid.176.ftz."""
        self._fasttext = FastText(model)
        deaf = frozenset(MC4) - {*self._fasttext.languages, *ROMANISED}
        self._voters = Voters(deaf if model else DEAF, known_languages())
        self.languages = tuple(sorted({*self._fasttext.languages, *self._voters.by_cld2, *ROMANISED}))

    def guess(self, text: str) -> Guess | None:
        """The language that the voters agree on, UND if they disagree; None for a text without letters, or with only
        those of placeholder text."""
        text = prose_of(text)
        scripts = scripts_in(text)
        if not scripts.letters:
            return None
        said = self._fasttext.hear(text)
        answer = ask(text)
        found = tuple(part for part in answer.found if fits_scripts(part.language, scripts))
        heard = {language: p for language, p in said.items() if fits_scripts(language, scripts)}
        reading = Evidence(text, heard, found, answer.reliable)
        decision = NO_DECISION
        if len(text) >= SHORTEST_TEXT or len(text.encode("utf-8", "replace")) >= SHORTEST_TEXT:
            asks = scripts.main == "Latn" and not reading.agreed
            decision = (asks and _romanised(text)) or decide(reading, self._voters)
        return Guess(decision.language, decision.score, (*votes_of(said, answer, scripts), *decision.votes))


def fits_scripts(language: str, scripts: Scripts) -> bool:
    """Whether a text in these scripts may be in the language."""
    if scripts.share(*scripts_of(language)) < IN_SCRIPT:
        return False
    kana = scripts.share("Hira", "Kana")
    return language not in ("ja", "zh") or (language == "ja") == (kana >= KANA * scripts.share("Hira", "Kana", "Hani"))


def decide(reading: Evidence, voters: Voters) -> Decision:
    """Steps 3 to 7: the language and its score, `NONE` if the voters disagree."""
    best, probability = reading.best
    for part in reading.found:
        if part.language == best and part.share >= PLURALITY and probability >= SURE:
            return Decision(best, min(probability, part.share))
    found = reading.first
    for siblings in SIBLINGS:
        if {best, found.language} <= siblings.members:
            return _among(siblings, reading)
    if found.language in voters.deaf:
        alone = reading.strength >= ALONE and _unheard_by_cld2(reading, voters) < STRANGER
        return Decision(found.language, found.share) if alone else NO_DECISION
    if _supported(reading, voters):
        return Decision(found.language, min(found.share, probability if best == found.language else 1.0))
    if best not in voters.by_cld2 and probability >= FASTTEXT_ALONE and reading.strength < ALONE:
        return Decision(best, probability)
    return NO_DECISION


def _supported(reading: Evidence, voters: Voters, allies: frozenset[str] = frozenset()) -> bool:
    """Whether there is enough evidence for CLD2's language, against all others but its allies."""
    language = reading.first.language
    own = reading.heard.get(language, 0.0)
    if language == "en" and own < ENGLISH:
        return False
    rival = max((p for heard, p in reading.heard.items() if heard != language and heard not in allies), default=0.0)
    if reading.strength < STRANGE or reading.strength + own - rival < EVIDENCE:
        return False
    return reading.strength >= WEAK or _unheard_by_cld2(reading, voters) < UNHEARD


def _unheard_by_cld2(reading: Evidence, voters: Voters) -> float:
    """fastText's probability of the best language that CLD2 cannot return."""
    return max((p for language, p in reading.heard.items() if language not in voters.by_cld2), default=0.0)


def _among(siblings: Siblings, reading: Evidence) -> Decision:
    """Chooses among close languages: the voters' choice, unless words contradict it; else the words' choice."""
    best, probability = reading.best
    found = reading.first
    side, lead = siblings.tell(reading.text)
    if reading.strength < STRANGE:
        return NO_DECISION
    votes = (Vote("words", "/".join(sorted(side)), lead),) if side else ()
    if best == found.language:
        others = max((reading.heard.get(other, 0.0) for other in siblings.members - {best}), default=0.0)
        agreed = best in side if side else probability - others >= SILENT
        return Decision(best, min(probability, found.share), votes) if agreed else NO_DECISION
    if len(side) != 1:
        return NO_DECISION
    (language,) = side
    return Decision(language, min(reading.heard.get(language, 0.0), found.share), votes)


def _romanised(text: str) -> Decision | None:
    known = romanised(text)
    return Decision(*known, (Vote("romanised", *known),)) if known else None


def votes_of(said: Mapping[str, float], answer: Detection, scripts: Scripts) -> tuple[Vote, ...]:
    """Each voter's first choice, "-" if it has none."""
    score, best = max(((p, language) for language, p in said.items()), default=(0.0, "-"))
    first = answer.found[0] if answer.found else NOTHING._replace(language="-")
    return (
        Vote("fasttext", best, score),
        Vote("cld2", first.language, first.share),
        Vote("script", scripts.main, scripts.share(scripts.main)),
    )
