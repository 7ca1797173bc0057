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

# Where numbers in a case are of the records of a WET: these are longer, so damage meets another one, or a length says
# another thing. And HTTP's header looks like more of WARC's where the blank line between them is gone.
OTHERWISE = {
    "members across records, one damaged": (["1", "3", "4"], ["damaged_member"], 0),
    "members across records, one that cannot be inflated": (["1", "3", "4"], ["damaged_member"], 0),
    "members across records, cut at a seam": (["1"], ["truncated"], 0),
    "length off by two": (["1", "2", "3"], [], 1),
    "two lengths, the second right": (["1", "2", "3"], [], 0),
    "blank line forgotten": (["1", "3"], ["not_a_page"], 0),
}


def expected(case: Case) -> tuple[list[str], list[str], int]:
    """Pages, reasons of everything else, kept pages whose length is wrong."""
    return OTHERWISE.get(case.name, (case.pages, [*case.reasons], case.mismatches))


@pytest.fixture(autouse=True)
def as_responses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "WARC", True)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_same_is_kept_of_each(case: Case) -> None:
    verdicts = read(case.data())
    pages, reasons, mismatches = expected(case)
    assert names(verdicts) == (pages, reasons)
    kept = [verdict for verdict in verdicts if isinstance(verdict, Kept)]
    assert sum("length_mismatch" in verdict.tally for verdict in kept) == mismatches
    if case.whole:
        assert [verdict.page.text for verdict in kept] == [text_of(n) for n in pages]
    sources = [verdict.page.source for verdict in verdicts]
    assert len(set(sources)) == len(sources)


def test_all_together() -> None:
    """In one file, with a good page after each: no fault spoils another or what is good."""
    mixed = [case for case in CASES if case.data().startswith(b"\x1f\x8b") and "across" not in case.name]
    data = b"".join(case.data() + member(f"after-{n}") for n, case in enumerate(mixed))
    kept, reasons = names(read(data))
    assert kept == [page for n, case in enumerate(mixed) for page in [*expected(case)[0], f"after-{n}"]]
    alone = Counter(reason for case in mixed for reason in expected(case)[1])
    alone["damaged_member"] += alone.pop("truncated")
    alone["no_header"] += alone.pop("unreadable") - 1
    assert Counter(reasons) == alone


def test_most_are_the_same() -> None:
    assert len(CASES) >= 76
    assert {*OTHERWISE} <= {case.name for case in CASES}
