"""`python -m c4pipe.fetch.assets`: the pinned files, from a host that misbehaves."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from c4pipe.errors import BuildError
from c4pipe.fetch import Client
from c4pipe.fetch import assets as command
from c4pipe.fetch.assets import ASSET_POLICY, ASSETS, Asset
from c4pipe.fetch.files import only_one
from c4pipe.files.pinned import PINNED
from tests.fetch.host import Answer, FakeClock, Host, cut, error, other, page

ROOT = Path(__file__).parents[2]
WORDS = b"drat\nblast\n"
DOMAINS = b'{"a.example": true}'
TABLE = b"dr\nmr\n"
MORE = b"st\n"
FETCHED = [
    "fetched  badwords/en.txt  11 bytes",
    "fetched  news_domains.json  19 bytes",
    "fetched  nltk_data/p/a.txt  6 bytes",
    "fetched  nltk_data/p/b.txt  3 bytes",
]


def sha(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("p/README", "not wanted")
        for name, body in members.items():
            archive.writestr(f"p/{name}.txt", body)
    return out.getvalue()


@pytest.fixture(autouse=True)
def four(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small table of the real shape, and a host that has it: a list, a file, two files in a zip."""
    table = (
        Asset("badwords/en.txt", sha(WORDS), "https://lists.example/x/en"),
        Asset("news_domains.json", sha(DOMAINS), "https://news.example/d.json"),
        Asset("nltk_data/p/a.txt", sha(TABLE), "https://n.example/p.zip", "p/a.txt"),
        Asset("nltk_data/p/b.txt", sha(MORE), "https://n.example/p.zip", "p/b.txt"),
    )
    monkeypatch.setattr(command, "ASSETS", table)
    host.files = {"/x/en": WORDS, "/d.json": DOMAINS, "/p.zip": zipped(a=TABLE, b=MORE)}


class Desk:
    """A folder to fill, with pretended waits."""

    def __init__(self, host: Host, folder: Path) -> None:
        self.host, self.folder, self.clock = host, folder, FakeClock()
        self.client = Client(ASSET_POLICY, self.clock, draw=lambda: 0.0)

    def fetch(self) -> list[str]:
        return list(command.fetch(self.folder, self.client, self.host.url))

    def main(self, *options: str) -> int:
        return command.main(["--output", str(self.folder), "--base-url", self.host.url, *options], self.client)

    def files(self) -> list[str]:
        return sorted(path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if path.is_file())

    def asked(self) -> list[str]:
        return [path for _, path, _ in self.host.seen]


@pytest.fixture
def desk(host: Host, tmp_path: Path) -> Desk:
    return Desk(host, tmp_path / "assets")


NAMES = ["badwords/en.txt", "news_domains.json", "nltk_data/p/a.txt", "nltk_data/p/b.txt"]


def test_fetches_what_is_missing_and_leaves_what_is_there(desk: Desk) -> None:
    assert desk.fetch() == FETCHED
    assert desk.files() == NAMES
    assert [(desk.folder / name).read_bytes() for name in NAMES] == [WORDS, DOMAINS, TABLE, MORE]
    assert desk.asked() == ["/x/en", "/d.json", "/p.zip"]  # a zip once for all its files
    desk.host.seen.clear()
    (desk.folder / "news_domains.json").write_bytes(b"scribbled over")
    (desk.folder / "nltk_data/p/b.txt").unlink()
    there = ["there    badwords/en.txt", FETCHED[1], "there    nltk_data/p/a.txt", FETCHED[3]]
    assert desk.fetch() == there
    assert desk.asked() == ["/d.json", "/p.zip"]
    assert desk.files() == NAMES
    assert desk.clock.waits == []


def test_a_folder_that_is_whole_is_only_read(desk: Desk) -> None:
    desk.fetch()
    desk.host.seen.clear()
    with only_one(desk.folder):  # nobody else could write there
        assert desk.fetch() == [f"there    {name}" for name in NAMES]
    assert desk.host.seen == []


