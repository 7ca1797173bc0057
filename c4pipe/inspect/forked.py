"""What each process of a query would otherwise load: imported by name in the process from which they are forked.

DuckDB imports pandas, if installed, on its first call of a Python function; the list of public suffixes is read when
the first domain is determined. Together they take half a second.
"""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module

from c4pipe.corpus.stats import registered

with suppress(ImportError):
    import_module("pandas")
registered("example.org")
