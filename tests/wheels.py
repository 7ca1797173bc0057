"""The wheel in its own venv, which sees the libraries of this one, but of the project only the wheel."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.wetfiles import ROOT

PACKAGED = ("c4pipe", "beam_jobs", "model", "pyproject.toml", "README.md", "LICENSE", "NOTICE")


def wheel(folder: Path) -> None:
    """Made from a copy of what is packaged, for making it leaves traces where it is made."""
    source = folder / "source"
    for name in PACKAGED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / name, source / name)
    make = "wheel --quiet --no-deps --no-index --no-build-isolation --disable-pip-version-check --wheel-dir"
    subprocess.run([sys.executable, "-m", "pip", *make.split(), str(folder), str(source)], check=True)


def venv(folder: Path) -> None:
    """A venv with the wheel, and with the machine code that is there already: to make it takes 15 seconds."""
    wheel(folder)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
    # A checkout with traces of an editable installation on PYTHONPATH passes for one.
    install = f"--python {folder}/venv --quiet --disable-pip-version-check install --ignore-installed"
    install += " --no-deps --no-index --no-compile"
    subprocess.run([sys.executable, "-m", "pip", *install.split(), *map(str, folder.glob("*.whl"))], check=True)
    packages = next((folder / "venv").glob("lib/python*/site-packages"))
    made = Path("c4pipe/native/__pycache__")
    if (ROOT / made).is_dir():
        shutil.copytree(ROOT / made, packages / made, ignore=shutil.ignore_patterns("*.pyc"))
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")


def environment() -> dict[str, str]:
    """Without what would let a checkout be found."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONSAFEPATH")}


def requirements(
    extras: Sequence[str], environment: Mapping[str, str] | None = None
) -> Iterator[tuple[str, Requirement]]:
    """What c4pipe requires with these extras, and what all of that requires in turn, each with who does.

    By the metadata of what is installed. `environment`: what markers are to find instead of this Python.
    """
    asked = [("c4pipe", extra) for extra in ("", *extras)]
    for name, extra in asked:
        found = default_environment() | dict(environment or {}) | {"extra": extra}
        for each in map(Requirement, metadata.requires(name) or ()):
            if each.marker is not None and not each.marker.evaluate(found):
                continue
            yield name, each
            wanted = [(canonicalize_name(each.name), more) for more in ("", *sorted(each.extras))]
            if installed(each.name):
                asked += [one for one in wanted if one not in asked]


def installed(name: str) -> str | None:
    """The version of a distribution; None where it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
