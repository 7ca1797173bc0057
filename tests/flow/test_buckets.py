"""c4pipe.flow.buckets and clients: missing libraries for a bucket are reported before any work, and options for access
are applied.
"""

from __future__ import annotations

import io
import json
import os
import sys
from types import ModuleType, SimpleNamespace

import pytest

from c4pipe.errors import ConfigError
from c4pipe.flow import buckets, files
from c4pipe.flow.buckets import check_extra, options_told, reach_with
from c4pipe.flow.clients import S3, remember_clients
from c4pipe.flow.files import BeamStore, check_folder, matches


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


def test_options_of_beam_reach_buckets_in_front_of_the_pipeline_and_in_workers() -> None:
    reach_with(["--s3_endpoint_url=http://127.0.0.1:9000"])
    try:
        options = buckets.file_systems()._pipeline_options
        assert options.get_all_options(drop_default=True) == {"s3_endpoint_url": "http://127.0.0.1:9000"}
        assert json.loads(options_told()) == {"beam:option:s3_endpoint_url:v1": "http://127.0.0.1:9000"}
    finally:
        reach_with([])


def test_a_client_is_made_once_a_process_and_for_its_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[dict[str, str]] = []
    client = SimpleNamespace(client=lambda **asked: made.append(asked) or object())
    boto3 = ModuleType("boto3")
    boto3.session = SimpleNamespace(Session=lambda: client)  # type: ignore[attr-defined]
    beams = SimpleNamespace(boto3=boto3)
    monkeypatch.setitem(sys.modules, S3, beams)
    remember_clients()
    remember_clients()
    one, again, other = (beams.boto3.session.Session().client(region_name=name) for name in ("a", "a", "b"))
    assert one is again
    assert one is not other
    monkeypatch.setattr(os, "getpid", lambda: -1)  # as in a forked process
    assert beams.boto3.session.Session().client(region_name="a") is not one
    assert made == [{"region_name": "a"}, {"region_name": "b"}, {"region_name": "a"}]


class Lying(io.BytesIO):
    """An object of 8 bytes that ends after 3."""

    def seek(self, offset: int, whence: int = 0) -> int:
        return 8 if whence == os.SEEK_END else super().seek(offset, whence)


def test_an_object_that_ends_in_front_of_its_size_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "file_systems", lambda: SimpleNamespace(open=lambda *_, **__: Lying(b"abc")))
    with BeamStore().read("mem://b/a.wet") as stream:
        assert stream.read(3) == b"abc"
        with pytest.raises(OSError, match="the object ends after 3 of its 8 bytes"):
            stream.read(1)
