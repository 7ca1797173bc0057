"""The page rule that excludes what robots.txt files disallow for a crawler."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from c4pipe.errors import AssetError
from c4pipe.files.robots import read_robots
from c4pipe.page import Page, Reason, Unit
from c4pipe.rules.base import PageRule, loaded

AGENT_BY_DEFAULT = "CCBot"  # Common Crawl's name for its crawler


@dataclass(frozen=True)
class RobotsAllow(PageRule):
    """A site's robots.txt says which crawlers may fetch what."""

    agent: str = AGENT_BY_DEFAULT
    chooses: ClassVar = True
    lists: ClassVar = True
    needs_url: ClassVar = True
    libraries: ClassVar = ("idna",)  # one spelling of hosts
    reason: ClassVar = Reason(
        "robots",
        Unit.PAGE,
        "is forbidden to {agent} by the robots.txt of its host",
        source="RFC 9309 (Robots Exclusion Protocol)",
        withheld=True,
    )

    def files(self, assets: Any) -> Iterable[str | Path]:
        return [assets.robots_file()]

    def bind(self, assets: Any) -> Self:
        index = read_robots(assets.path(assets.robots_file()))
        if index.agent.lower() != self.agent.lower():
            raise AssetError(f"{assets.robots_file()} has rules for {index.agent}; expected those for {self.agent}.")
        return loaded(self, index=index)

    def offence(self, page: Page) -> str | None:
        found: str | None = self._index.offence_of(page.url) if page.url else None  # type: ignore[attr-defined]
        return found
