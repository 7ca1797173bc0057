"""The wheel, made and installed once a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Once
from tests.wheels import venv


@pytest.fixture(scope="session")
def command(once: Once) -> Path:
    """The `c4pipe` that pip has installed."""
    return once("the wheel", lambda folder: (folder.mkdir(), venv(folder))) / "venv" / "bin" / "c4pipe"
