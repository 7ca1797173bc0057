"""Preload of a Dask worker: Beam without what no build needs (`c4pipe.flow.lean`).

    dask worker --preload c4pipe.flow.dask_worker ...

Without it the first step that a worker unpickles imports all of Beam, pandas and Google's libraries.
"""

from __future__ import annotations

import pyarrow as pa

from c4pipe.command import held_back
from c4pipe.flow.lean import import_lean_beam

import_lean_beam()
with held_back("pandas"):  # which pyarrow imports with the first array
    pa.array([])
