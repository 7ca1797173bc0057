"""Failed requests to the Hub: retried if that may help, otherwise reported with what to do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from huggingface_hub.errors import HfHubHTTPError

from c4pipe.errors import BuildError, C4Error, ConfigError
from c4pipe.text import visible

HUB_WAITS = (1.0, 4.0, 16.0, 60.0)  # seconds before each retry; the library's own retries take less than one
LONGEST_WAIT = 300.0  # seconds that a server may request
PASSING = (408, 425, 429, 500, 502, 503, 504)
AGAIN_LATER = "Run the same command again to resume."
_HTTP_ERROR = HfHubHTTPError.__bases__[0]  # the base of what the library's HTTP client raises, whichever that is

Given = TypeVar("Given")


def tried(call: Callable[[], Given], repo: str, endpoint: str) -> Given:
    """The result of a call, after at most as many retries as `HUB_WAITS` has. C4Error that says what to do."""
    for wait in (*HUB_WAITS, None):
        try:
            return call()
        except C4Error:
            raise
        except Exception as error:  # raised by the library, its client or one of its threads
            status = _status(error)
            passing = status in PASSING if status is not None else _is_network(error)
            if status is None and not passing:
                raise
            if wait is None or not passing:
                raise _told(error, status, repo, endpoint) from None
            time.sleep(min(LONGEST_WAIT, max(wait, _asked(error))))
    raise AssertionError("the last try returns or raises")


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and its causes: errors of upload threads are wrapped."""
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__


def _http(error: BaseException) -> HfHubHTTPError | None:
    return next((one for one in _chain(error) if isinstance(one, HfHubHTTPError)), None)


def _status(error: BaseException) -> int | None:
    found = _http(error)
    return None if found is None else int(found.response.status_code)


def _is_network(error: BaseException) -> bool:
    """Whether the server could not be reached."""
    return any(isinstance(one, ConnectionError | TimeoutError | _HTTP_ERROR) for one in _chain(error))


def _asked(error: BaseException) -> float:
    """The seconds that the server asks the client to wait."""
    found = _http(error)
    word = "" if found is None else found.response.headers.get("Retry-After", "")
    return float(word) if word.isascii() and word.isdigit() else 0.0


def _told(error: BaseException, status: int | None, repo: str, endpoint: str) -> C4Error:
    """The message for a status. It quotes only the server's own message: URLs may be signed."""
    if status is None:
        return BuildError(f"{endpoint} cannot be reached ({type(error).__name__}). {AGAIN_LATER}")
    found = _http(error)
    words = visible(((found.server_message if found else "") or "").partition("\n")[0])
    said = f"{status}: {words}" if words else str(status)
    if status == 401:
        return ConfigError(f"the Hub rejects the token ({said}). Set HF_TOKEN, or log in: hf auth login")
    if status == 403:
        return ConfigError(f"the token may not write to {repo} ({said}). Use a token with write access.")
    if status == 404:
        return ConfigError(f"{repo} was not found, or not with this token ({said}). Check its name.")
    if status == 429:
        return BuildError(f"the Hub asks to try again later ({said}). {AGAIN_LATER}")
    if status in PASSING:
        return BuildError(f"the Hub has failed {len(HUB_WAITS) + 1} times ({said}). {AGAIN_LATER}")
    return BuildError(f"the Hub refuses ({said}).")
