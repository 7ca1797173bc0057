"""The page rule that excludes listed pages: opt-outs and lists of sites."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from c4pipe.files.exclusions import read_exclusions
from c4pipe.page import Page, Reason, Unit
from c4pipe.rules.base import PageRule, loaded


@dataclass(frozen=True)
class NotExcluded(PageRule):
    """Drops pages whose owners opted out, or that are on a list of sites."""

    chooses: ClassVar = True
    lists: ClassVar = True
    needs_url: ClassVar = True
    libraries: ClassVar = ("idna",)  # hosts in one spelling
    reason: ClassVar = Reason(
        "excluded",
        Unit.PAGE,
        "has a domain, a URL or words in its URL that a list given by --exclude names",
        source="ours; lists as hosts(5), squidGuard and UT1 have them; two soft words as in datatrove URLFilter",
        withheld=True,
    )

    def files(self, assets: Any) -> Iterable[str | Path]:
        return [listed.path for listed in assets.exclusion_lists()]

    def bind(self, assets: Any) -> Self:
        return loaded(self, exclusions=read_exclusions(_at_hand(assets)).exclusions)

    def remarks(self, assets: Any) -> dict[str, str]:
        _, entries, strange = read_exclusions(_at_hand(assets))
        odd = [(name, str(path), strange[name]) for name, path in assets.exclusion_lists() if strange[name]]
        return {
            path: f"{len(lines):,} of {entries[name]:,} entries are skipped, such as {lines[0]}"
            for name, path, lines in odd
        }

    def offence(self, page: Page) -> str | None:
        found: str | None = self._exclusions.offence_of(page.url)  # type: ignore[attr-defined]
        return found


def _at_hand(assets: Any) -> tuple[Any, ...]:
    """The lists that can be read now."""
    return tuple(listed._replace(path=assets.path(listed.path)) for listed in assets.exclusion_lists())