def test_each_host_is_on_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []

    def fetched(client: Client, url: str, folder: Path, assets: list[Asset]) -> dict[Asset, int]:
        asked.append(url)
        if "lists" in url or "news" in url:
            raise BuildError(f"cannot fetch {url}")
        return dict.fromkeys(assets, 3)

    monkeypatch.setattr(command, "_fetch_all", fetched)
    more = Asset("badwords/de.txt", sha(WORDS), "https://lists.example/x/de")
    monkeypatch.setattr(command, "ASSETS", (*command.ASSETS, more))
    monkeypatch.setattr(command, "fetch_texts", lambda folder: iter(["fetched  texts/a.jsonl"]))
    assert command.main(["--output", str(tmp_path)], Client(ASSET_POLICY)) == 1
    out, err = capsys.readouterr()
    assert asked == ["https://lists.example/x/en", "https://news.example/d.json", "https://n.example/p.zip"]
    assert [line.split()[1] for line in out.splitlines()] == [*NAMES[2:], "texts/a.jsonl"]
    assert "2 failed: cannot fetch https://lists.example/x/en | cannot fetch https://news.example/d.json" in err


def test_404_is_not_tried_again(desk: Desk) -> None:
    del desk.host.files["/x/en"]
    with pytest.raises(BuildError, match=r"^cannot fetch http://127\.0\.0\.1:\d+/x/en: HTTP 404 Not Found$"):
        desk.fetch()
    assert desk.asked() == ["/x/en"]
    assert desk.clock.waits == []
    assert desk.files() == []


def test_a_busy_or_broken_answer_is_tried_again(desk: Desk) -> None:
    desk.host.script["/x/en"] = [error(503), cut(5), error(429)]
    assert desk.fetch() == FETCHED
    assert desk.clock.waits == [1, 2, 4]
    assert desk.host.gets("/x/en") == ["", "", "bytes=5-", "bytes=5-"]
    assert (desk.folder / "badwords/en.txt").read_bytes() == WORDS


@pytest.mark.parametrize(
    ("answer", "says"), [(error(503), "HTTP 503"), (cut(0), "the connection closed")], ids=["503", "cut short"]
)
def test_gives_up_in_the_end(desk: Desk, answer: Answer, says: str) -> None:
    desk.host.script["/x/en"] = [answer] * 99
    with pytest.raises(
        BuildError, match=rf"cannot fetch .*/x/en: {says}.*\(4 attempts.*\)\. What was fetched stays; run it again"
    ):
        desk.fetch()
    assert desk.asked() == ["/x/en"] * 4
    assert not (desk.folder / "badwords/en.txt").exists()
    desk.host.script.clear()
    assert desk.fetch() == FETCHED
    assert desk.files() == NAMES  # no part is left of the first time


@pytest.mark.parametrize("answer", [page(), other(b""), other(WORDS + b"x"), other(WORDS[:-1])])
def test_wrong_checksum_writes_nothing(desk: Desk, answer: Answer) -> None:
    desk.host.script["/x/en"] = [answer] * 99
    with pytest.raises(
        BuildError,
        match=rf"/x/en: not what was pinned for badwords/en\.txt: expected sha256 {sha(WORDS)}, got [0-9a-f]{{64}} "
        r"in 2 downloads: the host's copy is damaged\. Nothing was written\.",
    ):
        desk.fetch()
    assert desk.files() == []


def test_a_wrong_file_that_was_there_stays_until_the_right_one_has_come(desk: Desk) -> None:
    desk.fetch()
    path = desk.folder / "badwords/en.txt"
    path.write_bytes(b"mine\n")
    desk.host.files["/x/en"] = b"changed\n"
    with pytest.raises(BuildError):
        desk.fetch()
    assert path.read_bytes() == b"mine\n"
    assert desk.files() == NAMES


def test_damage_on_the_way_is_mended(desk: Desk) -> None:
    body = desk.host.files["/p.zip"]
    desk.host.script["/p.zip"] = [other(body[:50] + bytes(10) + body[60:])]
    desk.host.script["/d.json"] = [other(DOMAINS.replace(b"a", b"b"))]
    assert desk.fetch() == FETCHED


