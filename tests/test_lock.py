"""The lock: every pin with the hashes of its files, but no download location."""

import re
import tomllib

import pytest

from bench.outside import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
CPU_LOCK = (ROOT / "requirements-cpu.lock").read_text(encoding="utf-8")


def test_every_pin_of_the_lock_has_its_hashes_and_names_no_place():
    pins = re.split(r"(?<!\\)\n", LOCK.strip())
    assert all(re.fullmatch(r"[\w.-]+==\S+(?: \\\n    --hash=sha256:[0-9a-f]{64})+", pin) for pin in pins)
    assert "://" not in LOCK


@pytest.mark.parametrize("dependency", [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["train"]])
def test_the_lock_has_what_the_project_asks_for(dependency):
    name, exact, version = dependency.partition("==")
    name = re.match(r"[\w.-]+", name)[0]
    assert re.search(rf"^{re.escape(name)}=={re.escape(version) if exact else ''}", LOCK, re.MULTILINE | re.IGNORECASE)


def test_the_cpu_build_of_torch_is_one_that_the_lock_takes():
    ((pin, found),) = re.findall(r"^(torch==\S+)\+cpu \\\n    --hash=(\S+)", CPU_LOCK, re.MULTILINE)
    (hashes,) = re.findall(rf"^{re.escape(pin)}((?: \\\n    --hash=\S+)+)", LOCK, re.MULTILINE)
    assert found in hashes
