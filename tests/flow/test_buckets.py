"""c4pipe.flow.buckets: what a kind of bucket takes is named before any work, with the extra that brings it."""

from __future__ import annotations

import pytest

from c4pipe.errors import ConfigError
from c4pipe.flow import buckets
from c4pipe.flow.buckets import check_extra
from c4pipe.flow.files import check_folder, matches


def lacking(name: str) -> None:
    """As `find_spec` where not even the package above is installed."""
    if "." in name:
        raise ModuleNotFoundError(name)


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buckets, "find_spec", lacking)
    with pytest.raises(
        ConfigError, match=r"^--output gs://b/c needs google.cloud.storage, .*: pip install 'c4pipe\[gcp\]'$"
    ):
        check_folder("--output", "gs://b/c")
    with pytest.raises(ConfigError, match=r"^s3://b/a.wet needs boto3, .*: pip install 'c4pipe\[aws\]'$"):
        matches("s3://key:secret@b/a.wet")


def test_what_needs_none_is_not_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buckets, "find_spec", lambda name: pytest.fail(f"looked for {name}"))
    check_folder("--output", "out/c4")
    check_extra("mem", "mem://a")
