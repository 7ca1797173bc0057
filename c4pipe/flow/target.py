"""The output folder: may this build write into it, and is it done already?"""

from __future__ import annotations

import json
import os
import posixpath
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from c4pipe.corpus.catalogue import describe
from c4pipe.corpus.identity import changes
from c4pipe.errors import ConfigError
from c4pipe.files.record import LISTS, places
from c4pipe.files.storage import make_folder
from c4pipe.flow.files import BeamStore, is_remote
from c4pipe.flow.lock import LOCK
from c4pipe.flow.settings import INPUTS, WRITTEN, Settings
from c4pipe.shards import MANIFEST, files_of_shard

_OURS = re.compile(
    r"(README\.md|stats\.json|manifest\.json|report\.html)"
    r"|[^/]+/(train|validation)-\d{5}-of-\d{5}\.[a-z0-9.]+|rejected/part-[^/]+\.parquet|\.staging-[0-9a-f]+/.*|\.lock"
    r"|lists/(news_domains\.json|(badwords|url_list|own|english)/[^/]+)|([^/]+/)*\.[^/]+\.tmp"
)
DIFFERENCES_SHOWN = 5  # things that differ, in a message
_STAGING = ".staging-*"
HALF_WRITTEN = re.compile(r"(.*/)?\.[^/]+\.tmp")


def staging_folder(folder: str, key: str) -> str:
    """Where builds from inputs of that key keep their intermediate files."""
    return f"{folder.rstrip('/')}/.staging-{key[:16]}"


def check_siblings(output: str) -> None:
    """ConfigError if the folder cannot be one of several corpora, each in a folder of its own."""
    names = [
        name for name in names_below(output) if "/" not in name and name != LOCK and not HALF_WRITTEN.fullmatch(name)
    ]
    if names:
        raise ConfigError(
            f"--output {output} holds {sorted(names)[0]!r}; several presets make a folder each. Choose an empty folder."
        )


def finished_manifest(settings: Settings, inputs: Sequence[tuple[str, int]], overwrite: bool) -> dict[str, Any] | None:
    """The manifest of the corpus in the folder if it is the one that this build would make; None if there is none.

    ConfigError where the folder holds another corpus, and in what it is another, or files that no build has made.
    `inputs` are names and bytes.
    """
    output = settings.output
    try:
        names = names_below(output)
    except OSError as error:
        raise ConfigError(f"--output {output} cannot be written: {error.strerror or error}.") from None
    foreign = sorted(name for name in names if not _OURS.fullmatch(name))
    if foreign:
        raise ConfigError(
            f"--output {output} holds files that are not of a corpus, such as {foreign[0]!r}. Choose an empty folder."
        )
    manifest = _manifest(output) if MANIFEST in names else None
    if manifest is None or overwrite:
        return None
    if manifest.get("fingerprint") == settings.description["fingerprint"]:
        return manifest
    what = f"a corpus of preset {manifest.get('preset', {}).get('name')!r}"
    told = {name: settings.description[name] for name in ("settings", "files", "identifiers", "versions", "code")}
    now = {"preset": describe(settings.preset), "inputs": inputs, **told}
    try:
        found = changes(manifest, now, settings.preset.stages)
    except (AttributeError, KeyError, TypeError, ValueError):  # what no build has written
        found = {"manifest": ["unreadable"]}
    raise ConfigError(another(output, what, found))


def another(output: str, what: str, found: Mapping[str, Sequence[str]]) -> str:
    """The message that a folder holds a corpus that is not the one which is asked for, and what differs."""
    if [*found] == ["code"]:
        return f"--output {output} holds {what} built by other code: {_few(found['code'])}; --overwrite builds it anew."
    told = "; ".join(f"{name}: {_few(words)}" for name, words in found.items())
    return (
        f"--output {output} holds {what} built from other inputs, settings or code ({told}). "
        "Choose another folder, or replace it: --overwrite."
    )


def _few(words: Sequence[str]) -> str:
    return ", ".join(words[:DIFFERENCES_SHOWN]) + (
        f" and {len(words) - DIFFERENCES_SHOWN} more" if len(words) > DIFFERENCES_SHOWN else ""
    )


def names_below(output: str) -> list[str]:
    """Every file below the folder, as a path from there."""
    if is_remote(output):
        return [path.removeprefix(output).lstrip("/") for path in BeamStore().list(output)]
    folder = Path(output)
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"--output {output} is a file; expected a folder, or a name for a new one.")
    return [
        (Path(path) / name).relative_to(folder).as_posix()
        for path, folders, files in os.walk(folder, onerror=_unless_gone)
        for name in (*files, *(name for name in folders if (Path(path) / name).is_symlink()))
    ]