NO_ZIP = r"p\.zip: not a zip file with p/a\.txt in it: "
DAMAGED = bytearray(zipped(a=TABLE * 9, b=MORE))
DAMAGED[DAMAGED.index(b"p/a.txt") + 8] ^= 255


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (zipped(a=b"changed", b=MORE), rf"not what was pinned for nltk_data/p/a\.txt: expected sha256 {sha(TABLE)}"),
        (zipped(a=TABLE, b=b"changed"), rf"not what was pinned for nltk_data/p/b\.txt: expected sha256 {sha(MORE)}"),
        (zipped(c=TABLE, b=MORE), NO_ZIP),
        (b"PK no zip", NO_ZIP),
        (b"", NO_ZIP),
        (zipped(a=TABLE, b=MORE)[:-30], NO_ZIP),
        (bytes(DAMAGED), NO_ZIP),
    ],
    ids=["wrong member", "wrong second member", "no such member", "no zip", "empty", "cut", "damaged inside"],
)
def test_wrong_file_in_a_zip(desk: Desk, body: bytes, says: str) -> None:
    desk.host.files["/p.zip"] = body
    with pytest.raises(BuildError, match=rf"{says}.*Nothing was written\."):
        desk.fetch()
    assert desk.files() == ["badwords/en.txt", "news_domains.json"]  # what was fetched stays


def test_a_bomb_in_a_zip_is_cut(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "LARGEST", 1000)
    desk.host.files["/p.zip"] = zipped(a=bytes(10**6), b=MORE)
    with pytest.raises(BuildError, match=f"got {sha(bytes(1000))}"):
        desk.fetch()


