"""A placeholder for a stage whose class is not available here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from c4pipe.page import Kept, Reason, Step, Unit
from c4pipe.stages import PageStage
from c4pipe.stages.explaining import Outcomes, Walk


@dataclass(frozen=True)
class Absent(PageStage):
    """It keeps its place among the stages: the build's record of it is shown, and nothing is judged again."""

    name: str
    codes: tuple[tuple[str, str], ...]  # of its reasons, with their sources

    @classmethod
    def of(cls, row: dict[str, Any]) -> Absent:
        """The stage for an entry of a manifest."""
        return cls(str(row["stage"]), tuple(recorded_codes(row)))

    @property
    def reasons(self) -> tuple[Reason, ...]:  # type: ignore[override]
        return tuple(Reason(code, Unit.PAGE, "is not described here", source) for code, source in self.codes)

    def bind(self, assets: Any) -> Step:
        return Kept

    def explain(self, walk: Walk, step: Step | None) -> Outcomes:
        return walk.recorded(self)


def recorded_codes(row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The reasons of a stage, with their sources, from its entry in a manifest."""
    yield from row.get("reasons", {}).items()
    yield from ((rule["reason"], rule["source"]) for rule in row.get("rules", ()) if "reason" in rule)