def _unless_gone(error: OSError) -> None:
    """Another build may clear its staging while its folder is looked at; everything else is an error."""
    if not isinstance(error, FileNotFoundError):
        raise error


def _manifest(output: str) -> dict[str, Any]:
    with BeamStore().read(f"{output}/{MANIFEST}") as stream:
        data = stream.read()
    try:
        parsed = json.loads(data)
    except ValueError:
        parsed = None
    return parsed if isinstance(parsed, dict) else {"preset": {"name": "unreadable"}}


def prepare_staging(output: str, staging: str, fresh: bool) -> bool:
    """Makes the folder of intermediate files, and clears what other builds left in the output; whether it is a new one.

    ConfigError if it cannot be written.
    """
    store = BeamStore()
    try:
        if not is_remote(output):
            for path in Path(output).glob(_STAGING):
                if path != Path(staging):
                    remove_staging(str(path))
        if not fresh and store.exists(f"{staging}/{INPUTS}"):
            return False
        remove_staging(staging)
        if not is_remote(staging):
            make_folder(Path(staging))
    except OSError as error:
        raise ConfigError(f"{staging} cannot be written: {error.strerror or error}.") from None
    return True


def prepare(output: str, own: str) -> None:
    """Clears the folder of a corpus, but for shards of which `own` notes that they are this corpus's and whole.

    ConfigError if it cannot be written.
    """
    store = BeamStore()
    try:
        # The manifest goes first: from here on the folder holds no finished corpus.
        whole = written_files(own)
        for name in [MANIFEST, *names_below(output)]:
            ours = name != LOCK and not name.startswith(".staging-") and _OURS.fullmatch(name)
            if ours and name not in whole:
                store.remove(f"{output}/{name}")
        if not is_remote(output):
            _sweep(Path(output))
            make_folder(Path(output))
    except OSError as error:
        raise ConfigError(f"--output {output} cannot be written: {error.strerror or error}.") from None


def written_files(own: str) -> set[str]:
    """Every file of the shards that are whole, by the notes that an unfinished build of this corpus has left."""
    store, found = BeamStore(posixpath.dirname(own)), set[str]()
    for name in names_below(f"{own}/{WRITTEN}"):
        if not HALF_WRITTEN.fullmatch(name):
            with store.read(f"{own}/{WRITTEN}/{name}") as stream:
                found.update(file["path"] for file in files_of_shard(json.load(stream)["shard"]))
    return found


def lists_of(settings: Settings) -> dict[str, bytes]:
    """What the parts of the preset read and the corpus is to keep, by the name that it gets below the corpus.

    To be asked before the folder is cleared. ConfigError for a large file that lies in there.
    """
    paths = places(settings.preset.stages, settings.assets)
    inside = [str(path) for path in paths.values() if path.is_relative_to(Path(settings.output).absolute() / LISTS)]
    kept = {file["at"]: paths[file["sha256"]] for file in settings.description["files"] if file["at"]}
    if lost := sorted({*inside} - {str(path) for path in kept.values()}):
        raise ConfigError(f"{lost[0]} lies in --output {settings.output}, which is built anew. Put it elsewhere.")
    return {name: path.read_bytes() for name, path in kept.items()}


def keep_lists(lists: Mapping[str, bytes], output: str) -> None:
    """Puts them beside the corpus."""
    store = BeamStore()
    for name, data in lists.items():
        with store.write(f"{output}/{name}") as stream:
            stream.write(data)


def clear_half_written(folder: str) -> None:
    """Takes away what a killed build was writing: nobody else will, for each process has temporary names of its own."""
    if not is_remote(folder):
        for name in filter(HALF_WRITTEN.fullmatch, names_below(folder)):
            (Path(folder) / name).unlink(missing_ok=True)


def remove_staging(staging: str) -> None:
    """Takes away a folder of intermediate files: the list of inputs first, without which nobody goes on with it."""
    store = BeamStore()
    store.remove(f"{staging}/{INPUTS}")
    store.remove(staging)


def clear_staging(output: str, staging: str) -> None:
    """Takes away the intermediate files of a finished corpus."""
    remove_staging(staging)
    if not is_remote(output):
        for path in Path(output).glob(_STAGING):
            remove_staging(str(path))


def _sweep(folder: Path) -> None:
    """Takes away folders that nothing is left in."""
    for path in sorted(folder.glob("*/")):
        if not any(path.iterdir()):
            path.rmdir()
