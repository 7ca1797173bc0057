"""Corpora of earlier crawls that a build is deduplicated against (--against), and where their keys are."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from c4pipe.corpus.ancestors import Ancestor, ancestors, key_readers
from c4pipe.corpus.identity import class_name, code_changes
from c4pipe.corpus.plan import Plan
from c4pipe.corpus.telling import near_earlier_told
from c4pipe.corpus.trunk import deduped
from c4pipe.dedup import NearLevel
from c4pipe.errors import ConfigError
from c4pipe.flow.buckets import is_remote
from c4pipe.flow.files import BeamStore
from c4pipe.flow.settings import KeyFile, Settings
from c4pipe.keys import key_path
from c4pipe.part import everything
from c4pipe.passes.keeping import keys_from_shards
from c4pipe.stages.text_levels import near_level


def find_earlier(paths: Sequence[str]) -> list[Ancestor]:
    """The corpora that --against names, and those they were built against. ConfigError, before any work, if one is
    missing, or its key files are damaged.
    """
    store = BeamStore()
    found = ancestors([path if is_remote(path) else os.path.abspath(path) for path in paths], store) if paths else []
    readers = [key_readers(one, store) for one in found]
    return [
        one._replace(digests={stage: reader.digest for stage, reader in own.items()})
        for one, own in zip(found, readers, strict=True)
    ]


def key_files(one: Ancestor, staging: str) -> list[KeyFile]:
    """The key files of a corpus: its own, or those that `compute_keys` makes."""
    folder = one.path if one.manifest.get("keys") else _computed(one, staging)
    return [
        KeyFile(stage, f"{folder}/{key_path(stage)}", one.digests.get(stage, "")) for stage in deduped(one.manifest)
    ]


def compute_keys(earlier: Sequence[Ancestor], plan: Plan, store: BeamStore, staging: str) -> None:
    """Makes, once, the keys of corpora that store none, from their kept pages. `plan` is that of any of this build's
    corpora: their trunks are the same.
    """
    for one in earlier:
        files = key_files(one, staging)
        if not one.manifest.get("keys") and not all(store.exists(file.path) for file in files):
            keys_from_shards(one.path, one.manifest, plan, store, _computed(one, staging))


def check_outputs(earlier: Sequence[Ancestor], outputs: Iterable[str]) -> None:
    """ConfigError if a corpus would replace one that it is built against."""
    for output in outputs:
        for one in earlier:
            if _place(output) == _place(one.path):
                raise ConfigError(
                    f"--output {output} holds one of the corpora that this build would be deduplicated against (those "
                    "of --against, or those they were built against themselves). Choose another folder."
                )


def _place(folder: str) -> str:
    return folder.rstrip("/") if is_remote(folder) else os.path.realpath(folder)


def notes_on(earlier: Sequence[Ancestor], corpora: Sequence[Settings]) -> list[str]:
    """What the user should know about them, one line each. `corpora` are those of this build."""
    others = (line for one in earlier for line in _of_other_code(one, corpora))
    return [*_without_keys(earlier), *others, *(_of_near_duplicates(corpora) if earlier else ())]


def _of_near_duplicates(corpora: Sequence[Settings]) -> dict[str, None]:
    """Which near-duplicate options do not apply to pages of earlier corpora."""
    levels = (near_level(settings.preset) for settings in corpora)
    asked = [level for level in levels if level is not None and (level.verify or level.stays != NearLevel.stays)]
    return dict.fromkeys(f"note: near duplicates: {near_earlier_told(level)}" for level in asked)


def _of_other_code(one: Ancestor, corpora: Sequence[Settings]) -> list[str]:
    """The parts that decide its keys and whose code has changed."""
    then: dict[str, str] = one.manifest.get("code", {})
    told: dict[str, None] = {}
    for settings in corpora:
        trunk = settings.plan.prefix(-1)
        names = {class_name(part) for part in everything(trunk)} & then.keys()
        now = {name: settings.description["code"].get(name, "") for name in names}
        told |= dict.fromkeys(code_changes({name: then[name] for name in names}, now, trunk))
    named = ", ".join(told)
    return [f"note: {one.path} was built by different code: {named}. That code decided what it owns."] if told else []


def _without_keys(earlier: Sequence[Ancestor]) -> list[str]:
    without = [one.path for one in earlier if not one.manifest.get("keys")]
    return [
        f"note: {path} has no keys (--no-keys, or an older build): they are computed from the pages it kept. Text that "
        "it rejected or cut counts as new."
        for path in without
    ]


def _computed(one: Ancestor, staging: str) -> str:
    return f"{staging}/against-{one.sha256[:16]}"
