"""The lock: every pin with the hashes of its files, but no download location."""

import re
import tomllib

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bench.outside import ROOT
from tests.wheels import requirements

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PINS = [Requirement(pin.strip()) for pin in re.findall(r"^([^ \n]+==[^\\\n]*)", LOCK, re.MULTILINE)]
PYTHONS = [name.rpartition(" ")[2] for name in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", name)]
LOCKED_EXTRAS = ("gcp", "dask", "train", "hub", "tokens", "test")
GPU = re.compile("nvidia-|cuda-|triton$")  # what torch pins itself, where it is no CPU build
DONE_WITHOUT = {"pandas-stubs", "scipy"}  # which mlcroissant asks for: see pyproject.toml
CPU_LOCK = (ROOT / "requirements-cpu.lock").read_text(encoding="utf-8")


def test_every_pin_of_the_lock_has_its_hashes_and_names_no_place():
    pins = re.split(r"(?<!\\)\n", LOCK.strip())
    when = r'(?: ; python_version (?:<|>=) "3\.\d+")?'
    assert all(re.fullmatch(rf"[\w.-]+==\S+{when}(?: \\\n    --hash=sha256:[0-9a-f]{{64}})+", pin) for pin in pins)
    assert "://" not in LOCK


def unmet(python: str, pins: list[Requirement]) -> set[str]:
    """What the installed libraries, which are those of the lock, ask for under a Python, and these pins are not."""
    environment = {"python_version": python, "python_full_version": f"{python}.0"}
    now = default_environment() | environment
    mine = [pin for pin in pins if pin.marker is None or pin.marker.evaluate(now)]
    locked = {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in mine}
    found = set()
    for name, asked in requirements(LOCKED_EXTRAS, environment):
        version = locked.get(canonicalize_name(asked.name))
        if asked.name in DONE_WITHOUT or GPU.match(name) or GPU.match(asked.name):
            continue
        if version is None or not asked.specifier.contains(version, prereleases=True):
            found.add(f"{name} asks for {asked}, the lock has {version}")
    return found


@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_has_what_its_libraries_ask_for_under_each_python(python: str) -> None:
    assert unmet(python, PINS) == set()


def test_one_version_for_all_pythons_would_not_do() -> None:
    """On 3.13 Beam asks for a google-apitools that older Pythons must not have; the older one cannot be imported."""
    assert PYTHONS == ["3.11", "3.12", "3.13"]
    alone = [pin for pin in PINS if pin.name != "google-apitools"] + [Requirement("google-apitools==0.5.31")]
    assert [unmet(python, alone) == set() for python in PYTHONS] == [True, True, False]


@pytest.mark.parametrize("dependency", [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["train"]])
def test_the_lock_has_what_the_project_asks_for(dependency):
    name, exact, version = dependency.partition("==")
    name = re.match(r"[\w.-]+", name)[0]
    assert re.search(rf"^{re.escape(name)}=={re.escape(version) if exact else ''}", LOCK, re.MULTILINE | re.IGNORECASE)


def test_the_cpu_build_of_torch_is_one_that_the_lock_takes():
    ((pin, found),) = re.findall(r"^(torch==\S+)\+cpu \\\n    --hash=(\S+)", CPU_LOCK, re.MULTILINE)
    (hashes,) = re.findall(rf"^{re.escape(pin)}((?: \\\n    --hash=\S+)+)", LOCK, re.MULTILINE)
    assert found in hashes
