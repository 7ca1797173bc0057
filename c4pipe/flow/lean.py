"""Beam without what a build on this machine has no use for.

To import apache_beam takes 1.4 s of CPU, and 0.5 s without Google's libraries, pandas and MongoDB's. Beam asks for each
of them in a `try`, for people who have not installed it; so for a while they are as if they were not there. Afterwards
whoever imports one gets it: `flow.buckets` loads the file systems when a path asks for them.
"""

from __future__ import annotations

import sys
from importlib import import_module

from c4pipe.command import held_back
from c4pipe.flow.buckets import FILE_SYSTEMS

HELD_BACK = (
    *FILE_SYSTEMS,
    "apache_beam.io.gcp.bigquery",  # in front of all of Google's in `apache_beam.io`
    "google.cloud.dataflow",  # of a runner that is not this machine
    "apitools",  # what errors of Google's services are called
    "bson",  # MongoDB
    "pymongo",
    "pandas",  # rows of Beam's own schemas as data frames
)


def import_lean_beam() -> None:
    """Imports apache_beam without `HELD_BACK`; nothing where it is imported already.

    For processes that are a command of ours and use Beam's local runner: `apache_beam.io` has no BigQuery then.
    """
    if "apache_beam" not in sys.modules:
        with held_back(*HELD_BACK):
            import_module("apache_beam")
