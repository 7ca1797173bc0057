"""Why a record of a corpus is not a page, and what is counted on a page that is kept; most of it as in a WET file."""

from __future__ import annotations

from c4pipe.page import Reason, Unit
from c4pipe.wet.reasons import (
    BAD_DATE,
    BAD_URL,
    CHANGED_INPUT,
    DAMAGED_MEMBER,
    NO_TEXT,
    TOO_LARGE,
    TRUNCATED,
    UNDECODABLE,
    UNREADABLE,
)
from c4pipe.wet.reasons import WET_FAULTS as READ_FAULTS

_OURS = "c4pipe: C4's rules ask for a URL and a date, which other corpora may lack; none is invented"

BAD_JSON = Reason(
    "bad_json",
    Unit.PAGE,
    "is a line that is not a JSON object",
    "RFC 8259 (JSON) and jsonlines.org: one object a line",
    keeps='{"text": "Some text."}',
    drops='{"text": "Some',
    why="A truncated or hand-written line is lost alone.",
)
NO_URL_GIVEN = Reason(
    "no_url_given",
    Unit.PAGE,
    "has no URL: the MD5 of its text replaces it (kept)",
    _OURS,
    why="Many corpora only keep texts; equal texts then count as copies of one page.",
)
NO_DATE_GIVEN = Reason(
    "no_date_given",
    Unit.PAGE,
    "has no date: any copy that has one is newer (kept)",
    _OURS,
    why="Many corpora keep no dates; the count shows how often the choice among copies was arbitrary.",
)

FAULTS = READ_FAULTS | {BAD_JSON.code}  # of any format: these reasons say that bytes of the input were lost

DOCUMENT_REASONS = (
    DAMAGED_MEMBER,
    TRUNCATED,
    CHANGED_INPUT,
    TOO_LARGE,
    BAD_JSON,
    BAD_URL,
    NO_TEXT,
    UNREADABLE,
    UNDECODABLE,
    NO_URL_GIVEN,
    NO_DATE_GIVEN,
    BAD_DATE,
)
