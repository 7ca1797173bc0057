"""The bad-word rule: a listed word of the page's language, not next to other word characters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from c4pipe.files.assets import ALLOWED
from c4pipe.languages.codes import canonical
from c4pipe.page import Page, Reason, Unit
from c4pipe.rules.base import ListHit, PageRule, loaded
from c4pipe.rules.matcher import WordMatcher
from c4pipe.text.urls import md5_number, stand_in, url_key

# Scripts without spaces: any occurrence counts (TFDS c4 3.1.0 c4_utils.get_badwords_filter_fn).
_WITHOUT_BOUNDARIES = frozenset({"ja", "th", "zh"})


@dataclass(frozen=True)
class BadWords(PageRule):
    """Drops pages that contain a word from the list of their language; a language without a list passes."""

    fraction: float = 1.0  # share of the hits to drop, drawn by the hash of the URL: 1 in C4, 0.999 in mC4
    fold: bool = True  # lower-cases entries, as the text is searched, and finds lists by any code of their language
    lists: ClassVar = True
    reason: ClassVar = Reason(
        "bad_word",
        Unit.PAGE,
        "contains a listed bad word",
        source="Raffel et al. 2020, section 2.2 (LDNOOBW); TFDS c4 3.1.0 c4_utils.get_badwords_filter_fn",
    )

    def files(self, assets: Any) -> Iterable[str | Path]:
        return assets.badword_lists()  # type: ignore[no-any-return]

    def bind(self, assets: Any) -> Self:
        lists = self._folded(assets.badwords()) if self.fold else assets.badwords()
        matchers = {
            language: WordMatcher(words, boundaries=language not in _WITHOUT_BOUNDARIES)
            for language, words in lists.items()
        }
        return loaded(self, matchers=matchers)

    def remarks(self, assets: Any) -> dict[str, str]:
        return (
            {} if self.fold else {str(path): said for path in assets.badword_lists() if (said := _dead(path, assets))}
        )

    def offence(self, page: Page) -> str | None:
        matcher = self._matcher(page)
        hit: str | None = matcher.search(page.text) if matcher else None
        return hit if hit is not None and not self._spared(page) else None

    def hits(self, page: Page) -> list[ListHit]:
        matcher = self._matcher(page)
        return matcher.hits(page.text) if matcher else []

    def _matcher(self, page: Page) -> WordMatcher | None:
        language = (canonical(page.language) if self.fold else page.language).split("-")[0]
        found: WordMatcher | None = self._matchers.get(language)  # type: ignore[attr-defined]
        return found

    def _folded(self, lists: dict[str, frozenset[str]]) -> dict[str, frozenset[str]]:
        """The lists by mC4's codes, their entries in lower case, but nothing in `ALLOWED`."""
        folded: dict[str, frozenset[str]] = {}
        for name, entries in lists.items():
            language = canonical(name)
            known = folded.get(language, frozenset()) | {entry.lower() for entry in entries}
            folded[language] = known - ALLOWED.get(language, frozenset())
        return folded

    def _spared(self, page: Page) -> bool:
        numerator, denominator = self.fraction.as_integer_ratio()
        return md5_number(url_key(stand_in(page))) % denominator >= numerator


def _dead(path: Path, assets: Any) -> str:
    """The warning on entries of a list that no text in lower case contains; "" if there are none."""
    entries = {line.strip() for line in assets.text(path).split("\n")} - {""}
    dead = sum(entry != entry.lower() for entry in entries)
    return f"{dead} of {len(entries):,} entries can never match: they hold capitals" if dead else ""
