"""Rules on trial: a preset with and without each of some rules, built from one reading, and compared."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from c4pipe.command import own_name
from c4pipe.compare.placing import RULES_FILE, RULES_INDEX, write_files
from c4pipe.errors import BuildError, ConfigError
from c4pipe.presets import WITHOUT, find_preset, rule_codes, without_rule
from c4pipe.text import many

if TYPE_CHECKING:
    from c4pipe.compare.comparing import CompareRequest

EVERY_RULE = "all"
CORPORA = "corpora"  # below --out: one folder per preset
INPUT = ("data_samples",)
NAMED_DOMAINS = 5  # per rule, in the table; --json has all


class RuleTrial(NamedTuple):
    """The results for one rule."""

    rule: str
    taken: dict[str, int]  # pages, and lines or sentences, dropped by the rule, by the ledger of the preset with it
    pages: int  # kept only by the preset without it
    changed: int  # kept by both, with different texts
    line: str  # the verdict in one line; A is with the rule, B without
    difference: float
    null: float
    better: list[str]  # domains on which the corpus with the rule is better
    worse: list[str]


def rules_asked(preset: str, rule: str) -> list[str]:
    """The rules to be tried. ConfigError for an unknown preset or rule."""
    found = find_preset(preset)
    if WITHOUT in found.name:
        raise ConfigError(f"--rule tests one rule of a complete preset, and {preset!r} already lacks one.")
    codes = rule_codes(found) if rule == EVERY_RULE else [rule]
    if not codes:
        raise ConfigError(f"preset {preset!r} has no rule that could be left out.")
    for code in codes:
        without_rule(found, code)
    return codes


def try_rules(args: argparse.Namespace) -> int:
    """Builds, compares and prints the effect of each rule; the exit code."""
    from c4pipe.compare.comparing import CompareRequest, named_domains

    preset = args.names[0]
    rules = rules_asked(preset, args.rule)
    inputs = list(args.input or INPUT)
    asked = CompareRequest(args.level, tuple(args.on), args.text_key, args.out, args.training)
    folder = args.out / CORPORA
    named_domains(asked.on)
    if not (args.input or Path(*INPUT).exists()):
        raise ConfigError(f"give --input: the default, {INPUT[0]}, is in a checkout, and not in this folder.")
    _build(preset, rules, inputs, args.workers, folder)
    trials = [_tried(folder, preset, rule, asked) for rule in rules]
    text = trial_table(trials, preset)
    rows = [trial._asdict() for trial in trials]
    write_files(args.out, RULES_INDEX, {"rules": rows}, {RULES_FILE: text.encode()})
    if args.json:
        print(json.dumps(rows, indent=2, allow_nan=False))
    else:
        print(text, end="")
    return 0


def _build(preset: str, rules: Sequence[str], inputs: Sequence[str], workers: str | None, folder: Path) -> None:
    """One build of all presets, as a command: this package does not import Beam. A finished build is reused."""
    presets = ",".join([preset, *(f"{preset}{WITHOUT}{rule}" for rule in rules)])
    command = [
        sys.executable,
        "-m",
        *(("c4pipe.cli", "build") if own_name() else ("beam_jobs.build_c4",)),  # its messages name commands likewise
        "--input",
        *inputs,
        "--output",
        str(folder),
        "--preset",
        presets,
    ]
    command += ["--workers", workers] if workers else []
    print(
        f"{own_name('compare')}: builds {len(rules) + 1} corpora from one pass over the inputs",
        file=sys.stderr,
        flush=True,
    )
    done = subprocess.run(command, stdout=sys.stderr, check=False)
    if done.returncode == ConfigError.exit_code:
        raise ConfigError("the build refused to start; see its message above.")
    if done.returncode:
        raise BuildError(f"the build ended with exit code {done.returncode}; see its message above.")


def _tried(folder: Path, preset: str, rule: str, asked: CompareRequest) -> RuleTrial:
    from c4pipe.compare.reading import open_source
    from c4pipe.compare.writing import answered
    from c4pipe.facts.fates import compare

    name = find_preset(preset).name
    sources = (open_source(folder / name), open_source(folder / f"{name}{WITHOUT}{rule}"))
    found = answered(sources, asked._replace(out=asked.out / rule))
    a, b = (source.corpus for source in sources)
    assert a is not None
    assert b is not None
    fates = compare(a, b, shown=0)
    taken: dict[str, int] = {}
    for row in fates.removed:
        if row.reason == rule:
            taken[row.unit] = taken.get(row.unit, 0) + row.counts[0]
    verdict = found.verdict
    return RuleTrial(
        rule,
        taken,
        fates.only[1],
        fates.other_text,
        verdict.line,
        verdict.overall.difference,
        verdict.overall.null,
        [one.domain for one in verdict.certain if one.winner == "A"],
        [one.domain for one in verdict.certain if one.winner == "B"],
    )


def trial_table(trials: Sequence[RuleTrial], preset: str) -> str:
    """The effect of each rule, as Markdown."""
    lines = [
        f"A is `{preset}`, B the same without the rule. A positive difference, in bits per byte of B minus those of A,",
        "means that the rule helps if it is larger than its null, at 99 %; domains count only if all of them agree.",
        "",
        "| rule | it drops | pages only without it | other text | difference | null | better with it on | worse on |",
        "| --- | ---: | ---: | ---: | ---: | ---: | --- | --- |",
    ]
    for one in trials:
        taken = ", ".join(many(count, unit) for unit, count in one.taken.items() if count) or "nothing"
        better, worse = map(_domains, (one.better, one.worse))
        lines.append(
            f"| `{one.rule}` | {taken} | {one.pages:,} | {one.changed:,} | {one.difference:+.4f} | ± {one.null:.4f} "
            f"| {better} | {worse} |"
        )
    return "\n".join(lines) + "\n"


def _domains(names: Sequence[str]) -> str:
    """The domains in a cell, the first few by name."""
    shown = ", ".join(names[:NAMED_DOMAINS]) or "–"
    return f"{shown} and {len(names) - NAMED_DOMAINS} more" if len(names) > NAMED_DOMAINS else shown
