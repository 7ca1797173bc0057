"""What is said of personal data in a corpus: what was masked, and what stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from c4pipe.stages import Preset

NO_PERSONAL_DATA = "Nothing here looks for personal data: pages hold what their authors wrote, names and addresses too."
OF_A_MIXTURE = "Its texts are those of the corpora that were mixed: what these say of personal data holds of it."
MASKING = "MaskPersonal"  # in a manifest. Its module is not imported here: of other corpora it decides no byte
# By the kinds of stages.personal.PERSONAL_REASONS.
CALLED = {
    "email": "e-mail addresses",
    "ip": "public IP addresses",
    "phone": "phone numbers",
    "iban": "numbers of bank accounts (IBAN)",
    "card": "numbers of payment cards",
}


def personal_told(kinds: Sequence[str]) -> str:
    """In a sentence or two; `kinds` are those that were masked."""
    if not kinds:
        return NO_PERSONAL_DATA
    *some, last = (CALLED[kind] for kind in kinds)
    named = f"{', '.join(some)} and {last}" if some else last
    marks = ", ".join(f"<{kind.upper()}>" for kind in kinds)
    return (
        f"Of personal data, {named} were looked for, and what was found is masked ({marks}). No other kind was: names, "
        "postal addresses and all else that authors wrote stay, and so does what was not found."
    )


def kinds_masked_by(preset: Preset) -> tuple[str, ...]:
    """The kinds that a preset masks."""
    return tuple(kind for stage in preset.stages for kind in stage.masks)


def masked_kinds(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """The kinds that a corpus masks, by its manifest."""
    rows = (row for row in manifest["preset"].get("stages", ()) if row["kind"] == MASKING)
    return next((tuple(row["kinds"]) for row in rows), ())


def personal_of(manifest: Mapping[str, Any]) -> str:
    """What is said of a finished corpus, or of a mixture of some."""
    return OF_A_MIXTURE if "mixture" in manifest else personal_told(masked_kinds(manifest))
