"""Command lines: errors of usage, and types of values."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Collection, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any, NoReturn

from c4pipe.command.calling import as_called
from c4pipe.command.holding import spare_pandas
from c4pipe.errors import ConfigError
from c4pipe.private import check_cache_folders


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Names commands as they were called."""

    def _expand_help(self, action: argparse.Action) -> str:
        return as_called(super()._expand_help(action))

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return as_called(super()._fill_text(text, width, indent))


class _ParserFoundError(Exception):
    """Carries a parser out of the main that made it."""

    def __init__(self, parser: Parser):
        self.parser = parser


_asking = False


class Parser(argparse.ArgumentParser):
    """Reports wrong use in one line, like every other error of usage, instead of below a page of usage.

    Epilogs are printed as written. Options may not be abbreviated, since a new option would change what a prefix means.
    Commands are named `python -m MODULE` everywhere, `prog` included, and printed under the name that was typed.

    Attributes:
        given: the options of the last command line, as typed ("--seed"); defaults are not among them.
    """

    given: frozenset[str] = frozenset()

    def __init__(self, prog: str, description: str, epilog: str | None = None, argument_default: str | None = None):
        super().__init__(
            as_called(prog),
            description=description,
            epilog=epilog,
            argument_default=argument_default,
            formatter_class=_HelpFormatter,
            allow_abbrev=False,
        )

    def parse_known_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """Parses as argparse does, after checking that no other user's machine code can run here."""
        if _asking:
            raise _ParserFoundError(self)
        check_cache_folders()
        words = sys.argv[1:] if args is None else list(args)
        named = takewhile(lambda word: word != "--", words)
        self.given = frozenset(word.partition("=")[0] for word in named) & frozenset(self._option_string_actions)
        parsed = super().parse_known_args(words, namespace)
        spare_pandas()
        return parsed

    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message}. See --help.")


def asked_parser(main: Callable[[Sequence[str]], int], words: Sequence[str] = ()) -> Parser:
    """The parser that a main builds for these words. The main stops there and does no work."""
    global _asking
    _asking = True
    try:
        main(words)
    except _ParserFoundError as asked:
        return asked.parser
    finally:
        _asking = False
    raise TypeError(f"{main.__module__} parses its arguments by no Parser")


def refuse_idle(given: Collection[str], *options: tuple[str, bool, str]) -> None:
    """ConfigError for an option that was given and has no effect: one line with why and what to do.

    Args:
        options: (option, whether it can change anything, why not and what to do, as the rest of a sentence).
    """
    for option, serves, why in options:
        if option in given and not serves:
            raise ConfigError(f"{option} has no effect: {why}")


def positive(text: str) -> int:
    """A whole number of 1 or more."""
    number = count(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a number of 1 or more, got {text!r}")
    return number


def count(text: str) -> int:
    """A whole number of 0 or more."""
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"expected a whole number of 0 or more, got {text!r}")
    return int(text)


def whole(low: int, high: int) -> Callable[[str], int]:
    """Takes whole numbers from `low` to `high`, of at most 19 digits."""

    def number(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 20 and low <= int(text) <= high):
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {low:,} to {high:,}")
        return int(text)

    return number


def utf8(word: str) -> str:
    """A word of valid UTF-8: paths go through JSON, SQL and Beam, which accept nothing else."""
    try:
        word.encode()
    except UnicodeEncodeError:
        raise argparse.ArgumentTypeError(f"{word!r} is not UTF-8; use a name that is") from None
    return word


def utf8_path(word: str) -> Path:
    """A path of valid UTF-8, the same from any working folder. An empty one would be the working folder."""
    if not word:
        raise argparse.ArgumentTypeError("expected a path, got none")
    utf8(os.path.realpath(utf8(word)))
    return Path(word)


def share(text: str) -> float:
    """A number from 0 to 1."""
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 1, got {text!r}")
    return share


def similarity(text: str) -> float:
    """A number above 0, up to 1."""
    found = share(text)
    if not found:
        raise argparse.ArgumentTypeError(f"expected a number above 0, up to 1, got {text!r}")
    return found
