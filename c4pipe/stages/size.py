"""The last stage, for languages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from c4pipe.page import Reason, Unit
from c4pipe.part import Told
from c4pipe.stages.base import Scope, Stage

_NONE_ASKED = "is in a language with fewer pages than `--min-pages` asks for (here none)"


@dataclass(frozen=True)
class Size(Stage):
    """Drops a language with few pages as a whole. It is the last stage, since it needs the finished corpus."""

    FEW: ClassVar = Reason(
        "few_pages",
        Unit.PAGE,
        "is in a language with fewer than {pages} pages",
        source="Xue et al. 2021, section 3.1",
        why="Of a language with few pages, many were misidentified (Kreutzer et al. 2022).",
    )

    name: str
    pages: int  # 10,000 in mC4's release; 0 drops nothing

    scope: ClassVar = Scope.CONFIG
    reasons: ClassVar = (FEW,)

    def told(self) -> Iterator[Told]:
        for told in super().told():
            yield told if self.pages else told._replace(words=_NONE_ASKED)
