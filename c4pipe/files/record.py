"""What a corpus stores of the files that its parts read: checksums in the manifest, and small files next to it.

    lists/badwords/en.txt  lists/news_domains.json  lists/english/abbrev_types.txt  lists/own/1f2e3d4c-model.txt

So a page is judged again with the original lists, whatever `./assets` holds by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from c4pipe.errors import AssetError, ConfigError
from c4pipe.files.assets import CARRIED, Assets, origin_of
from c4pipe.files.lists import NamedList
from c4pipe.files.pinned import sha256_of
from c4pipe.files.watching import opened, read_by_imports
from c4pipe.part import Part, everything, is_own
from c4pipe.text.punkt import PUNKT_FILES

LISTS = "lists"  # below the corpus
BADWORDS, NEWS_DOMAINS, URL_LIST, PUNKT_KIND, OWN = "badwords", "news_domains", "url_list", "punkt", "own"
EXCLUDE, ROBOTS_KIND = "exclude", "robots"
BENCHMARKS = "benchmarks"  # never stored: a corpus must not contain the test items searched for in it


def accounts(parts: Iterable[Part], assets: Assets) -> list[dict[str, Any]]:
    """What a manifest records of the files that parts read, one entry per file, without absolute paths of ours.

    `name` is a part's name for its own file, `at` where the corpus stores a copy, "" for a large file. `lines` counts
    the lines of small text files that are not blank; `note` is a part's remark on the file. Files that a part opens
    without having `named` them also count. Raises AssetError for a missing file.
    """
    readers: dict[tuple[str, str, str], list[str]] = {}
    unnamed: set[str] = set()
    remarks: dict[str, str] = {}
    for part in everything(parts):
        remarks |= part.remarks(assets)
        beside = _unnamed(part, assets)
        unnamed.update(map(str, beside))
        for name in (*_named(part, assets), *beside):
            path = assets.path(name)
            kind = OWN if is_own(part) else _kind_of(path, assets)
            readers.setdefault((kind, str(name), str(path)), []).append(type(part).__name__)
    found = [
        _account(kind, _listed_as(Path(path), assets) or name, Path(path))
        | {"read_by": [*dict.fromkeys(by)]}
        | ({"named": False} if name in unnamed else {})
        | ({"note": remarks[path]} if path in remarks else {})
        for (kind, name, path), by in readers.items()
    ]
    return sorted(found, key=lambda file: (file["kind"], file["name"]))


def _unnamed(part: Part, assets: Assets) -> list[Path]:
    """Files that a custom part opens while it is bound, without naming them: their bytes still decide."""
    if not is_own(part):
        return []
    if part not in _OPENED:
        with opened() as found:
            part.bind(assets)
        _OPENED[part] = frozenset(found)
    named = {assets.path(name) for name in _named(part, assets)}
    return sorted((_OPENED[part] | read_by_imports()) - named)


def _named(part: Part, assets: Assets) -> list[str | Path]:
    """The files that a part names. Raises ConfigError for a missing one, with the folder that was searched."""
    named = part.files(assets)
    if isinstance(named, str | Path):
        raise ConfigError(
            f"{type(part).__name__}.files gave {str(named)!r}: expected a list of files, such as [self.model]."
        )
    named = list(named)
    for name in named:
        try:
            assets.path(name)
        except AssetError:
            raise AssetError(
                f"{type(part).__name__} reads {name}, which does not exist (looked for in {Path.cwd()})."
            ) from None
    return named


_OPENED: dict[Part, frozenset[Path]] = {}  # once per process: a part may cache what it has read


def _account(kind: str, name: str, path: Path) -> dict[str, Any]:
    size, total = path.stat().st_size, sha256_of(path)
    at = {
        BADWORDS: f"{LISTS}/badwords/{path.name}",
        NEWS_DOMAINS: f"{LISTS}/news_domains.json",
        URL_LIST: f"{LISTS}/url_list/{path.name}",
        PUNKT_KIND: f"{LISTS}/{path.parent.name}/{path.name}",
        EXCLUDE: f"{LISTS}/exclude/{name}",
        ROBOTS_KIND: f"{LISTS}/robots/{path.name}",
        BENCHMARKS: "",
        OWN: f"{LISTS}/own/{total[:8]}-{path.name}",
    }[kind]
    small = size <= CARRIED
    account = {
        "kind": kind,
        "name": name if kind in (OWN, EXCLUDE) else path.name,
        "origin": origin_of(path),
        "bytes": size,
    }
    account |= {"sha256": total, "at": at if small else ""}
    return account | ({"lines": _lines(path)} if small else {})


def _listed_as(path: Path, assets: Assets) -> str:
    """The name of an exclusion list, "" for any other file."""
    return next((listed.name for listed in assets.exclude if listed.path == path), "")


def _kind_of(path: Path, assets: Assets) -> str:
    if _listed_as(path, assets):
        return EXCLUDE
    if assets.badwords_dir is not None and path.parent == assets.badwords_dir:
        return BADWORDS
    known = (NEWS_DOMAINS, assets.news_domains_file), (URL_LIST, assets.url_list), (ROBOTS_KIND, assets.robots)
    for kind, file in known:
        if path == file:
            return kind
    if path in (assets.benchmarks or ()):
        return BENCHMARKS
    return PUNKT_KIND if path.name in PUNKT_FILES and path in assets.punkt_files() else OWN


def _lines(path: Path) -> int:
    return sum(1 for line in path.read_bytes().split(b"\n") if line.strip())


def carried(parts: Iterable[Part], assets: Assets) -> Assets:
    """Assets with the contents of the small files that parts read, for workers on other machines. Workers find Punkt's
    files themselves."""
    return assets.carrying(path for path in places(parts, assets).values() if _kind_of(path, assets) != PUNKT_KIND)


def paths_read(parts: Iterable[Part], assets: Assets) -> list[Path]:
    """The files that the parts read, each once."""
    each = everything(parts)
    found = (assets.path(name) for part in each for name in (*_named(part, assets), *_unnamed(part, assets)))
    return [*dict.fromkeys(found)]


def places(parts: Iterable[Part], assets: Assets) -> dict[str, Path]:
    """The path of each file that the parts read, by its checksum."""
    return {sha256_of(path): path for path in paths_read(parts, assets)}


def files_of(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The `accounts` of a manifest; for an older one, which records only four kinds of files, as far as it goes."""
    if "files" in manifest:
        return list(manifest["files"])
    old = {kind: found if isinstance(found, list) else [found] for kind, found in manifest.get("assets", {}).items()}
    return [
        {"kind": kind, **file, "lines": file.get("entries", 0), "bytes": None, "at": "", "read_by": []}
        for kind, files in old.items()
        for file in files
    ]


