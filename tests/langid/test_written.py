"""The texts that were written to judge by: that they are what they should be, and what consensus makes of them.

The counts below are not a goal. No threshold is chosen on these texts: a change of rules shows here, and is explained.
"""

from __future__ import annotations

from collections import Counter

import pytest

from bench.web_languages import FRAME, WRITTEN, WRITTEN_KINDS, answers, framed, read_written, total
from bench.web_lines import breadth
from c4pipe.langid.consensus import Consensus, fits_scripts
from c4pipe.langid.scripts import scripts_in
from c4pipe.languages.codes import MC4, ROMANISED, scripts_of

TEXTS = read_written(WRITTEN)
ROMANISED_OTHERS = {"ar-Latn", "bn-Latn", "fa-Latn", "ta-Latn", "ur-Latn"}  # mC4 has no codes for these
LENGTHS = {  # of `breadth`, at least and at most
    "clean": (130, 300), "noisy": (80, 250), "short": (45, 110), "mixed": (75, 250), "romanised": (80, 250),
}  # fmt: skip


def test_as_many_as_there_should_be() -> None:
    languages = {text.language for text in TEXTS}
    assert languages - set(MC4) == ROMANISED_OTHERS
    assert len(languages - ROMANISED_OTHERS - set(ROMANISED)) == 67
    counts = Counter((text.language, text.kind) for text in TEXTS)
    for language in languages:
        if language.endswith("-Latn"):
            assert counts[language, "romanised"] >= 6
        else:
            assert [counts[language, kind] for kind in WRITTEN_KINDS] == [5, 5, 5, 5, 0]


def test_no_text_twice() -> None:
    assert not [text for text, n in Counter(one.text for one in TEXTS).items() if n > 1]


def test_none_of_them_is_one_that_thresholds_were_chosen_on() -> None:
    chosen_on = [path.read_text("utf-8") for path in (WRITTEN.parent / "texts").glob("*.txt")]
    assert chosen_on
    assert not [one for one in TEXTS for text in chosen_on if one.text in text]


@pytest.mark.parametrize("kind", WRITTEN_KINDS)
def test_lengths_and_scripts(kind: str) -> None:
    least, most = LENGTHS[kind]
    texts = [one for one in TEXTS if one.kind == kind]
    assert texts
    for one in texts:
        assert least <= breadth(one.text) <= most, one
        assert one.text == one.text.strip()
        scripts = scripts_in(one.text)
        assert fits_scripts(one.language, scripts), one
        own = scripts.share(*scripts_of(one.language))
        assert own >= {"mixed": 0.5, "noisy": 0.75}.get(kind, 1.0), one


def test_frames() -> None:
    assert sum(map(len, FRAME)) == 150
    texts = framed(TEXTS)
    assert len(texts) == 5 * 66  # all but English
    assert texts[0].text.split("\n") == [FRAME[0], TEXTS[0].text, FRAME[1]]


def test_what_consensus_makes_of_them() -> None:
    given = answers(Consensus(), [*TEXTS, *framed(TEXTS)])
    kinds = (*WRITTEN_KINDS, "framed")
    found = {kind: total([one for one in given if one.kind == kind], 0.0) for kind in kinds}
    # Texts in mC4's languages, right, und; and how many texts in whatever language were named.
    assert found == {
        "clean": (335, 327, 8, 327),
        "noisy": (335, 315, 20, 315),
        "short": (335, 323, 12, 323),
        "mixed": (335, 314, 20, 315),
        "romanised": (48, 24, 24, 29),
        "framed": (330, 248, 82, 248),
    }
    wrong = Counter((one.language, one.above(0.0)) for one in given if one.above(0.0) not in (one.language, "und"))
    assert wrong == {("ur-Latn", "hi-Latn"): 5, ("ms", "id"): 1}
