"""Every number of a report, against one counted from the shards and the inputs' files without the report's code."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable
from hashlib import md5
from pathlib import Path
from typing import Any

import duckdb
import pytest

from c4pipe.facts.corpus import Corpus, connect
from c4pipe.facts.losses import read_losses
from tests.inspect.listed import listed_numbers
from tests.inspect.lost import losses_numbers
from tests.inspect.report.written import Read

SAMPLES = Path(__file__).parents[3] / "data_samples"
Numbers = dict[str, float]
Reported = Callable[[str], tuple[Corpus, str]]
# Of C4 itself, in reference/peers.md: kept, blocklist, validation, mean page.
RELEASED = {"c4.kept": 0.343, "c4.blocklist": 0.0725, "c4.validation": 0.001, "c4.mean_bytes": 2271}


@pytest.mark.parametrize("name", ["samples", "languages"])
def test_every_number_of_a_build_is_what_its_shards_say(reported: Reported, name: str) -> None:
    corpus, html = reported(name)
    shown = Read(html).numbers
    rows = {of: values for of, values in shown.items() if of.startswith("repeat.")}
    assert all(len(set(values)) == 1 for of, values in shown.items() if of not in rows), "one number, one value"
    found = {of: values[0] for of, values in shown.items() if of not in rows and of not in RELEASED}
    expected = _expected(corpus) | _losses(corpus) | _owned(corpus)
    assert sorted(found) == sorted(expected)
    assert found == pytest.approx(expected, rel=1e-12)
    assert {of: shown[of][0] for of in RELEASED if of in shown} == {
        of: pytest.approx(value, rel=0.01) for of, value in RELEASED.items() if of in shown
    }
    assert {of: Counter(values) for of, values in rows.items()} == _repeats(corpus)


def test_every_number_of_a_mixture_is_what_its_shards_say(reported: Reported) -> None:
    corpus, html = reported("mixture")
    db = connect(corpus)
    found = {of: values[0] for of, values in Read(html).numbers.items()}
    written = _one(db, "SELECT count(*) FROM pages")
    distinct = _one(db, "SELECT count(DISTINCT source) FROM pages")
    assert found["kept"] == found["splits.kept"] == written
    assert found["repeats"] == written - distinct
    assert found["funnel.draw.kept"] == distinct
    # The mixture is written from train and validation apart; each entry of the table is one of train.
    counts = dict(db.execute("SELECT language, count(*) FROM pages WHERE split = 'train' GROUP BY 1").fetchall())
    total = sum(counts.values())
    assert {of: found[of] for of in found if of.endswith(".written")} == {
        f"mixture.{language}.written": n for language, n in counts.items()
    }
    for language, n in counts.items():
        assert found[f"mixture.{language}.after"] == pytest.approx(n / total)
    assert sum(found[f"mixture.{language}.before"] for language in counts) == pytest.approx(1)
    assert {of: n for of, n in found.items() if of.startswith("part.")} == _parts(db)
    assert {of: n for of, n in found.items() if of.startswith("length.") and n} == {
        of: n for of, n in _lengths(db).items() if n and of.endswith("kept")
    }


def _expected(corpus: Corpus) -> Numbers:
    db = connect(corpus)
    kept = _one(db, "SELECT count(*) FROM pages")
    text, chars = db.execute("SELECT sum(strlen(text)), sum(length(text)) FROM pages").fetchall()[0]
    lost = _one(db, "SELECT count(*) FROM rejected WHERE stage != ''")
    unread = _one(db, "SELECT count(*) FROM rejected WHERE stage = 'read'")
    read, languages = kept + lost - unread, _languages(db)
    files = sorted(path for path in SAMPLES.iterdir() if ".warc.wet" in path.name)
    validation = _one(db, "SELECT count(*) FROM pages WHERE split = 'validation'")
    found: Numbers = {
        "kept": kept,
        "splits.kept": kept,
        "kept.share": kept / read,
        "pages_read": read,
        "records": kept + lost,
        "built.records": kept + lost,
        "bytes_kept": text,
        "chars_kept": chars,
        "mean_bytes": text / kept,
        "disk": sum(
            path.stat().st_size for path in corpus.folder.glob("*/*.parquet") if not path.parent.name.startswith("__")
        ),
        "shards": len([path for path in corpus.folder.glob("*/*.parquet") if not path.parent.name.startswith("__")]),
        "languages": len({of.split(".")[1] for of in languages}),
        "inputs": len(files),
        "inputs.bytes": sum(path.stat().st_size for path in files),
        "rejected.sampled": lost,
        "validation": validation,
        "yardstick.validation": validation / kept,
        **{f"input.{path.name}.bytes": path.stat().st_size for path in files},
        **_records(corpus, db, [path.name for path in files]),
        **_funnel(corpus, db, kept + lost),
        **_flow(corpus, db),
        **languages,
        **_parts(db),
        **_lengths(db),
        **_places(db),
        **listed_numbers(corpus),
        **losses_numbers(corpus),
    }
    for month, n in db.execute("SELECT left(timestamp, 7), count(*) FROM pages GROUP BY 1").fetchall():
        found[f"month.{month}"] = n
    if "clean" in {stage["stage"] for stage in corpus.manifest["ledger"]["stages"]}:
        foreign = found["funnel.language.other_language"]
        found["yardstick.kept"] = kept / (found["funnel.url.kept"] - foreign)
        found["yardstick.blocklist"] = found["rule.badwords.bad_word"] / found["funnel.language.kept"]
        found["yardstick.mean_bytes"] = text / kept
    return found


def _one(db: duckdb.DuckDBPyConnection, sql: str) -> Any:
    row = db.execute(sql).fetchone()
    assert row is not None
    return row[0]


def _records(corpus: Corpus, db: duckdb.DuckDBPyConnection, names: list[str]) -> Numbers:
    """Of each input the records, by where kept and rejected ones come from; faults by the rows of the table."""
    sql = "SELECT regexp_extract(source, '^(.*)#', 1), count(*) FROM ({}) GROUP BY 1"
    union = "SELECT source FROM pages UNION ALL SELECT source FROM rejected WHERE stage != ''"
    found = {f"input.{name}.records": n for name, n in db.execute(sql.format(union)).fetchall()}
    damaged = "reason IN ('damaged_member', 'truncated', 'unreadable')"
    for reason, n in db.execute(f"SELECT reason, count(*) FROM rejected WHERE {damaged} GROUP BY 1").fetchall():
        found[f"fault.{reason}"] = n
    assert {f"input.{name}.records" for name in names} == {of for of in found if of.endswith(".records")}
    return found


def _funnel(corpus: Corpus, db: duckdb.DuckDBPyConnection, records: int) -> Numbers:
    """Stages and rules: pages from the rows, lines and sentences from what was cut."""
    pages: dict[str, dict[str, int]] = defaultdict(dict)
    for stage, reason, n in db.execute(
        "SELECT stage, reason, count(*) FROM rejected WHERE stage != '' GROUP BY ALL"
    ).fetchall():
        pages[stage][reason] = n
    cut = dict(
        db.execute("SELECT d.reason, count(*) FROM (SELECT unnest(dropped) d FROM rejected) GROUP BY 1").fetchall()
    )
    stages = {stage["stage"]: stage for stage in corpus.manifest["ledger"]["stages"]}
    found: Numbers = {"funnel.records": records}
    entered = records
    for row in corpus.manifest["preset"]["stages"]:
        stage, count = row["stage"], stages[row["stage"]]
        kept = entered - sum(pages[stage].values())
        found |= {f"funnel.{stage}.kept": kept, f"rules.{stage}.kept": kept, f"rules.{stage}.in": entered}
        found |= {f"funnel.{stage}.{reason}": n for reason, n in pages[stage].items()}
        lines = count.get("lines")
        if lines:
            found |= {f"funnel.{stage}.lines.kept": lines["kept"], f"funnel.{stage}.lines.in": lines["in"]}
            found |= {f"funnel.{stage}.lines.gone": lines["rejected"]} if lines["rejected"] else {}
            assert lines["in"] == lines["kept"] + lines["rejected"] + sum(count["lines_dropped"].values())
        codes = [rule["reason"] for rule in row.get("rules", []) if "reason" in rule]
        for code in [*codes, *row.get("reasons", {})]:
            of = f"rule.{stage}.{code}"
            if code in count.get("flagged", {}):  # nowhere but in the ledger: the page was kept
                found[of] = found[f"funnel.{stage}.flagged.{code}"] = count["flagged"][code]
                found[f"{of}.share"] = found[of] / entered
            elif code in ("repeated_span",):
                found[of] = found[f"funnel.{stage}.sentences.{code}"] = cut[code]
                found[f"{of}.emptied"] = found[f"funnel.{stage}.lines.{code}"] = count["lines_dropped"][code]
            elif code in LINE_REASONS:
                found[of] = cut.get(code, 0)
                found[f"{of}.share"] = found[of] / lines["in"]
                found |= {f"funnel.{stage}.lines.{code}": cut[code]} if cut.get(code) else {}
            else:
                found[of] = pages[stage].get(code, 0)
                found[f"{of}.share"] = found[of] / entered
        entered = kept
    assert entered == _one(db, "SELECT count(*) FROM pages")
    return found


def _flow(corpus: Corpus, db: duckdb.DuckDBPyConnection) -> Numbers:
    """The diagram, by the ledger as it stands in the manifest, and by the kept texts."""
    rows = corpus.manifest["ledger"]["stages"]
    characters = all("characters" in row for row in rows[1:])
    of = "length(text)" if characters else "1"
    kept = dict(db.execute(f"SELECT language, sum({of}) FROM pages GROUP BY 1").fetchall())
    came = next(row["characters"]["in"] for row in rows if "characters" in row) if characters else rows[0]["in"]
    found: Numbers = {f"flow.kept.{language}": n for language, n in kept.items()}
    for row in rows:
        took = row.get("characters", {}) if characters else row
        pages = {("whole pages", code): n for code, n in took.get("rejected", {}).items()}
        cut = {("cut from pages", code): n for code, n in took.get("dropped", {}).items()}
        edits = {("edited", "edits and blanks"): took.get("edited", 0)}
        found |= {f"flow.{row['stage']}.{how}.{code}": n for (how, code), n in (pages | cut | edits).items() if n}
    assert sum(found.values()) == came, "all of it goes somewhere"
    return found | {"flow.came": came, "flow.left": sum(kept.values()), "flow.share": sum(kept.values()) / came}


LINE_REASONS = {
    "long_word", "no_end_mark", "few_words", "javascript", "policy", "repeated_line", "repeated_in_page",
}  # fmt: skip


def _languages(db: duckdb.DuckDBPyConnection) -> Numbers:
    rows = db.execute("SELECT language, language_votes, count(*) FROM pages GROUP BY ALL").fetchall()
    pages, agreed, voted = Counter[str](), Counter[str](), Counter[str]()
    for language, votes, n in rows:
        said = {vote.split(":")[1] for vote in votes.split() if not vote.startswith("script:")}
        pages[language] += n
        voted[language] += n if said and language != "und" else 0
        agreed[language] += n if said == {language} else 0
    powers = {language: n**0.3 for language, n in pages.items()}
    found: Numbers = {}
    for language, n in pages.items():
        found |= {f"language.{language}": n, f"language.{language}.share": n / pages.total()}
        if len(pages) > 1:
            found[f"language.{language}.tempered"] = powers[language] / sum(powers.values())
        if voted[language]:
            found[f"language.{language}.agreed"] = agreed[language] / voted[language]
    return found


def _parts(db: duckdb.DuckDBPyConnection) -> Numbers:
    found: Numbers = {}
    for config, split, text in db.execute("SELECT config, split, list(text) FROM pages GROUP BY ALL").fetchall():
        size = sum(len(page.encode()) for page in text)
        of = f"part.{config}.{split}"
        found |= {f"{of}.pages": len(text), f"{of}.chars": sum(map(len, text)), f"{of}.bytes": size}
        found[f"{of}.mean"] = size / len(text)
    return found


def _lengths(db: duckdb.DuckDBPyConnection) -> Numbers:
    """Kept pages from the shards; pages as read from the raw texts, of which kept ones are those of stage ""."""
    counts: dict[str, Counter[int]] = {}
    for which, sql in (("kept", "FROM pages"), ("read", "FROM rejected WHERE stage != 'read'")):
        lengths = db.execute(f"SELECT length(text) {sql}").fetchall()
        counts[which] = Counter(max(0, n.bit_length() - 1) for (n,) in lengths)
    used = range(min(counts["kept"] | counts["read"]), max(counts["kept"] | counts["read"]) + 1)
    return {f"length.{(1 << k) if k else 0}.{which}": counts[which][k] for k in used for which in counts}


def _places(db: duckdb.DuckDBPyConnection) -> Numbers:
    """Pages by the last two labels of their host, the sixty most frequent, and by the last one.

    No host of data_samples has a suffix of two labels.
    """
    counts: dict[str, dict[str, Counter[str]]] = {}
    for side, sql in (("kept", "FROM pages"), ("removed", "FROM rejected WHERE stage NOT IN ('', 'read')")):
        for (url,) in db.execute(f"SELECT url {sql}").fetchall():
            host = re.split("[/?#]", url.partition("//")[2])[0].rpartition("@")[2].partition(":")[0].lower()
            for kind, labels in (("domain", 2), ("tld", 1)):
                name = ".".join(host.split(".")[-labels:])
                counts.setdefault(kind, {}).setdefault(name, Counter(kept=0, removed=0))[side] += 1
    found: Numbers = {}
    for kind, names in counts.items():
        for name, sides in sorted(names.items(), key=lambda item: (-item[1].total(), item[0]))[:60]:
            found |= {f"{kind}.{name}.{side}": n for side, n in sides.items()}
    return found


def _repeats(corpus: Corpus) -> dict[str, Counter[float]]:
    """reason -> what the 40 lines that took most characters took, from how many pages, and how many times."""
    codes = "('repeated_line', 'repeated_span', 'repeated_in_page')"
    rows = connect(corpus).execute(
        "SELECT d.reason, d.line, source FROM (SELECT unnest(dropped) d, source FROM rejected) "
        f"WHERE d.reason IN {codes}"
    )
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for reason, line, source in rows.fetchall():
        found[reason][line.strip(" ").lower()].append(source)
    tables: dict[str, Counter[float]] = {}
    for reason, lines in found.items():
        rows_of = [
            (
                len(line) * len(sources if reason == "repeated_in_page" else {*sources}),
                len({*sources}),
                len(sources),
                len(line) * len(sources),
            )
            for line, sources in lines.items()
            if len(sources) > 1
        ]
        for which, name in enumerate(("", ".pages", ".times", ".every")[: 3 if reason == "repeated_in_page" else 4]):
            tables[f"repeat.{reason}{name}"] = Counter(float(row[which]) for row in sorted(rows_of)[-40:])
    return {of: counts for of, counts in tables.items() if counts}


def _owned(corpus: Corpus) -> dict[str, float]:
    """Cuts with an owner, and those whose owner is no kept page."""
    db = connect(corpus)
    kept = {md5(url.encode()).hexdigest()[:16] for (url,) in db.execute("SELECT url FROM pages").fetchall()}
    cuts: dict[str, Counter[bool]] = defaultdict(Counter)
    rows = db.execute("SELECT d.reason, d.owner FROM (SELECT unnest(dropped) d FROM rejected) WHERE d.owner <> ''")
    for reason, owner in rows.fetchall():
        cuts[reason][owner in kept] += 1
    found: dict[str, float] = {}
    for reason, here in cuts.items():
        if here[False]:
            found |= {f"owned.{reason}": here.total(), f"owned.{reason}.gone": here[False]}
    return found


def _losses(corpus: Corpus) -> dict[str, float]:
    """What the section of losses shows; tests/facts holds these numbers against SQL."""
    losses = read_losses(corpus)
    assert losses is not None
    found = {"losses.pages": losses.read.pages, "losses.characters": losses.read.characters}
    told: dict[str, float] = dict(found)
    for row in losses.most()[:15]:
        told |= {f"losses.{row.key}.{name}": number for name, number in row.lost._asdict().items()}
        told[f"losses.{row.key}.share"] = row.share("characters")
    for by in ("language", "domain"):
        for row in losses.uneven(by)[:10]:
            known = row.whole is not None and row.whole.share is not None
            told[f"losses.{by}.{row.key}.pages"] = round(row.whole.lost.pages) if known else row.lost.pages
            told[f"losses.{by}.{row.key}.share"] = row.whole.share if known else row.share("pages")
    return told
