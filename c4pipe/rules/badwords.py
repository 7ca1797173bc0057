"""The bad-word rule: a listed word of the page's language, flanked by no word character."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from c4pipe.page import Page, Reason, Unit
from c4pipe.rules.base import PageRule, loaded
from c4pipe.rules.matcher import WordMatcher
from c4pipe.text.urls import md5_number, stand_in, url_key

# Scripts without spaces: any occurrence counts (TFDS c4 3.1.0 c4_utils.get_badwords_filter_fn).
_WITHOUT_BOUNDARIES = frozenset({"ja", "th", "zh"})


@dataclass(frozen=True)
class BadWords(PageRule):
    """Drops pages with a word of the list of their language; a language without a list passes."""

    fraction: float = 1.0  # share of the hits that go, drawn by the hash of the URL: 1 in C4, 0.999 in mC4
    reason: ClassVar = Reason(
        "bad_word",
        Unit.PAGE,
        "contains a listed bad word",
        source="Raffel et al. 2020, section 2.2 (LDNOOBW); TFDS c4 3.1.0 c4_utils.get_badwords_filter_fn",
    )

    def files(self, assets: Any) -> Iterable[str | Path]:
        return assets.badword_lists()  # type: ignore[no-any-return]

    def bind(self, assets: Any) -> Self:
        matchers = {
            language: WordMatcher(words, boundaries=language not in _WITHOUT_BOUNDARIES)
            for language, words in assets.badwords().items()
        }
        return loaded(self, matchers=matchers)

    def offence(self, page: Page) -> str | None:
        matcher = self._matchers.get(page.language.split("-")[0])  # type: ignore[attr-defined]
        hit: str | None = matcher.search(page.text) if matcher else None
        return hit if hit is not None and not self._spared(page) else None

    def _spared(self, page: Page) -> bool:
        numerator, denominator = self.fraction.as_integer_ratio()
        return md5_number(url_key(stand_in(page))) % denominator >= numerator
