"""What a test may need from outside the checkout. Without it the test is skipped, and says how to have it."""

import pytest

from bench.outside import SHARED

PUNKT = "needs Punkt's data: make assets"
WET = f"needs the WET files and lists of {SHARED}, which are not public"

shared = pytest.mark.skipif(not (SHARED / "wet").is_dir(), reason=WET)
