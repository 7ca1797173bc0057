"""Lists of paths, such as Common Crawl's wet.paths.gz: lines are relative to the location of the list."""

from __future__ import annotations

import io
import os
import posixpath
from collections.abc import Sequence

from c4pipe.errors import ConfigError
from c4pipe.fetch import Client, FetchError, Policy
from c4pipe.files.lists import list_lines
from c4pipe.flow.buckets import is_remote, or_of_bucket
from c4pipe.flow.files import BeamStore
from c4pipe.flow.web import is_web, web_bytes
from c4pipe.text.urls import public

LIST_SUFFIXES = (".paths", ".paths.gz", ".paths.zst")
CRAWL_DATA = "crawl-data"  # how lines of Common Crawl's lists begin; their own paths contain it
_MISSING = (404, 410)


def listed_paths(path: str, root: str | None) -> list[str]:
    """The paths or URLs that the lines of a list name, joined to `root`, or else to the folder of the list.

    If the list is in `crawl-data` and its lines begin with that, they are joined to the part before it. ConfigError for
    a list that cannot be read, or whose files the host does not have.
    """
    what = f"--input {public(path)}"
    try:
        if is_web(path):
            data = web_bytes(path)
        else:
            with BeamStore().open_input(path) as stream:
                data = stream.read()
    except or_of_bucket(OSError) as error:
        raise ConfigError(f"{what}: the list cannot be read ({getattr(error, 'strerror', None) or error}).") from None
    lines = [line for line in list_lines(io.BytesIO(data), f"{what}: the list") if line]
    here = path.partition("?")[0] if is_web(path) else path if is_remote(path) else os.path.abspath(path)
    place = posixpath.dirname(here)
    found = [_joined(line, root, place) for line in lines]
    _check_host(found, what)
    return found


def _joined(line: str, root: str | None, place: str) -> str:
    if is_remote(line) or line.startswith(("/", "file:")):
        return line
    if root is None and line.startswith(f"{CRAWL_DATA}/") and not os.path.lexists(f"{place}/{line}"):
        before, found, _ = f"{place}/".partition(f"/{CRAWL_DATA}/")
        place = before if found else place
    return f"{place if root is None else root.rstrip('/')}/{line}"


def _check_host(found: Sequence[str], what: str) -> None:
    """ConfigError if the host has none of three sampled files from a list on the web."""
    asked = list(dict.fromkeys((found[0], found[len(found) // 2], found[-1]))) if found else []
    if not asked or not all(is_web(url) for url in asked):
        return
    client = Client(Policy(attempts=1))
    said = []
    for url in asked:
        try:
            client.version(url)
            return
        except FetchError as error:
            if error.status not in _MISSING:
                return
            said.append(str(error))
        except Exception:  # reported when the file is read
            return
    raise ConfigError(
        f"{what}: the host has none of the files in the list, such as {public(asked[0])} ({said[0]}). Give their base "
        "URL: --root URL."
    )
