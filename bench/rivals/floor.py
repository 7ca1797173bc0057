"""The lower bound: gunzip the files and decode the text. `--library gzip` is the standard library, `isal` the fast one.

Less than a reader does: no records, no headers, no check for damage.
"""

from __future__ import annotations

import argparse
import codecs
import gzip
import json
from pathlib import Path
from typing import IO

CHUNK = 1024 * 1024


def opened(path: Path, library: str) -> IO[bytes]:
    """The text of a gzip file as a stream of bytes."""
    if library == "gzip":
        return gzip.open(path)
    from isal import igzip

    return igzip.open(path)


def main() -> None:
    """Reads all files and prints the counts."""
    parser = argparse.ArgumentParser(prog="floor")
    parser.add_argument("wet", nargs="+", type=Path)
    parser.add_argument("--library", choices=("gzip", "isal"), default="gzip")
    args = parser.parse_args()
    characters = 0
    for path in args.wet:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        with opened(path, args.library) as stream:
            while chunk := stream.read(CHUNK):
                characters += len(decoder.decode(chunk))
    print(json.dumps({"characters": characters}))


if __name__ == "__main__":
    main()
