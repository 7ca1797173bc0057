"""Things outside the checkout that tests may need. Without them a test is skipped, with a reason that says how to get
them.
"""

from importlib.util import find_spec

import pytest

from bench.outside import ROOT, SHARED

PUNKT = "needs Punkt's data: make assets"
WET = f"needs the WET files and lists of {SHARED}, which are not public"

shared = pytest.mark.skipif(not (SHARED / "wet").is_dir(), reason=WET)

RESILIPARSE = "needs resiliparse, an extra: make warc, or pip install 'c4pipe[warc]'"
resiliparse = pytest.mark.skipif(find_spec("resiliparse") is None, reason=RESILIPARSE)

FASTTEXT = ROOT / "bench" / ".venv-fasttext" / "bin" / "python"  # whose fasttext package trains
AXE = ROOT / "assets" / "axe.min.js"  # axe-core, which finds what keeps people from using a page
axe = pytest.mark.skipif(not AXE.exists(), reason="needs axe-core, one file of the npm package: make axe")

fasttext = pytest.mark.skipif(
    not FASTTEXT.exists(), reason="needs a fasttext package that trains: make bench/.venv-fasttext/ready"
)

EMULATORS = "needs emulators of S3 and GCS, in a venv of their own: make buckets"
emulators = pytest.mark.skipif(find_spec("moto") is None, reason=EMULATORS)
