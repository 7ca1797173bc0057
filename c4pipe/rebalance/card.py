"""The dataset card of a mixture: what `datasets.load_dataset` reads, and what a person should know."""

from __future__ import annotations

import json
from typing import Any

from c4pipe.card import SIZES
from c4pipe.shards import SPLITS
from c4pipe.stats import Stats


def mixture_card(manifest: dict[str, Any], picture: str, stats: Stats) -> str:
    """README.md of a mixture."""
    shards, mixture, settings = manifest["shards"], manifest["mixture"], manifest["settings"]
    written = sum(row["written"] for row in mixture.values())
    splits = [split for split in SPLITS if any(shard["split"] == split for shard in shards)]
    config = shards[0]["config"]
    size = SIZES[min(max(0, len(str(stats.pages_kept)) - 3), len(SIZES) - 1)]
    sources = ", ".join(f"`{item['path']}`" for item in manifest["inputs"])
    asked = "" if settings["documents"] is None else f" of {settings['documents']:,} asked for"
    return "\n".join(
        [
            "---",
            "license: odc-by",
            "task_categories: [text-generation, fill-mask]",
            f"language: {json.dumps(sorted({name.split('-')[0] for name in stats.languages} - {'und', ''}))}",
            f"size_categories: [{json.dumps(size)}]",
            "configs:",
            f"- config_name: {config}",
            "  data_files:",
            *(f"  - split: {split}\n    path: {config}/{split}-*.parquet" for split in splits),
            "---",
            "",
            f"# A mixture of {len(mixture)} languages or corpora",
            "",
            f"{written:,} documents{asked}, drawn from {sources} by c4pipe: {manifest['preset']['says']}. "
            f"No document is read more than {settings['max_epochs']} times. Seed {settings['seed']}.",
            "",
            f"![The share of each entry before and after, on a logarithmic scale]({picture})",
            "",
            "```python",
            "from datasets import load_dataset",
            "",
            f'load_dataset("path/to/this/folder", "{config}")',
            "```",
            "",
            "| entry | natural | rate | epochs | written | of the mixture |",
            "| --- | ---: | ---: | ---: | ---: | ---: |",
            *(
                f"| `{name}` | {row['documents']:,} | {row['rate']:.4%} | {row['epochs']:.3f} | {row['written']:,} "
                f"| {row['written'] / written:.4%} |"
                for name, row in sorted(mixture.items(), key=lambda item: (-item[1]["documents"], item[0]))
            ),
            "",
            "`natural` counts the documents of an entry, `rate` is what the formula gives it, and `epochs` says how "
            "often it is read; an entry that cannot give what its rate asks for is read as often as allowed, and the "
            "others share what is missing by their rates.",
            "",
            f"Read the files of `{config}/train` in their order and stop anywhere: of no entry have you more or fewer "
            f"documents than its part of the whole by more than {manifest['largest_deviation']:.2f}. Within an epoch "
            "an entry's documents come in a seeded order, each once. The validation split is not rebalanced: it holds "
            "every validation document of the corpora once.",
            "",
            "`manifest.json` names the corpora with the sha256 of their manifests, and every file with its own. How "
            "the text was cleaned, and the limits of that, is on the cards of those corpora. The text is other "
            "people's; Common Crawl's terms of use apply.",
            "",
        ]
    )
