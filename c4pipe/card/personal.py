"""The card's text on personal data in a corpus: what was masked, and what remains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from c4pipe.stages import Preset

NO_PERSONAL_DATA = (
    "Nothing here looks for personal data: pages hold what their authors wrote, including names and addresses."
)
OF_A_MIXTURE = "Its texts are those of the mixed corpora: what their cards say about personal data applies here too."
MASKING = "MaskPersonal"  # in a manifest. Its module is not imported here: it does not affect other corpora
# By the kinds of stages.personal.PERSONAL_REASONS.
CALLED = {
    "email": "e-mail addresses",
    "ip": "public IP addresses",
    "phone": "phone numbers",
    "iban": "bank account numbers (IBAN)",
    "card": "payment card numbers",
}


def personal_told(kinds: Sequence[str]) -> str:
    """In a sentence or two; `kinds` are the masked ones."""
    if not kinds:
        return NO_PERSONAL_DATA
    *some, last = (CALLED[kind] for kind in kinds)
    named = f"{', '.join(some)} and {last}" if some else last
    marks = ", ".join(f"<{kind.upper()}>" for kind in kinds)
    return (
        f"The build looked for personal data of these kinds: {named}. What it found is masked "
        f"({marks}). Names, postal addresses, all other kinds and everything it did not find remain."
    )


def kinds_masked_by(preset: Preset) -> tuple[str, ...]:
    """The kinds that a preset masks."""
    return tuple(kind for stage in preset.stages for kind in stage.masks)


def masked_kinds(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """The kinds that a corpus masks, by its manifest."""
    rows = (row for row in manifest["preset"].get("stages", ()) if row["kind"] == MASKING)
    return next((tuple(row["kinds"]) for row in rows), ())


def personal_of(manifest: Mapping[str, Any]) -> str:
    """The text for a finished corpus, or for a mixture of several."""
    return OF_A_MIXTURE if "mixture" in manifest else personal_told(masked_kinds(manifest))
