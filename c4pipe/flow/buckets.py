"""Buckets, through Beam's file systems. Beam is loaded when the first bucket is used: most builds have none."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from c4pipe.errors import ConfigError
from c4pipe.flow.clients import remember_clients

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
# What reading and writing there may raise besides OSError: modules that are loaded by then, and names in them.
ERRORS = (
    ("apache_beam.io.filesystem", "BeamIOError"),
    ("apache_beam.io.aws.clients.s3.messages", "S3ClientError"),
    ("google.api_core.exceptions", "GoogleAPIError"),
    ("google.auth.exceptions", "GoogleAuthError"),
    ("google.cloud.storage.exceptions", "InvalidResponse"),
    ("google.cloud.storage.exceptions", "DataCorruption"),
    ("urllib3.exceptions", "HTTPError"),
)

_flags: list[str] = []  # Beam's options of the command line


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


def reach_with(flags: Sequence[str]) -> None:
    """From now on buckets are reached with these options of Beam, such as --s3_endpoint_url=URL."""
    _flags[:] = flags
    file_systems.cache_clear()


def options_told() -> str:
    """The options of Beam that were given, as its workers are told them: the local runner itself tells them none."""
    from apache_beam.options.pipeline_options import PipelineOptions

    given = PipelineOptions([*_flags]).get_all_options(drop_default=True)
    return json.dumps({f"beam:option:{name}:v1": value for name, value in given.items()})


@cache
def file_systems() -> type[FileSystems]:
    """Beam's door to every kind of bucket whose libraries are installed, those that `flow.lean` held back as well."""
    from apache_beam.io.filesystems import FileSystems
    from apache_beam.options.pipeline_options import PipelineOptions

    for module in FILE_SYSTEMS:
        with suppress(ImportError):  # Beam does without it, too
            import_module(module)
    remember_clients()
    if _flags or FileSystems._pipeline_options is None:  # pipelines set them, and inputs are listed before there is one
        FileSystems.set_options(PipelineOptions([*_flags]))
    return FileSystems  # type: ignore[no-any-return]


def or_of_bucket(*errors: type[Exception]) -> tuple[type[Exception], ...]:
    """These errors, for an `except`, and what Beam and the libraries of buckets raise, where one was asked for."""
    loaded = ((sys.modules.get(module), name) for module, name in ERRORS)
    return *errors, *(getattr(module, name) for module, name in loaded if module is not None)
