"""The commands of two guides, unchanged: publishing, and training elsewhere."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from c4pipe.cli import main
from tests.pieces import pieces_of
from tests.push.hub import REPO, TOKEN, serving
from tests.wetfiles import ROOT, SAMPLES, story

GUIDES = ROOT / "docs" / "guides"


def blocks(guide: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", (GUIDES / guide).read_text(encoding="utf-8"), re.S | re.M)


def typed(guide: str) -> list[list[str]]:
    """The arguments of each `c4pipe` of a guide."""
    lines = [line for block in blocks(guide, "sh") for line in block.replace("\\\n", " ").splitlines()]
    return [shlex.split(line)[1:] for line in lines if line.startswith("c4pipe ")]


@pytest.fixture
def desk(built, tmp_path, monkeypatch):
    """A working folder with a corpus and the samples."""
    (tmp_path / "out").mkdir()
    shutil.copytree(built(SAMPLES), tmp_path / "out" / "c4")
    (tmp_path / "data_samples").symlink_to(SAMPLES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_publish(desk, monkeypatch):
    pytest.importorskip("huggingface_hub")
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    commands = typed("publish.md")
    assert {words[0] for words in commands} == {"push", "build"}
    with serving() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        for words in commands:
            assert main(words) == 0, words
        assert hub.private
        assert "manifest.json" in hub.main
    assert commands[0][2] == REPO
    assert [*(desk / "out/both").glob("en/c4-train.*.json.gz")]
    assert [*(desk / "out/cdc").glob("en/train-*.parquet")]


def test_train_elsewhere(desk, capsys):
    Path("tokenizer.model").write_bytes(pieces_of([story(n) for n in range(50)], 300))
    [words] = typed("train-elsewhere.md")
    assert main(words) == 0
    [program] = blocks("train-elsewhere.md", "python")
    capsys.readouterr()
    exec(program, {})
    assert capsys.readouterr().out.startswith("http")