def test_a_download_that_was_interrupted_is_gone_on_with(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(line: str) -> None:
        raise KeyboardInterrupt

    desk.host.script["/x/en"] = [cut(5)]
    desk.client.say = interrupt  # it is about to wait
    assert desk.main() == 130
    assert capsys.readouterr().err == "assets: interrupted. Run it again to resume.\n"
    assert not (desk.folder / "badwords/en.txt").exists()
    assert (desk.folder / "badwords/.en.txt.part").read_bytes() == WORDS[:5]
    assert Desk(desk.host, desk.folder).fetch() == FETCHED
    assert desk.host.gets("/x/en") == ["", "bytes=5-"]
    assert desk.files() == NAMES


@pytest.mark.parametrize("failing", [1, 3, 4], ids=["file", "first member", "second member"])
def test_a_write_that_fails_leaves_nothing_half_written(
    desk: Desk, failing: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file is flushed before it is named."""
    fsync = os.fsync
    doomed = Path(NAMES[failing - 1]).name

    def full(fd: int) -> None:
        if Path(os.readlink(f"/proc/self/fd/{fd}")).name.startswith(f".{doomed}."):
            raise OSError(28, "No space left on device")
        fsync(fd)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        assert desk.main() == 1
    said = capsys.readouterr()
    assert said.out.splitlines() == FETCHED[: min(failing, 3) - 1]
    assert said.err.startswith(f"assets: cannot write {desk.folder}/")
    assert "No space left on device" in said.err
    assert len(said.err.splitlines()) == 1
    assert [name for name in NAMES if (desk.folder / name).exists()] == NAMES[: failing - 1]
    assert desk.main() == 0
    assert desk.files() == NAMES


def test_nothing_is_left_in_the_temporary_folder(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    desk.host.script["/p.zip"] = [error(404)]
    with pytest.raises(BuildError, match=r"p\.zip: HTTP 404"):
        desk.fetch()
    desk.fetch()
    assert list((tmp_path / "tmp").iterdir()) == []


def test_folders_are_closed_to_other_writers(desk: Desk) -> None:
    """NLTK 3.10 reads no data from a folder that its group may write to."""
    before = os.umask(0o002)
    try:
        desk.fetch()
    finally:
        os.umask(before)
    for folder in ("", "badwords", "nltk_data", "nltk_data/p"):
        assert (desk.folder / folder).stat().st_mode & 0o777 == 0o755


# The command


def test_main_says_what_it_did(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.main("--base-url", desk.host.url + "/") == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == [*FETCHED, f"4 files in {desk.folder}, every checksum correct."]
    assert said.err == ""
    desk.host.script["/d.json"] = [error(410)]
    (desk.folder / "news_domains.json").unlink()
    assert desk.main() == 1
    said = capsys.readouterr()
    assert said.err == f"assets: cannot fetch {desk.host.url}/d.json: HTTP 410 Gone\n"
    assert said.out == "there    badwords/en.txt\n"


def test_waits_are_told(desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(command, "Client", lambda policy, say: Client(policy, FakeClock(), say=say, draw=lambda: 0.0))
    desk.host.script["/x/en"] = [error(503)]
    assert command.main(["--output", str(desk.folder), "--base-url", desk.host.url]) == 0
    assert capsys.readouterr().err == "assets: en: HTTP 503 Service Unavailable; attempt 2 of 4 in 1.0 s\n"


def in_use(desk: Desk) -> int:
    with only_one(desk.folder):
        return desk.main()


def a_file(desk: Desk) -> int:
    desk.folder.write_bytes(b"")
    return desk.main()


@pytest.mark.parametrize(
    ("run", "says"),
    [
        (lambda desk: desk.main("--base-url", "ftp://x"), "assets: --base-url 'ftp://x': expected a URL such as"),
        (in_use, "is in use by another fetch"),
        (a_file, "cannot be written: "),
    ],
    ids=["no URL", "in use", "no folder"],
)
def test_wrong_use(desk: Desk, run: Callable[[Desk], int], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(desk) == 2
    err = capsys.readouterr().err
    assert says in err
    assert len(err.splitlines()) == 1
    assert desk.host.seen == []


def test_a_wrong_option(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.main("--nothing") == 2
    assert capsys.readouterr().err == "assets: unrecognized arguments: --nothing. See --help.\n"
    with pytest.raises(SystemExit):
        desk.main("--help")
    assert "exit codes: 0 all fetched" in capsys.readouterr().out


def test_the_command_runs(host: Host, tmp_path: Path) -> None:
    """The real table, of which this host has nothing."""
    module = [sys.executable, "-m", "c4pipe.fetch.assets", "--output", str(tmp_path), "--base-url", host.url]
    done = subprocess.run(module, capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert done.stderr.startswith(f"assets: cannot fetch {host.url}/LDNOOBW/")


# The table


def test_every_pinned_file_has_its_address() -> None:
    assert {asset.path: asset.sha256 for asset in ASSETS} == PINNED
    assert len({asset.url for asset in ASSETS}) == 28 + 1 + 1
    urls = {asset.path: asset.url.rsplit("/", 2)[1:] for asset in ASSETS}
    assert urls["badwords/en.txt"] == ["25e679f03d96baa721cde20db9944649e8d0a844", "en"]
    assert urls["badwords/fr-CA-u-sd-caqc.txt"] == ["5faf2ba42d7b1c0977169ec3611df25a3c08eb13", "fr-CA-u-sd-caqc"]
    assert urls["news_domains.json"] == ["realnews", "domain_to_allowed_subdomains.json"]
    assert ASSETS[0].url == (
        "https://raw.githubusercontent.com/LDNOOBW/List-of-Dirty-Naughty-Obscene-and-Otherwise-Bad-Words"
        "/5faf2ba42d7b1c0977169ec3611df25a3c08eb13/ar"
    )
    assert [asset.member for asset in ASSETS if asset.url.endswith("/punkt_tab.zip")] == [
        "punkt_tab/english/abbrev_types.txt",
        "punkt_tab/english/collocations.tab",
        "punkt_tab/english/ortho_context.tab",
        "punkt_tab/english/sent_starters.txt",
    ]
