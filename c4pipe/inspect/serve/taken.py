"""What a reason dropped in the displayed corpus, by its ledger."""

from __future__ import annotations

from typing import Any, NamedTuple

from c4pipe.corpus.ledger import LOST_AS
from c4pipe.text import many


class TakenHere(NamedTuple):
    """What a stage dropped for a reason, from all pages."""

    stage: str
    took: tuple[str, ...]  # each in words: "887 lines", "1,808 sentences"
    of: str  # what entered the stage, in words
    characters: int | None  # in total; None if the build did not count them


def taken_here(manifest: dict[str, Any], code: str) -> list[TakenHere]:
    """The stages of a corpus that dropped something for a reason, in order; none for a mixture, which has no ledger."""
    return [found for row in manifest.get("ledger", {}).get("stages", []) if (found := _taken(row, code)).took]


def _taken(row: dict[str, Any], code: str) -> TakenHere:
    counts = {unit: row.get(name, {}).get(code, 0) for unit, name in LOST_AS.items()}
    took = [many(count, unit.value) for unit, count in counts.items() if count]
    noted = row.get("flagged", {}).get(code, 0)
    if noted and code not in row.get("rejected", {}):
        took.append(f"{many(noted, 'page')} kept, but flagged")
    came = [many(row["in"], "page")] if "in" in row else []
    came += [many(row["lines"]["in"], "line")] if "lines" in row else []
    counted = row.get("characters", {})
    amounts = [counted[name][code] for name in ("rejected", "dropped") if code in counted.get(name, {})]
    return TakenHere(row["stage"], tuple(took), ", ".join(came), sum(amounts) if amounts else None)
