"""c4pipe.files.assets: choosing between folders, reading lists."""

from __future__ import annotations

import gzip
import hashlib
import lzma
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.outside import SHARED
from c4pipe.errors import AssetError, ConfigError
from c4pipe.files import assets, pinned
from c4pipe.files.assets import Assets, SortedHashes, find_assets
from c4pipe.files.pinned import PINNED
from tests import needs


def sha(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


WORDS = b"drat\nblast\n"
DOMAINS = b'{"a.example": true}'


@pytest.fixture
def three(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small table of the real shape."""
    table = {"badwords/en.txt": sha(WORDS), "news_domains.json": sha(DOMAINS), "nltk_data/p/a.txt": sha(b"dr\nmr\n")}
    monkeypatch.setattr(pinned, "PINNED", table)


# The table


def test_the_table_names_28_lists_the_news_domains_and_punkt() -> None:
    assert len([path for path in PINNED if path.startswith("badwords/")]) == 28
    assert [path.removeprefix("nltk_data/tokenizers/punkt_tab/english/") for path in list(PINNED)[28:]] == [
        "news_domains.json",
        "abbrev_types.txt",
        "collocations.tab",
        "ortho_context.tab",
        "sent_starters.txt",
    ]


@needs.shared
def test_the_sums_are_those_of_the_real_files() -> None:
    real = {
        "badwords/en.txt": "badwords/at-25e679f/en.txt",
        "news_domains.json": "realnews/domain_to_allowed_subdomains.json",
    }
    for path, sha256 in PINNED.items():
        if not path.startswith("nltk_data/"):
            assert sha((SHARED / real.get(path, path)).read_bytes()) == sha256, path
    # The shared Punkt files hold the same, but were written anew: three are sorted and each ends in a newline.
    ortho = "nltk_data/tokenizers/punkt_tab/english/ortho_context.tab"
    assert sha((SHARED / ortho).read_bytes().removesuffix(b"\n")) == PINNED[ortho]


# Choosing


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to run in, and a package that ships one list and one domain."""
    shipped = tmp_path / "package/data"
    write(shipped / "badwords/en.txt", "shipped\n")
    write(shipped / "news_domains.json", '{"shipped.example": true}')
    monkeypatch.setattr(pinned, "SHIPPED", shipped)
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
        AssetError, match=r"assets/badwords is incomplete: 1 missing or changed, first badwords/en\.txt\. Run"
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
            "--badwords-dir gone does not exist: expected a folder with one list per language",
        ),
        ({"badwords_dir": "list.txt"}, "--badwords-dir list.txt is not one: expected a folder"),
        ({"badwords_dir": "empty"}, "empty holds no .txt file: expected one list per language"),
        ({"badwords_dir": "odd"}, "odd holds english.txt, which is not named after a language"),
        ({"news_domains": "gone.json"}, "--news-domains gone.json does not exist: expected a JSON file"),
        ({"news_domains": "empty"}, "--news-domains empty is not one"),
        ({"url_list": "gone.txt"}, "--url-list gone.txt does not exist: expected a file with one URL per line"),
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
    with pytest.raises(AssetError, match=r"de\.txt cannot be read: it is not UTF-8"):
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


def test_lines_of_a_url_list_are_read_as_addresses_are_written(tmp_path: Path) -> None:
    from c4pipe.text import hash64

    path = tmp_path / "urls.txt"
    path.write_text("HTTPS://WWW.A.example/News/\nwww.b.example\nc.example/x/\nhttp://D.example/\n")
    keys = Assets(url_list=path).url_keys()
    for key in ("a.example/News", "b.example", "c.example/x", "d.example", "D.example"):
        assert hash64(key) in keys, key


def test_a_damaged_url_list_is_named(tmp_path: Path) -> None:
    path = tmp_path / "urls.gz"
    path.write_bytes(gzip.compress(b"http://a.example/\n" * 999)[:-9])
    with pytest.raises(AssetError, match=r"the URL list .*urls\.gz cannot be read"):
        Assets(url_list=path).url_keys()


def test_sorted_hashes_at_the_edges() -> None:
    import numpy

    top = 2**64 - 1
    hashes = SortedHashes(numpy.array([0, 5, top], dtype=numpy.uint64))
    assert [value in hashes for value in (0, 1, 5, top - 1, top)] == [True, False, True, False, True]
    assert 0 not in SortedHashes(numpy.array([], dtype=numpy.uint64))


@needs.shared
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
        "import nltk.data; nltk.data.path.clear()  # a machine may have Punkt where NLTK looks by itself\n"
        "from c4pipe.text.punkt import find_punkt; print(find_punkt())\n"
        "if find_punkt():\n"
        "    from nltk.tokenize.punkt import PunktTokenizer\n"
        "    print(len(PunktTokenizer('english').tokenize('Dr. No is in. Is he?')))"
    )
    env = {**os.environ, "NLTK_DATA": nltk_data, "HOME": str(cwd), "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, env=env, capture_output=True, text=True, check=True
    ).stdout


def test_punkt_is_found_through_nltk_data_and_through_assets(tmp_path: Path, punkt_folder: Path) -> None:
    data, alone = punkt_folder, tmp_path / "alone"
    alone.mkdir()
    assert punkt_found(alone, "") == "None\n"
    assert punkt_found(tmp_path, str(data)) == f"{data}/tokenizers/punkt_tab/english\n2\n"
    copy = tmp_path / "assets/nltk_data/tokenizers/punkt_tab/english"
    copy.mkdir(parents=True)
    for source in (data / "tokenizers/punkt_tab/english").iterdir():
        (copy / source.name).write_bytes(source.read_bytes())
    assert punkt_found(tmp_path, "") == f"{copy}\n2\n"
    assert punkt_found(tmp_path, str(data)) == f"{data}/tokenizers/punkt_tab/english\n2\n"
