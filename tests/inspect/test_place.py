"""Where a report goes, and what it never replaces; corpora whose files are not what their manifest says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from c4pipe.errors import BuildError
from c4pipe.facts.corpus import open_corpus
from c4pipe.inspect.__main__ import main
from c4pipe.page import Page
from c4pipe.shards import ADDED, MANIFEST, read_added
from tests import manifests
from tests.inspect.tiny import lost, write

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    pages = [Page("http://a.example/", "Text.", "2024-05-22T10:11:12Z", "a#1")]
    folder = write(tmp_path / "c4", pages, [lost("http://b.example/", "clean", "few_sentences", "Two.")])
    about = [{"path": "stats.json", "bytes": 0, "sha256": ""}]
    manifests.write_again(folder, manifests.read(folder) | {"about": about})
    return folder


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: object) -> tuple[int, str]:
        code = main([*map(str, arguments)])
        out, error = capsys.readouterr()
        return code, out + error

    return call


def test_a_report_beside_the_corpus_is_noted_as_ours(run: Run, corpus: Path) -> None:
    for _ in range(2):  # ours is replaced
        assert run(corpus, "--html") == (0, f"report: {corpus / 'report.html'}\n")
    (file,) = read_added((corpus / ADDED).read_bytes())
    assert (file.path, file.bytes) == ("report.html", (corpus / "report.html").stat().st_size)


def test_a_report_of_somebody_else_stays(run: Run, corpus: Path) -> None:
    mine = corpus / "report.html"
    mine.write_text("my own")
    code, words = run(corpus, "--html")
    assert (code, mine.read_text()) == (2, "my own")
    assert words == (
        f"inspect: {mine} was not written by this command, or was changed since. Remove it, or name another file: "
        "--html FILE.\n"
    )
    assert run(corpus, "--html", mine)[0] == 0  # the user's word
    mine.write_text(mine.read_text() + "<!-- my remark -->")
    assert run(corpus, "--html")[0] == 2


@pytest.mark.parametrize("name", ["stats.json", MANIFEST, "en/train-00000-of-00001.parquet", "en/../stats.json"])
def test_a_file_of_the_corpus_is_never_a_report(run: Run, corpus: Path, name: str) -> None:
    before = (corpus / name).read_bytes()
    code, words = run(corpus, "--html", corpus / name)
    assert (code, (corpus / name).read_bytes()) == (2, before)
    assert "is a file of the corpus. Choose another file" in words


@pytest.mark.parametrize("name", [".lock", ".c4pipe", ".staging-0/report.html"])
def test_a_name_that_builds_use_is_never_a_report(run: Run, corpus: Path, name: str) -> None:
    code, words = run(corpus, "--html", corpus / name)
    assert (code, "is a hidden name" in words) == (2, True)
    assert not (corpus / name).exists()


def test_a_report_elsewhere_is_nobodys_business(run: Run, corpus: Path, tmp_path: Path) -> None:
    assert run(corpus, "--html", corpus / ".." / "r.html")[0] == 0
    assert not (corpus / ADDED).exists()


@pytest.mark.parametrize("path", ["../x.parquet", "/etc/passwd", "en/../../x", "a\0b"])
@pytest.mark.parametrize("key", ["shards", "rejected", "files"])
def test_a_manifest_that_points_elsewhere_is_a_line(run: Run, corpus: Path, key: str, path: str) -> None:
    manifest = manifests.read(corpus)
    manifest["files"] = [{"kind": "own", "name": "x", "at": "lists/x", "bytes": 1, "sha256": ""}]
    manifest[key][0]["at" if key == "files" else "path"] = path
    manifests.write_older(corpus, manifest)
    for arguments in ((), ("--html",), ("--sql", "from pages"), ("--json",)):
        code, words = run(corpus, *arguments)
        assert (code, words.count("\n")) == (1, 1)
        assert "names a file " in words


@pytest.mark.parametrize("change", [{"shards": [7]}, {"shards": [{}]}, {"shards": {}}, {"rejected": [{"path": "x"}]}])
def test_a_manifest_of_no_build_is_a_line(run: Run, corpus: Path, change: dict[str, object]) -> None:
    manifests.write_older(corpus, manifests.read(corpus) | change)
    code, words = run(corpus, "--json")
    assert (code, words.count("\n")) == (1, 1)


def test_a_query_takes_the_sums_of_what_it_reads_and_no_others(run: Run, corpus: Path) -> None:
    part = next((corpus / "__rejected").iterdir())
    data = part.read_bytes()
    part.write_bytes(data[:8] + bytes(8) + data[16:])
    assert run(corpus, "--sql", "select count(*) from shards")[0] == 0
    assert run(corpus, "--sql", "select count(*) from pages")[0] == 0
    with pytest.raises(BuildError, match=f"{part.name} was changed or damaged"):
        open_corpus(corpus).check(["rejected"])
    for sql in ("from rejected", f"from read_parquet('{corpus / 'en'}/*.parquet')"):
        code, words = run(corpus, "--sql", sql)
        assert (code, f"{part.name} was changed or damaged" in words) == (1, True)
