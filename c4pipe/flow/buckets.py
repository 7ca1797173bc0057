"""Buckets, through Beam's file systems. Beam is loaded when the first bucket is used: most builds use none."""

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

# Modules of Beam, each a file system that registers itself: Beam imports all of them unless `flow.lean` holds them
# back.
FILE_SYSTEMS = (
    "apache_beam.io.gcp.gcsfilesystem",
    "apache_beam.io.aws.s3filesystem",
    "apache_beam.io.azure.blobstoragefilesystem",
    "apache_beam.io.hadoopfilesystem",
)
# Kind of bucket -> the extra that installs its libraries, and one of these to check.
EXTRAS = {"gs": ("gcp", "google.cloud.storage"), "s3": ("aws", "boto3")}
# Errors of reading and writing there other than OSError: modules that are loaded by then, and names in them.
ERRORS = (
    ("apache_beam.io.filesystem", "BeamIOError"),
    ("apache_beam.io.aws.clients.s3.messages", "S3ClientError"),
    ("google.api_core.exceptions", "GoogleAPIError"),
    ("google.auth.exceptions", "GoogleAuthError"),
    ("google.cloud.storage.exceptions", "InvalidResponse"),
    ("google.cloud.storage.exceptions", "DataCorruption"),
    ("urllib3.exceptions", "HTTPError"),
)

_flags: list[str] = []  # Beam's options from the command line


def is_remote(path: str) -> bool:
    """Whether a path is a URL such as gs://bucket/name."""
    return "://" in path


def check_extra(kind: str, what: str) -> None:
    """ConfigError where the libraries for that kind of bucket are not installed, naming what needs them."""
    extra, library = EXTRAS.get(kind, ("", ""))
    try:
        lacking = bool(extra) and find_spec(library) is None
    except ModuleNotFoundError:  # not even its parent package
        lacking = True
    if lacking:
        raise ConfigError(f"{what} needs {library}, which is not installed: pip install 'c4pipe[{extra}]'")


def reach_with(flags: Sequence[str]) -> None:
    """Sets the options of Beam for access to buckets, such as --s3_endpoint_url=URL."""
    _flags[:] = flags
    file_systems.cache_clear()


def options_told() -> str:
    """The options of Beam that were given, as passed to its workers, since the local runner passes none."""
    from apache_beam.options.pipeline_options import PipelineOptions

    given = PipelineOptions([*_flags]).get_all_options(drop_default=True)
    return json.dumps({f"beam:option:{name}:v1": value for name, value in given.items()})


@cache
def file_systems() -> type[FileSystems]:
    """Beam's access to every kind of bucket whose libraries are installed, including those held back by `flow.lean`."""
    from apache_beam.io.filesystems import FileSystems
    from apache_beam.options.pipeline_options import PipelineOptions

    for module in FILE_SYSTEMS:
        with suppress(ImportError):  # Beam works without it, too
            import_module(module)
    remember_clients()
    if _flags or FileSystems._pipeline_options is None:  # pipelines set them, but inputs are listed before one exists
        FileSystems.set_options(PipelineOptions([*_flags]))
    return FileSystems  # type: ignore[no-any-return]


def or_of_bucket(*errors: type[Exception]) -> tuple[type[Exception], ...]:
    """These errors, for an `except`, plus those of Beam and the bucket libraries, if a bucket was used."""
    loaded = ((sys.modules.get(module), name) for module, name in ERRORS)
    return *errors, *(getattr(module, name) for module, name in loaded if module is not None)
