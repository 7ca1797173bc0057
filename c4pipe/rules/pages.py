"""The page rules of C4 and mC4."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from c4pipe.page import Page, Reason, Unit
from c4pipe.rules.base import PageRule, loaded
from c4pipe.text import count_sentences, hash64
from c4pipe.text.splitting import ENGLISH_SPLITTER, Splitting
from c4pipe.text.urls import domain_of, listed_domain, url_key


@dataclass(frozen=True)
class MaxChars(PageRule):
    """Pages of book length are dumps, logs and lists."""

    chars: int = 190_000
    reason: ClassVar = Reason(
        "too_long",
        Unit.PAGE,
        "has more than {chars} characters",
        source="TFDS c4 3.1.0 c4_utils.is_valid_length",
        keeps="Short.",
        drops="x" * 190_001,
    )

    def offence(self, page: Page) -> str | None:
        return f"{len(page.text)} characters" if len(page.text) > self.chars else None


@dataclass(frozen=True)
class MinSentences(Splitting, PageRule):
    """A page of one or two sentences is a notice, not a text."""

    sentences: int = 3
    splitter: str = "sentencex:en"  # see text.sentence_splitter
    per_line: bool = True  # each line counts at least one sentence; False: over the whole text, as TFDS after dedup
    reason: ClassVar = Reason(
        "few_sentences",
        Unit.PAGE,
        "has fewer than {sentences} sentences",
        source="TFDS c4 3.1.0 c4_utils._MIN_NUM_SENTENCES; 5 in the early text of the paper",
        keeps="This is the first one.\nThis is the second one.\nThis is the third one.",
        drops="This is all there is.",
    )

    def offence(self, page: Page) -> str | None:
        found = self._count(page.text)
        return f"{found} sentences" if found < self.sentences else None

    def _count(self, text: str) -> int:
        """Sentences in the text, counted no further than needed."""
        if not self.per_line:
            return count_sentences(self._sentences(), text, self.sentences)
        if _has_lines(text, self.sentences):  # each line has one at least
            return self.sentences
        lines = text.split("\n") if text else []
        if self.splitter == ENGLISH_SPLITTER:  # which finds all of them as fast
            return lines.count("") + len(self._hashed(text)[0])
        split = self._sentences()
        return sum(max(1, count_sentences(split, line, self.sentences)) for line in lines)


def _has_lines(text: str, wanted: int) -> bool:
    """Whether it has so many lines, blank ones among them; looks no further than it must, and copies nothing."""
    at = -1
    for _ in range(wanted - 1):
        at = text.find("\n", at + 1)
        if at < 0:
            return False
    return text != ""


@dataclass(frozen=True)
class MinParagraphs(PageRule):
    """mC4 keeps pages with a few long lines, since end marks differ between scripts."""

    paragraphs: int = 3
    chars: int = 200
    reason: ClassVar = Reason(
        "few_paragraphs",
        Unit.PAGE,
        "has fewer than {paragraphs} lines of {chars} or more characters",
        source="Xue et al. 2021, section 3.1; TFDS c4 3.1.0 c4_utils.paragraph_filter",
        keeps="\n".join(["y" * 200] * 3),
        drops="\n".join(["y" * 200] * 2 + ["y" * 199]),
    )

    def offence(self, page: Page) -> str | None:
        found = sum(len(line) >= self.chars for line in page.text.split("\n"))
        return f"{found} long lines" if found < self.paragraphs else None


def _listed(domains: dict[str, Literal[True] | list[str]]) -> dict[str, Literal[True] | set[str]]:
    """Registered domain -> its allowed subdomains, or True; keys as in URLs, whatever a list's entries add."""
    listed: dict[str, Literal[True] | set[str]] = {}
    for entry, allowed in domains.items():
        domain = listed_domain(entry)
        known = listed.get(domain, set())
        if allowed is True or known is True:
            listed[domain] = True
        else:
            listed[domain] = {*known, *(name.strip().strip(".").lower() for name in allowed)}
    listed.pop("", None)
    return listed


@dataclass(frozen=True)
class ListedDomain(PageRule):
    """`realnewslike` keeps only pages of known news sites."""

    needs_url: ClassVar = True
    reason: ClassVar = Reason(
        "not_news_domain",
        Unit.PAGE,
        "is not on a listed news domain",
        source="Zellers et al. 2019 (RealNews); TFDS c4 3.1.0 c4_utils.is_realnews_domain",
    )

    def files(self, assets: Any) -> Iterable[str | Path]:
        return [assets.news_domains_list()]

    def bind(self, assets: Any) -> Self:
        return loaded(self, domains=_listed(assets.news_domains()))

    def remarks(self, assets: Any) -> dict[str, str]:
        listed = assets.news_domains()
        dead = [entry for entry in listed if not listed_domain(entry)]
        said = f"{len(dead)} of {len(listed):,} entries can never match: they are no registered domains"
        return {str(assets.news_domains_list()): f"{said}, such as {dead[0]}"} if dead else {}

    def offence(self, page: Page) -> str | None:
        registered = domain_of(url_key(page.url)).registered
        return None if registered in self._domains else registered  # type: ignore[attr-defined]


@dataclass(frozen=True)
class ListedSubdomain(PageRule):
    """For some news domains, only certain subdomains are news."""

    needs_url: ClassVar = True
    reason: ClassVar = Reason(
        "not_news_subdomain",
        Unit.PAGE,
        "is on a subdomain that is not listed for its news domain",
        source="Zellers et al. 2019 (RealNews); TFDS c4 3.1.0 c4_utils.is_realnews_domain",
    )

    def files(self, assets: Any) -> Iterable[str | Path]:
        return [assets.news_domains_list()]

    def bind(self, assets: Any) -> Self:
        return loaded(self, domains=_listed(assets.news_domains()))

    def offence(self, page: Page) -> str | None:
        domain = domain_of(url_key(page.url))
        allowed = self._domains.get(domain.registered, ())  # type: ignore[attr-defined]
        return None if allowed is True or domain.subdomain in allowed else domain.subdomain or "(none)"


@dataclass(frozen=True)
class ListedUrl(PageRule):
    """`webtextlike` keeps only pages on a list of URLs, in the original OpenWebText's."""

    needs_url: ClassVar = True
    reason: ClassVar = Reason(
        "url_not_listed",
        Unit.PAGE,
        "has a URL that is not on the list given by --url-list",
        source="Raffel et al. 2020, section 3.4; TFDS c4 3.1.0 c4_utils.filter_by_webtextlike",
    )

    def files(self, assets: Any) -> Iterable[str | Path]:
        return [assets.listed_urls()]

    def bind(self, assets: Any) -> Self:
        return loaded(self, keys=assets.url_keys())

    def offence(self, page: Page) -> str | None:
        key = url_key(page.url)
        return None if hash64(key) in self._keys else key  # type: ignore[attr-defined]
