"""A stand-in for the Hugging Face Hub on 127.0.0.1: the few requests of a push, which fail when they are told to."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

TOKEN = "hf_theTokenOfTheTests"
REPO = "someone/c4"
SIGNED = "X-Amz-Signature=signedByTheStore"  # in the URLs of uploads, as those of a store are


class Fault(NamedTuple):
    """What a request is answered instead."""

    request: re.Pattern[str]  # of "METHOD /path"
    status: int  # 0: the connection is cut; -1: so is the life of the client
    message: str = ""
    after: bool = False  # whether what was asked is done, and only the answer is lost
    skip: int = 0  # such requests that are answered first


class Hub:
    """One data set with its branches; what was asked of it."""

    def __init__(self) -> None:
        self.branches: dict[str, dict[str, bytes]] = {}
        self.private: bool | None = None  # None: there is no data set
        self.store: dict[str, bytes] = {}  # large files that were sent, committed or not
        self.faults: list[Fault] = []
        self.asked: list[str] = []
        self.commits: list[list[str]] = []  # the paths of each
        self.url = ""
        self.lock = threading.Lock()
        self.kill: Callable[[], object] = lambda: None  # ends the client

    def fail(
        self, request: str, status: int, times: int = 1, message: str = "", after: bool = False, skip: int = 0
    ) -> None:
        """The next requests that match end so, once so many were answered."""
        self.faults += [Fault(re.compile(request), status, message, after, skip)] * times

    def fault_of(self, request: str) -> Fault | None:
        """How a request is to end, if not well."""
        with self.lock:
            for place, fault in enumerate(self.faults):
                if fault.request.search(request):
                    if not fault.skip:
                        return self.faults.pop(place)
                    self.faults[place] = fault._replace(skip=fault.skip - 1)
                    return None
        return None

    @property
    def main(self) -> dict[str, bytes]:
        return {path: data for path, data in self.branches["main"].items() if path != ".gitattributes"}

    def sent(self) -> list[str]:
        """The sums of the large files that were sent, in order."""
        return [line.rpartition("/")[2].partition("?")[0] for line in self.asked if line.startswith("PUT")]


def is_large(path: str) -> bool:
    return path.endswith((".parquet", ".gz", ".keys"))


def git_oid(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def _go(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        chunked = self.headers.get("Transfer-Encoding") == "chunked"
        body = b"".join(self._chunks()) if chunked else self.rfile.read(size)
        line = f"{self.command} {self.path}"
        self.hub.asked.append(line)
        fault = self.hub.fault_of(line)
        if fault is not None:
            if fault.after:
                self._answer_to(body)
            if fault.status <= 0:
                self.close_connection = True
                if fault.status < 0:
                    self.hub.kill()
                return
            self._reply(fault.status, {"error": fault.message} if fault.message else {})
            return
        if not self.path.startswith("/store/") and self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._reply(401, {"error": "Invalid username or password."})
            return
        self._reply(*self._answer_to(body))

    do_GET = do_POST = do_PUT = do_HEAD = _go  # noqa: N815 - the names are those of http.server

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _answer_to(self, body: bytes) -> tuple[int, Any]:
        path = self.path.partition("?")[0]
        for pattern, method in (
            (r"/api/repos/create", "create"),
            (r"/api/validate-yaml", "validate"),
            (rf"/api/datasets/{REPO}(?:/revision/[^/]+)?", "info"),
            (rf"/api/datasets/{REPO}/branch/([^/]+)", "branch"),
            (rf"/api/datasets/{REPO}/tree/([^/]+)", "tree"),
            (rf"/api/datasets/{REPO}/preupload/([^/]+)", "preupload"),
            (rf"/api/datasets/{REPO}/commit/([^/]+)", "commit"),
            (rf"/datasets/{REPO}\.git/info/lfs/objects/batch", "batch"),
            (r"/store/(\w+)", "put"),
            (rf"/datasets/{REPO}/resolve/([^/]+)/(.+)", "resolve"),
        ):
            if found := re.fullmatch(pattern, path):
                answer: tuple[int, Any] = getattr(self, f"_{method}")(body, *found.groups())
                return answer
        return 404, {"error": f"nothing at {path}"}

    def _create(self, body: bytes) -> tuple[int, Any]:
        asked, hub = json.loads(body), self.hub
        assert (asked["organization"], asked["name"], asked["type"]) == (*REPO.split("/"), "dataset")
        if hub.private is not None:
            return 409, {"url": f"{hub.url}/datasets/{REPO}", "error": "You already created this dataset repo"}
        hub.private = asked.get("visibility") == "private"
        hub.branches["main"] = {".gitattributes": b"*.parquet filter=lfs"}
        return 200, {"url": f"{hub.url}/datasets/{REPO}"}

    def _validate(self, body: bytes) -> tuple[int, Any]:
        assert json.loads(body)["content"].startswith("---\n")
        return 200, {"warnings": [], "errors": []}

    def _info(self, _: bytes) -> tuple[int, Any]:
        if self.hub.private is None:
            return 404, {"error": "Repository not found"}
        return 200, {"id": REPO, "sha": "0" * 40, "private": self.hub.private, "siblings": []}

    def _branch(self, _: bytes, name: str) -> tuple[int, Any]:
        if name in self.hub.branches:
            return 409, {"error": "Reference already exists"}
        self.hub.branches[name] = dict(self.hub.branches["main"])
        return 200, {}

    def _tree(self, _: bytes, branch: str) -> tuple[int, Any]:
        rows = []
        for path, data in self.hub.branches[branch].items():
            row: dict[str, Any] = {"type": "file", "path": path, "size": len(data), "oid": git_oid(data)}
            if is_large(path):
                sha256 = hashlib.sha256(data).hexdigest()
                row["lfs"] = {"oid": sha256, "size": len(data), "pointerSize": 130}
            rows.append(row)
        return 200, [{"type": "directory", "path": "en", "oid": "0" * 40, "size": 0}, *rows]

    def _preupload(self, body: bytes, branch: str) -> tuple[int, Any]:
        files = []
        for file in json.loads(body)["files"]:
            data = self.hub.branches[branch].get(file["path"])
            row = {"path": file["path"], "uploadMode": "lfs" if is_large(file["path"]) else "regular"}
            row |= {"shouldIgnore": False}
            if data is not None:
                row["oid"] = hashlib.sha256(data).hexdigest() if is_large(file["path"]) else git_oid(data)
            files.append(row)
        return 200, {"files": files}

    def _batch(self, body: bytes) -> tuple[int, Any]:
        objects = []
        for asked in json.loads(body)["objects"]:
            href = f"{self.hub.url}/store/{asked['oid']}?{SIGNED}"
            new = {} if asked["oid"] in self.hub.store else {"actions": {"upload": {"href": href}}}
            objects.append({**asked, **new})
        return 200, {"transfer": "basic", "objects": objects}

    def _put(self, body: bytes, oid: str) -> tuple[int, Any]:
        assert hashlib.sha256(body).hexdigest() == oid
        self.hub.store[oid] = body
        return 200, {}

    def _commit(self, body: bytes, branch: str) -> tuple[int, Any]:
        files, paths = dict(self.hub.branches[branch]), []
        for line in map(json.loads, body.splitlines()):
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.hub.store[value["oid"]]
            elif line["key"] == "deletedFile":
                if value["path"] not in files:
                    return 404, {"error": "A file with this name doesn't exist"}
                del files[value["path"]]
            paths += [value["path"]] if "path" in value else []
        self.hub.branches[branch] = files
        self.hub.commits.append(paths)
        return 200, {"commitUrl": f"{self.hub.url}/datasets/{REPO}/commit/{'1' * 40}", "commitOid": "1" * 40}

    def _resolve(self, _: bytes, branch: str, path: str) -> tuple[int, Any]:
        data = self.hub.branches[branch].get(path)
        return (404, {"error": "Entry not found"}) if data is None else (200, data)

    def _reply(self, status: int, answer: Any) -> None:
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        if isinstance(answer, bytes):
            self.send_header("ETag", f'"{git_oid(data)}"')
            self.send_header("X-Repo-Commit", "1" * 40)
        elif status >= 400 and answer.get("error"):
            self.send_header("X-Error-Message", answer["error"])
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[Hub]:
    """The stand-in, as long as it is entered."""
    hub = Hub()
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
