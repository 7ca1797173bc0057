"""Why a page was kept or not: the verdict of every rule of a preset, by the same code as a build.

Verdicts come from the steps that a build runs. What is added here is where in the raw page each loss stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from c4pipe.corpus.catalogue import says
from c4pipe.corpus.plan import KEPT, Plan
from c4pipe.dedup import LineLevel, SpanLevel, UrlLevel
from c4pipe.files.assets import Assets, find_assets
from c4pipe.inspect.losses import lost_lines, lost_sentences
from c4pipe.inspect.rebuild import preset_of
from c4pipe.inspect.trace import Marks, Segment, Trace, edited, join
from c4pipe.page import Dropped, Kept, Page, Reason, Rejected, Unit, Verdict
from c4pipe.presets import Preset
from c4pipe.rules import LineEdit, PageRule
from c4pipe.stages import Clean, Dedup, Filter, Identify, Read, Size, Stage, judge
from c4pipe.text import many

__all__ = ["Explanation", "Segment", "Tried", "explain", "plan_for", "preset_of"]

PASSED, BROKEN, NOT_REACHED, NOT_JUDGED = "passed", "broken", "not reached", "not judged"
_Outcomes = list[tuple[str, str]]  # of the rules of a stage, in order: outcome, detail; missing ones were not reached


class Tried(NamedTuple):
    """A rule, in the order in which the page meets it."""

    stage: str
    code: str  # of its reason; of an edit, which has none, its name
    words: str  # what it says, with its thresholds
    source: str  # where the rule and its numbers come from
    unit: str  # what breaking it costs: page, line, sentence
    outcome: str = NOT_REACHED  # or PASSED, BROKEN, NOT_JUDGED (it takes the whole corpus to tell)
    detail: str = ""  # the offending word, line or value; of a rule for lines how many


class Explanation(NamedTuple):
    """A page with all that was decided about it."""

    page: Page  # as read
    lines: list[list[Segment]]  # of the raw text, split at "\n"
    tried: list[Tried]
    stage: str  # the one that rejected it; "" if it is kept
    reason: str  # KEPT if it is
    text: str  # what is kept, or what the rule that rejected the page was shown


def explain(
    page: Page, plan: Plan, dropped: Sequence[Dropped] = (), outcome: tuple[str, str] | None = None
) -> Explanation:
    """The page through every stage of the plan.

    What only the whole corpus can tell is taken from what a build recorded, where it is given: `dropped`, of which the
    text dedup's losses are applied, and `outcome`, the stage ("" for kept) and reason for which the page left. Plans
    remember the last page that they judged: use one from one thread at a time.
    """
    walk = _Walk(page, plan, dropped, outcome)
    tried: list[Tried] = []
    for index, stage in enumerate(plan.preset.stages):
        rules = rules_of(stage)
        outcomes = [] if walk.rejected else walk.enter(index, stage)
        if isinstance(stage, Read):  # a page as read has passed it
            rules, outcomes = _broken_only(rules, outcomes)
        outcomes += [(NOT_REACHED, "")] * (len(rules) - len(outcomes))
        tried += (rule._replace(outcome=o, detail=d) for rule, (o, d) in zip(rules, outcomes, strict=True))
    stage_name, reason = walk.rejected or ("", KEPT)
    return Explanation(page, walk.marks.lines(), tried, stage_name, reason, walk.trace.text)


def rules_of(stage: Stage) -> list[Tried]:
    """The rules, edits and other reasons of a stage in the order in which a page meets them, not reached yet."""
    match stage:
        case Filter(rules=rules):
            parts: Sequence[object] = rules
        case Clean(lines=lines, then=then):
            parts = (*lines, *then)
        case Dedup(level=level, then=then):
            parts = (*level.reasons, *then)
        case _:
            parts = tuple(stage.reasons())
    return [_rule(stage, part) for part in parts]


def _rule(stage: Stage, part: object) -> Tried:
    if isinstance(part, LineEdit):
        return Tried(stage.name, type(part).__name__, part.says, part.source, Unit.LINE.value)
    reason, owner = (part, stage) if isinstance(part, Reason) else (part.reason, part)  # type: ignore[attr-defined]
    return Tried(stage.name, reason.code, says(reason, owner), reason.source, reason.unit.value)


def _broken_only(rules: list[Tried], outcomes: _Outcomes) -> tuple[list[Tried], _Outcomes]:
    pairs = [(rule, outcome) for rule, outcome in zip(rules, outcomes, strict=False) if outcome[0] == BROKEN]
    return [rule for rule, _ in pairs], [outcome for _, outcome in pairs]


class _Walk:
    """One page on its way through the stages."""

    def __init__(self, page: Page, plan: Plan, dropped: Sequence[Dropped], outcome: tuple[str, str] | None):
        self._page, self._plan = page, plan
        self._dropped, self._outcome = dropped, outcome
        self._steps = dict((*plan.before, *plan.between, *plan.behind))
        self.trace, self.marks = Trace.of(page.text), Marks(page.text)
        self.rejected: tuple[str, str] | None = None  # stage, reason

    def enter(self, index: int, stage: Stage) -> _Outcomes:
        """The verdicts of a stage on the page as it is now."""
        match stage:
            case Filter(rules=rules):
                return self._rules(stage, rules, self._page, self._steps[index](self._page))
            case Clean():
                return self._clean(stage, self._steps[index](self._page))
            case Identify():
                return self._identify(stage, self._steps[index](self._page))
            case Dedup(level=UrlLevel()):
                return self._recorded(stage)
            case Dedup(level=level):
                assert not isinstance(level, UrlLevel)
                return self._dedup(stage, level)
        return self._recorded(stage)

    def _recorded(self, stage: Read | Dedup | Size) -> _Outcomes:
        """What a build said of a stage that one page cannot tell of."""
        codes = [reason.code for reason in stage.reasons()]
        if self._outcome is None:
            return [(NOT_JUDGED, "")] * len(codes)
        if self._outcome[0] != stage.name:
            return [(PASSED, "")] * len(codes)
        code = self._outcome[1]
        self.rejected = stage.name, code
        return [(BROKEN, "") if code == other else (PASSED, "") for other in codes[: codes.index(code) + 1]]

    def _rules(self, stage: Stage, rules: Sequence[PageRule], page: Page, verdict: Verdict) -> _Outcomes:
        """Page rules, of which the verdict names the first that is broken; `page` is what they were shown."""
        if isinstance(verdict, Kept):
            return [(PASSED, "")] * len(rules)
        self.rejected = stage.name, verdict.reason.code
        same = [i for i, rule in enumerate(rules) if rule.reason.code == verdict.reason.code]
        broken = same[0]
        if len(same) > 1:  # one reason with two thresholds
            broken = next(i for i in same if rules[i].bind(self._plan.assets).offence(page) is not None)
        return [(PASSED, "")] * broken + [(BROKEN, verdict.detail)]

    def _clean(self, stage: Clean, verdict: Verdict) -> _Outcomes:
        """Line rules, as `clean` walks them; then page rules."""
        counts, reached = [0] * len(stage.lines), [False] * len(stage.lines)
        kept = []
        for whole in self.trace.lines():
            line = whole.strip()
            for i, step in enumerate(stage.lines):
                reached[i] = True
                if isinstance(step, LineEdit):
                    line = self._edit(line, step, counts, i)
                elif step.breaks(line.text):
                    counts[i] += 1
                    self.marks.cut(whole.places, step.reason.code)
                    if step.reason.unit is Unit.PAGE:
                        assert isinstance(verdict, Rejected)
                        self.rejected = stage.name, step.reason.code
                        return [*_lines(stage, counts, reached, verdict.detail)]
                    break
            else:
                kept.append(line)
        self.trace = join(kept, "\n").strip()
        cleaned = self._page._replace(text=self.trace.text)
        outcomes = _lines(stage, counts, reached)
        if isinstance(verdict, Kept):
            self._page = verdict.page
        return outcomes + self._rules(stage, stage.then, cleaned, verdict)

    def _edit(self, line: Trace, step: LineEdit, counts: list[int], i: int) -> Trace:
        changed = edited(line, step)
        if changed.text != line.text:
            counts[i] += 1
            self.marks.cut(set(line.places).difference(changed.places), type(step).__name__)
        return changed

    def _identify(self, stage: Identify, verdict: Verdict) -> _Outcomes:
        codes = [reason.code for reason in stage.reasons()]
        if isinstance(verdict, Kept):
            self._page = verdict.page
            found = f"{verdict.page.language} {verdict.page.language_score:.4f}"
            return [(PASSED, found)] * len(codes)
        self.rejected = stage.name, verdict.reason.code
        return [(PASSED, "")] * codes.index(verdict.reason.code) + [(BROKEN, verdict.detail)]

    def _dedup(self, stage: Dedup, level: LineLevel | SpanLevel) -> _Outcomes:
        """The recorded losses, then page rules. Without a record nothing is taken away, and the page goes on."""
        codes = [reason.code for reason in level.reasons]
        recorded = [drop for drop in self._dropped if drop.code in codes]
        if not recorded and self._outcome is None:
            return [(NOT_JUDGED, "")] * len(codes) + self._then(stage, Kept(self._page))
        pieces = self._pieces(level)
        sentences = [sentence for line in pieces for sentence in line]
        if isinstance(level, LineLevel):
            lost = lost_lines(self._page.text, recorded)
        else:
            lost = lost_sentences([sentence.text for sentence in sentences], recorded, level.width)
        for sentence, drop in zip(sentences, lost, strict=True):
            if drop is not None:
                self.marks.cut(sentence.places, drop.code, drop.owner)
        flags = [drop is not None for drop in lost]
        settled: Verdict = level.settle(self._page, flags) if any(flags) else Kept(self._page)
        if any(flags):
            self.trace = _left(pieces, flags, level)
        outcomes = [_lost(reason, settled) for reason in level.reasons]
        if isinstance(settled, Rejected):
            self.rejected = stage.name, settled.reason.code
            return outcomes
        return outcomes + self._then(stage, settled)

    def _pieces(self, level: LineLevel | SpanLevel) -> list[list[Trace]]:
        """What the level compares, line by line, with its places."""
        lines = list(self.trace.pieces(self._page.text.split("\n"), gap=1))
        if isinstance(level, LineLevel):
            return [[line] for line in lines]
        sentences = level.sentences(self._page.text)
        return [list(line.pieces(texts)) for line, texts in zip(lines, sentences, strict=True)]

    def _then(self, stage: Dedup, settled: Kept) -> _Outcomes:
        """The page rules behind a text dedup."""
        self._page = settled.page
        return self._rules(stage, stage.then, self._page, judge(self._page, self._plan.then))


def _lines(stage: Clean, counts: list[int], reached: list[bool], fatal: str | None = None) -> _Outcomes:
    """What became of lines, by rule. `fatal` is the line that cost the page, if one did."""
    outcomes = []
    for step, count, seen in zip(stage.lines, counts, reached, strict=True):
        if isinstance(step, LineEdit):
            found = PASSED, f"changed {many(count, 'line')}" if count else ""
        elif count:
            found = BROKEN, fatal if fatal is not None and step.reason.unit is Unit.PAGE else many(count, "line")
        else:
            found = PASSED, ""
        outcomes.append(found if seen else (NOT_REACHED, ""))
    return outcomes


def _lost(reason: Reason, settled: Verdict) -> tuple[str, str]:
    """What a level took for one of its reasons."""
    if isinstance(settled, Rejected) and settled.reason == reason:
        return BROKEN, settled.detail
    count = settled.tally.get(reason.code, 0)
    return (BROKEN, many(count, reason.unit.value)) if count else (PASSED, "")


def _left(pieces: list[list[Trace]], lost: list[bool], level: LineLevel | SpanLevel) -> Trace:
    """What `settle` leaves of the pieces."""
    flags = iter(lost)
    lines = [[piece for piece in line if not next(flags)] for line in pieces]
    if isinstance(level, LineLevel):
        return join((piece for line in lines for piece in line), "\n")
    stripped = (join(line).strip() for line in lines)
    return join((line for line in stripped if line.text), "\n")


def plan_for(preset: Preset, assets: Assets | None = None) -> Plan:
    """The preset bound to the outside files at hand, or these. AssetError or ConfigError where one cannot be had."""
    plan = Plan(preset, find_assets() if assets is None else assets)
    plan.bind()
    return plan
