"""CLD3 through the module gcld3: what mC4 was labelled with. Optional, because it needs an extra package:

    pip install cld3-py

That is a fork of Google's bindings with the same functions, and has wheels. `pip install gcld3` builds the original
from source, which requires `apt-get install protobuf-compiler libprotobuf-dev g++` and links a worker to libprotobuf.
The manifest names whichever is installed, with its version.
"""

from __future__ import annotations

from collections.abc import Sequence

from c4pipe.langid.base import UND, Guess
from c4pipe.langid.scripts import has_letters
from c4pipe.languages.codes import MC4, canonical

MIN_BYTES, MAX_BYTES = 100, 10_000  # of a text that are read: TFDS c4 3.1.0, the language step of mC4
# Codes that CLD3 uses besides mC4's: its README's table of supported languages.
_OTHERS = ("bs", "hr")


class Cld3:
    """The language of mC4's reference: `UND` if CLD3 is not reliable, as it never is below 100 bytes.

    mC4's probability threshold is policy of the calling stage: `c4pipe.langid.default_score`.
    """

    name = "cld3"
    languages: Sequence[str] = tuple(sorted({*MC4, *_OTHERS}))

    def __init__(self) -> None:
        import gcld3  # here, so that this module can be imported without it

        self._model = gcld3.NNetLanguageIdentifier(MIN_BYTES, MAX_BYTES)

    def guess(self, text: str) -> Guess | None:
        """The best language of `text` in mC4's codes, which are CLD3's own; None for a text without letters."""
        if not has_letters(text):
            return None
        found = self._model.FindLanguage(text=text.encode("utf-8", "replace").decode())
        return Guess(canonical(found.language) if found.is_reliable else UND, min(float(found.probability), 1.0))
