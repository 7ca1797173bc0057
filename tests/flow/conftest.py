"""Pipelines in the process of the tests."""

import pytest

from tests.conftest import remember_signatures


@pytest.fixture(scope="session", autouse=True)
def signatures() -> None:
    """They are quicker with them."""
    remember_signatures()
