"""Beam without what a local build does not need, and without repeated queries.

Importing apache_beam takes 1.4 s of CPU, or 0.5 s without Google's libraries, pandas and MongoDB's. Beam imports each
of them in a `try`, for users who have not installed it, so here they are hidden for a while. Afterwards they can be
imported again: `flow.buckets` loads the file systems when a path needs them.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from typing import Any
from weakref import WeakKeyDictionary

from c4pipe.command import held_back
from c4pipe.flow.buckets import FILE_SYSTEMS

HELD_BACK = (
    *FILE_SYSTEMS,
    "apache_beam.io.gcp.bigquery",  # imported before all Google modules in `apache_beam.io`
    "google.cloud.dataflow",  # for a remote runner
    "apitools",  # errors of Google's services
    "bson",  # MongoDB
    "pymongo",
    "pandas",  # rows of Beam's own schemas as data frames
)


def import_lean_beam() -> None:
    """Imports apache_beam without `HELD_BACK`; does nothing if it is imported already.

    For processes that run a command of ours on Beam's local runner: `apache_beam.io` has no BigQuery then.
    """
    if "apache_beam" not in sys.modules:
        with held_back(*HELD_BACK):
            import_module("apache_beam")


@cache
def remember_answers() -> None:
    """Makes Beam cache two results that never change, and that it computes hundreds of times per pipeline.

    For each DoFn it searches the signatures of all methods for states and timers, eight times (328 times for `en`, 0.12
    s of CPU). For each view of its options it builds a parser of these (353 times, 0.09 s).
    """
    from apache_beam.options.pipeline_options import PipelineOptions
    from apache_beam.transforms import core, userstate

    ask, view = userstate.get_dofn_specs, PipelineOptions.view_as
    specs: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
    views: WeakKeyDictionary[PipelineOptions, dict[type, Any]] = WeakKeyDictionary()

    def get_dofn_specs(dofn: core.DoFn) -> Any:
        kind = type(dofn)
        asked = dofn if kind is core.CallableWrapperDoFn else kind  # its methods are those of the function it wraps
        if asked not in specs:
            specs[asked] = ask(dofn)
        return specs[asked]

    def view_as(self: PipelineOptions, kind: type) -> Any:
        known = views.setdefault(self, {})
        if kind not in known:
            known[kind] = view(self, kind)
        return known[kind]

    userstate.get_dofn_specs = get_dofn_specs
    PipelineOptions.view_as = view_as
