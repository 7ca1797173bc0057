"""The stage that masks personal data: after everything that judges or compares pages, so it changes no verdict."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from c4pipe.errors import ConfigError, unknown
from c4pipe.page import Kept, Page, Reason, Step, Unit
from c4pipe.stages.base import HiddenPiece, PageStage, Scope
from c4pipe.stages.benchmarks import benchmarks_stage
from c4pipe.stages.explaining import PASSED, VEILED, Outcomes, Walk
from c4pipe.stages.preset import Preset
from c4pipe.text import many

_CHECKED = "ours; checked by"


def _reason(code: str, says: str, by: str, keeps: str, drops: str, why: str) -> Reason:
    return Reason(code, Unit.PASSAGE, says, source=by, keeps=keeps, drops=drops, withheld=True, why=why)


# By the names that --mask-personal takes; in capitals between "<" and ">" they are the placeholders in the text.
PERSONAL_REASONS = {
    "email": _reason(
        "email_address",
        "is an e-mail address: `<EMAIL>` replaces it",
        f"datatrove PIIFormatter masks them, as in FineWeb; {_CHECKED} the Public Suffix List",
        "icon@2x.png is a file.",
        "Write to ada@example.org.",
        "It reaches a person who did not agree to have it in a model.",
    ),
    "ip": _reason(
        "ip_address",
        "is a public IP address: `<IP>` replaces it",
        f"datatrove PIIFormatter masks them, as in FineWeb; {_CHECKED} the registries of IANA (ipaddress)",
        "Version 1.2.3.4 is out.",
        "Sent from 185.199.108.153 today.",
        "It leads to a person's connection or machine.",
    ),
    "phone": _reason(
        "phone_number",
        "is a phone number: `<PHONE>` replaces it",
        f"{_CHECKED} the plans of phonenumbers, without a + those of the countries of the page's language",
        "Order 2025550123 has left.",
        "Call +44 20 7946 0958 now.",
        "It calls a person who did not agree to have it in a model.",
    ),
    "iban": _reason(
        "iban",
        "is the number of a bank account (IBAN): `<IBAN>` replaces it",
        f"{_CHECKED} the sum of ISO 13616 (python-stdnum)",
        "DE88 3704 0044 0532 0130 00 has a wrong sum.",
        "Pay to DE89 3704 0044 0532 0130 00 please.",
        "Whoever has it can try to take money from the account.",
    ),
    "card": _reason(
        "card_number",
        "is the number of a payment card: `<CARD>` replaces it",
        f"{_CHECKED} networks and the last digit of ISO/IEC 7812 (python-stdnum)",
        "1234567890123456 is none.",
        "Card 4111 1111 1111 1111 please.",
        "Whoever has it can try to pay with it.",
    ),
}
USUALLY_MASKED = ("email", "ip")


@dataclass(frozen=True)
class MaskPersonal(PageStage):
    """Replaces personal addresses and numbers with placeholders. The originals are not displayed or stored anywhere.

    Attributes:
        kinds: of PERSONAL_REASONS. The defaults are those of datatrove and FineWeb.
    """

    name: str = "personal"
    kinds: tuple[str, ...] = USUALLY_MASKED

    hides: ClassVar = True
    quotes: ClassVar = False
    libraries: ClassVar = ("phonenumbers", "python-stdnum", "idna")

    def __post_init__(self) -> None:
        if not self.kinds:
            raise ConfigError(f"stage {self.name!r} masks nothing: expected kinds from {', '.join(PERSONAL_REASONS)}.")
        for kind in self.kinds:
            if kind not in PERSONAL_REASONS:
                raise unknown("kind of personal data", kind, PERSONAL_REASONS)

    @property
    def reasons(self) -> tuple[Reason, ...]:  # type: ignore[override]
        return tuple(PERSONAL_REASONS[kind] for kind in self.kinds)

    @property
    def masks(self) -> tuple[str, ...]:  # type: ignore[override]
        return self.kinds

    def modules(self) -> Iterable[str]:
        return ("c4pipe.pii.finding", "c4pipe.stages.veiling")

    def bind(self, assets: Any) -> Step:
        from c4pipe.pii import REGIONS, REGIONS_OF, masked_and_counted

        kinds, codes = self._kinds(), {kind.upper(): PERSONAL_REASONS[kind].code for kind in self.kinds}

        def step(page: Page) -> Kept:
            text, counts = masked_and_counted(page.text, kinds, REGIONS_OF.get(page.language, REGIONS))
            if not counts:
                return Kept(page)
            return Kept(page._replace(text=text), {codes[kind]: counts[kind] for kind in kinds if counts[kind]})

        return step

    def explain(self, walk: Walk, step: Step | None) -> Outcomes:
        """In a page that a build has read, the placeholders are already there: the originals are not stored
        anywhere."""
        outcomes = super().explain(walk, step)
        if walk.outcome is None:
            return outcomes
        marks = [walk.page.text.count(f"<{kind}>") for kind in self._kinds()]
        return [(VEILED, many(count, "passage")) if count else (PASSED, "") for count in marks]

    def hidden(self, text: str) -> list[HiddenPiece]:
        """The language of a raw text is unknown, so it is searched for the phone numbers of all countries of any
        language. One of these may begin inside a number of another language, so a line with any is searched once per
        language."""
        from c4pipe.pii import ALL_REGIONS, REGIONS_OF, find_personal

        found = find_personal(text, self._kinds(), ALL_REGIONS)
        pieces = {HiddenPiece(one.start, one.end, f"<{one.kind}>") for one in found}
        starts = {text.rfind("\n", 0, one.start) + 1 for one in found if one.kind == "PHONE"}
        for start in starts:
            end = text.find("\n", start)
            line = text[start : end if end >= 0 else len(text)]
            for regions in {*REGIONS_OF.values()}:
                each = find_personal(line, self._kinds(), regions)
                pieces |= {HiddenPiece(start + one.start, start + one.end, f"<{one.kind}>") for one in each}
        return sorted(pieces)

    def _kinds(self) -> tuple[str, ...]:
        return tuple(kind.upper() for kind in self.kinds)


def kinds_named(text: str) -> tuple[str, ...]:
    """The kinds of `email,phone`, in the order of PERSONAL_REASONS; raises ConfigError for an unknown one.

    >>> kinds_named("phone,email")
    ('email', 'phone')
    """
    names = text.split(",")
    for name in names:
        if name not in PERSONAL_REASONS:
            raise unknown("kind of personal data in --mask-personal", name, PERSONAL_REASONS)
    return tuple(kind for kind in PERSONAL_REASONS if kind in names)


def masking_stage(preset: Preset) -> MaskPersonal | None:
    """The stage of a preset that masks personal data, if any."""
    return next((stage for stage in preset.stages if isinstance(stage, MaskPersonal)), None)


def with_personal_masked(preset: Preset, kinds: tuple[str, ...] = USUALLY_MASKED) -> Preset:
    """The preset that masks personal data of these kinds, after all stages that judge or compare pages: it keeps the
    same pages as without masking. A preset that already masks gets these kinds instead."""
    known = masking_stage(preset)
    if known is not None:
        return preset.on(MaskPersonal(known.name, kinds))
    stage, last = MaskPersonal(kinds=kinds), preset.stages[-1]
    behind = benchmarks_stage(preset)  # which records where items are in the kept text
    if behind is not None:
        return preset.before(behind.name, stage)
    return preset.before(last.name, stage) if last.scope is Scope.CONFIG else preset.after(last.name, stage)