def recorded(
    folder: Path, manifest: Mapping[str, Any], given: Sequence[Path], here: Assets
) -> tuple[Assets, list[str]]:
    """The files that a corpus was judged with, and the missing ones, one line each.

    A file comes from the copy next to the manifest, else from those `given`, which are matched by checksum, else from
    where a build would find it `here`, if that has the same bytes.
    """
    files = files_of(manifest)
    by_sum = {sha256_of(path): path.absolute() for path in given}
    found: dict[str, Path] = {}
    missing = []
    for file in files:
        path = _find(folder, file, by_sum, here)
        if path is None and file["kind"] != BENCHMARKS:  # findings on these are recorded
            itself = "" if file.get("named", True) else ", and a rule opens it directly"
            missing.append(
                f"{file['kind']}: {file['name']} (sha256 {file['sha256'][:12]}…) differs from the build's{itself}"
            )
        elif path is not None:
            found[f"{file['kind']}/{file['name']}"] = path
    return _assets(files, found, here), missing


def check_given(manifest: Mapping[str, Any], given: Sequence[Path]) -> None:
    """Raises ConfigError for a file that no part of the corpus's preset has read."""
    files = files_of(manifest)
    strange = [path for path in given if sha256_of(path) not in {file["sha256"] for file in files}]
    if strange:
        known = ", ".join(f"{file['name']} ({file['sha256'][:12]}…)" for file in files if not file["at"])
        raise ConfigError(
            f"--file {strange[0]} is not one of the files that the corpus was built with: its sha256 differs. Expected "
            f"{known or 'none, since the corpus keeps them all'}."
        )


def _find(folder: Path, file: Mapping[str, Any], given: Mapping[str, Path], here: Assets) -> Path | None:
    candidates = _usual(file, here)
    if file.get("named", True):  # else a part opens it itself, only there
        candidates = [*([folder / file["at"]] if file["at"] else []), *candidates]
        candidates += [given[file["sha256"]]] if file["sha256"] in given else []
    return next((path for path in candidates if path.is_file() and sha256_of(path) == file["sha256"]), None)


def _usual(file: Mapping[str, Any], here: Assets) -> list[Path]:
    """Where a build today would find it."""
    kind, name = file["kind"], file["name"]
    if kind == BADWORDS and here.badwords_dir is not None:
        return [here.badwords_dir / name]
    if kind == PUNKT_KIND:
        return [path for path in here.punkt_files() if path.name == name]
    usual = {NEWS_DOMAINS: here.news_domains_file, URL_LIST: here.url_list, OWN: Path(name)}.get(kind)
    return [] if usual is None else [usual]


def _assets(files: Sequence[Mapping[str, Any]], found: Mapping[str, Path], here: Assets) -> Assets:
    """Assets with exactly these files for the kinds that the corpus has read."""
    kinds = {file["kind"] for file in files}
    by_kind = {
        kind: {file["name"]: found.get(f"{kind}/{file['name']}") for file in files if file["kind"] == kind}
        for kind in kinds
    }
    whole = {kind: [path for path in paths.values() if path] for kind, paths in by_kind.items() if all(paths.values())}
    assets = here
    if NEWS_DOMAINS in kinds:
        assets = replace(assets, news_domains_file=next(iter(whole.get(NEWS_DOMAINS, ())), None))
    if URL_LIST in kinds:
        assets = replace(assets, url_list=next(iter(whole.get(URL_LIST, ())), None))
    if ROBOTS_KIND in kinds:
        assets = replace(assets, robots=next(iter(whole.get(ROBOTS_KIND, ())), None))
    if EXCLUDE in kinds:
        lists = by_kind[EXCLUDE] if EXCLUDE in whole else {}
        assets = replace(assets, exclude=tuple(NamedList(name, path) for name, path in lists.items() if path))
    if PUNKT_KIND in kinds:
        assets = replace(assets, punkt=whole[PUNKT_KIND][0].parent if PUNKT_KIND in whole else None)
    if BADWORDS in kinds:  # only these lists, whatever other files are next to them
        words = Path(LISTS, BADWORDS)
        contents = {str(words / path.name): path.read_bytes() for path in whole.get(BADWORDS, ())}
        assets = replace(assets, badwords_dir=words if contents else None, contents=contents)
    if BENCHMARKS in kinds:  # by their original names, which are the names of tasks
        known = by_kind[BENCHMARKS] if BENCHMARKS in whole else {}
        assets = replace(assets, benchmarks=tuple(map(Path, known)))
    copies = {name: path or Path(f"{LISTS}/own/missing") for name, path in by_kind.get(OWN, {}).items()}
    copies |= {name: path for name, path in by_kind.get(BENCHMARKS, {}).items() if path}
    return replace(assets, copies=copies)
