"""The verdicts of datatrove's own filters on each text, and its libraries' words. In `.venv-datatrove`.

    {"text": ...} --> {"words": ..., "boundaries": ..., "whole": {filter: reason}, "alone": {rule: reason}, "c4": ...}

`whole` are the filters as FineWeb uses them. `alone` has each rule with all others switched off, so that a rule sees
every page, not only those that pass the rules before it. A reason is "" for a kept page.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any


def digest(words: Any) -> str:
    """A digest of words in order."""
    return hashlib.md5("\0".join(words).encode(errors="surrogatepass")).hexdigest()


def filters() -> tuple[dict[str, Any], dict[str, Any]]:
    """(whole, alone): filters by name, and rules by their reason."""
    from datatrove.pipeline.filters import (
        C4QualityFilter,
        FineWebQualityFilter,
        GopherQualityFilter,
        GopherRepetitionFilter,
    )

    off: dict[str, Any] = dict.fromkeys(
        (
            "min_doc_words", "max_doc_words", "min_avg_word_length", "max_avg_word_length", "max_symbol_word_ratio",
            "max_bullet_lines_ratio", "max_ellipsis_lines_ratio", "max_non_alpha_words_ratio", "min_stop_words",
        )
    )  # fmt: skip
    quality = {
        "min_doc_words": 50, "max_doc_words": 100_000, "min_avg_word_length": 3, "max_avg_word_length": 10,
        "max_symbol_word_ratio": 0.1, "max_bullet_lines_ratio": 0.9, "max_ellipsis_lines_ratio": 0.3,
        "max_non_alpha_words_ratio": 0.8, "min_stop_words": 2,
    }  # fmt: skip
    alone = {name: GopherQualityFilter(**{**off, name: value}) for name, value in quality.items()}
    none = {"dup_line_frac": 0, "dup_para_frac": 0, "dup_line_char_frac": 0, "dup_para_char_frac": 0}
    none |= {"top_n_grams": (), "dup_n_grams": ()}
    for name, value in (
        ("dup_para_frac", 0.3),
        ("dup_para_char_frac", 0.2),
        ("dup_line_frac", 0.3),
        ("dup_line_char_frac", 0.2),
        ("top_n_grams", ((2, 0.2), (3, 0.18), (4, 0.16))),
        ("dup_n_grams", ((5, 0.15), (6, 0.14), (7, 0.13), (8, 0.12), (9, 0.11), (10, 0.10))),
    ):
        alone[name] = GopherRepetitionFilter(**{**none, name: value})
    never = {"line_punct_thr": 0.0, "short_line_thr": 2.0, "char_duplicates_ratio": 2.0, "new_line_ratio": 1e9}
    for name, value in (
        ("line_punct_thr", 0.12),
        ("short_line_thr", 0.67),
        ("char_duplicates_ratio", 0.01),
        ("new_line_ratio", 0.3),
    ):
        alone[name] = FineWebQualityFilter(**{**never, name: value})
    whole = {
        "repetition": GopherRepetitionFilter(),
        "quality": GopherQualityFilter(),
        "c4": C4QualityFilter(filter_no_terminal_punct=False),
        "fineweb": FineWebQualityFilter(),
    }
    return whole, alone


def reason(judge: Any, document: Any) -> str:
    """Why a filter drops a document: "" if it keeps it, "error" if it fails, as on a page without words."""
    try:
        verdict = judge.filter(document)
    except ZeroDivisionError:
        return "error"
    return "" if verdict is True else str(verdict[1])


def main() -> None:
    """Reads the texts, and writes the verdicts on each."""
    parser = argparse.ArgumentParser(prog="datatrove_filters")
    parser.add_argument("texts", type=Path, help="JSON lines with a text each")
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args()
    from datatrove.data import Document
    from datatrove.utils.text import split_into_sentences, split_into_words
    from uniseg.wordbreak import words as boundaries

    whole, alone = filters()
    with args.texts.open(encoding="utf-8") as lines, args.output.open("w", encoding="utf-8") as out:
        for line in lines:
            text = json.loads(line)["text"]
            said: dict[str, Any] = {"whole": {}, "alone": {}}
            for name, judge in whole.items():
                document = Document(text=text, id="")
                said["whole"][name] = reason(judge, document)
                if name == "c4" and not said["whole"][name]:
                    said["c4"] = digest([document.text])
            for name, judge in alone.items():
                said["alone"][name] = reason(judge, Document(text=text, id=""))
            said["words"] = digest(split_into_words(text))
            said["sentences"] = sum(len(split_into_sentences(line)) for line in text.splitlines() if line.strip())
            said["boundaries"] = digest(word for word in boundaries(text) if word[0].isalnum())
            print(json.dumps(said), file=out)


if __name__ == "__main__":
    sys.exit(main())
