"""The output folder: whether this build may write into it, and whether it is done already."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from c4pipe.corpus.catalogue import describe
from c4pipe.corpus.identity import changes, misread
from c4pipe.errors import ConfigError
from c4pipe.files.record import places
from c4pipe.files.storage import TEMPORARY
from c4pipe.flow.buckets import is_remote
from c4pipe.flow.files import NOTE, BeamStore
from c4pipe.flow.inputs import WorkUnit, hold_secrets, write_input_list, write_units
from c4pipe.flow.ours import (
    MADE_NAME,
    STAGING_NAME,
    Contents,
    altered,
    begin_work,
    clear_drafts,
    clear_work,
    contents,
    names_below,
    remove_work,
)
from c4pipe.flow.searching import Found
from c4pipe.flow.settings import INPUTS, WRITTEN, Settings
from c4pipe.shards import MANIFEST, SUMS, files_of_shard
from c4pipe.text import many

Manifest = Mapping[str, Any]
DIFFERENCES_SHOWN = 5  # most differences in a message


class Standing(NamedTuple):
    """The corpus that a build finds in its output folder."""

    manifest: dict[str, Any] | None  # if it is complete and the one requested
    damage: tuple[str, ...] = ()  # if it is that one, but damaged
    replaced: int = -1  # bytes of a corpus that will be replaced; -1: none


def staging_folder(folder: str, key: str) -> str:
    """The folder for intermediate files of builds from inputs with that key."""
    return f"{folder.rstrip('/')}/{STAGING_NAME}{key[:16]}"


def find_corpus(settings: Settings, inputs: Sequence[tuple[str, int]], overwrite: bool) -> Standing:
    """The state of the corpus. ConfigError, with the differences, if the folder holds another corpus, or if it holds
    files that no build made. `inputs` are names and bytes.
    """
    told = {name: settings.description[name] for name in ("settings", "files", "identifiers", "versions", "code")}
    told["against"] = settings.description.get("against", [])
    now = {"preset": describe(settings.preset), "inputs": inputs, **told}

    def differs(manifest: Manifest) -> str:
        what = f"a corpus of preset {manifest.get('preset', {}).get('name')!r}"
        try:
            found = changes(manifest, now, settings.preset.stages)
            if manifest["fingerprint"] == settings.description["fingerprint"]:
                found = {"inputs, which changed when they were read": misread(manifest, inputs)}
        except (AttributeError, KeyError, TypeError, ValueError):  # no build wrote it
            found = {"manifest": ["unreadable"]}
        return another(settings.output, what, found)

    def same(manifest: Manifest) -> bool:
        return manifest["fingerprint"] == settings.description["fingerprint"] and not misread(manifest, inputs)

    return standing(settings.output, same, overwrite, differs)


def standing(
    output: str, wanted: Callable[[Manifest], bool], overwrite: bool, differs: Callable[[Manifest], str]
) -> Standing:
    """The state of a corpus or mixture: `wanted` recognises it, and `differs` describes how another one differs.

    ConfigError for another one without `overwrite`; with it, if the folder holds anything that is not ours.
    """
    try:
        found = contents(output)
    except OSError as error:
        raise ConfigError(f"--output {output} cannot be written: {error.strerror or error}.") from None
    if found.foreign:
        raise ConfigError(_strange(output, found))
    if found.manifest is None:
        return Standing(None)
    same = wanted(found.manifest)
    damage = damage_of(output, found) if same and not overwrite else ()
    if not (overwrite or same):
        raise ConfigError(f"{output}: {found.damage}. Copy it again." if found.damage else differs(found.manifest))
    if same and not overwrite and not damage:
        return Standing(found.manifest)
    if changed := altered(output, found):
        raise ConfigError(
            f"{output}/{changed[0]} was changed since it was written, and the corpus is being rebuilt. Move it away."
        )
    return Standing(None, damage, sum(max(0, file.bytes) for file in found.files))


def announce(output: str, there: Standing) -> None:
    """Prints, before the work begins, what is wrong with the existing corpus, and the disk space that replacing it
    takes.
    """
    if there.damage:
        print(f"note: {output} is damaged: {_few(there.damage)}. It is rebuilt.", file=sys.stderr)
    if there.replaced >= 0:
        free = ""
        with suppress(OSError):  # not every file system reports it
            free = "" if is_remote(output) else f"; {shutil.disk_usage(output).free / 1e6:,.0f} MB are free"
        print(
            f"note: the corpus that is there ({there.replaced / 1e6:,.1f} MB) stays until the new one is complete; "
            f"until then there must be room for both and for the intermediate files{free}.",
            file=sys.stderr,
        )


def _strange(output: str, found: Contents) -> str:
    """The message about files of unknown origin."""
    if MANIFEST in found.foreign:
        return (
            f"--output {output} holds a {MANIFEST} that no build wrote, or that is damaged, so the files there may not "
            "be c4pipe's. Move them away, or choose an empty folder."
        )
    lost = f"{MANIFEST} is missing" if SUMS in found.names and MANIFEST not in found.names else ""
    why = f" ({found.damage or lost})" if found.damage or lost else ""
    return (
        f"--output {output} holds files that no build recorded as its own, such as {found.foreign[0]!r}{why}. Move "
        "them away, or choose an empty folder."
    )


def damage_of(output: str, found: Contents) -> tuple[str, ...]:
    """What is wrong with a corpus, judged by its folder alone: missing files, and files of other sizes."""
    wrong = [found.damage] if found.damage else []
    names = set(found.names)
    sizes = BeamStore().sizes(output) if is_remote(output) else {}
    for file in found.files:
        path = f"{output}/{file.path}"
        try:
            size = (sizes[path] if sizes else Path(path).stat().st_size) if file.path in names else -1
        except OSError:  # a dangling link
            size = -1
        if size < 0:
            wrong.append(f"{file.path} is missing")
        elif size != file.bytes >= 0:
            wrong.append(f"{file.path} has {many(size, 'byte')}, not {file.bytes:,}")
    return tuple(wrong)


def another(output: str, what: str, found: Mapping[str, Sequence[str]]) -> str:
    """The message that a folder holds another corpus than the one requested, with the differences; for commands with
    --overwrite.

    Args:
        what: "a corpus", or "a mixture".
        found: what differs, as `identity.changes` reports it.
    """
    told = [f"{'stages' if name == 'preset' else name} ({_few(words)})" for name, words in found.items()]
    differing = " and ".join([", ".join(told[:-1]), *told[-1:]] if told[1:] else told)
    return (
        f"--output {output} holds {what} that differs from the one asked for in {differing}. Nothing was changed. Add "
        "--overwrite to replace it with a new one, or keep it and choose another --output."
    )


def _few(words: Sequence[str]) -> str:
    return ", ".join(words[:DIFFERENCES_SHOWN]) + (
        f" and {len(words) - DIFFERENCES_SHOWN} more" if len(words) > DIFFERENCES_SHOWN else ""
    )


def prepare_staging(output: str, staging: str, fresh: bool) -> bool:
    """Makes the folder of intermediate files, and clears what other builds left in the output. Returns whether it is
    new.

    ConfigError if it cannot be written, or is not ours.
    """
    try:
        clear_work(output, [STAGING_NAME], staging, [INPUTS])
        clear_drafts(staging)
        if not fresh and BeamStore().exists(f"{staging}/{INPUTS}"):
            return False
        remove_staging(staging)
        begin_work(staging)
    except OSError as error:
        raise ConfigError(f"{staging} cannot be written: {error.strerror or error}.") from None
    return True


def write_lists(settings: Settings, found: Found, units: Sequence[WorkUnit]) -> None:
    """Writes what workers read into the folder of intermediate files."""
    store = BeamStore(settings.staging)
    write_input_list(found.left_out, store, settings.left_out_list)
    write_units(units, store, settings.units_list)
    if hold_secrets(found.inputs) or not store.exists(settings.inputs_list):  # URLs may have new signatures
        write_input_list(found.inputs, store, settings.inputs_list)  # last: it marks the folder


def prepare(settings: Settings) -> None:
    """Makes the folder in which the corpus is built, and clears it except shards that are noted as complete.

    ConfigError if it cannot be written, or is not ours.
    """
    store, made = BeamStore(), settings.made
    try:
        clear_work(settings.output, [MADE_NAME], made)
        begin_work(made)
        keep = written_files(settings) | {NOTE}
        for name in [MANIFEST, *names_below(made)]:
            if name not in keep:
                store.remove(f"{made}/{name}")
        for name, data in lists_of(settings).items():
            with store.write(f"{made}/{name}") as stream:
                stream.write(data)
    except OSError as error:
        raise ConfigError(f"--output {settings.output} cannot be written: {error.strerror or error}.") from None


def written_files(settings: Settings) -> set[str]:
    """Every file of the finished shards, by the notes of an unfinished build of this corpus."""
    store, found = BeamStore(settings.staging), set[str]()
    for name in names_below(f"{settings.own}/{WRITTEN}"):
        if not name.rpartition("/")[2].startswith("."):  # not the temporary file of a killed writer
            with store.read(f"{settings.own}/{WRITTEN}/{name}") as stream:
                found.update(file["path"] for file in files_of_shard(json.load(stream)["shard"]))
    return found


def lists_of(settings: Settings) -> dict[str, bytes]:
    """Files that the preset reads and the corpus keeps, by their names below the corpus."""
    paths = places(settings.preset.stages, settings.assets)
    kept = {file["at"]: paths[file["sha256"]] for file in settings.description["files"] if file["at"]}
    return {name: path.read_bytes() for name, path in kept.items()}


def clear_half_written(staging: str) -> None:
    """Deletes partial files of a killed build: no other step does, since each process has its own temporary names."""
    if not is_remote(staging):
        for name in names_below(staging):
            last = name.rpartition("/")[2]
            if last.startswith(".") and last.endswith(TEMPORARY):
                (Path(staging) / name).unlink(missing_ok=True)


def remove_staging(staging: str) -> None:
    """Deletes a folder of intermediate files: the list of inputs first, without which no build resumes it."""
    remove_work(staging, [INPUTS])


def clear_staging(output: str, staging: str) -> None:
    """Deletes the intermediate files of a finished corpus, and what other builds left."""
    remove_staging(staging)
    clear_work(output, first=[INPUTS])
