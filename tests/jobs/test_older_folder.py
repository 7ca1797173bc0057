"""A corpus with the older folder name `rejected/` is read, checked and replaced like any other."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from beam_jobs import build_c4
from c4pipe.facts.corpus import open_corpus
from c4pipe.inspect.__main__ import main as inspect
from c4pipe.inspect.serve.app import make_app
from c4pipe.shards import REJECTED_FOLDER
from c4pipe.verify.__main__ import main as verify
from tests import manifests
from tests.conftest import Build

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def older(built: Build, small: Path, tmp_path: Path) -> Path:
    folder = Path(shutil.copytree(built(small), tmp_path / "c4"))
    manifests.as_before_underscores(folder)
    return folder


def test_it_is_looked_at_and_checked(older: Path, built: Build, small: Path, capsys: Capture) -> None:
    def shown(folder: Path, *options: str) -> str:
        capsys.readouterr()
        assert inspect([str(folder), *options]) == 0
        return capsys.readouterr().out

    assert verify([str(older)]) == 0
    assert capsys.readouterr().out.endswith(" whole.\n")
    for options in (
        ("--reason", "curly_brace"),
        ("--url", "http://menu.example/"),
        ("--sql", "select stage, reason, url, text from rejected order by all"),
    ):
        assert shown(older, *options) == shown(built(small), *options)
    assert "in both, the same              97\n" in shown(older, "--against", str(built(small)))
    assert "rejected/part-kept.parquet" in {row["path"] for row in open_corpus(older).rejected}
    with TestClient(make_app(open_corpus(older)), base_url="http://127.0.0.1:8000") as viewer:
        answer = viewer.get("/page/rejected/part-kept.parquet/0")
    assert (answer.status_code, "http://" in answer.text) == (200, True)


def test_it_is_there_already_and_is_replaced_as_a_whole(older: Path, small: Path, badwords: Path) -> None:
    command = ["--input", str(small), "--output", str(older), "--badwords-dir", str(badwords), "--workers", "1"]
    assert build_c4.main(command) == 0
    assert (older / "rejected").is_dir()
    assert build_c4.main([*command, "--overwrite"]) == 0
    assert (older / REJECTED_FOLDER).is_dir()
    assert not (older / "rejected").exists()
