"""Several corpora in one folder: what else may be in it, and the card that lists them."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from c4pipe.card.several import CARD, CorpusBelow, card_of_several, seal_of
from c4pipe.disk import sync_path
from c4pipe.errors import BuildError, ConfigError
from c4pipe.flow.buckets import is_remote
from c4pipe.flow.files import BeamStore
from c4pipe.flow.lock import LOCK, FolderLock
from c4pipe.flow.ours import MADE_NAME, as_manifest, begin_work, names_below, remove_work
from c4pipe.shards import MANIFEST, STATS, belongings

_NAME = re.compile(r"\w[\w.-]*")  # name of a folder made by a build of several presets


def check_siblings(output: str) -> None:
    """ConfigError if the folder cannot be one of several corpora, each in its own folder."""
    names = [name for name in names_below(output) if "/" not in name and name != LOCK]
    if CARD in names and seal_of(_read(f"{output}/{CARD}")) is not None:
        names.remove(CARD)
    if names:
        raise ConfigError(
            f"--output {output} holds {sorted(names)[0]!r}; several presets make one folder each. Choose an empty "
            "folder."
        )


def check_card_above(output: str) -> None:
    """ConfigError if the folder of several corpora has an edited card that would be replaced."""
    path = f"{output}/{CARD}"
    if BeamStore().exists(path) and seal_of(_read(path)) is False:
        raise ConfigError(f"{path} was changed since it was written and would be replaced. Move it away.")


def write_card_above(output: str, several: bool) -> None:
    """Writes the card of the folder that holds `several` corpora. If a single corpus was built, such a card in its
    parent folder is updated; none is created. Call it when the corpora are in place.

    The corpora are complete by now, so a card that cannot be written, or was edited, only causes a note.
    """
    try:
        if several:
            _write_card(output)
            return
        above = _above(output)
        if BeamStore().exists(f"{above}/{CARD}") and seal_of(_read(f"{above}/{CARD}")) is not None:
            with FolderLock(above):
                _write_card(above)
    except (OSError, ConfigError) as error:
        print(f"note: the card of the corpora next to {output} was not written ({error}).", file=sys.stderr)


def _above(output: str) -> str:
    return output.rstrip("/").rpartition("/")[0] if is_remote(output) else os.path.dirname(os.path.abspath(output))


def _write_card(folder: str) -> None:
    path = f"{folder}/{CARD}"
    data = card_of_several([*_corpora_below(folder)])
    if BeamStore().exists(path):
        there = _read(path)
        if there == data:
            return
        if not seal_of(there):
            print(f"note: {path} was changed since it was written and is left as it is.", file=sys.stderr)
            return
    if is_remote(folder):
        with BeamStore().write(path) as stream:
            stream.write(data)
        return
    beside = f"{folder}/{MADE_NAME}{hashlib.sha256(data).hexdigest()[:16]}"  # leftovers are recognised as ours
    begin_work(beside)
    with BeamStore().write(f"{beside}/{CARD}") as stream:
        stream.write(data)
    os.replace(f"{beside}/{CARD}", path)
    sync_path(Path(folder))
    remove_work(beside)


def _corpora_below(folder: str) -> Iterator[CorpusBelow]:
    """The finished corpora in folders of this one."""
    names = names_below(folder)
    for name in sorted({name.partition("/")[0] for name in names if name.count("/") == 1 and name.endswith(MANIFEST)}):
        if _NAME.fullmatch(name) and (manifest := as_manifest(_read(f"{folder}/{name}/{MANIFEST}"))) is not None:
            languages: dict[str, int] = {}
            with suppress(OSError, ValueError, KeyError, TypeError):
                languages = json.loads(_read(f"{folder}/{name}/{STATS}"))["languages"]
            with suppress(BuildError):
                belongings(manifest)
                yield CorpusBelow(name, manifest, tuple(languages))


def _read(path: str) -> bytes:
    with BeamStore().read(path) as stream:
        return stream.read()
