"""The end of a build: all counts added up, and the files that describe the corpus. The manifest comes last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from c4pipe.card import dataset_card
from c4pipe.corpus.catalogue import describe
from c4pipe.corpus.ledger import Ledger, without_urls
from c4pipe.corpus.plan import Plan
from c4pipe.corpus.stats import SHOWN_DOMAINS, TOP_DOMAINS, Stats, by_language
from c4pipe.errors import BuildError
from c4pipe.files.storage import Store
from c4pipe.presets import asks_for_urls
from c4pipe.shards import SCHEMA_VERSION, column_fields, to_json, write_manifest

MAX_FAULTS_SHOWN = 10_000


class Made(NamedTuple):
    """One thing that the build made: `shard` and `rejected` are files, `group` are the counts of finished inputs, and
    `left_out` is part of a language that is too small. `stats` where it has any are added up."""

    kind: str
    data: dict[str, Any]


class ReadInput(NamedTuple):
    """What was read of one input."""

    bytes: int  # that it had, as far as anybody knows
    records: int
    counts: dict[str, int]  # reason -> damaged records
    faults: list[list[Any]]  # `staged.Fault`s


class NamedInput(Protocol):
    """What the manifest says of an input."""

    @property
    def name(self) -> str: ...


def write_corpus_files(
    made: list[Made],
    inputs: Mapping[int, NamedInput],
    plan: Plan,
    description: dict[str, Any],
    store: Store,
    folder: str,
) -> None:
    """Writes stats.json, README.md and manifest.json. BuildError where no input held a readable page."""
    ledger, stats, exact = _add_up(made, plan)
    read = {number: ReadInput(*row) for part in made if part.kind == "group" for number, *row in part.data["inputs"]}
    if not ledger.stages[0].kept:
        found = ", ".join(f"{code}: {n}" for code, n in sorted(ledger.stages[0].rejected.items())) or "no records"
        raise BuildError(f"none of the {len(inputs)} inputs holds a readable page ({found}).")
    if without_urls(ledger.stages[0].to_json()) and (why := asks_for_urls(plan.preset)):
        raise BuildError(f"preset {plan.preset.name!r} {why}, and none of the {ledger.stages[0].kept:,} pages has one.")
    shards = sorted((part.data["shard"] for part in made if part.kind == "shard"), key=lambda shard: shard["path"])
    left_out = _left_out(made)
    if sum(shard["rows"] for shard in shards) != ledger.kept:
        raise BuildError(f"the shards hold {sum(s['rows'] for s in shards)} pages, the ledger {ledger.kept}.")
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "preset": describe(plan.preset),
        **description,
        "inputs": [
            {"path": item.name, "bytes": own.bytes, "records": own.records, "faults": own.counts}
            for item, own in ((item, read[number]) for number, item in sorted(inputs.items()))
        ],
        "columns": columns_of(plan),
        "shards": shards,
        "rejected": sorted(_rejected(made), key=lambda part: part["path"]),
        **({} if plan.size is None else {"left_out": left_out}),
        "ledger": ledger.to_json(),
    }
    numbers = {**stats.to_json(SHOWN_DOMAINS), "domains_exact": exact, "stages": ledger.to_json()["stages"]}
    numbers |= {name: by_language(numbers[name]) for name in ("votes", "scripts")}
    numbers["faults"] = faults_table([fault for _, item in sorted(read.items()) for fault in item.faults])
    card = dataset_card(plan.preset, manifest, stats, plan.schema()).encode()
    write_manifest(store, folder, manifest, {"stats.json": to_json(numbers), "README.md": card})


def columns_of(plan: Plan) -> list[dict[str, str]]:
    """Every column of the corpus with its type, and the stage that has added it, "" for those that all corpora have."""
    added = {field.name: stage.name for stage in plan.preset.stages for field in column_fields([stage])}
    return [{"name": field.name, "type": str(field.type), "from": added.get(field.name, "")} for field in plan.schema()]


def faults_table(faults: list[list[Any]]) -> list[dict[str, Any]]:
    """Every damaged record by file, byte offset and number, as far as `MAX_FAULTS` a file and in all allow."""
    table = []
    for record, source, reason, detail in faults[:MAX_FAULTS_SHOWN]:
        file, _, offset = source.rpartition("#")
        row = {"file": file, "offset": int(offset.partition("+")[0]) if offset[:1].isdigit() else None}
        table.append(row | {"record": record, "reason": reason, "detail": detail})
    return table


def _add_up(made: list[Made], plan: Plan) -> tuple[Ledger, Stats, bool]:
    """The whole ledger and statistics, and whether domains are counted in full."""
    ledger, stats, exact = Ledger.of(plan.names()), Stats(), True
    for part in made:
        if part.kind == "group":
            ledger.add(Ledger.from_json(part.data["ledger"]))
        if "stats" in part.data:
            counted = Stats.from_json(part.data["stats"])
            exact = exact and max(len(counted.domains_kept), len(counted.domains_rejected)) < TOP_DOMAINS
            stats.add(counted)
    few = sum(_left_out(made).values())
    if plan.size is not None and few:
        ledger.stages[-1].kept -= few
        ledger.stages[-1].rejected[plan.size.FEW.code] += few
    return ledger.check(), stats, exact


def _left_out(made: list[Made]) -> dict[str, int]:
    """Pages of each config that is left out, by its name."""
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
