"""Pipelines in the process of the tests."""

import pytest

from tests.conftest import quicken_pipelines


@pytest.fixture(scope="session", autouse=True)
def quick() -> None:
    """They remember what Beam asks for again and again."""
    quicken_pipelines()
