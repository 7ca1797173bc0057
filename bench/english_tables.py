"""Writes c4pipe/text/english_tables.py from the installed spaCy: its rules for English words, as plain data.

`bench/.venv-datatrove/bin/python -m bench.english_tables` rewrites the file; `--check` only reports whether it is up to
date (exit code 1 if not). `bench.recipes` compares the code that uses the tables with spaCy's own tokenizer.
"""

from __future__ import annotations

import argparse
import importlib
import re
import sys
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[1] / "c4pipe" / "text" / "english_tables.py"
JOINT = "\u241f"  # between the tokens of an exception: it occurs in no exception
HEAD = '''"""What is known of English words: tables of spaCy {version} (see NOTICE), written by bench/english_tables.

`c4pipe.text.english` says what they mean. Runs of code points are "41" or "41-5A".
"""

from __future__ import annotations'''


def main(argv: Sequence[str] | None = None) -> int:
    """Writes the file, or reports whether it is up to date."""
    parser = argparse.ArgumentParser(prog="python -m bench.english_tables", description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if the file differs")
    args = parser.parse_args(argv)
    made = tables()
    if args.check:
        same = FILE.read_text(encoding="utf-8") == made
        print(f"{FILE.name}: {'the same' if same else 'DIFFERENT'}")
        return 0 if same else 1
    FILE.write_text(made, encoding="utf-8")
    print(f"written: {FILE}")
    return 0


def tables() -> str:
    """The module's text."""
    spacy: Any = importlib.import_module("spacy")
    classes: Any = importlib.import_module("spacy.lang.char_classes")
    tokenizer = spacy.blank("en").tokenizer
    exceptions = [
        JOINT.join(next(iter(piece.values())) for piece in pieces)
        for chunk, pieces in sorted(tokenizer.rules.items())
        if not re.search(r"\s", chunk)
    ]
    ends: Any = importlib.import_module("spacy.pipeline").Sentencizer.default_punct_chars
    return "\n".join(
        [
            HEAD.format(version=spacy.__version__),
            _runs(
                "SMALL_LETTER_RUNS", "Letters that are lower case, or have none.", _members(f"[{classes.ALPHA_LOWER}]")
            ),
            _runs("CAPITAL_RUNS", "Letters that are upper case, or have none.", _members(f"[{classes.ALPHA_UPPER}]")),
            _runs("LETTER_RUNS", "All letters.", _members(f"[{classes.ALPHA}]")),
            _runs("ICON_RUNS", "Symbols, each a word.", _members(f"[{classes.ICONS}]")),
            _runs("STOP_RUNS", "What ends a sentence, each a word of its own.", map(ord, ends)),
            _lines(
                "PUNCT", "Marks, cut off at both ends in the order in which they are tried.", _plain(classes.LIST_PUNCT)
            ),
            _lines("QUOTES", "Quotation marks and brackets, likewise.", _plain(classes.LIST_QUOTES)),
            _lines("CURRENCY", "Cut off in front, and behind a digit.", _plain(classes.LIST_CURRENCY)),
            _lines("MEASURES", "Cut off behind a digit.", _plain(classes.LIST_UNITS)),
            _lines("HYPHENS", "Cut between letters.", _plain(classes.LIST_HYPHENS)),
            _lines("EXCEPTIONS", "Runs that are known by heart, in their words.", exceptions),
        ]
    )


def _members(pattern: str) -> list[int]:
    one = re.compile(pattern)
    return [point for point in range(0x110000) if one.match(chr(point))]


def _runs(name: str, says: str, points: Iterable[int]) -> str:
    runs: list[list[int]] = []
    for point in sorted(points):
        if runs and runs[-1][1] == point - 1:
            runs[-1][1] = point
        else:
            runs.append([point, point])
    return _lines(name, says, [f"{a:X}" if a == b else f"{a:X}-{b:X}" for a, b in runs])


def _plain(patterns: Iterable[str]) -> list[str]:
    """The literal strings that these expressions match."""
    return [re.sub(r"\\(.)", r"\1", pattern) for pattern in patterns if pattern]


def _lines(name: str, says: str, words: Sequence[str]) -> str:
    lines = textwrap.wrap(" ".join(words), 119, break_long_words=False, break_on_hyphens=False)
    body = "\n".join(lines).replace("\\", "\\\\")
    return f'\n# {says}\n{name} = """\n{body}\n"""'


if __name__ == "__main__":
    sys.exit(main())
