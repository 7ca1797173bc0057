"""The damaged and hostile files of the WET reader, with their pages as HTTP responses: the same is kept, the same is
told."""

from __future__ import annotations

from collections import Counter

import pytest

from c4pipe.page import Kept
from tests import needs
from tests.wet import writer
from tests.wet.test_faults import CASES, Case
from tests.wet.writer import member, names, read, text_of

pytestmark = needs.resiliparse


@pytest.fixture(autouse=True)
def as_responses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "WARC", True)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_same_is_kept_of_each(case: Case) -> None:
    verdicts = read(case.data())
    assert names(verdicts) == (case.pages, list(case.reasons))
    kept = [verdict for verdict in verdicts if isinstance(verdict, Kept)]
    assert sum("length_mismatch" in verdict.tally for verdict in kept) == case.mismatches
    if case.whole:
        assert [verdict.page.text for verdict in kept] == [text_of(n) for n in case.pages]
    sources = [verdict.page.source for verdict in verdicts]
    assert len(set(sources)) == len(sources)


def test_all_together() -> None:
    """In one file, with a good page after each: no fault spoils another or what is good."""
    mixed = [case for case in CASES if case.data().startswith(b"\x1f\x8b") and "across" not in case.name]
    data = b"".join(case.data() + member(f"after-{n}") for n, case in enumerate(mixed))
    kept, reasons = names(read(data))
    assert kept == [page for n, case in enumerate(mixed) for page in [*case.pages, f"after-{n}"]]
    alone = Counter(reason for case in mixed for reason in case.reasons)
    alone["damaged_member"] += alone.pop("truncated")
    alone["no_header"] += alone.pop("unreadable") - 1
    assert Counter(reasons) == alone
