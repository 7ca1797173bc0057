"""A cache of whole files, shared by processes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from c4pipe.fetch import Client, FetchError, HttpCache
from tests.fetch.host import QUICK, FakeClock, Host, cut, error, packed

SIZE = len(packed(0))
ROOT = Path(__file__).parents[2]


@pytest.fixture
def urls(host: Host) -> list[str]:
    host.files = {f"/{number}.gz": packed(number) for number in range(6)}
    return [host.url + path for path in host.files]


def make(folder: Path, files: float = 2.5) -> HttpCache:
    return HttpCache(folder, int(files * SIZE), Client(QUICK, FakeClock(), draw=lambda: 0.0))


def held(folder: Path) -> int:
    """Files that are there, whole or in parts."""
    return len([path for path in folder.iterdir() if path.suffix != ".lock"])


def test_a_file_is_fetched_once(host: Host, urls: list[str], tmp_path: Path) -> None:
    cache = make(tmp_path)
    for _ in range(3):
        with cache.open(urls[0]) as file:
            assert file.read(2) == b"\x1f\x8b"
            file.seek(0)
            assert file.read() == packed(0)
    with make(tmp_path).open(urls[0]) as file:
        assert file.read() == packed(0)
    assert len(host.seen) == 1


def test_a_hard_download_is_whole(host: Host, urls: list[str], tmp_path: Path) -> None:
    host.script["/0.gz"] = [error(503), cut(3000), cut(2000, reset=True)]
    with make(tmp_path).open(urls[0]) as file:
        assert file.read() == packed(0)


def test_the_least_recently_used_goes_first(host: Host, urls: list[str], tmp_path: Path) -> None:
    cache = make(tmp_path)
    for number in (0, 1, 0, 2):  # 1 is the oldest when 2 needs room
        cache.open(urls[number]).close()
        time.sleep(0.02)
    host.seen.clear()
    cache.open(urls[0]).close()
    assert host.seen == []
    cache.open(urls[1]).close()
    assert len(host.seen) == 1
    assert held(tmp_path) == 2
    assert len(list(tmp_path.iterdir())) == 4  # a lock for each, and none of those that went


def test_files_that_are_open_stay(host: Host, urls: list[str], tmp_path: Path) -> None:
    cache = make(tmp_path)
    files = [cache.open(url) for url in urls]
    assert held(tmp_path) == 6
    host.seen.clear()
    with make(tmp_path).open(urls[0]) as again:  # a second reader of the same file does not wait
        assert again.read() == packed(0)
    assert host.seen == []
    for file in files:
        file.close()
    cache.open(urls[5]).close()
    assert held(tmp_path) == 2


def test_a_file_larger_than_the_cache_can_be_read(urls: list[str], tmp_path: Path) -> None:
    cache = make(tmp_path, files=0.5)
    for number in range(3):
        with cache.open(urls[number]) as file:
            assert file.read() == packed(number)
    assert held(tmp_path) == 1


def test_what_cannot_be_had_leaves_the_cache_usable(host: Host, urls: list[str], tmp_path: Path) -> None:
    cache = make(tmp_path)
    for _ in range(2):
        with pytest.raises(FetchError, match="HTTP 404"):
            cache.open(f"{host.url}/none.gz")
    with cache.open(urls[0]) as file:
        assert file.read() == packed(0)


def test_other_files_in_the_folder_are_left_alone(urls: list[str], tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    cache = make(tmp_path, files=0.1)
    for url in urls:
        cache.open(url).close()
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_threads_share_one_download(host: Host, urls: list[str], tmp_path: Path) -> None:
    cache, got = make(tmp_path, files=99), list[bytes]()

    def work() -> None:
        for url in urls:
            with cache.open(url) as file:
                got.append(file.read())

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(host.seen) == len(urls)
    assert sorted(got) == sorted([packed(number) for number in range(6)] * 8)


def test_processes_share_a_small_cache(host: Host, urls: list[str], tmp_path: Path) -> None:
    """Four processes, room for two files of six: what each reads is right, whatever is evicted."""
    code = (
        "import sys; from c4pipe.fetch import HttpCache; import hashlib\n"
        f"cache = HttpCache({str(tmp_path / 'cache')!r}, {2 * SIZE + 10})\n"
        "for turn in range(5):\n"
        "    for url in sys.argv[1:][::1 if turn % 2 else -1]:\n"
        "        with cache.open(url) as file: print(url, hashlib.sha256(file.read()).hexdigest())\n"
    )
    command = [sys.executable, "-c", code, *urls]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(4)]
    lines = [line for process in running for line in process.communicate(timeout=30)[0].splitlines()]
    assert [process.returncode for process in running] == [0] * 4
    assert len(lines) == 4 * 5 * 6
    assert len(set(lines)) == 6
    HttpCache(tmp_path / "cache", 2 * SIZE + 10).open(urls[0]).close()
    assert held(tmp_path / "cache") <= 2


def test_the_rest_of_a_killed_download_is_gone_on_with_or_makes_room(
    host: Host, urls: list[str], tmp_path: Path
) -> None:
    cache = make(tmp_path, files=1.5)
    host.script["/0.gz"] = [cut(5000), *[error(404)]]
    with pytest.raises(FetchError):
        cache.open(urls[0])
    assert held(tmp_path) == 2  # a part and its note
    host.seen.clear()
    cache.open(urls[0]).close()
    assert host.gets("/0.gz") == ["bytes=5000-"]
    host.script["/1.gz"] = [cut(SIZE - 100), error(404)]
    with pytest.raises(FetchError):
        cache.open(urls[1])
    os.utime(next(tmp_path.glob(".*.part")), (1, 1))
    os.utime(next(tmp_path.glob(".*.part.json")), (1, 1))
    cache.open(urls[0]).close()
    assert held(tmp_path) == 1
