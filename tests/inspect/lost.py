"""Losses by rule, counted without the cube: characters from the ledger, pages and lines from the rejected table."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from math import sqrt
from statistics import NormalDist
from typing import Any

from c4pipe.corpus.stats import registered
from c4pipe.facts.corpus import Corpus, connect

SHOWN_RULES, SHOWN_GROUPS = 15, 10
CITATION = re.compile(r"\[\d*\]|\[edit\]|\[citation needed\]")
WHOLE = {"no_end_mark", "few_words", "policy", "javascript", "long_word", "repeated_line", "repeated_in_page"}
Rows = list[tuple[str, str, str, str, list[dict[str, str]], str]]  # url, stage, reason, text, dropped, language


def losses_numbers(corpus: Corpus) -> dict[str, float]:
    """The numbers of the section on losses, by name. The table must hold every page as it was read."""
    db, stages = connect(corpus), corpus.manifest["ledger"]["stages"]
    sql = "SELECT url, stage, reason, text, dropped, language FROM rejected WHERE stage <> 'read'"
    rows: Rows = db.execute(sql).fetchall()
    assert len(rows) == stages[1]["in"]
    read = sum(len(text) for _, _, _, text, _, _ in rows)
    found: dict[str, float] = {"losses.characters": read, "losses.pages": len(rows)}
    took = {
        f"{stage['stage']}/{code}": chars
        for stage in stages[1:]
        for how in ("rejected", "dropped")
        for code, chars in stage["characters"][how].items()
    }
    took |= {f"{stage['stage']}/edited": stage["characters"]["edited"] for stage in stages[1:]}
    took = {rule: chars for rule, chars in took.items() if chars}
    pages, lines = _pages(stages, rows), _lines(stages, rows)
    for rule in sorted(took, key=lambda rule: (-took[rule], rule))[:SHOWN_RULES]:
        of = f"losses.{rule}"
        found |= {f"{of}.characters": took[rule], f"{of}.share": took[rule] / read}
        found |= {f"{of}.lines": lines[rule], f"{of}.pages": pages[rule]}
        found |= _ends(rule, stages, rows)
    _assert_languages_are_even(stages, rows, db.execute("SELECT language FROM pages").fetchall())
    return found | _uneven_domains(rows)


def _ends(rule: str, stages: list[dict[str, Any]], rows: Rows) -> dict[str, float]:
    """What it cut from pages that are kept, or how long those were that it took."""
    stage, code = rule.split("/")
    if code == "edited":
        return {}
    if any(code in each["rejected"] for each in stages if each["stage"] == stage):
        return {f"losses.{rule}.as_read": sum(len(row[3]) for row in rows if row[1:3] == (stage, code))}
    kept = [one["line"] for row in rows if not row[1] for one in row[4] if one["reason"] == code]
    return {f"losses.{rule}.from_kept": sum(map(len, kept))}


def _pages(stages: list[dict[str, Any]], rows: Rows) -> Counter[str]:
    """Pages that fell to a rule, that lost a line or sentence to it, or that a stage let pass and changed beside."""
    found, order = Counter[str](), ["read", *(stage["stage"] for stage in stages[1:]), ""]
    cut_at = {code: stage["stage"] for stage in stages[1:] for code in stage["characters"]["dropped"]}
    for _, stage, reason, text, dropped, _ in rows:
        codes = {one["reason"] for one in dropped} & cut_at.keys()  # a line that costs its page is noted too
        found.update({f"{cut_at[code]}/{code}" for code in codes})
        found.update([f"{stage}/{reason}"] if stage else [])
        changed = {cut_at[code] for code in codes}  # a line goes with its break, a sentence with the blank beside it
        if "clean" in order and [CITATION.sub("", line.strip()) for line in text.split("\n")] != text.split("\n"):
            changed.add("clean")
        found.update(f"{name}/edited" for name in changed if order.index(name) < order.index(stage))
    return found


def _lines(stages: list[dict[str, Any]], rows: Rows) -> Counter[str]:
    """Lines that a rule cut, and those that a page still had when it fell."""
    found, rejected = Counter[str](), Counter[str]()
    for stage in stages[1:]:
        found.update({f"{stage['stage']}/{code}": n for code, n in stage["lines_dropped"].items()})
    for _, stage, reason, text, dropped, _ in rows:
        if stage:
            left = len(text.splitlines()) - sum(one["reason"] in WHOLE for one in dropped)
            if stage != "spans":  # a page that falls there takes along the lines that it has left nothing of
                left -= _emptied(text, [one["line"] for one in dropped if one["reason"] == "repeated_span"])
            found[f"{stage}/{reason}"] += left
            rejected[stage] += left
    counted = {stage["stage"]: stage["lines"]["rejected"] for stage in stages[1:] if "lines" in stage}
    assert {stage: rejected[stage] for stage in counted} == counted
    return found


def _emptied(text: str, spans: list[str]) -> int:
    """Lines of which nothing is left without these sentences."""
    gone = 0
    for line in text.splitlines():
        left = line
        for span in spans:
            left = left.replace(span, "")
        gone += bool(line.strip()) and not left.strip()
    return gone


def _uneven_domains(rows: Rows) -> dict[str, float]:
    """Domains of 20 pages whose share of lost pages is above that of all, by Wilson's interval at once for each."""
    sides: dict[str, Counter[bool]] = defaultdict(Counter)
    for url, stage, *_ in rows:
        sides[registered(url)][bool(stage)] += 1
    of_all = sum(side[True] for side in sides.values()) / len(rows)
    held = {name: side for name, side in sides.items() if name and side.total() >= 20}
    z = NormalDist().inv_cdf(1 - 0.05 / 2 / len(held))
    above = []
    for name, side in held.items():
        n, share = side.total(), side[True] / side.total()
        low = (share + z * z / 2 / n - z * sqrt(share * (1 - share) / n + z * z / 4 / n / n)) / (1 + z * z / n)
        above += [(-side[True], name, share)] if low > of_all else []
    found: dict[str, float] = {}
    for lost, name, share in sorted(above)[:SHOWN_GROUPS]:
        found |= {f"losses.domain.{name}.pages": -lost, f"losses.domain.{name}.share": share}
    return found


def _assert_languages_are_even(stages: list[dict[str, Any]], rows: Rows, kept: list[tuple[str]]) -> None:
    """No language of 20 pages loses more than all do, so none may be told to. Its pages are those that came so far as
    to be asked."""
    names = [stage["stage"] for stage in stages]
    asked = names[names.index("language") :]
    lost = Counter(language for _, stage, _, _, _, language in rows if stage in asked)
    came = lost + Counter(language for (language,) in kept)
    of_all = sum(bool(stage) for _, stage, *_ in rows) / len(rows)
    assert all(lost[language] / came[language] <= of_all for language in came if language and came[language] >= 20)
