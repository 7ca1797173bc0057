"""The guides and README do what they say: their commands run in order, in a folder like a reader's."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests import needs
from tests.conftest import Once
from tests.wetfiles import ROOT, SAMPLES, WebPage, story, wet

FOLDER = ROOT / "docs" / "guides"
ELSEWHERE = {"publish", "train-elsewhere"}  # tests/test_publish_guides.py runs these, with a Hub of its own
GUIDES = ["README", *sorted({path.stem for path in FOLDER.glob("*.md")} - ELSEWHERE)]
BLOCK = re.compile(r"(?:<!-- ([^>]*) -->\n\n)?^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
MODULE = re.compile(r"^```python\n# (\w+\.py)\n(.*?)^```", re.MULTILINE | re.DOTALL)
NEEDED = re.compile(r"You need \[[^]]*\]\(([\w-]+)\.md\) in `([\w/]+)`")
# Blocks that are not run, with the reason that stands above them.
NOT_RUN = {
    "a-whole-crawl-on-dataflow": 1,
    "audit": 1,
    "download-a-crawl": 2,
    "which-corpus-is-better": 1,
}
LONG = story(100, 40)
NEAR = "\n".join(line.replace("keeper", "warden") if n % 3 == 1 else line for n, line in enumerate(LONG.split("\n")))
# What a reader has there, beside `wet`: a file of the samples, bytes, or a text.
PLACES: dict[str, dict[str, str | bytes]] = {
    "crawl-after-crawl": {
        "wet/2024-18/a.warc.wet.gz": "sites.warc.wet.gz",
        "wet/2024-22/b.warc.wet.gz": "news.warc.wet.gz",
        "wet/2024-26/c.warc.wet.gz": "oddities.warc.wet.gz",
    },
    "german": {"wet/world.warc.wet.gz": "world.warc.wet.gz"},
    "near-duplicates": {
        "wet/a.warc.wet.gz": wet([WebPage("http://a.example/", LONG), WebPage("http://b.example/", NEAR)])
    },
    "test-benchmarks": {
        "squad.jsonl": '{"question": "How do most recipes for rye bread begin?", "answer": "with a starter", '
        '"passage": "Most recipes for rye bread begin with a starter that has to be fed like a pet."}\n'
    },
}
# Training for minutes, made seconds: what is asked is whether the commands go together.
_SMALL = "--steps 2 --batch 2 --inputs 32 --eval-documents 2 --samples 1 --no-tensorboard"
SHORT = {
    "train": f"{_SMALL} --vocab-size 400 --layers 1",
    "finetune": f"{_SMALL} --eval-examples 2",
    "score": "--examples 2",
}


class Block(NamedTuple):
    """Commands of a guide."""

    said: str  # the comment above
    commands: str


def text_of(guide: str) -> str:
    path = FOLDER / f"{guide}.md"
    return (path if path.exists() else ROOT / f"{guide}.md").read_text(encoding="utf-8")


def blocks(guide: str) -> list[Block]:
    return [Block(*found) for found in BLOCK.findall(text_of(guide))]


def shortened(commands: str) -> str:
    def more(match: re.Match[str]) -> str:
        return f"{match[0]} {SHORT[match[1]]}"

    return re.sub(rf"^c4pipe ({'|'.join(SHORT)}) (?!.*--dry-run).*(?<!\\)$", more, commands, flags=re.MULTILINE)


def lay_out(guide: str, desk: Path) -> None:
    """What stands on a reader's desk."""
    there = PLACES.get(guide, {})
    if not any(name.startswith("wet/") for name in there):
        there = there | {
            "wet/sites.warc.wet.gz": "sites.warc.wet.gz",
            "wet/oddities.warc.wet.gz": "oddities.warc.wet.gz",
        }
    for name, what in there.items():
        place = desk / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(what, bytes):
            place.write_bytes(what)
        elif what.endswith(".gz"):
            place.symlink_to(SAMPLES / what)
        else:
            place.write_text(what, encoding="utf-8")
    (desk / "data_samples").symlink_to(SAMPLES)
    for name, code in MODULE.findall(text_of(guide)):
        (desk / name).write_text(code, encoding="utf-8")
    if guide == "README":
        [code] = re.findall(r"```python\n(from dataclasses.*?)```", text_of(guide), re.DOTALL)
        (desk / "my_rules.py").write_text(code, encoding="utf-8")


@pytest.fixture(scope="session")
def shell(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of one who has installed the package."""
    folder = tmp_path_factory.mktemp("bin")
    command = folder / "c4pipe"
    command.write_text(
        f"#!{sys.executable}\nimport sys\nfrom c4pipe.cli import console\n"
        'if __name__ == "__main__":\n    sys.exit(console())\n'
    )
    command.chmod(0o755)
    (folder / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (folder / "python").chmod(0o755)
    path = f"{folder}:{os.environ['PATH']}"
    ours = {"PATH": path, "PYTHONPATH": str(ROOT), "FASTTEXT_PYTHON": str(needs.FASTTEXT), "OMP_NUM_THREADS": "1"}
    return {name: value for name, value in os.environ.items() if name != "NLTK_DATA"} | ours


@pytest.fixture
def followed(shell: dict[str, str], once: Once) -> Callable[[str], Path]:
    """Follows a guide, once a run; the folder in which its reader sat."""

    def work(guide: str, desk: Path) -> None:
        desk.mkdir()
        lay_out(guide, desk)
        for before, folder in NEEDED.findall(text_of(guide)):
            shutil.copytree(follow(before) / folder, desk / folder)
        run = [block.commands for block in blocks(guide) if not block.said.startswith("not run: ")]
        script = "set -euo pipefail\n" + "\n".join(map(shortened, run))
        done = subprocess.run(["bash", "-c", script], cwd=desk, env=shell, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{script}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"

    def follow(guide: str) -> Path:
        return once(f"guide {guide}", lambda desk: work(guide, desk))

    return follow


def followable() -> Iterator[Any]:
    for guide in GUIDES:
        said = [block.said for block in blocks(guide)]
        if any(not each.startswith("not run: ") for each in said):
            marks = [getattr(needs, each.removeprefix("needs: ")) for each in said if each.startswith("needs: ")]
            yield pytest.param(guide, id=guide, marks=marks)


@pytest.mark.slow
@pytest.mark.parametrize("guide", [*followable()])
def test_a_guide_does_what_it_says(guide: str, followed: Callable[[str], Path]) -> None:
    followed(guide)


def test_no_more_is_left_out_than_must_be() -> None:
    left_out = {
        guide: [block.said for block in blocks(guide) if block.said.startswith("not run: ")] for guide in GUIDES
    }
    assert {guide: len(said) for guide, said in left_out.items() if said} == NOT_RUN
    assert all(len(reason) > len("not run: ") + 10 for said in left_out.values() for reason in said)
