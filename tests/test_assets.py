"""c4pipe.assets: fetching against a server of our own, choosing between folders, reading lists."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import lzma
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from c4pipe import assets
from c4pipe.assets import ASSETS, Asset, Assets, SortedHashes, fetch, find_assets, find_punkt, main
from c4pipe.errors import AssetError, BuildError, ConfigError

SHARED = Path(__file__).parents[2] / "shared"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared test data is not beside this checkout")

Answer = Callable[[BaseHTTPRequestHandler], None]


def good(body: bytes) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return answer


def status(code: int) -> Answer:
    return lambda request: request.send_error(code)


def cut_short(body: bytes) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body[: len(body) // 2])

    return answer


class Host:
    """A web server that plays a script: for each path its answers in order, the last one for ever."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Answer]] = {}
        self.asked: list[str] = []
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                host.asked.append(self.path)
                answers = host.answers.get(self.path, [status(404)])
                (answers.pop(0) if len(answers) > 1 else answers[0])(self)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    host = Host()
    thread = threading.Thread(target=host.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield host
    host.server.shutdown()
    thread.join()
    host.server.server_close()


def sha(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


WORDS = b"drat\nblast\n"
DOMAINS = b'{"a.example": true}'
TABLE = b"dr\nmr\n"


def zipped(name: str, body: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, body)
        archive.writestr("punkt_tab/README", "not wanted")
    return out.getvalue()


@pytest.fixture
def three(monkeypatch: pytest.MonkeyPatch) -> tuple[Asset, ...]:
    """A small table of the real shape: a list, a file, a file in a zip."""
    table = (
        Asset("badwords/en", "https://lists.example/x/en", sha(WORDS), "badwords/en.txt"),
        Asset("news_domains", "https://news.example/d.json", sha(DOMAINS), "news_domains.json"),
        Asset("punkt/a.txt", "https://n.example/p.zip", sha(TABLE), "nltk_data/p/a.txt", "p/a.txt"),
    )
    monkeypatch.setattr(assets, "ASSETS", table)
    return table


def serve_three(host: Host) -> None:
    host.answers = {
        "/x/en": [good(WORDS)],
        "/d.json": [good(DOMAINS)],
        "/p.zip": [good(zipped("p/a.txt", TABLE))],
    }


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def never(seconds: float) -> None:
    raise AssertionError(f"waited {seconds} s for something that cannot get better")


# Fetching


def test_fetches_what_is_missing_and_leaves_what_is_there(host: Host, three: object, tmp_path: Path) -> None:
    serve_three(host)
    assert list(fetch(tmp_path, host.url, never)) == [
        "fetched  badwords/en.txt  11 bytes",
        "fetched  news_domains.json  19 bytes",
        "fetched  nltk_data/p/a.txt  6 bytes",
    ]
    assert files(tmp_path) == ["badwords/en.txt", "news_domains.json", "nltk_data/p/a.txt"]
    assert (tmp_path / "badwords/en.txt").read_bytes() == WORDS
    host.asked.clear()
    (tmp_path / "news_domains.json").write_bytes(b"scribbled over")
    assert list(fetch(tmp_path, host.url, never)) == [
        "there    badwords/en.txt",
        "fetched  news_domains.json  19 bytes",
        "there    nltk_data/p/a.txt",
    ]
    assert host.asked == ["/d.json"]


def test_a_zip_is_fetched_once_for_all_its_files(host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = zipped("p/a.txt", TABLE)
    monkeypatch.setattr(
        assets,
        "ASSETS",
        (
            Asset("a", "https://n.example/p.zip", sha(TABLE), "a.txt", "p/a.txt"),
            Asset("b", "https://n.example/p.zip", sha(b"not wanted"), "b.txt", "punkt_tab/README"),
        ),
    )
    host.answers = {"/p.zip": [good(body)]}
    assert len(list(fetch(tmp_path, host.url, never))) == 2
    assert host.asked == ["/p.zip"]


def test_404_is_not_tried_again(host: Host, three: object, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"cannot fetch http://127\.0\.0\.1:\d+/x/en: HTTP 404"):
        list(fetch(tmp_path, host.url, never))
    assert host.asked == ["/x/en"]


def test_wrong_checksum_writes_nothing(host: Host, three: object, tmp_path: Path) -> None:
    serve_three(host)
    host.answers["/x/en"] = [good(b"<html>Please log in</html>")]
    with pytest.raises(AssetError, match=f"expected sha256 {sha(WORDS)}, got .* Nothing was written"):
        list(fetch(tmp_path, host.url, never))
    assert files(tmp_path) == []


def test_wrong_file_in_a_right_zip(host: Host, three: object, tmp_path: Path) -> None:
    serve_three(host)
    host.answers["/p.zip"] = [good(zipped("p/a.txt", b"changed"))]
    with pytest.raises(AssetError, match=r"not what was pinned for nltk_data/p/a\.txt"):
        list(fetch(tmp_path, host.url, never))
    host.answers["/p.zip"] = [good(zipped("elsewhere/a.txt", TABLE))]
    with pytest.raises(AssetError, match=r"not a zip file with p/a\.txt in it"):
        list(fetch(tmp_path, host.url, never))
    host.answers["/p.zip"] = [good(b"PK no zip")]
    with pytest.raises(AssetError, match="not a zip file"):
        list(fetch(tmp_path, host.url, never))
    assert files(tmp_path) == ["badwords/en.txt", "news_domains.json"]  # what was fetched stays


def test_a_busy_or_broken_answer_is_tried_again(host: Host, three: object, tmp_path: Path) -> None:
    serve_three(host)
    host.answers["/x/en"] = [status(503), cut_short(WORDS), status(429), good(WORDS)]
    waits: list[float] = []
    list(fetch(tmp_path, host.url, waits.append))
    assert waits == [1, 2, 4]
    assert (tmp_path / "badwords/en.txt").read_bytes() == WORDS


@pytest.mark.parametrize(
    ("answer", "says"), [(status(503), "HTTP 503"), (cut_short(WORDS), "IncompleteRead")], ids=["503", "cut short"]
)
def test_gives_up_in_the_end(answer: Answer, says: str, host: Host, three: object, tmp_path: Path) -> None:
    host.answers["/x/en"] = [answer]
    with pytest.raises(BuildError, match=rf"{says}.*\(4 attempts\)"):
        list(fetch(tmp_path, host.url, lambda seconds: None))
    assert host.asked == ["/x/en"] * 4
    assert files(tmp_path) == []


def test_folders_are_closed_to_other_writers(host: Host, three: object, tmp_path: Path) -> None:
    """NLTK 3.10 reads no data from a folder that its group may write to."""
    serve_three(host)
    before = os.umask(0o002)
    try:
        list(fetch(tmp_path / "assets", host.url, never))
    finally:
        os.umask(before)
    for folder in ("nltk_data", "nltk_data/p"):
        assert (tmp_path / "assets" / folder).stat().st_mode & 0o777 == 0o755


def test_main_says_what_it_did(host: Host, three: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    serve_three(host)
    assert main(["--output", str(tmp_path / "new"), "--base-url", host.url + "/"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"3 files in {tmp_path / 'new'}, every checksum right."
    host.answers["/d.json"] = [status(403)]
    (tmp_path / "new/news_domains.json").unlink()
    assert main(["--output", str(tmp_path / "new"), "--base-url", host.url]) == 1
    said = capsys.readouterr()
    assert said.err == f"assets: cannot fetch {host.url}/d.json: HTTP 403 Forbidden\n"
    assert said.out == "there    badwords/en.txt\n"


def test_the_command_runs(host: Host, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "c4pipe.assets", "--output", str(tmp_path), "--base-url", host.url]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[1])
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)


# The table


def test_the_table_names_28_lists_the_news_domains_and_punkt() -> None:
    assert len(ASSETS) == 28 + 1 + 4
    assert len({asset.path for asset in ASSETS}) == len(ASSETS)
    urls = {asset.name: asset.url.rsplit("/", 2)[1:] for asset in ASSETS}
    assert urls["badwords/en"] == ["25e679f03d96baa721cde20db9944649e8d0a844", "en"]
    assert urls["badwords/fr-CA-u-sd-caqc"] == ["5faf2ba42d7b1c0977169ec3611df25a3c08eb13", "fr-CA-u-sd-caqc"]
    assert ASSETS[0].url == (
        "https://raw.githubusercontent.com/LDNOOBW/List-of-Dirty-Naughty-Obscene-and-Otherwise-Bad-Words"
        "/5faf2ba42d7b1c0977169ec3611df25a3c08eb13/ar"
    )


@needs_shared
def test_the_sums_are_those_of_the_real_files() -> None:
    def lies_at(asset: Asset) -> Path:
        if asset.name == "badwords/en":
            return SHARED / "badwords/at-25e679f/en.txt"
        if asset.name == "news_domains":
            return SHARED / "realnews/domain_to_allowed_subdomains.json"
        return SHARED / asset.path

    for asset in ASSETS:
        if not asset.name.startswith("punkt/"):
            assert sha(lies_at(asset).read_bytes()) == asset.sha256, asset.name
    # The shared Punkt files hold the same, but were written anew: three are sorted and each ends in a newline.
    ortho = next(asset for asset in ASSETS if asset.name == "punkt/ortho_context.tab")
    assert sha(lies_at(ortho).read_bytes().removesuffix(b"\n")) == ortho.sha256


# Choosing


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to run in, and a package that ships one list and one domain."""
    shipped = tmp_path / "package/data"
    write(shipped / "badwords/en.txt", "shipped\n")
    write(shipped / "news_domains.json", '{"shipped.example": true}')
    monkeypatch.setattr(assets, "SHIPPED", shipped)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.chdir(home)
    return home


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_given_comes_before_assets_comes_before_shipped(home: Path, three: object) -> None:
    assert find_assets().badwords() == {"en": {"shipped"}}
    assert find_assets().news_domains() == {"shipped.example": True}
    (home / "assets/badwords").mkdir(parents=True)
    (home / "assets/badwords/en.txt").write_bytes(WORDS)
    assert find_assets().badwords() == {"en": {"drat", "blast"}}
    assert find_assets().news_domains() == {"shipped.example": True}
    write(home / "mine/en.txt", "given\n")
    found = find_assets(badwords_dir="mine")
    assert found.badwords() == {"en": {"given"}}
    assert found.badwords_dir == home / "mine"  # absolute: a worker may run elsewhere


def test_a_half_filled_assets_folder_is_an_error_not_a_smaller_list(home: Path, three: object) -> None:
    write(home / "assets/badwords/en.txt", "dra")
    with pytest.raises(
        AssetError, match=r"assets/badwords is not whole: 1 missing or changed, first badwords/en\.txt\. Run"
    ):
        find_assets()
    assert find_assets(badwords_dir=assets.SHIPPED / "badwords").badwords() == {"en": {"shipped"}}


def test_wrong_paths_are_named(home: Path) -> None:
    write(home / "list.txt", "x")
    (home / "empty").mkdir()
    write(home / "odd/english.txt", "x")
    for arguments, says in (
        (
            {"badwords_dir": "gone"},
            "--badwords-dir gone does not exist: expected a folder with a list for each language",
        ),
        ({"badwords_dir": "list.txt"}, "--badwords-dir list.txt is not one: expected a folder"),
        ({"badwords_dir": "empty"}, "empty holds no .txt file: expected a list for each language"),
        ({"badwords_dir": "odd"}, "odd holds english.txt, which names no language"),
        ({"news_domains": "gone.json"}, "--news-domains gone.json does not exist: expected a JSON file"),
        ({"news_domains": "empty"}, "--news-domains empty is not one"),
        ({"url_list": "gone.txt"}, "--url-list gone.txt does not exist: expected a file with one URL a line"),
    ):
        with pytest.raises(ConfigError) as caught:
            find_assets(**arguments)
        assert says in str(caught.value)
        assert "\n" not in str(caught.value)


def test_what_is_nowhere_is_missed_when_it_is_read(home: Path) -> None:
    nothing = Assets()
    with pytest.raises(AssetError, match="make assets"):
        nothing.badwords()
    with pytest.raises(AssetError, match="make assets"):
        nothing.news_domains()
    with pytest.raises(ConfigError, match="--url-list FILE"):
        nothing.url_keys()
    assert nothing.describe() == {}


# Reading


def test_lists_are_stripped_lines(tmp_path: Path) -> None:
    write(tmp_path / "en.txt", "\ufeffdrat\n two words \r\n\n\t\nTail")
    write(tmp_path / "README.txt", "not a list")
    write(tmp_path / "LICENSE", "not a list")
    assert Assets(tmp_path).badwords() == {"en": {"drat", "two words", "Tail"}}


def test_regional_lists_join_their_language(tmp_path: Path) -> None:
    write(tmp_path / "fr.txt", "zut\nmince\n")
    write(tmp_path / "fr-CA-u-sd-caqc.txt", "mince\ntabarnouche\n")
    write(tmp_path / "pt-BR.txt", "poxa\n")
    assert Assets(tmp_path).badwords() == {"fr": {"zut", "mince", "tabarnouche"}, "pt": {"poxa"}}


def test_common_parts_of_words_are_allowed_in_their_language_only(tmp_path: Path) -> None:
    write(tmp_path / "ja.txt", "sm\nグロ\n女の子\n性\n")
    write(tmp_path / "zh.txt", "sm\n性\n")
    write(tmp_path / "en.txt", "sm\n")
    assert Assets(tmp_path).badwords() == {"ja": {"性"}, "zh": {"sm"}, "en": {"sm"}}


def test_a_list_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "de.txt").write_bytes("Mist\nScheibenkleister ä\n".encode("latin-1"))
    with pytest.raises(AssetError, match=r"de\.txt is not UTF-8"):
        Assets(tmp_path).badwords()


def test_news_domains(tmp_path: Path) -> None:
    path = write(tmp_path / "d.json", '{"a.example": true, "b.example": ["www", ""]}')
    assert Assets(news_domains_file=path).news_domains() == {"a.example": True, "b.example": ["www", ""]}
    for wrong in ("[]", "{", '{"a.example": false}', '{"a.example": [1]}', '{"a.example": "www"}'):
        write(path, wrong)
        with pytest.raises(AssetError, match="expected a JSON object such as"):
            Assets(news_domains_file=path).news_domains()


@pytest.mark.parametrize("suffix", ["txt", "gz", "xz"])
def test_url_list(suffix: str, tmp_path: Path) -> None:
    from c4pipe.text import hash64

    body = b"https://www.a.example/news/?utm_source=x\nhttp://a.example/news\n\nhttp://b.example/\xff\r\n"
    packers: dict[str, Callable[[bytes], bytes]] = {"txt": bytes, "gz": gzip.compress, "xz": lzma.compress}
    path = tmp_path / f"urls.{suffix}"
    path.write_bytes(packers[suffix](body))
    keys = Assets(url_list=path).url_keys()
    assert len(keys) == 2  # the first two are one page
    assert hash64("a.example/news") in keys
    assert hash64("b.example/\ufffd") in keys
    assert hash64("www.a.example/news") not in keys


def test_a_damaged_url_list_is_named(tmp_path: Path) -> None:
    path = tmp_path / "urls.gz"
    path.write_bytes(gzip.compress(b"http://a.example/\n" * 999)[:-9])
    with pytest.raises(AssetError, match=r"cannot read the URL list .*urls\.gz"):
        Assets(url_list=path).url_keys()


def test_sorted_hashes_at_the_edges() -> None:
    import numpy

    top = 2**64 - 1
    hashes = SortedHashes(numpy.array([0, 5, top], dtype=numpy.uint64))
    assert [value in hashes for value in (0, 1, 5, top - 1, top)] == [True, False, True, False, True]
    assert 0 not in SortedHashes(numpy.array([], dtype=numpy.uint64))


def test_describe_names_origins_and_no_absolute_path(home: Path, three: object) -> None:
    (home / "assets").mkdir()
    (home / "assets/news_domains.json").write_bytes(DOMAINS)
    write(home / "mine/urls.txt", "http://a.example/\n")
    described = find_assets(url_list="mine/urls.txt").describe()
    assert described == {
        "badwords": [{"name": "en.txt", "origin": "shipped", "entries": 1, "sha256": sha(b"shipped\n")}],
        "news_domains": {"name": "news_domains.json", "origin": "assets", "entries": 1, "sha256": sha(DOMAINS)},
        "url_list": {"name": "urls.txt", "origin": "given", "entries": 1, "sha256": sha(b"http://a.example/\n")},
    }
    assert str(home) not in json.dumps(described)
    assert list(find_assets().describe({"badwords"})) == ["badwords"]


@needs_shared
def test_the_real_lists() -> None:
    found = find_assets(SHARED / "badwords", SHARED / "realnews/domain_to_allowed_subdomains.json")
    words = found.badwords()
    assert (len(words), len(words["en"]), len(words["fr"]), len(words["ja"]), len(words["zh"])) == (
        27,
        403,
        98,
        177,
        317,
    )
    assert len(find_assets(SHARED / "badwords/at-25e679f").badwords()["en"]) == 377
    domains = found.news_domains()
    assert (len(domains), sum(allowed is True for allowed in domains.values())) == (5036, 4835)


# Punkt


def punkt_found(cwd: Path, nltk_data: str) -> str:
    """What a fresh process finds, for NLTK reads its surroundings when it is imported."""
    code = (
        "from c4pipe.assets import find_punkt; print(find_punkt())\n"
        "if find_punkt():\n"
        "    from nltk.tokenize.punkt import PunktTokenizer\n"
        "    print(len(PunktTokenizer('english').tokenize('Dr. No is in. Is he?')))"
    )
    env = {**os.environ, "NLTK_DATA": nltk_data, "HOME": str(cwd), "PYTHONPATH": str(Path(__file__).parents[1])}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, env=env, capture_output=True, text=True, check=True
    ).stdout


@needs_shared
def test_punkt_is_found_through_nltk_data_and_through_assets(tmp_path: Path) -> None:
    assert punkt_found(tmp_path, "") == "None\n"
    data = SHARED / "nltk_data"
    assert punkt_found(tmp_path, str(data)) == f"{data}/tokenizers/punkt_tab/english\n2\n"
    copy = tmp_path / "assets/nltk_data/tokenizers/punkt_tab/english"
    copy.mkdir(parents=True)
    for source in (data / "tokenizers/punkt_tab/english").iterdir():
        (copy / source.name).write_bytes(source.read_bytes())
    assert punkt_found(tmp_path, "") == f"{copy}\n2\n"
    assert punkt_found(tmp_path, str(data)) == f"{data}/tokenizers/punkt_tab/english\n2\n"


@needs_shared
def test_describe_tells_punkt_only_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NLTK_DATA", str(SHARED / "nltk_data"))
    assert find_punkt() is not None
    names = [file["name"] for file in Assets().describe({"punkt"})["punkt"]]
    assert names == ["abbrev_types.txt", "collocations.tab", "ortho_context.tab", "sent_starters.txt"]
    assert "punkt" not in Assets().describe()
