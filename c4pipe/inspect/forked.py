"""What each process of a query would find out anew: imported by name, in the process that they are forked from.

DuckDB imports pandas where it is installed, when it first calls a function of Python; the list of public suffixes is
read when a domain is first asked for. Together they take half a second.
"""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module

from c4pipe.corpus.stats import registered

with suppress(ImportError):
    import_module("pandas")
registered("example.org")
