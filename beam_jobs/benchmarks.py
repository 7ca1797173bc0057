"""The options of build_c4 about benchmark items."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Sequence
from typing import Any

from c4pipe.command import refuse_idle
from c4pipe.stages import Preset
from c4pipe.stages.benchmarks import with_benchmarks


def benchmark_options(add: Callable[..., Any]) -> None:
    """Adds them to a parser."""
    add(
        "--benchmarks",
        metavar="DIR",
        help="report benchmark items found in kept pages. A folder of .jsonl and .tsv files, one per task, whose first "
        "line maps the fields (# question: FIELD; answer: FIELD; passage: FIELD)",
    )
    add("--benchmarks-drop", action="store_true", help="also reject the pages that contain such an item")


def with_benchmark_options(args: Namespace, presets: Sequence[Preset]) -> list[Preset]:
    """The presets with these options applied. ConfigError for an option without effect."""
    refuse_idle(
        args.given,
        ("--benchmarks-drop", bool(args.benchmarks), "it applies to what --benchmarks DIR finds. Add --benchmarks."),
    )
    return [with_benchmarks(preset, args.benchmarks_drop) for preset in presets] if args.benchmarks else [*presets]
