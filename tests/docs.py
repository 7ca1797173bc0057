"""The generated parts of the docs. `make fix` writes them; tests/test_docs.py holds them fresh."""

from __future__ import annotations

import re
from pathlib import Path

from c4pipe.corpus import catalogue

ROOT = Path(__file__).parent.parent
ROOMS = ROOT / "c4pipe" / "README.md"


def counters_table() -> str:
    """The reference's counters and ours."""
    from bench.parity import COUNTERS

    lines = ["| reference | stage | ours |", "| --- | --- | --- |"]
    for (namespace, counter), (stage, kind, *code) in COUNTERS.items():
        ours = f"{kind} `{code[0]}`" if code and code[0] else kind
        lines.append(f"| `{namespace}` `{counter}` | {stage} | {ours} |")
    return "\n".join(lines)


BLOCKS = {
    "presets": catalogue.presets_table,
    "rules": catalogue.rules_table,
    "reasons": catalogue.other_reasons_table,
    "counters": counters_table,
}


def refreshed(text: str) -> str:
    """The text with every generated block written anew."""

    def block(match: re.Match[str]) -> str:
        return f"<!-- generated: {match[1]} -->\n\n{BLOCKS[match[1]]()}\n\n<!-- end -->"

    return re.sub(r"<!-- generated: (\w+) -->.*?<!-- end -->", block, text, flags=re.DOTALL)


if __name__ == "__main__":
    ROOMS.write_text(refreshed(ROOMS.read_text(encoding="utf-8")), encoding="utf-8")
