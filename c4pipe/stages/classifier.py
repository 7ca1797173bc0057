"""The stage that scores pages with a fastText classifier and can filter or sample them by that score."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from c4pipe.errors import ConfigError, unknown
from c4pipe.fasttext.joining import JOININGS
from c4pipe.page import Kept, Page, Reason, Rejected, Step, Unit, Verdict
from c4pipe.part import Told
from c4pipe.stages.base import PageStage
from c4pipe.stages.explaining import WordShare, WordShares
from c4pipe.text import hash64
from c4pipe.text.urls import stand_in, url_key

if TYPE_CHECKING:
    from c4pipe.fasttext.model import FastTextModel

LABEL_PREFIX = "__label__"  # fastText's own default, args.cc
NOTHING_KNOWN = "the model knows no part of the text"
_HASHES = 2.0**64


@dataclass(frozen=True)
class Classifier(PageStage):
    """The score of each page by a fastText model, in a column: the probability of a label, as the library's `predict`
    returns it (a 32-bit number, up to 1.00001; null if the model knows no part of the text).

    With `above`, pages with a lower score are rejected. With `bins`, a share of each bin of scores is kept, drawn by
    the hash of the URL: ((0.5, 0.1), (1.0, 1.0)) keeps a tenth of the pages with scores below 0.5 and all others; the
    last bin also holds everything above it. With neither, pages are only scored.
    """

    LOW: ClassVar = Reason(
        "low_score",
        Unit.PAGE,
        "has a score of {label} below {above}",
        source="as the maker of the preset chose; a cut by a fastText score: Li et al. 2024 (DCLM), section 4.4",
        why="A model trained to distinguish good text from the rest of the web finds what no rule describes.",
    )
    NOT_DRAWN: ClassVar = Reason(
        "score_not_drawn",
        Unit.PAGE,
        "was not drawn of the pages with its score of {label} (scores up to, share that is kept: {bins})",
        source="ours; as sampling by the noise of scores does, Brown et al. 2020, appendix A",
        why="A share of the pages with low scores keeps the corpus diverse.",
    )

    model: str  # a file, .bin or .ftz
    label: str  # with or without "__label__"
    above: float | None = None  # compared as a 32-bit number, as scores are
    bins: tuple[tuple[float, float], ...] = ()  # (scores below, share that is kept), ascending
    joined: str = "dclm"  # how a page becomes one line: a name of JOININGS
    column: str = "classifier_score"
    name: str = "classifier"

    edits: ClassVar = False
    quotes: ClassVar = False

    def __post_init__(self) -> None:
        wrong = self._wrong()
        if wrong:
            raise ConfigError(f"stage {self.name!r}: {wrong}.")

    def _wrong(self) -> str:
        """What is wrong with the fields, "" if nothing is."""
        if not isinstance(self.model, str) or not self.model:
            return f"model {self.model!r}: expected the path of a fastText model, as a string"
        if not isinstance(self.label, str) or not self.label.removeprefix(LABEL_PREFIX):
            return f"label {self.label!r}: expected a label of the model, such as 'hq'"
        if self.joined not in JOININGS:
            return str(unknown("joined", self.joined, JOININGS)).removesuffix(".")
        if not (isinstance(self.column, str) and self.column.isidentifier()):
            return f"column {self.column!r}: expected a name of letters, digits and underscores"
        if self.above is not None and self.bins:
            return "above and bins are both given, but a page is either filtered or sampled: leave one out"
        if self.above is not None and not (_is_number(self.above) and 0 < self.above <= 1 and single(self.above)):
            return f"above {self.above!r}: expected more than 0, and 1 at most, as a 32-bit number"
        return _wrong_bins(self.bins)

    @property
    def columns(self) -> Mapping[str, Any]:  # type: ignore[override]
        return {self.column: "float32"}

    @property
    def reasons(self) -> tuple[Reason, ...]:  # type: ignore[override]
        return (self.LOW,) if self.above is not None else (self.NOT_DRAWN,) if self.bins else ()

    def told(self) -> Iterator[Told]:
        words = f"gets its score of {self.label.removeprefix(LABEL_PREFIX)} by {Path(self.model).name}"
        yield Told(type(self).__name__, words, f"lines joined as by {JOININGS[self.joined][1]}", Unit.PAGE, None, self)
        yield from super().told()

    def files(self, assets: Any) -> Iterable[str | Path]:
        return [self.model]

    def modules(self) -> Iterable[str]:
        return ["c4pipe.fasttext.model"]

    def bind(self, assets: Any) -> Step:
        model, label = self._loaded(assets)
        joined = JOININGS[self.joined][0]

        def step(page: Page) -> Verdict:
            found = model.probabilities(joined(page.text))
            return self._judged(page, None if found is None else float(found[label]))

        return step

    def moved_by(self, page: Page, assets: Any) -> WordShares | None:
        from c4pipe.fasttext.logits import word_logits

        model, label = self._loaded(assets)
        found = word_logits(model, label, JOININGS[self.joined][0](page.text))
        if found is None:
            return None
        sums: dict[str, list[float]] = {}
        for word, share in zip(found.words, found.shares.tolist(), strict=True):
            sums.setdefault(word, []).append(share)
        words = [WordShare(word, sum(shares), len(shares)) for word, shares in sums.items()]
        words.sort(key=lambda each: (-each.share, each.word))
        return WordShares(self.name, self.label.removeprefix(LABEL_PREFIX), found.logit, found.rest, tuple(words))

    def _judged(self, page: Page, score: float | None) -> Verdict:
        scored = page.adding(**{self.column: score})
        detail = NOTHING_KNOWN if score is None else f"{score:.6g}"
        worth = 0.0 if score is None else score
        if self.above is not None and not worth >= single(self.above):
            return Rejected(page, self.LOW, detail)
        if self.bins and not self._is_drawn(page, worth):
            return Rejected(page, self.NOT_DRAWN, detail)
        return Kept(scored)

    def _is_drawn(self, page: Page, score: float) -> bool:
        """Whether the page is in the drawn share of its bin. The hash differs from all other draws: pages drawn by bad
        words or a split have the same chance here as any."""
        share = next((share for below, share in self.bins if score < single(below)), self.bins[-1][1])
        return hash64(f"{self.name}\n{url_key(stand_in(page))}") < share * _HASHES

    def _loaded(self, assets: Any) -> tuple[FastTextModel, int]:
        """The model and the number of the label. Raises ConfigError if it lacks that label, or has no other one."""
        path = assets.path(self.model)
        state = path.stat()
        model = _read(path, (state.st_size, state.st_mtime_ns))
        known = [label.removeprefix(LABEL_PREFIX) for label in model.labels]
        asked = self.label.removeprefix(LABEL_PREFIX)
        if asked not in known:
            raise unknown(f"label of {self.model},", asked, known)
        if len(known) < 2:
            raise ConfigError(f"{self.model} has only the label {asked}, which every page has: expected two or more.")
        return model, known.index(asked)


def single(number: float) -> float:
    """The nearest 32-bit number: scores are such, and a threshold that was printed of one must not lie above it.

    >>> 0.018112 < single(0.018112)
    True
    """
    import numpy as np

    return float(np.float32(number))


@lru_cache(maxsize=4)
def _read(path: Path, state: tuple[int, int]) -> FastTextModel:
    """A model, read once per process for stages that only differ in thresholds; read again if the file's state (bytes,
    time of the last change) differs."""
    assert state
    from c4pipe.fasttext.model import FastTextModel

    return FastTextModel(path)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _wrong_bins(bins: Any) -> str:
    """What is wrong with bins, "" if nothing is."""
    expected = "expected pairs of a score and the share that is kept below it, such as ((0.5, 0.1), (1.0, 1.0))"
    pairs = isinstance(bins, tuple) and all(isinstance(each, tuple) and len(each) == 2 for each in bins)
    if not pairs or not all(_is_number(number) for each in bins for number in each):
        return f"bins {bins!r}: {expected}"
    edges, shares = [edge for edge, _ in bins], [share for _, share in bins]
    if edges != sorted(set(edges)) or not all(edge > 0 and single(edge) for edge in edges):
        return f"bins {bins!r}: their scores must be above 0 and increase, as 32-bit numbers"
    if not all(0 <= share <= 1 for share in shares):
        return f"bins {bins!r}: a share must be 0 to 1"
    return f"bins {bins!r}: the last must be 1.0" if edges and edges[-1] < 1 else ""
