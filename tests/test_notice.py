"""NOTICE lists everything that is shipped with the code, and everything that is downloaded."""

import re
import tomllib

import pytest

from bench.outside import ROOT
from c4pipe.fetch.assets import ASSETS
from c4pipe.fetch.texts import TEXT_PACKAGES
from c4pipe.files.pinned import MODEL_SUM, PINNED, TEXT_SUMS, TEXTS_FOLDER, sha256_of
from c4pipe.langid.fasttext import BUNDLED_MODEL, CARRIER, default_model

NOTICE = (ROOT / "NOTICE").read_text(encoding="utf-8")
PLACES = tuple(re.findall(r"^  ((?:c4pipe|assets)/\S+)", NOTICE, re.MULTILINE))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SHIPPED = sorted(
    path.relative_to(ROOT).as_posix()
    for room in ("c4pipe", "beam_jobs", "model")
    for path in (ROOT / room).rglob("*")
    if path.is_file() and path.suffix != ".py" and path.name != "py.typed" and "__pycache__" not in path.parts
)
FETCHED = (*PINNED, *(f"{TEXTS_FOLDER}/{name}" for name in TEXT_SUMS))


def test_there_is_something_shipped():
    assert {"c4pipe/data/badwords/en.txt", "c4pipe/data/news_domains.json"} <= set(SHIPPED)


@pytest.mark.parametrize("path", SHIPPED)
def test_every_file_beside_the_code_is_named(path):
    assert path.startswith(PLACES) or path.startswith("model/README")


@pytest.mark.parametrize("path", FETCHED)
def test_every_fetched_file_is_named(path):
    assert f"assets/{path}".startswith(PLACES)


def test_nothing_else_is_named():
    for place in PLACES:
        assert (ROOT / place).exists() or any(f"assets/{path}".startswith(place) for path in FETCHED)


def test_every_fetched_file_has_an_owner_that_is_named():
    owners = {re.search(r"githubusercontent\.com/([\w-]+)", asset.url)[1] for asset in ASSETS}
    assert all(f"github.com/{owner}" in NOTICE for owner in owners)
    assert all(package.name in NOTICE for package in TEXT_PACKAGES)


def test_the_model_is_named_and_is_the_pinned_one():
    assert BUNDLED_MODEL in NOTICE
    assert CARRIER in NOTICE
    assert sha256_of(default_model()) == MODEL_SUM


def test_licence_and_notice_go_into_the_wheel():
    assert {"LICENSE", "NOTICE"} <= set(PROJECT["project"]["license-files"])


def test_the_licence_is_the_apache_license_to_the_letter():
    assert PROJECT["project"]["license"] == "Apache-2.0"
    assert sha256_of(ROOT / "LICENSE") == "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"
    assert NOTICE.startswith(
        "c4pipe\nCopyright 2026 the c4pipe authors\nLicensed under the Apache License, Version 2.0"
    )
