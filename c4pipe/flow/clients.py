"""One client of a bucket in each process: Beam makes one for each request.

For S3 that is 0.06 s of CPU, since each client reads boto3's descriptions of the service. For both kinds it is a new
connection, and for GCS a second request, for what the new client does not yet know about the bucket.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import cache
from types import ModuleType, SimpleNamespace
from typing import Any

S3, GCS = "apache_beam.io.aws.clients.s3.boto3_client", "apache_beam.io.gcp.gcsio"


def remember_clients() -> None:
    """Makes each imported file system of Beam use one client."""
    s3: Any = sys.modules.get(S3)
    gcs: Any = sys.modules.get(GCS)
    if s3 is not None and isinstance(s3.boto3, ModuleType):  # None if it is not installed
        s3.boto3 = SimpleNamespace(session=SimpleNamespace(Session=_sessions(s3.boto3)))
    if gcs is not None and not hasattr(gcs.create_storage_client, "__wrapped__"):
        gcs.create_storage_client = _of_this_process(gcs.create_storage_client)


def _of_this_process(make: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, caching by arguments within one process: forked processes cannot share connections."""

    @cache
    def made(_process: int, *told: Any, **named: Any) -> Any:
        return make(*told, **named)

    def remembered(*told: Any, **named: Any) -> Any:
        return made(os.getpid(), *told, **named)

    remembered.__wrapped__ = make  # type: ignore[attr-defined]
    return remembered


def _sessions(boto3: Any) -> type:
    """Replaces boto3's class, which reads the description of the service again in each session."""
    client_of = _of_this_process(lambda **asked: boto3.session.Session().client(**asked))

    class Session:
        def client(self, **asked: Any) -> Any:
            return client_of(**asked)

    return Session
