"""datatrove's MinHash signatures of given texts, with its own settings and its English tokenizer. In `.venv-datatrove`.

`datatrove_minhash.py FOLDER` reads `FOLDER/texts.json`, a list, and writes `FOLDER/found.npz`: signatures (texts,
bands, rows), the hashes of all shingles, one text after another, and their number for each text. Its later stages
compare signatures band by band.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np


def main(folder: Path) -> None:
    """Computes the signature of every text."""
    from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupSignature

    config = MinhashConfig()
    step = MinhashDedupSignature(str(folder / "signatures"), config, language="eng")
    signatures, shingled = [], []
    for text in json.loads((folder / "texts.json").read_text(encoding="utf-8")):
        shingles = step.get_shingles(text)
        nothing = np.zeros((config.num_buckets, config.hashes_per_bucket), np.uint64)
        signatures.append(step.get_signature(shingles) if shingles.size else nothing)
        shingled.append(shingles.ravel())
    counts = [len(shingles) for shingles in shingled]
    signed = np.array(signatures, np.uint64)
    np.savez(folder / "found.npz", signatures=signed, shingles=np.concatenate(shingled), counts=counts)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
