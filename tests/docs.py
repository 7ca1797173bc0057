"""The generated parts of the docs. `make fix` writes them; tests/test_docs.py checks that they are up to date."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from c4pipe.cli import main_of
from c4pipe.cli.subcommands import SUBCOMMANDS, spoken
from c4pipe.command import as_called, asked_parser, called_as
from c4pipe.corpus import catalogue
from tests import rule_pages

ROOT = Path(__file__).parent.parent
ROOMS = ROOT / "c4pipe" / "README.md"
MODEL = ROOT / "model" / "README.md"
REFERENCE = ROOT / "docs" / "reference"


def counters_table() -> str:
    """The reference's counters and ours."""
    from bench.parity import COUNTERS

    lines = ["| reference | stage | ours |", "| --- | --- | --- |"]
    for (namespace, counter), (stage, kind, *code) in COUNTERS.items():
        ours = f"{kind} `{code[0]}`" if code and code[0] else kind
        lines.append(f"| `{namespace}` `{counter}` | {stage} | {ours} |")
    return "\n".join(lines)


def personal_table() -> str:
    """What is found of the labelled texts of tests/pii."""
    from tests.pii.labelled_texts import table

    return table()


def objectives_table() -> str:
    """The objectives by the names that `--objective` takes."""
    from model.objectives import OBJECTIVES

    lines = ["| `--objective` | what a row is |", "| --- | --- |"]
    told = {name: (type(objective).__doc__ or "").partition("\n")[0] for name, objective in OBJECTIVES.items()}
    told["ul2"] = "The seven denoisers of UL2, a row of one of them, without their mode tokens."
    told["salient"] = "A sentence whose date, number or name is masked, and that span: one row a span."
    return "\n".join([*lines, *(f"| `{name}` | {text} |" for name, text in told.items())])


def known_tasks_table() -> str:
    """All tasks, by where their strings are from."""
    from model.tasks import TASKS

    groups: dict[str, list[str]] = {}
    for task in TASKS.values():
        groups.setdefault(task.source, []).append(f"`{task.name}`")
    lines = ["| tasks | their strings, lengths and metrics are from |", "| --- | --- |"]
    return "\n".join([*lines, *(f"| {' '.join(names)} | {source} |" for source, names in groups.items())])


def study_pages() -> str:
    """A page a study, as its value has it."""
    from model.study.catalogue import STUDIES

    pages = []
    for study in STUDIES.values():
        command = f"`python -m model.study {study.name} --out out/{study.name}`"
        beside = f"The paper's figures: table {study.paper_table.number}. {command}"
        pages.append(f"### `{study.name}`: {study.question}\n\n{study.page}\n\n{beside}")
    return "\n\n".join(pages)


def commands_table() -> str:
    """The commands of `c4pipe`, and the modules whose mains they are."""
    lines = ["| command | what it does | module | extra |", "| --- | --- | --- | --- |"]
    for command in SUBCOMMANDS.values():
        module = " ".join([command.module.removesuffix(".__main__"), *command.words])
        extra = f"`{command.extra}`" if command.extra else ""
        lines.append(f"| `c4pipe {command.name}` | {command.says} | `{module}` | {extra} |")
    return "\n".join(lines)


def options_of_commands() -> str:
    """The options of each command, and its examples."""
    pages = []
    for command in SUBCOMMANDS.values():
        for branch in command.branches or ("",):
            name = f"c4pipe {command.name} {branch}".strip()
            with called_as(f"c4pipe {command.name}", spoken()):
                parser = asked_parser(main_of(command), [*command.words, *branch.split()])
                notes = f"\n\n```text\n{as_called(parser.epilog.strip())}\n```" if parser.epilog else ""
            pages.append(f"## {name}\n\n{parser.description}\n\n{options_table(parser)}{notes}")
    return "\n\n".join(pages)


def options_table(parser: argparse.ArgumentParser) -> str:
    """What a parser takes, worded by us: what argparse prints changes from Python to Python."""
    lines = ["| option | what it does |", "| --- | --- |"]
    formatter = argparse.HelpFormatter("c4pipe")
    for action in parser._actions:
        if action.help and action.dest != "help":
            values = action.metavar or (",".join(map(str, action.choices)) if action.choices else "")
            value = f" {values}" if isinstance(values, str) and values and action.nargs != 0 else ""
            flags = "`, `".join(f"{flag}{value}" for flag in action.option_strings or [str(values)])
            says = re.sub(r"([<*|])", r"\\\1", formatter._expand_help(action))
            lines.append(f"| `{flags}` | {says} |")
    return "\n".join(lines)


def targets_table() -> str:
    """The targets of the Makefile, as `make` lists them."""
    found = re.findall(r"^([a-z0-9-]+):.*?## (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    rows = (f"| `make {name}` | {says.replace('|', '/')} |" for name, says in found if name != "help")
    return "\n".join(["| target | what it does, and its variables |", "| --- | --- |", *rows])


BLOCKS = {
    REFERENCE / "presets.md": {"presets": catalogue.presets_table},
    REFERENCE / "options.md": {"options": options_of_commands},
    REFERENCE / "commands.md": {"commands": commands_table, "targets": targets_table},
    REFERENCE / "en-tfds.md": {"counters": counters_table},
    ROOT / "docs" / "explanation" / "measurements.md": {"personal": personal_table},
    ROOMS: {"rules": catalogue.rules_table, "reasons": catalogue.other_reasons_table},
    MODEL: {"objectives": objectives_table, "tasks": known_tasks_table, "studies": study_pages},
}


def stale_rule_pages() -> list[Path]:
    """Pages of reasons that are no longer there."""
    return [path for path in rule_pages.FOLDER.glob("*.md") if path.name not in rule_pages.pages()]


def refreshed(path: Path) -> str:
    """The text of a file with every generated block written anew."""
    blocks = BLOCKS[path]

    def block(match: re.Match[str]) -> str:
        return f"<!-- generated: {match[1]} -->\n\n{blocks[match[1]]()}\n\n<!-- end -->"

    text = path.read_text(encoding="utf-8")
    return re.sub(r"<!-- generated: (\w+) -->.*?<!-- end -->", block, text, flags=re.DOTALL)


if __name__ == "__main__":
    for path in BLOCKS:
        path.write_text(refreshed(path), encoding="utf-8")
    for path in stale_rule_pages():
        path.unlink()
    for name, text in rule_pages.pages().items():
        (rule_pages.FOLDER / name).write_text(text, encoding="utf-8")
