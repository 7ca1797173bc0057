"""Why a record is not a page, and what is counted on a page that is kept. Each `Reason` is declared here, once."""

from __future__ import annotations

from c4pipe.page import Reason, Unit

MAX_URL = 8_192  # characters; browsers and search engines give up well below

_GZIP = "RFC 1952: a gzip member carries a checksum and a length"
_WARC = "WARC 1.0 (ISO 28500) and what Common Crawl writes in WET files"
_GUARD = "c4pipe: bounded memory whatever the input"

DAMAGED_MEMBER = Reason(
    "damaged_member",
    Unit.PAGE,
    "is in a damaged stretch of the file",
    _GZIP,
    why="Bytes that were corrupted in transfer cannot be read; the pages around them can.",
)
TRUNCATED = Reason(
    "truncated",
    Unit.PAGE,
    "is cut by the end of the file",
    _GZIP,
    why="An interrupted download ends in the middle of a page, or is shorter than the list of sizes says.",
)
CHANGED_INPUT = Reason(
    "changed",
    Unit.PAGE,
    "is in a file that changed between listing and reading",
    "c4pipe: what is listed is read",
    why="The bytes read are not those that the manifest would name: the file was being written.",
)
TOO_LARGE = Reason(
    "too_large",
    Unit.PAGE,
    "is larger than a record or its header may be",
    _GUARD,
    why="A damaged length could request any amount of memory; no page of prose is so large.",
)
NO_URL = Reason(
    "no_url",
    Unit.PAGE,
    "has no URL",
    "TFDS c4 3.1.0 split_wet_file: filtered:no_url",
    why="Without a URL it is unknown which copy of a page is the newest, or whose page it is.",
)
BAD_URL = Reason(
    "bad_url",
    Unit.PAGE,
    f"has a URL of more than {MAX_URL:,} characters or with control characters",
    "c4pipe: no crawler fetched such an address",
    keeps="http://a.example/",
    drops="http://a.example/\x07",
    why="Such an address is damage, or an attack on programs that display it.",
)
NO_DATE = Reason(
    "no_date",
    Unit.PAGE,
    "has no date",
    "TFDS c4 3.1.0 split_wet_file: filtered:no_timestamp",
    why="Of the copies of a page the newest is kept, so each needs a date.",
)
BAD_DATE = Reason(
    "bad_date",
    Unit.PAGE,
    "has an unreadable or impossible date, and is used without one (kept)",
    "ISO 8601, RFC 5322 and what else is known to text.dates",
    why="A text is worth more than its date; any copy that has one counts as newer.",
)
NO_TEXT = Reason(
    "no_text",
    Unit.PAGE,
    "has no text",
    "TFDS c4 3.1.0 split_wet_file: filtered:no_content",
    why="There is nothing to learn from it.",
)
NOT_A_PAGE = Reason(
    "not_a_page",
    Unit.PAGE,
    "is another type of record than a page",
    _WARC,
    keeps="conversion",
    drops="warcinfo",
    why="Archives also hold records that describe a crawl: its settings, requests, metadata.",
)
UNREADABLE = Reason(
    "unreadable",
    Unit.PAGE,
    "is not a file of the format at all",
    "c4pipe: error pages get saved too",
    why="A file of another format is reported once, so that an empty corpus is not mistaken for a clean one.",
)
NO_HEADER = Reason(
    "no_header",
    Unit.PAGE,
    "is text that no WARC header introduces",
    _WARC,
    why="Without a header it is unknown which page the text is from.",
)
LENGTH_MISMATCH = Reason(
    "length_mismatch",
    Unit.PAGE,
    "is not as long as its Content-Length says (kept)",
    _WARC,
    why="The text is there, but something overwrote a part of it or added to it, which is worth a look.",
)
UNDECODABLE = Reason(
    "undecodable",
    Unit.PAGE,
    "holds bytes that are not UTF-8, replaced by U+FFFD (kept)",
    _WARC,
    why="A few wrong bytes do not spoil a page; many of them indicate a wrong conversion.",
)

READ_REASONS = (
    DAMAGED_MEMBER,
    TRUNCATED,
    CHANGED_INPUT,
    TOO_LARGE,
    NO_URL,
    BAD_URL,
    NO_DATE,
    NO_TEXT,
    NOT_A_PAGE,
    UNREADABLE,
    NO_HEADER,
    LENGTH_MISMATCH,
    UNDECODABLE,
    BAD_DATE,
)

# Not every missing page means damage: these reasons say that bytes of the input were lost.
WET_FAULTS = frozenset(
    reason.code for reason in (DAMAGED_MEMBER, TRUNCATED, CHANGED_INPUT, TOO_LARGE, UNREADABLE, NO_HEADER)
)
