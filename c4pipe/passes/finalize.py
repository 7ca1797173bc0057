"""The end of a build: adds up all counts and writes the files that describe the corpus, the manifest last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple, Protocol

from c4pipe.card import dataset_card
from c4pipe.card.benchmarks import Totals
from c4pipe.corpus.benchmarks import items_found
from c4pipe.corpus.catalogue import describe
from c4pipe.corpus.cells import LossCell
from c4pipe.corpus.cube import Cube
from c4pipe.corpus.ledger import Ledger, without_urls
from c4pipe.corpus.plan import Plan
from c4pipe.corpus.stats import SHOWN_DOMAINS, TOP_DOMAINS, Stats, by_first_word
from c4pipe.errors import BuildError
from c4pipe.files.storage import Store
from c4pipe.passes.account import Account, Fault, accounts_of_inputs, of_all, whys
from c4pipe.passes.cubes import files_of_cube
from c4pipe.passes.keeping import Pieces, write_keys
from c4pipe.passes.merging import write_empty_shard
from c4pipe.passes.rejected import languages_said
from c4pipe.presets import asks_for_urls
from c4pipe.shards import SCHEMA_VERSION, column_fields, shard_formats, to_json, write_manifest
from c4pipe.stages import Preset
from c4pipe.stages.benchmarks import benchmarks_stage

MAX_FAULTS_SHOWN = 10_000
NO_KEYS_KEPT: Mapping[str, Pieces] = {}


class Made(NamedTuple):
    """One thing that the build made: `shard`, `rejected` and `restore` are files, `group` is the counts of finished
    inputs, and `left_out` is part of a language that is too small. `stats`, where present, are added up.
    """

    kind: str
    data: dict[str, Any]


class NamedInput(Protocol):
    """What the manifest records of an input."""

    @property
    def name(self) -> str: ...


def write_corpus_files(
    made: list[Made],
    inputs: Sequence[NamedInput],
    plan: Plan,
    description: dict[str, Any],
    store: Store,
    folder: str,
    left_out: Sequence[tuple[str, str]] = (),
    owned: Mapping[str, Pieces] = NO_KEYS_KEPT,
) -> None:
    """Writes stats.json, README.md, keys and manifest.json. BuildError where no input held a readable page.

    `left_out`: (path, why) of paths that the search for inputs found and skipped. `owned`: for each dedup, by its
    stage, the keys that the corpus keeps.
    """
    ledger, stats, cube, exact = _add_up(made, plan)
    rows = (row for part in made if part.kind == "group" for row in part.data["accounts"])
    accounts = accounts_of_inputs(map(Account.from_json, rows))
    read = {number: account.veiled(plan.veil) for number, account in accounts.items()}
    if not ledger.stages[0].kept:
        found = whys((inputs[number].name, account.why) for number, account in sorted(read.items()))
        raise BuildError(f"{of_all(0, len(inputs))} a readable page: {found}.")
    if without_urls(ledger.stages[0].to_json()) and (why := asks_for_urls(plan.preset)):
        raise BuildError(f"preset {plan.preset.name!r} {why}, and none of the {ledger.stages[0].kept:,} pages has one.")
    shards = sorted((part.data["shard"] for part in made if part.kind == "shard"), key=lambda shard: shard["path"])
    if not shards:
        own = _own_config(plan.preset)
        shards = [write_empty_shard(own, plan.schema(), store, folder, shard_formats(description))]
    small = _left_out(made)
    if sum(shard["rows"] for shard in shards) != ledger.kept:
        raise BuildError(f"the shards hold {sum(s['rows'] for s in shards)} pages, the ledger {ledger.kept}.")
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "preset": describe(plan.preset),
        **description,
        "inputs": [input_row(item.name, read[number]) for number, item in enumerate(inputs)],
        "no_inputs": [{"path": path, "why": why} for path, why in left_out],
        "columns": columns_of(plan),
        "shards": shards,
        "rejected": sorted(_rejected(made), key=lambda part: part["path"]),
        **({} if plan.size is None else {"left_out": small}),
        "ledger": ledger.to_json(),
    }
    if restore := [part.data for part in made if part.kind == "restore"]:
        manifest["restore"] = sorted(restore, key=lambda part: part["path"])
    if manifest["rejected"]:
        manifest["rejected_languages"] = languages_said(plan.preset)
    if owned:
        rows_of_keys = [write_keys(store, folder, stage, manifest, pieces) for stage, pieces in owned.items()]
        manifest["keys"] = rows_of_keys
    numbers = {**stats.to_json(SHOWN_DOMAINS), "domains_exact": exact, "stages": ledger.to_json()["stages"]}
    totals: Totals = {}
    if (searching := benchmarks_stage(plan.preset)) is not None:
        numbers = {name: value for name, value in numbers.items() if name not in ("tasks", "items")}
        totals = plan.bound(searching.overlap).totals()
        numbers["benchmarks"] = items_found(stats, totals)
    tables = [name for name in ("votes", "scripts", "clusters") if name in numbers]
    numbers |= {name: by_first_word(numbers[name]) for name in tables}
    numbers["faults"] = faults_table(fault for _, own in sorted(read.items()) for fault in own.faults)
    card = dataset_card(plan.preset, manifest, stats, plan.schema(), totals).encode()
    facts = files_of_cube(cube, plan.names())
    write_manifest(store, folder, manifest, {"stats.json": to_json(numbers), "README.md": card} | facts)


def _own_config(preset: Preset) -> str:
    """The folder for pages of the preset's only language; if it keeps several, or determines none, one of its name."""
    return preset.config(preset.languages[0] if len(preset.languages) == 1 else "")


