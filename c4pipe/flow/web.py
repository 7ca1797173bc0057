"""Inputs over http(s): each is fetched completely into a bounded cache, politely and with retries, and read
from there."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from c4pipe.errors import BuildError, ConfigError
from c4pipe.fetch import Client, FetchError, HttpCache, download
from c4pipe.fetch.download import persist
from c4pipe.fetch.policy import Version
from c4pipe.private import private
from c4pipe.scratch import scratch
from c4pipe.text.urls import public

CACHE_BYTES = 2 << 30  # a WET file has 80 MB; files being read stay, even beyond this limit


def web_client() -> Client:
    """The client that fetches inputs; it reports waits on stderr."""
    return Client(say=lambda line: print(f"note: {line}", file=sys.stderr, flush=True))


def is_web(path: str) -> bool:
    """Whether a path is to be fetched over http(s)."""
    return path.startswith(("http://", "https://"))


def input_cache(staging: str) -> HttpCache:
    """The cache of one process: in the staging folder, or on the worker's own disk if staging is in a bucket.

    A damaged file is accepted: the reader uses what is intact and counts the rest. A download is complete when it has
    the length that the host declares.
    """
    folder = _own_disk() if "://" in staging else Path(staging) / "inputs"
    return HttpCache(folder, CACHE_BYTES, web_client(), check=None)


def _own_disk() -> Path:
    """A private temporary folder, shared by all processes of this user. BuildError if there is none."""
    folder = Path(tempfile.gettempdir()) / f"c4pipe-inputs-{os.geteuid()}"
    try:
        return private(folder)
    except PermissionError as error:
        raise BuildError(
            f"{folder}, where downloaded inputs would be kept, is not private ({error}), and other users may have put "
            "files there. Set TMPDIR to your own folder."
        ) from None


def web_version(url: str) -> Version:
    """The version of a file on the web. ConfigError if the host does not have it."""
    try:
        return persist(client := web_client(), public(url), lambda: client.version(url))
    except FetchError as error:
        raise ConfigError(f"--input {public(url)} cannot be fetched: {error}.") from None


def web_bytes(url: str) -> bytes:
    """A small file of the web, such as a list of paths. ConfigError if it cannot be fetched."""
    with scratch("list") as folder:
        target = folder / "list"
        try:
            download(web_client(), url, target, check=None)
        except FetchError as error:
            raise ConfigError(f"--input {public(url)} cannot be fetched: {error}.") from None
        return target.read_bytes()
