"""Folders on disks, in buckets and on the web, as a search sees them."""

from __future__ import annotations

import os
import urllib.parse
from html.parser import HTMLParser

from c4pipe.errors import ConfigError
from c4pipe.flow.files import BeamStore, matches_below
from c4pipe.flow.folders import FolderEntry
from c4pipe.flow.stamps import Stamped, object_stamped
from c4pipe.flow.web import web_bytes
from c4pipe.text.urls import public

LONGEST_INDEX = 16 << 20  # most bytes of a page that lists a folder


class LocalTree:
    """Folders of this machine."""

    def entries(self, folder: str) -> list[FolderEntry]:
        try:
            with os.scandir(folder) as found:
                return sorted(FolderEntry(each.name, os.path.isdir(each.path), each.is_symlink()) for each in found)
        except OSError as error:
            raise ConfigError(f"{folder} cannot be searched ({error.strerror or error}).") from None

    def real(self, path: str) -> str:
        return os.path.realpath(path)

    def read(self, path: str) -> bytes:
        with open(path, "rb") as file:
            return file.read()


class BucketTree:
    """The objects below one prefix of a bucket, listed at once. Buckets have no folders, only names with slashes."""

    def __init__(self, top: str):
        self.stamps: dict[str, Stamped] = {}
        self._folders: dict[str, dict[str, FolderEntry]] = {}
        for found in matches_below(top):
            if found.path.endswith("/"):  # a placeholder for a folder, as consoles create it
                continue
            self.stamps[found.path] = object_stamped(found)
            *folders, name = found.path.removeprefix(f"{top}/").split("/")
            place = top
            for folder in folders:
                self._folders.setdefault(place, {})[folder] = FolderEntry(folder, True)
                place = f"{place}/{folder}"
            self._folders.setdefault(place, {}).setdefault(name, FolderEntry(name, False))

    def entries(self, folder: str) -> list[FolderEntry]:
        return sorted(self._folders.get(folder, {}).values())

    def real(self, path: str) -> str:
        return path

    def read(self, path: str) -> bytes:
        with BeamStore().read(path) as stream:
            return stream.read()


class WebTree:
    """Folders of a web server that returns a page of links for each, as nginx, Apache and Python's own do."""

    def entries(self, folder: str) -> list[FolderEntry]:
        url = f"{folder}/"
        page = web_bytes(url)
        if b"<" not in page[:LONGEST_INDEX] or len(page) > LONGEST_INDEX:
            raise ConfigError(
                f"{public(url)} does not return a page of links. Name files, or a list of them (wet.paths.gz)."
            )
        links = _Links()
        links.feed(page.decode("utf-8", "replace"))
        here = public(url)
        names = {
            target.removeprefix(here)
            for target in (public(urllib.parse.urljoin(url, link)) for link in links.found if "?" not in link)
            if target.startswith(here)
        }
        plain = {name for name in names if name and "/" not in name.removesuffix("/")}
        return sorted(FolderEntry(name.removesuffix("/"), name.endswith("/")) for name in plain)

    def real(self, path: str) -> str:
        return path

    def read(self, path: str) -> bytes:
        return web_bytes(path)


class _Links(HTMLParser):
    """The targets of the links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found += [value for name, value in attrs if name == "href" and value]
