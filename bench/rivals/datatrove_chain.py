"""datatrove's own blocks, as its example of sentence deduplication wires them. In `.venv-datatrove`.

    WarcReader -> LanguageFilter(en) -> C4QualityFilter -> JsonlWriter + SentenceDedupSignature
    SentenceFindDedups
    JsonlReader -> SentenceDedupFilter -> JsonlWriter

One task, one worker, the local executor. Settings are the blocks' defaults, except 3 sentences per page and 5 words per
line, which are C4's numbers, and lid.176.ftz instead of the 126 MB lid.176.bin, which would be a download: it is placed
where datatrove keeps its downloads.

More than c4pipe does: it runs libmagic on every page, and writes the pages between its steps. Less: no bad words, no
URLs, no Parquet, no report, no rejected pages, no validation split.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import shutil
from pathlib import Path

PINNED = ("datatrove", "warcio", "spacy", "fasttext-numpy2-wheel")


def offline(folder: Path, model: Path) -> None:
    """Puts the model where datatrove looks for it, and blocks network access. Call it before importing datatrove."""
    os.environ |= {"HF_ASSETS_CACHE": str(folder / "assets"), "HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "home")}
    from datatrove.utils.lid import FT176LID

    place = folder / "assets" / "datatrove" / "lid" / FT176LID.MODEL_SUBFOLDER
    place.mkdir(parents=True)
    name = FT176LID.MODEL_URL.replace("/", "_")
    shutil.copy(model, place / name)
    (place / f"{name}.completed").touch()


def listing(inputs: list[Path], folder: Path) -> tuple[Path, Path]:
    """The folder that all inputs are in, and a file that lists their names there, as the reader needs.

    Inputs may be links. Their names count, so links are not followed.
    """
    [parent] = {path.absolute().parent for path in inputs}
    names = folder / "inputs.txt"
    names.write_text("".join(f"{path.name}\n" for path in inputs), encoding="utf-8")
    return parent, names


def chain(inputs: list[Path], folder: Path) -> None:
    """Runs the three steps."""
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import SentenceDedupFilter, SentenceDedupSignature, SentenceFindDedups
    from datatrove.pipeline.dedup.sentence_dedup import SentDedupConfig
    from datatrove.pipeline.filters import C4QualityFilter, LanguageFilter
    from datatrove.pipeline.readers import JsonlReader, WarcReader
    from datatrove.pipeline.writers import JsonlWriter

    config = SentDedupConfig()
    between, signatures, found, kept = (str(folder / name) for name in ("between", "signatures", "found", "kept"))
    parent, listed = listing(inputs, folder)
    steps = [
        [
            WarcReader(str(parent), paths_file=str(listed)),
            LanguageFilter(languages="en"),
            C4QualityFilter(min_num_sentences=3, min_words_per_line=5),
            JsonlWriter(between),
            SentenceDedupSignature(output_folder=signatures, config=config),
        ],
        [SentenceFindDedups(data_folder=signatures, output_folder=found, config=config)],
        [
            JsonlReader(between),
            SentenceDedupFilter(data_folder=found, config=config),
            JsonlWriter(kept),
        ],
    ]
    for number, step in enumerate(steps):
        LocalPipelineExecutor(pipeline=step, tasks=1, workers=1, logging_dir=str(folder / f"log-{number}")).run()


def main() -> None:
    """Runs it, and prints the number of kept pages."""
    parser = argparse.ArgumentParser(prog="datatrove_chain")
    parser.add_argument("wet", nargs="+", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True, help="lid.176.ftz")
    args = parser.parse_args()
    offline(args.output, args.model)
    chain(args.wet, args.output)
    stats = json.loads((args.output / "log-2" / "stats.json").read_bytes())
    kept = next((step["stats"].get("total", 0) for step in stats if "WRITER" in step["name"]), 0)
    print(json.dumps({"kept": kept, "versions": {name: importlib.metadata.version(name) for name in PINNED}}))


if __name__ == "__main__":
    main()
