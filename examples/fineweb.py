"""FineWeb (Penedo et al. 2024), as far as it hangs on the text of pages: the rules of datatrove's examples/fineweb.py.

    python -m examples.fineweb --input 'warc/*.warc.gz' --input-format warc --output out/fineweb
    python -m examples.fineweb --input 'wet/*.warc.wet.gz' --exclude blacklists/adult --output out/fineweb

In the authors' order: lists of addresses (`--exclude` takes them), text by trafilatura (here by resiliparse, or Common
Crawl's own), English at 0.65, Gopher's rules on repetition and quality, C4's without the end mark, FineWeb's own, near
duplicates of each crawl (14 bands of 8 minima), and last e-mail and public IP addresses, which are masked. The preset
`fineweb.near` is all of that but the masks.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from beam_jobs import build_c4

PRESET = "fineweb.near"


def main(argv: Sequence[str] | None = None) -> int:
    """Builds it, a crawl at a time as the authors do; the exit code of the build."""
    given = sys.argv[1:] if argv is None else argv
    return build_c4.main(["--preset", PRESET, "--mask-personal", "email,ip", *given])


if __name__ == "__main__":
    sys.exit(main())
