"""The language of whole texts. fastText's own library and c4pipe read the same file, lid.176.ftz; the others are judges
of their own, and agree as often as they do.

fastText does less: it gives a label, where c4pipe adds up the labels that mean one language, and says nothing of a text
without letters. CLD3 looks at 700 bytes of a text at the most (here through cld3-py, which has the module gcld3), CLD2
at all of it; lingua is asked in its fast mode, about the 75 languages that it has models of.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from bench.rivals.contest import Work, take_part

MODEL = "C4PIPE_BENCH_MODEL"  # the variable that says where lid.176.ftz lies


def c4pipe() -> Work:
    """By the identifier `fasttext`."""
    from c4pipe.langid import load

    identifier = load("fasttext")
    return lambda texts: [guess.language if guess else "" for guess in map(identifier.guess, texts)]


def fasttext() -> Work:
    """By `predict`."""
    import fasttext as library

    model = library.load_model(os.environ[MODEL])

    def languages(texts: Sequence[str]) -> list[Any]:
        return [next(iter(model.predict(text.replace("\n", " "))[0]), "") for text in texts]

    return languages


def cld3() -> Work:
    """By the bounds that c4pipe gives it."""
    import gcld3

    model = gcld3.NNetLanguageIdentifier(100, 10_000)
    return lambda texts: [model.FindLanguage(text).language for text in texts]


def cld2() -> Work:
    """By its best guess of plain text; it refuses control characters, so they are taken for blanks."""
    import pycld2

    blanks = dict.fromkeys([*range(32), *range(127, 160)], " ")
    return lambda texts: [pycld2.detect(text.translate(blanks), isPlainText=True)[2][0][1] for text in texts]


def lingua() -> Work:
    """All its models, those of three letters alone."""
    from lingua import LanguageDetectorBuilder

    detector = LanguageDetectorBuilder.from_all_languages().with_low_accuracy_mode().build()
    return lambda texts: [
        found.iso_code_639_1.name.lower() if found else "" for found in map(detector.detect_language_of, texts)
    ]


def in_our_codes(labels: list[str]) -> list[str]:
    """Labels of any library in mC4's codes."""
    from c4pipe.languages.codes import canonical

    return [canonical(label) if label else "" for label in labels]


if __name__ == "__main__":
    take_part(
        {"c4pipe": c4pipe, "fasttext": fasttext, "cld3": cld3, "cld2": cld2, "lingua": lingua},
        {"fasttext": "fasttext-community", "cld3": "cld3-py", "cld2": "pycld2", "lingua": "lingua-language-detector"},
        in_our_codes,
    )
