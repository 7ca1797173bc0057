"""A whole fetch: the list, the choice, and each chosen file by one of a few workers.

Job --crawl--> paths --workers--> FetchResult, FetchResult, ... --> wet.paths
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Literal, NamedTuple

from c4pipe.errors import BuildError, ConfigError
from c4pipe.fetch.client import Client
from c4pipe.fetch.crawl import CRAWL_HOST, choose, is_wet_path, list_path, read_list
from c4pipe.fetch.download import download, persist
from c4pipe.fetch.files import check_gzip, disk
from c4pipe.fetch.policy import FetchError, TransientError
from c4pipe.fetch.progress import FetchProgress
from c4pipe.files.lists import list_file_lines
from c4pipe.files.storage import TEMPORARY, LocalStore

GIVE_UP = 5  # consecutive files that the host refused: the rest is left for a later run
LIST = "wet.paths"


@dataclass(frozen=True)
class Job:
    """What was requested."""

    crawl: str
    folder: Path
    files: int
    start: int = 0
    seed: int | None = None  # spreads the files over the crawl
    host: str = CRAWL_HOST
    connections: int = 2
    verify: bool = False  # also decompresses existing files


class FetchResult(NamedTuple):
    """The result for one file. `untried`: GIVE_UP others in a row had failed."""

    path: str
    state: Literal["there", "fetched", "failed", "untried"]
    bytes: int = 0
    says: str = ""
    status: int = 0  # of the host's last response, if that made a file fail


class FetchLog:
    """The sizes of the files fetched into a folder: `.fetched.jsonl`, one line each, the last one counts.

    It is only a cache: a file that it does not list is compared with the host.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / ".fetched.jsonl"
        self._lock = threading.Lock()
        self._known: dict[str, tuple[str, int]] = {}
        lines = self._path.read_bytes().split(b"\n") if self._path.exists() else []
        for line in lines:
            try:
                note = json.loads(line)
                self._known[note["path"]] = (note["url"], int(note["bytes"]))
            except (ValueError, KeyError, TypeError):
                continue  # torn by a kill

    def has(self, path: str, url: str, size: int) -> bool:
        """Whether this file was fetched from there and had so many bytes."""
        return self._known.get(path) == (url, size)

    def add(self, path: str, url: str, size: int) -> None:
        """Records it durably."""
        with self._lock, disk(self._path), self._path.open("ab") as out:
            self._known[path] = (url, size)
            out.write(b"\n" + json.dumps({"path": path, "url": url, "bytes": size}).encode())


class FetchRun:
    """One running job. The caller holds the lock on the folder."""

    def __init__(self, job: Job, client: Client, progress: FetchProgress) -> None:
        self._job, self._client, self._progress = job, client, progress
        self._record = FetchLog(job.folder)

    def paths(self) -> list[str]:
        """The files of the job. Raises ConfigError if the host has no such crawl, or if it is too short."""
        job, path = self._job, list_path(self._job.crawl)
        outcome = self.one(path)
        self._client.close()
        source = f"{job.host}/{path}"
        if outcome.status in (404, 410):
            raise ConfigError(f"{job.host} has no WET files of {job.crawl} ({source}: {outcome.says})")
        if outcome.state == "failed":
            raise BuildError(f"cannot fetch {source}: {outcome.says}")
        try:
            paths = read_list(job.folder / path, job.crawl, source)
        except BuildError:
            (job.folder / path).unlink(missing_ok=True)  # so that the next run requests it again
            raise
        return choose(paths, job.files, job.start, job.seed)

    def files(self, paths: list[str]) -> Iterator[FetchResult]:
        """Fetches them, and yields each result as it is known, until GIVE_UP in a row fail.

        An exception in a worker, or a KeyboardInterrupt here, stops all of them first.
        """
        todo: SimpleQueue[str] = SimpleQueue()
        results: SimpleQueue[FetchResult | BaseException | None] = SimpleQueue()  # None: a worker is done
        for path in paths:
            todo.put(path)

        def work() -> None:
            try:
                while not todo.empty():
                    with suppress(Empty):
                        results.put(self.one(todo.get_nowait()))
                results.put(None)
            except BaseException as error:
                results.put(error)

        # Daemons, because one that is stuck connecting must not keep an interrupted process alive.
        workers = [threading.Thread(target=work, daemon=True) for _ in range(self._job.connections)]
        try:
            for worker in workers:
                worker.start()
            at_work, lost = len(workers), 0
            while at_work:
                result = results.get()
                if isinstance(result, BaseException):
                    raise result
                if result is None:
                    at_work -= 1
                    continue
                yield result
                # A file missing at the host says nothing about the others.
                lost = lost + (not result.status) if result.state == "failed" else 0
                while lost >= GIVE_UP and not todo.empty():
                    with suppress(Empty):
                        yield FetchResult(todo.get_nowait(), "untried")
        except BaseException:
            self._client.stop()
            for worker in workers:
                worker.join(3)
            raise

    def one(self, path: str) -> FetchResult:
        """Handles one file."""
        url, target = f"{self._job.host}/{path}", self._job.folder / path
        try:
            if self._is_there(path, url, target):
                return FetchResult(path, "there", target.stat().st_size)
            size = download(
                self._client,
                url,
                target,
                on_bytes=self._progress.received,
                before_rename=lambda size: self._record.add(path, url, size),
            )
        except FetchError as error:
            return FetchResult(path, "failed", says=str(error), status=error.status)
        return FetchResult(path, "fetched", size)

    def _is_there(self, path: str, url: str, target: Path) -> bool:
        """Whether the file exists and is right: by our record of it, else by its size at the host."""
        if not target.is_file():
            return False
        size = target.stat().st_size
        if not self._record.has(path, url, size):
            expected = persist(self._client, target.name, lambda: self._client.version(url)).size
            if size != expected:
                self._progress.note(f"{path}: has {size:,} bytes, and {expected:,} at the host; fetched again")
                return False
        if self._job.verify:
            try:
                check_gzip(target)
            except TransientError as error:
                self._progress.note(f"{path}: {error}; removed, and fetched again")
                with disk(target):
                    target.unlink()
                return False
        if not self._record.has(path, url, size):
            self._record.add(path, url, size)
        return True


def check_list(folder: Path) -> list[str]:
    """The lines of the list that earlier fetches wrote. Raises ConfigError if another file has its name."""
    path = folder / LIST
    with disk(path):
        for left in folder.glob(f".{LIST}.*{TEMPORARY}"):  # left by a fetch that was killed at its very end
            left.unlink()
    if not path.exists():
        return []
    try:
        lines = [line for line in list_file_lines(path, str(path)) if line]
    except ConfigError:
        lines = ["unreadable"]
    if not all(is_wet_path(line) for line in lines):
        raise ConfigError(f"{path} is not a list written by a fetch. Choose another folder for --output.")
    return lines


def write_list(folder: Path, earlier: list[str], outcomes: list[FetchResult]) -> int:
    """Writes the list of WET files in the folder, as relative paths, sorted; returns their number."""
    lost = {outcome.path for outcome in outcomes if outcome.state in ("failed", "untried")}
    names = {*earlier, *(outcome.path for outcome in outcomes)} - lost
    there = sorted(name for name in names if (folder / name).is_file())
    with disk(folder / LIST), LocalStore().write(str(folder / LIST)) as out:
        out.write("".join(f"{name}\n" for name in there).encode())
    return len(there)
