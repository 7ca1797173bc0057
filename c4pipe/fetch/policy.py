"""What is worth a retry, and after how long: the rules of a polite download, as pure functions and one value."""

from __future__ import annotations

import http
import re
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from c4pipe.errors import BuildError
from c4pipe.text import printable

# Requests to slow down. At data.commoncrawl.org a 403 is a rate limit of CloudFront and a 503 is S3 pushing back
# (status.commoncrawl.org; commoncrawl/cc-downloader issue 29).
DENIED = 403
THROTTLED = frozenset({DENIED, 429, 503})
_PASSING = THROTTLED | {408, 425}  # in addition to every 5xx


class TransientError(Exception):
    """An attempt failed, and the next may succeed. The message is shown to the user."""

    def __init__(self, says: str, told: float | None = None, status: int = 0) -> None:
        super().__init__(says)
        self.told = told  # seconds that the host asked us to wait
        self.status = status  # the host's status, 0 if it did not respond

    @property
    def throttled(self) -> bool:
        """Whether every connection should hold back, not this one alone."""
        return self.status in THROTTLED

    @property
    def doubt(self) -> str:
        """Other possible causes than a transient failure, in words."""
        return "; or access is denied: a signature in the URL may have expired" if self.status == DENIED else ""


class RangeError(TransientError):
    """The host does not continue the file at the requested offset: start over."""


class DamagedError(TransientError):
    """The promised number of bytes arrived, but they are not the right ones, or not complete gzip data."""


class FetchError(BuildError):
    """One file cannot be fetched; others may. `status` is the host's, 0 if it did not respond."""

    def __init__(self, says: str, status: int = 0) -> None:
        super().__init__(says)
        self.status = status


class DiskError(BuildError):
    """Nothing can be written: no use in continuing."""


class StoppedError(Exception):
    """The run is being stopped. Internal: it ends a worker."""


@dataclass(frozen=True)
class Policy:
    """Patience, in numbers.

    >>> Policy().wait(1, told=None, draw=0.0), Policy().wait(5, told=None, draw=1.0), Policy().wait(1, 7200, draw=0.0)
    (1.0, 24.0, 300.0)
    """

    attempts: int = 8  # consecutive ones without progress; the waits in between add up to 2 to 3 minutes
    damaged: int = 2  # downloads of a file with the right length but damaged: then the host's copy is damaged
    progress: int = 1 << 20  # bytes: an attempt that adds so many resets the count of attempts
    first_wait: float = 1.0  # seconds; "no more than once per second is polite enough" (status.commoncrawl.org)
    longest_wait: float = 60.0  # seconds, without jitter
    longest_told: float = 300.0  # seconds: the longest Retry-After that is followed
    timeout: float = 30.0  # seconds to connect, and without a byte
    silence: float = 4.0  # seconds without an answer before a person is told which host is waited for
    stall_rate: float = 1000.0  # bytes/s: slower over `stall_window` counts as stuck
    stall_window: float = 60.0  # seconds; also the limit for the head of a response
    redirects: int = 5  # in a row
    largest: int = 8 << 30  # bytes of one file; WET files of 2024 have about 80 MB

    def wait(self, failures: int, told: float | None, draw: float) -> float:
        """Seconds before the next attempt: doubled each time, spread by up to a half by `draw` in 0..1.

        A host that asks for longer gets it, up to `longest_told`; the spread is added, so that connections with the
        same wait do not return together.
        """
        seconds = min(self.longest_wait, self.first_wait * 2.0 ** min(failures - 1, 30))
        told = min(told or 0.0, self.longest_told)
        return max(seconds * (1 + draw / 2), told + draw * self.first_wait)


class Version(NamedTuple):
    """The state of a remote file: parts of the same version may be joined."""

    size: int  # bytes of the whole file
    etag: str = ""
    last_modified: str = ""
    encoding: str = ""  # if the host compresses it: its bytes are counted as sent

    @property
    def validator(self) -> str | None:
        """The value for If-Range; None if the host gave none."""
        return self.etag if _is_strong(self.etag) else self.last_modified or None

    def agrees(self, answer: Version) -> bool:
        """Whether a partial response may belong to this version: it need not repeat every header (RFC 9110, 15.3.7)."""
        return (
            answer.size == self.size
            and answer.etag in ("", self.etag)
            and answer.last_modified in ("", self.last_modified)
            and answer.encoding in ("", self.encoding)
        )


class ByteRange(NamedTuple):
    """A Content-Range: bytes `start` to `end` (the last one included) of `size`."""

    start: int
    end: int
    size: int


def content_range(value: str | None) -> ByteRange | None:
    """The parsed header; None if it is missing, invalid or leaves the size open.

    >>> content_range("bytes 5-9/10")
    ByteRange(start=5, end=9, size=10)
    """
    found = re.fullmatch(r"bytes[ =](\d{1,18})-(\d{1,18})/(\d{1,18})", (value or "").strip(), re.ASCII)
    if found is None:
        return None
    span = ByteRange(*map(int, found.groups()))
    return span if span.start <= span.end < span.size else None


def retry_after(value: str | None, date: str | None, now: float) -> float | None:
    """Seconds given by Retry-After: a number, or a date, compared with the host's own `date` if present.

    >>> retry_after("120", None, 0.0)
    120.0
    >>> retry_after("Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 2015 07:27:30 GMT", 0.0)
    30.0
    """
    value = (value or "").strip()
    if re.fullmatch(r"\d{1,9}", value, re.ASCII):
        return float(value)
    until, here = _timestamp(value), _timestamp(date or "")
    return None if until is None else max(0.0, until - (now if here is None else here))


def _timestamp(date: str) -> float | None:
    try:
        parsed = parsedate_to_datetime(date)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()


def is_passing(status: int) -> bool:
    """Whether an HTTP status may be transient."""
    return status in _PASSING or 500 <= status < 600


def status_line(status: int) -> str:
    """A status in the standard's words: the host's own may quote the URL, and a secret in it.

    >>> status_line(404), status_line(299)
    ('HTTP 404 Not Found', 'HTTP 299')
    """
    try:
        return f"HTTP {status} {http.HTTPStatus(status).phrase}"
    except ValueError:
        return f"HTTP {status}"


def _is_strong(etag: str) -> bool:
    """Whether an entity tag guarantees equal bytes, so that parts of a file may be joined (RFC 9110, 8.8.1)."""
    return len(etag) > 2 and etag.startswith('"') and etag.endswith('"')


def one_line(text: str, longest: int = 120) -> str:
    """External text for one line of a terminal: control characters are escaped, and long text is cut."""
    safe = printable(text[: longest + 1])
    return safe if len(safe) <= longest else safe[:longest] + "..."
