"""The last stage, for languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from c4pipe.page import Reason, Unit
from c4pipe.stages.base import Scope, Stage


@dataclass(frozen=True)
class Size(Stage):
    """A language with few pages is left out as a whole. Behind everything else, for it looks at the finished corpus."""

    FEW: ClassVar = Reason(
        "few_pages",
        Unit.PAGE,
        "is in a language with fewer than {pages} pages",
        source="Xue et al. 2021, section 3.1",
    )

    name: str
    pages: int  # 10,000 in mC4's release; 0 leaves nothing out

    scope: ClassVar = Scope.CONFIG
    reasons: ClassVar = (FEW,)
