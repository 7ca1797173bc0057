"""The commands of two guides, unchanged: publishing, and training elsewhere."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
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
    pytest.importorskip("datasets")
    [program] = blocks("publish.md", "python")
    # A process of its own: datasets reads these settings once, when it is imported.
    offline = {**os.environ, "HF_HOME": str(desk / "hf"), "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    command = [sys.executable, "-c", f"{program}print(sorted(pages.column_names))"]
    done = subprocess.run(command, env=offline, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "['text', 'timestamp', 'url']"


def test_train_elsewhere(desk, capsys):
    model = Path("out/t5/tokenizer/spiece.model")  # as a run has it
    model.parent.mkdir(parents=True)
    model.write_bytes(pieces_of([story(n) for n in range(50)], 300))
    [words] = typed("train-elsewhere.md")
    assert main(words) == 0
    [program] = blocks("train-elsewhere.md", "python")
    capsys.readouterr()
    exec(program, {})
    assert capsys.readouterr().out.startswith("http")