def input_row(name: str, account: Account) -> dict[str, Any]:
    """The manifest's row for an input."""
    row = {"path": name, "bytes": account.size, "records": account.records, "pages": account.pages}
    return (
        row
        | {"faults": dict(sorted(account.lost.items()))}
        | ({"why": account.why, "amiss": account.amiss} if account.why else {})
    )


def columns_of(plan: Plan) -> list[dict[str, str]]:
    """Every column of the corpus with its type, and the stage that added it ("" for columns of all corpora)."""
    added = {field.name: stage.name for stage in plan.preset.stages for field in column_fields([stage])}
    return [{"name": field.name, "type": str(field.type), "from": added.get(field.name, "")} for field in plan.schema()]


def faults_table(faults: Iterable[Fault]) -> list[dict[str, Any]]:
    """Every damaged record by file, byte offset and number, at most `MAX_FAULTS` per file and in total."""
    table = []
    for record, source, reason, detail in islice(faults, MAX_FAULTS_SHOWN):
        file, _, offset = source.rpartition("#")
        row = {"file": file, "offset": int(offset.partition("+")[0]) if offset[:1].isdigit() else None}
        table.append(row | {"record": record, "reason": reason, "detail": detail})
    return table


def _add_up(made: list[Made], plan: Plan) -> tuple[Ledger, Stats, Cube, bool]:
    """The whole ledger, statistics and cube, and whether the statistics count domains in full."""
    ledger, stats, cube, exact = Ledger.of(plan.names()), Stats(), Cube(), True
    for part in made:
        if part.kind == "group":
            ledger.add(Ledger.from_json(part.data["ledger"]))
            cube.add(Cube.from_json(part.data["cube"]))
        if "stats" in part.data:
            counted = Stats.from_json(part.data["stats"])
            exact = exact and max(len(counted.domains_kept), len(counted.domains_rejected)) < TOP_DOMAINS
            stats.add(counted)
    if plan.size is not None:
        left_out, reason = _left_out(made), plan.size.FEW
        ledger.leave_out(
            reason.code,
            sum(left_out.values()),
            cube.settle(left_out, LossCell(plan.size.name, reason.code, reason.unit.value)),
        )
    cube.shorten()
    return ledger.check(), stats, cube.check(ledger), exact


def _left_out(made: list[Made]) -> dict[str, int]:
    """Pages of each dropped config, by its name."""
    found: Counter[str] = Counter()
    for part in made:
        if part.kind == "left_out":
            found[part.data["config"]] += part.data["rows"]
    return dict(sorted(found.items()))


def _rejected(made: list[Made]) -> Iterator[dict[str, Any]]:
    """The files of the rejected table."""
    for part in made:
        if part.kind == "rejected":
            yield part.data
        elif part.kind == "left_out" and part.data["rejected"]:
            yield part.data["rejected"]
