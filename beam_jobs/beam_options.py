"""Beam's own options on our command lines, passed on to it."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Collection, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from c4pipe.errors import ConfigError

_ADDED = re.compile(r"""add(?:_value_provider)?_argument\(((?:\s*['"]--?[\w-]+['"],?)+)""")  # with all its names
_FLAG = re.compile(r"--?[\w-]+")


def check_beam_options(rest: Sequence[str], ours: Sequence[str]) -> None:
    """ConfigError for remaining words of a command line that are not options of Beam.

    Args:
        ours: our own options, for suggestions.
    """
    named = [word.partition("=")[0] for word in rest if word.startswith("--")]
    written = [] if "apache_beam" in sys.modules else written_options()
    if written:  # misspelt options are reported without importing Beam
        _check_named(named, written, ours)
    _check_named(named, declared_options() if named else (), ours)
    if not rest[0].startswith("-"):
        raise ConfigError(f"unexpected argument {rest[0]!r}.")


def _check_named(named: Sequence[str], options: Collection[str], ours: Sequence[str]) -> None:
    for name in named:
        if name not in options:
            near = ", ".join(_near(name, [*ours, *options]))
            raise ConfigError(f"unknown option {name!r}. " + (f"Similar: {near}." if near else "See --help."))


def written_options() -> list[str]:
    """The options that Beam's options module declares, read as text, since importing it takes a second."""
    found = find_spec("apache_beam")
    folders = (found.submodule_search_locations if found else None) or []
    files = [path for folder in folders if (path := Path(folder) / "options" / "pipeline_options.py").is_file()]
    added = [names for path in files for names in _ADDED.findall(path.read_text(encoding="utf-8"))]
    return [flag for names in added for flag in _FLAG.findall(names)]


def declared_options() -> list[str]:
    """The options of all imported option classes of Beam."""
    from apache_beam.options.pipeline_options import PipelineOptions

    beams = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for kind in [PipelineOptions, *_subclasses(PipelineOptions)]:
        if "_add_argparse_args" in kind.__dict__:
            try:
                kind._add_argparse_args(beams)
            except argparse.ArgumentError:  # two of Beam's classes may share a flag
                continue
    return [flag for action in beams._actions for flag in action.option_strings]


def is_offline(rest: Sequence[str]) -> bool:
    """Whether Beam's own --dry_run=True is among its options: the job graph is built, and nothing is run."""
    if not rest:
        return False
    from apache_beam.options.pipeline_options import PipelineOptions, TestOptions

    return str(PipelineOptions([*rest]).view_as(TestOptions).dry_run).lower() == "true"


def _near(name: str, flags: list[str]) -> list[str]:
    """Flags that look like the name, the nearest first."""
    import difflib

    return difflib.get_close_matches(name, flags, n=5, cutoff=0.7)


def _subclasses(kind: Any) -> list[Any]:
    return [found for sub in kind.__subclasses__() for found in (sub, *_subclasses(sub))]
