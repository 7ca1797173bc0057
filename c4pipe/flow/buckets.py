"""Buckets, through Beam's file systems. Beam is loaded when the first bucket is used: most builds have none."""

from __future__ import annotations

import sys
from contextlib import suppress
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from c4pipe.errors import ConfigError

if TYPE_CHECKING:
    from apache_beam.io.filesystems import FileSystems

# Modules of Beam, each a file system that registers itself: Beam imports them all, where `flow.lean` lets it.
FILE_SYSTEMS = (
    "apache_beam.io.gcp.gcsfilesystem",
    "apache_beam.io.aws.s3filesystem",
    "apache_beam.io.azure.blobstoragefilesystem",
    "apache_beam.io.hadoopfilesystem",
)
# Kind of bucket -> the extra of the package that brings what it takes, and the library that tells whether it is there.
EXTRAS = {"gs": ("gcp", "google.cloud.storage"), "s3": ("aws", "boto3")}


def is_remote(path: str) -> bool:
    """Whether a path is a URL such as gs://bucket/name."""
    return "://" in path


def check_extra(kind: str, what: str) -> None:
    """ConfigError where the libraries for that kind of bucket are not installed, in the name of what needs them."""
    extra, library = EXTRAS.get(kind, ("", ""))
    try:
        lacking = bool(extra) and find_spec(library) is None
    except ModuleNotFoundError:  # not even the package above it
        lacking = True
    if lacking:
        raise ConfigError(f"{what} needs {library}, which is not installed: pip install 'c4pipe[{extra}]'")


@cache
def file_systems() -> type[FileSystems]:
    """Beam's door to every kind of bucket whose libraries are installed, those that `flow.lean` held back as well."""
    from apache_beam.io.filesystems import FileSystems

    for module in FILE_SYSTEMS:
        with suppress(ImportError):  # Beam does without it, too
            import_module(module)
    return FileSystems  # type: ignore[no-any-return]


def or_of_bucket(*errors: type[Exception]) -> tuple[type[Exception], ...]:
    """These errors, for an `except`, and what Beam raises of a bucket, where one was asked for."""
    loaded = sys.modules.get("apache_beam.io.filesystem")
    return errors if loaded is None else (*errors, loaded.BeamIOError)
