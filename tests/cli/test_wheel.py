"""The wheel, installed in a venv of its own and used in a folder that is full of traps: all that c4pipe needs is in it.

The venv sees the libraries of this one, so that nothing is fetched; of the project it has the wheel alone.
"""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from importlib import metadata
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from tests.wetfiles import ROOT, SAMPLES, digests
from tests.wheels import environment, installed, requirements

PACKAGES = ("c4pipe", "beam_jobs", "model")
# What a person may have in the folder where they work; whoever imports one of them ends.
TRAPS = ("c4pipe.py", "model.py", "torch.py", "numpy.py", "beam_jobs/__init__.py", "apache_beam/__init__.py")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with a module of one's own, and traps."""
    folder = tmp_path_factory.mktemp("place")
    for trap in TRAPS:
        (folder / trap).parent.mkdir(exist_ok=True)
        (folder / trap).write_text(f"raise SystemExit('the {trap} of the working folder was imported')\n")
    (folder / "my_rules.py").write_text("from c4pipe.presets import EN\nMINE = EN.named('mine', 'C4, by me')\n")
    return folder


def said(command: Path, place: Path, *words: object) -> str:
    """What a command prints; where it fails, the test does."""
    done = subprocess.run(
        [command, *map(str, words)], cwd=place, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(command: Path, place: Path) -> Path:
    """A corpus of the samples by a preset of one's own, made by two processes."""
    words = ("--input", SAMPLES, "--output", "out/c4", "--preset", "my_rules:MINE", "--workers", 2)
    assert "corpus: out/c4" in said(command, place, "build", *words)
    return place / "out" / "c4"


def test_everything_that_is_packaged_is_in_the_wheel(command: Path) -> None:
    packages = next(command.parents[1].glob("lib/python*/site-packages"))
    files = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert len(files) > 500
    assert {path for path in files if not (packages / path).exists()} == {"c4pipe/README.md", "model/README.md"}


def test_the_venv_has_the_wheel_alone(command: Path, place: Path) -> None:
    code = "import c4pipe, model, beam_jobs; print(c4pipe.__file__, model.__file__, beam_jobs.__file__)"
    python = command.parent / "python"
    out = subprocess.run(
        [python, "-P", "-c", code], cwd=place, env=environment(), capture_output=True, text=True, check=True
    ).stdout
    assert all(path.startswith(str(command.parents[1])) for path in out.split())


def test_workers_that_are_started_as_commands_build_the_same(built: Path, place: Path, command: Path) -> None:
    """A process with threads cannot be forked."""
    code = (
        "import sys, threading; threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
        "from c4pipe.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    words = f"build --input {SAMPLES} --output out/again --preset my_rules:MINE --workers 2"
    python = [command.parent / "python", "-P", "-c", code, *words.split()]
    subprocess.run(python, cwd=place, env=environment(), check=True, stdout=subprocess.DEVNULL)
    assert digests(built) == digests(place / "out" / "again")


def test_the_corpus_is_looked_at_and_checked(built: Path, place: Path, command: Path) -> None:
    assert "mine: C4, by me" in said(command, place, "inspect", built)
    said(command, place, "inspect", built, "--html", "report.html")
    assert (place / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    said(command, place, "card", built, "--summary")
    assert "whole" in said(command, place, "verify", built)
    assert "c4pipe" in said(command, place, "--version")


def test_the_viewer_is_served(built: Path, place: Path, command: Path) -> None:
    with subprocess.Popen(
        [command, "browse", str(built), "--port", "0"],
        cwd=place,
        env=environment() | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as viewer:
        try:
            assert viewer.stdout
            address = next(word for line in viewer.stdout for word in line.split() if word.startswith("http://"))
            with urllib.request.urlopen(address) as answer:
                page = answer.read().decode()
        finally:
            viewer.terminate()
    assert "viewer.js" in page
    assert f"<bdi>{built}</bdi>" in page


def test_a_model_is_trained_beside_a_torch_of_the_working_folder(built: Path, place: Path, command: Path) -> None:
    """With a worker for its data, which is a process of its own."""
    words = "--run out/t5 --model tiny --steps 2 --batch 4 --vocab-size 500 --workers 1"
    said(command, place, "train", "--data", built, *words.split())
    assert (place / "out" / "t5" / "checkpoints").is_dir()


# --- what an installation brings along: what is downloaded and unpacked is what makes it slow ------------------------


@pytest.fixture(scope="module")
def base() -> list[str]:
    """The distributions that `pip install c4pipe` brings, without extras."""
    return sorted({canonicalize_name(required.name) for _, required in requirements(())})


def test_a_builder_installs_73_packages_of_800_megabytes(base: list[str]) -> None:
    """By the versions of the lock, on CPython 3.11: 73 and 788 MB, of which llvmlite, pyarrow and Beam are half."""
    assert len(base) <= 76
    assert not {"torch", "sentencepiece", "transformers", "datasets", "pandas", "scipy", "tensorboard"} & {*base}
    unpacked = sum(file.size or 0 for name in base for file in metadata.files(name) or ())
    assert 100e6 < unpacked < 850e6


@pytest.mark.soak
def test_and_downloads_250_megabytes(base: list[str], tmp_path: Path) -> None:
    pins = [f"{name}=={installed(name)}" for name in base]
    download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(tmp_path), *pins]
    subprocess.run(download, check=True)
    assert len([*tmp_path.iterdir()]) == len(base)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 270e6
