"""dolma's taggers, Bloom-filter deduplication of paragraphs and mixer. In `.venv-dolma`.

    documents/*.json.gz -> dolma tag (c4_v2, ft_lang_id_en_doc_v2) -> dolma dedupe -> dolma mix

Each command runs one process, called from this one, so that imports are paid once. It starts from JSON lines made from
the same pages (not timed), since it cannot read WET. lid.176.ftz replaces the 126 MB lid.176.bin, which would be a
download: it is placed where dolma keeps its downloads.

Less than c4pipe does: no WET, no URLs, no citations, long words, policies or sentences, no spans of sentences, no
report, no rejected pages; its Bloom filter treats some unique lines as repeated. More: it writes attributes.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.metadata
import json
import os
import shutil
from pathlib import Path
from typing import Any

TAGGERS = ("c4_v2", "ft_lang_id_en_doc_v2")
EXPERIMENT = "bench"
PINNED = ("dolma", "fasttext-wheel", "blingfire")


def offline(folder: Path, model: Path) -> None:
    """Puts the model where dolma looks for it."""
    os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
    (folder / "cache" / "dolma").mkdir(parents=True)
    from dolma.core.paths import get_cache_dir, resource_to_filename
    from dolma.taggers.language import FastTextAllLanguagesDocumentTagger

    name = resource_to_filename(FastTextAllLanguagesDocumentTagger.MODEL_PATH)
    shutil.copy(model, Path(get_cache_dir()) / name)


def page_is(attribute: str) -> str:
    """A filter of the mixer: the page has the attribute."""
    return f"$.attributes[?(@.{EXPERIMENT}__c4_v2__{attribute} && @.{EXPERIMENT}__c4_v2__{attribute}[0])]"


def settings(folder: Path, pages: int) -> dict[str, dict[str, Any]]:
    """The configuration of each command."""
    documents = [str(folder / "documents" / "*.json.gz")]
    work = {"input": str(folder / "work-in"), "output": str(folder / "work-out")}
    line_is = f"$.attributes.{EXPERIMENT}__c4_v2__"
    spans = [
        f"{line_is}lines_with_no_ending_punctuation",
        f"{line_is}lines_with_too_few_words",
        "$.attributes.repeated",
    ]
    return {
        "tag": {"documents": documents, "experiment": EXPERIMENT, "taggers": list(TAGGERS), "processes": 1},
        "dedupe": {
            "documents": documents,
            "work_dir": work,
            "dedupe": {"name": "repeated", "paragraphs": {"attribute_name": "repeated"}, "skip_empty": True},
            "bloom_filter": {
                "file": str(folder / "bloom.bin"),
                "read_only": False,
                "estimated_doc_count": 150 * pages,  # lines; a page of a crawl has 100 to 150
                "desired_false_positive_rate": 1e-6,
            },
            "processes": 1,
        },
        "mix": {
            "work_dir": work,
            "processes": 1,
            "streams": [
                {
                    "name": "kept",
                    "documents": documents,
                    "attributes": [EXPERIMENT, "repeated"],
                    "output": {"path": str(folder / "kept"), "min_text_length": 1, "discard_fields": ["attributes"]},
                    "filter": {
                        "include": [],
                        "exclude": [
                            f"$.attributes[?(@.{EXPERIMENT}__ft_lang_id_en_doc_v2__en[0][2] < 0.5)]",
                            *map(page_is, ("has_curly_brace", "has_lorem_ipsum", "has_javascript", "has_naughty_word")),
                        ],
                    },
                    "span_replacement": [{"span": span, "min_score": 0.5, "replacement": ""} for span in spans],
                }
            ],
        },
    }


def main() -> None:
    """Runs the three commands, and prints the number of kept pages."""
    parser = argparse.ArgumentParser(prog="dolma_chain")
    parser.add_argument("prepared", type=Path, help="folder of JSON lines, *.json.gz")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True, help="lid.176.ftz")
    parser.add_argument("--pages", type=int, required=True, help="for the size of the Bloom filter")
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    (args.output / "documents").mkdir()
    for path in args.prepared.glob("*.json.gz"):
        (args.output / "documents" / path.name).symlink_to(path.resolve())
    offline(args.output, args.model)
    from dolma.cli.main import main as dolma

    for command, values in settings(args.output, args.pages).items():
        file = args.output / f"{command}.json"
        file.write_text(json.dumps(values), encoding="utf-8")
        dolma(["--config", str(file), command])
    kept = sum(gzip.decompress(path.read_bytes()).count(b"\n") for path in args.output.glob("kept/*.gz"))
    print(json.dumps({"kept": kept, "versions": {name: importlib.metadata.version(name) for name in PINNED}}))


if __name__ == "__main__":
    main()
