"""One client of a bucket in each process: Beam makes one for each thing that it asks.

For S3 that is 0.06 s of CPU, since each reads boto3's descriptions of the service; for both kinds it is a new
connection, and for GCS a second request, for what the new client does not know of the bucket yet.
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
    """Has the file systems of Beam that are imported use one client each."""
    s3: Any = sys.modules.get(S3)
    gcs: Any = sys.modules.get(GCS)
    if s3 is not None and isinstance(s3.boto3, ModuleType):  # None where it is not installed
        s3.boto3 = SimpleNamespace(session=SimpleNamespace(Session=_sessions(s3.boto3)))
    if gcs is not None and not hasattr(gcs.create_storage_client, "__wrapped__"):
        gcs.create_storage_client = _of_this_process(gcs.create_storage_client)


def _of_this_process(make: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, which makes one thing for the same arguments: connections are not for forked processes."""

    @cache
    def made(_process: int, *told: Any, **named: Any) -> Any:
        return make(*told, **named)

    def remembered(*told: Any, **named: Any) -> Any:
        return made(os.getpid(), *told, **named)

    remembered.__wrapped__ = make  # type: ignore[attr-defined]
    return remembered


def _sessions(boto3: Any) -> type:
    """In the place of boto3's, which reads what it knows of the service anew in each session."""
    client_of = _of_this_process(lambda **asked: boto3.session.Session().client(**asked))

    class Session:
        def client(self, **asked: Any) -> Any:
            return client_of(**asked)

    return Session
