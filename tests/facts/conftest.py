"""Corpora of which something is known."""

from __future__ import annotations

from tests.inspect.conftest import languages as languages
from tests.inspect.conftest import samples as samples
