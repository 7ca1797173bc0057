"""A Hub data set as the target of a push: what it holds, and the commits that add the rest.

Without a manifest there is no corpus. If a push takes several commits, the first deletes an older manifest and every
file that only this one lists, and the last adds the new manifest. If one commit is enough, readers see either the old
corpus or the new one.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, get_token
from huggingface_hub.errors import HFValidationError
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils import disable_progress_bars, validate_repo_id  # type: ignore[attr-defined]
from huggingface_hub.utils import logging as library_log

from c4pipe.errors import BuildError, ConfigError
from c4pipe.inspect.report.place import REPORT
from c4pipe.push.chosen import PUBLISHED_BESIDE, Outgoing, Published
from c4pipe.push.trying import Given, tried
from c4pipe.scratch import scratch
from c4pipe.shards import ADDED, MANIFEST, SPLITS, SUMS, belongings

COMMIT_FILES = 50  # the Hub recommends 50 to 100 files per commit
COMMIT_BYTES = 10 << 30  # a killed push may have to resend one file, but a commit is one request
MAIN = "main"
_SHARD = re.compile(rf"(?:c4-)?(?:{'|'.join(SPLITS)})[-.]\d{{5,}}-of-\d{{5,}}\.(?:parquet|json\.gz)")


class RepoPlace(NamedTuple):
    """The target of a push."""

    repo: str  # OWNER/NAME
    revision: str
    private: bool


class Pushed(NamedTuple):
    """What was done so far."""

    sent: int = 0  # files
    bytes: int = 0
    deleted: int = 0


class HubCommit(NamedTuple):
    """One commit."""

    files: list[Outgoing]
    gone: list[str]  # paths


class Hub:
    """One data set. Every request is retried as `tried` does."""

    def __init__(self, place: RepoPlace):
        """ConfigError for an invalid name, or if there is no token."""
        self._place = place
        try:
            validate_repo_id(place.repo)
        except HFValidationError as error:
            raise ConfigError(f"{place.repo!r} is not a data set name: {str(error).partition(': ')[0]}.") from None
        self._api = HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None, token=get_token())
        if self._api.token is None:
            raise ConfigError("there is no token for the Hub. Set HF_TOKEN, or log in: hf auth login")
        disable_progress_bars()
        library_log.set_verbosity(logging.CRITICAL)  # its warnings contain signed URLs

    @property
    def url(self) -> str:
        """The page of the data set."""
        branch = "" if self._place.revision == MAIN else f"/tree/{self._place.revision}"
        return f"{self._api.endpoint}/datasets/{self._place.repo}{branch}"

    def prepare(self) -> None:
        """Creates the data set and its branch if missing. ConfigError for a public data set that must be private."""
        repo, private = self._place.repo, self._place.private
        self._try(lambda: self._api.create_repo(repo, repo_type="dataset", private=private or None, exist_ok=True))
        if private and not self._try(lambda: self._api.repo_info(repo, repo_type="dataset")).private:
            raise ConfigError(f"{repo} exists and is public. Make it private on the Hub, or leave out --private.")
        if self._place.revision != MAIN:
            branch = self._place.revision
            self._try(lambda: self._api.create_branch(repo, repo_type="dataset", branch=branch, exist_ok=True))

    def steps(self, corpus: Published) -> list[HubCommit]:
        """The commits that add all that is missing, the manifest with the last."""
        there = self._listed()
        missing = [file for file in corpus.files if not _same(file, there.get(file.path))]
        pages = {file.path for file in corpus.pages}
        batches = [*_batches([file for file in missing if file.path in pages])] or [[]]
        rest = [file for file in missing if file.path not in pages]
        gone = sorted(self._old(there, corpus) if rest or batches != [[]] else [])
        steps = [HubCommit(batch, []) for batch in batches]
        if len(steps) > 1:
            if MANIFEST in there:
                gone += [path for path in (MANIFEST, SUMS) if path in there]
            rest = [file for file in corpus.rest if file in rest or file.path in gone]
        steps[-1] = steps[-1]._replace(files=[*steps[-1].files, *rest])
        steps[0] = steps[0]._replace(gone=gone)
        return [step for step in steps if step.files or step.gone]

    def push(self, steps: Sequence[HubCommit]) -> Iterator[Pushed]:
        """Runs the commits; after each, yields what was done so far. BuildError for a file that has changed
        meanwhile."""
        done = Pushed()
        for number, step in enumerate(steps, 1):
            self._commit(step, f"c4pipe, {number} of {len(steps)}")
            size = sum(file.bytes for file in step.files)
            done = Pushed(done.sent + len(step.files), done.bytes + size, done.deleted + len(step.gone))
            yield done

    def _commit(self, step: HubCommit, message: str) -> None:
        place = self._place

        def attempt() -> None:
            adding = [CommitOperationAdd(file.path, file.source) for file in step.files]
            self._api.preupload_lfs_files(
                place.repo, adding, repo_type="dataset", revision=place.revision, free_memory=False
            )
            for file, operation in zip(step.files, adding, strict=True):
                if operation.upload_info.sha256.hex() != file.sha256:
                    raise BuildError(f"{file.path} has changed since it was checked. Run it again.")
            there = self._listed() if step.gone else {}  # a commit whose response was lost has already deleted them
            gone = [CommitOperationDelete(path) for path in step.gone if path in there]
            if adding or gone:
                self._api.create_commit(
                    place.repo,
                    [*gone, *adding],
                    commit_message=message,
                    repo_type="dataset",
                    revision=place.revision,
                )

        self._try(attempt)

    def _listed(self) -> dict[str, RepoFile]:
        """Every file in the data set, by path."""
        place = self._place

        def ask() -> list[RepoFile]:
            found = self._api.list_repo_tree(place.repo, repo_type="dataset", revision=place.revision, recursive=True)
            return [file for file in found if isinstance(file, RepoFile)]

        return {file.path: file for file in self._try(ask)}

    def _old(self, there: dict[str, RepoFile], corpus: Published) -> Iterator[str]:
        """Files of an earlier corpus: those that its manifest lists, and shards that a loader would take for ours."""
        mine, named = {file.path for file in corpus.files}, self._named(there)
        for path in there.keys() - mine:
            folder, _, name = path.rpartition("/")
            if path in named or (folder in corpus.configs and _SHARD.fullmatch(name)):
                yield path

    def _named(self, there: dict[str, RepoFile]) -> set[str]:
        """The files that the manifest there lists; none if it is not ours."""
        if MANIFEST not in there:
            return set()
        place = self._place
        with scratch("push") as folder:
            self._try(
                lambda: self._api.hf_hub_download(
                    place.repo, MANIFEST, repo_type="dataset", revision=place.revision, local_dir=folder
                )
            )
            try:
                found = belongings(json.loads((Path(folder) / MANIFEST).read_bytes()))
            except (ValueError, RecursionError, BuildError):
                return set()
        return {SUMS, ADDED, *PUBLISHED_BESIDE, REPORT, *(file.path for file in found)}

    def _try(self, call: Callable[[], Given]) -> Given:
        return tried(call, self._place.repo, self._api.endpoint)


def _same(file: Outgoing, there: RepoFile | None) -> bool:
    """Whether the Hub has the same bytes under that path: by sha256 for large files, by git's hash for others."""
    if there is None or there.size != file.bytes:
        return False
    if there.lfs is not None:
        return there.lfs.sha256 == file.sha256
    data = file.source if isinstance(file.source, bytes) else file.source.read_bytes()
    return there.blob_id == hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _batches(files: Sequence[Outgoing]) -> Iterator[list[Outgoing]]:
    """Runs of files, each small enough for a commit."""
    batch: list[Outgoing] = []
    for file in files:
        if batch and (len(batch) >= COMMIT_FILES or sum(one.bytes for one in batch) + file.bytes > COMMIT_BYTES):
            yield batch
            batch = []
        batch.append(file)
    if batch:
        yield batch
