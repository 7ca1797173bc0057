"""The language of whole texts. fastText's own library and c4pipe read the same file, lid.176.ftz; the others are
different identifiers, so agreement varies.

fastText does less: it returns one label, where c4pipe sums labels of the same language and returns nothing for a text
without letters. CLD3 reads at most 700 bytes of a text (here through cld3-py, which contains the module gcld3), CLD2
all of it; lingua runs in its fast mode, on the 75 languages for which it has models.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from bench.rivals.contest import Work, take_part

MODEL = "C4PIPE_BENCH_MODEL"  # the variable with the path of lid.176.ftz


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
    """With the same bounds as in c4pipe."""
    import gcld3

    model = gcld3.NNetLanguageIdentifier(100, 10_000)
    return lambda texts: [model.FindLanguage(text).language for text in texts]


def cld2() -> Work:
    """By its best guess for plain text; it refuses control characters, so they become spaces."""
    import pycld2

    blanks = dict.fromkeys([*range(32), *range(127, 160)], " ")
    return lambda texts: [pycld2.detect(text.translate(blanks), isPlainText=True)[2][0][1] for text in texts]


def lingua() -> Work:
    """With all its languages, using only trigram models."""
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
