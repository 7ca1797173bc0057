"""The commands of `c4pipe`, declared once: the name of each, its main, what it does, and the extra it needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Subcommand(NamedTuple):
    """`c4pipe NAME ...` is `python -m MODULE WORDS ...`.

    Attributes:
        module: the module whose `main(argv)` it runs.
        says: what it does, for a line of help.
        words: arguments that are always passed.
        extra: the extra of the package that it needs; "" for none.
        branches: first words that it accepts, each with its own options.
        common: whether it has its own line in `c4pipe --help`; the others share one.
    """

    name: str
    module: str
    says: str
    words: tuple[str, ...] = ()
    extra: str = ""
    branches: tuple[str, ...] = ()
    common: bool = True


SUBCOMMANDS: Mapping[str, Subcommand] = {
    command.name: command
    for command in (
        Subcommand("fetch", "c4pipe.fetch.__main__", "download WET files of a crawl, politely and resumably"),
        Subcommand("assets", "c4pipe.fetch.assets", "fetch the full word lists, news domains and Punkt data"),
        Subcommand("build", "beam_jobs.build_c4", "build a corpus from WET files, WARC, JSON Lines or Parquet"),
        Subcommand("rebalance", "beam_jobs.rebalance", "mix the languages of a corpus by temperature"),
        Subcommand("inspect", "c4pipe.inspect.__main__", "look at a corpus: funnel, pages, report"),
        Subcommand("browse", "c4pipe.inspect.__main__", "open the viewer of a corpus in a browser", ("--serve",)),
        Subcommand("compare", "c4pipe.compare.__main__", "find which of two corpora is better, and how they differ"),
        Subcommand("verify", "c4pipe.verify.__main__", "check every file of a corpus, a mixture or a training run"),
        Subcommand("remove", "beam_jobs.remove", "remove pages from a finished corpus"),
        Subcommand("card", "c4pipe.card.__main__", "write the metadata to publish with a corpus"),
        Subcommand(
            "classifier",
            "c4pipe.classifier.__main__",
            "train a page classifier, or measure its scores",
            branches=("train", "quantile"),
        ),
        Subcommand("push", "c4pipe.push.__main__", "publish a corpus on the Hugging Face Hub", extra="hub"),
        Subcommand("train", "model.train", "train a T5 on a corpus", extra="train"),
        Subcommand("finetune", "model.finetune", "fine-tune a T5 on tasks", extra="train"),
        Subcommand("score", "model.score", "score a fine-tuned T5 on tasks", extra="train"),
        Subcommand("generate", "model.generate", "fill the blanks of texts with a trained T5", extra="train"),
        Subcommand(
            "memorise", "model.memorise.__main__", "measure how much of its corpus a T5 can reproduce", extra="train"
        ),
        Subcommand("study", "model.study.__main__", "repeat a study of the T5 paper", extra="train"),
        Subcommand("evaluate", "model.evaluate", "score a T5 on unseen text", extra="train", common=False),
        Subcommand("exposure", "model.exposure", "show which pages a run read, and when", extra="train", common=False),
        Subcommand(
            "likelihood", "model.likelihood", "score texts by their likelihood under a run", extra="train", common=False
        ),
        Subcommand("tasks", "model.tasks.__main__", "list the tasks for fine-tuning", common=False),
        Subcommand("index", "c4pipe.textindex.__main__", "index a corpus to find pages by text", common=False),
        Subcommand(
            "tokens",
            "c4pipe.tokens.__main__",
            "export a corpus as tokens for Megatron-LM",
            extra="tokens",
            common=False,
        ),
        Subcommand("passages", "c4pipe.passages.__main__", "count how often passages occur in a corpus", common=False),
        Subcommand("completion", "c4pipe.cli.completion", "print the completion script of a shell", common=False),
    )
}

# How texts mention `make`, if only the package is installed.
_OF_MAKE = {
    "make build-c4 INPUT=": "c4pipe build --input ",
    "make build-c4": "c4pipe build",
    "make inspect DATA=": "c4pipe inspect ",
    "make assets": "c4pipe assets",
}


def spoken() -> dict[str, str]:
    """The commands as texts name them, and as commands of `c4pipe`."""
    ours = {
        " ".join(["python -m", one.module.removesuffix(".__main__"), *one.words]): f"c4pipe {one.name}"
        for one in SUBCOMMANDS.values()
    }
    return ours | _OF_MAKE


def help_text() -> str:
    """All commands on a screen of 24 lines of 80 characters.

    The extra is shown after what needs it.
    """
    lines = ["usage: c4pipe COMMAND ...        `c4pipe COMMAND --help` describes each", ""]
    for command in SUBCOMMANDS.values():
        if command.common:
            extra = f" [{command.extra}]" if command.extra else ""
            lines.append(f"  {command.name:<11} {command.says}{extra}")
    others = ", ".join(command.name for command in SUBCOMMANDS.values() if not command.common)
    return "\n".join(
        [
            *lines,
            "",
            f"more: {others}",
            "  --version: the versions that decide a corpus's bytes",
            "  [train] needs pip install 'c4pipe[train]'",
        ]
    )
