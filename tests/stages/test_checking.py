"""What is wrong with a part of a user's own is told before any work, or with the name of who did it."""

from dataclasses import dataclass
from typing import ClassVar

import pytest

from c4pipe.corpus.plan import Plan
from c4pipe.dedup import SpanLevel, TextLevel
from c4pipe.errors import BuildError, ConfigError
from c4pipe.page import Kept, Page, Reason, Rejected, Unit
from c4pipe.passes.staged import StagedPages, staged_schema
from c4pipe.presets import EN, c4_lines
from c4pipe.rules import LineRule, MaxChars, MinSentences, NoBrace, PageRule
from c4pipe.stages import Clean, Dedup, Filter, PageStage
from c4pipe.stages.checking import checked_loss
from c4pipe.text import hash64

ODD = Reason("odd", Unit.PAGE, "is odd", source="a test")
PAGE = Page("http://a.example/", "Some text.", "", "x.wet#7")


@dataclass(frozen=True)
class Stage(PageStage):
    gives: str = "kept"
    name: str = "own"
    edits: ClassVar = False
    columns: ClassVar = {"n": "int32"}
    reasons: ClassVar = (ODD,)

    def bind(self, assets):
        answers = {
            "kept": lambda page: Kept(page.adding(n=1)),
            "nothing": lambda page: None,
            "page": lambda page: page,
            "code": lambda page: Rejected(page, "odd"),
            "other reason": lambda page: Rejected(page, Reason("never", Unit.PAGE, "", "")),
            "number": lambda page: Rejected(page, ODD, 0.5),
            "column": lambda page: Kept(page.adding(m=1)),
            "text": lambda page: Kept(page._replace(text="Another.")),
            "tally": lambda page: Kept(page, {"lines": 2}),
        }
        return answers[self.gives]


@pytest.mark.parametrize(
    ("gives", "message"),
    [
        ("nothing", "gave back None: expected Kept"),
        ("page", "gave back Page"),
        ("code", "rejected a page for 'odd', which is not in its `reasons`"),
        ("other reason", "rejected a page for 'never'"),
        ("number", "gave a detail that is not text: 0.5"),
        ("column", "the column 'm', which is not in its `columns`"),
        ("text", "changed the text but says `edits = False`"),
        ("tally", "counts lines for 'lines'"),
    ],
)
def test_what_a_stage_gives_back_is_looked_at(gives, message):
    plan = Plan(EN.after("length", Stage(gives)), None)
    ((_, _), (_, step)) = plan.before
    with pytest.raises(BuildError, match=r"^stage 'own' \(.*test_checking\)") as error:
        step(PAGE)
    assert message in str(error.value)
    assert "x.wet#7" in str(error.value)


def test_what_is_right_goes_through():
    ((_, _), (_, step)) = Plan(EN.after("length", Stage()), None).before
    assert step(PAGE).page.extra == {"n": 1}


class Bare(LineRule):
    n: int = 3
    reason = Reason("bare", Unit.LINE, "has {n}", source="a test")


@dataclass(frozen=True)
class Coded(PageRule):
    code: str = "x/../../escaped"

    @property
    def reason(self):
        return Reason(self.code, Unit.PAGE, "is {missing}" if self.code == "words" else "is so", source="a test")


@dataclass(frozen=True)
class NoReason(PageRule):
    reason: ClassVar = None


@dataclass(frozen=True)
class Twice(PageStage):
    name: str = "twice"
    reasons: ClassVar = ("odd",)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: EN.on(Clean("clean", (*c4_lines(), Bare()))), "Bare has a field 'n' that is not a dataclass field"),
        (
            lambda: EN.after("length", Filter("own", (Coded(),))),
            "the code 'x/../../escaped': expected lower-case letters",
        ),
        (lambda: EN.after("length", Filter("own", (Coded("words"),))), "whose words name the field 'missing'"),
        (lambda: EN.after("length", Filter("own", (Coded("too_long"),))), "counts two reasons as 'too_long'"),
        (lambda: EN.after("length", Filter("own", (NoReason(),))), "must have `reasons`, a tuple"),
        (lambda: EN.after("length", Twice()), "must have `reasons`, a tuple"),
        (lambda: EN.after("length", Filter("../own", (MaxChars(),))), "a stage with the name '../own'"),
        (lambda: EN.after("length", Filter("own", [MaxChars()])), "expected a tuple of values of PageRule"),
        (lambda: EN.after("length", Filter("own", (MaxChars,))), "expected a tuple of values of PageRule"),
        (lambda: EN.on(Clean("clean", c4_lines(), then=MinSentences(3))), "expected a tuple of values of PageRule"),
        (lambda: EN.on(Clean("clean", (MaxChars(),))), "expected a tuple of values of LineRule or LineEdit"),
        (lambda: EN.on(Dedup("spans", SpanLevel)), "expected a tuple of values of UrlLevel or TextLevel"),
        (lambda: EN.on(Clean("clean", (NoBrace,))), "expected a tuple of values of LineRule"),
    ],
)
def test_a_preset_that_cannot_work_is_refused_before_any_work(make, message):
    with pytest.raises(ConfigError) as error:
        make()
    assert message in str(error.value)


@dataclass(frozen=True)
class Level(TextLevel):
    kind_of_atoms: str = "list"
    reasons: ClassVar = (ODD,)

    def atoms(self, text):
        return {"set": {1, 2}, "text": ["a"], "large": [2**70]}[self.kind_of_atoms]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("set", "returned atoms as set: expected a list"),
        ("text", "that are not hashes"),
        ("large", "that are not hashes"),
    ],
)
def test_a_level_that_claims_what_is_no_hash_is_named(kind, message, tmp_path):
    with (tmp_path / "pages").open("wb") as stream:
        pages = StagedPages(stream, staged_schema(Plan(EN, None), [], lossy=False), Level(kind))
        with pytest.raises(BuildError, match="level Level returned atoms") as error:
            pages.add(PAGE, 0, 0)
            pages.close()
    assert message in str(error.value)


def test_a_level_that_gives_back_something_else_is_named():
    for wrong in (None, PAGE, Rejected(PAGE, Reason("never", Unit.PAGE, "", "")), Kept(PAGE, {"lines": 1})):
        with pytest.raises(BuildError, match=r"^level Level of .* gave back"):
            checked_loss(Level(), PAGE, wrong)
    assert checked_loss(Level(), PAGE, Rejected(PAGE, ODD)) == Rejected(PAGE, ODD)


def test_a_rule_whose_offence_is_no_text_is_named():
    @dataclass(frozen=True)
    class Yes(PageRule):
        reason: ClassVar = ODD

        def offence(self, page):
            return True

    with pytest.raises(BuildError, match=r"rule Yes says True of x\.wet#7"):
        Filter("own", (Yes(),)).bind(None)(PAGE)


@dataclass(frozen=True)
class Divides(PageRule):
    """A rule with a mistake; or one that asks our code for what it refuses."""

    ours: bool = False
    reason: ClassVar = ODD

    def offence(self, page):
        return hash64(None) if self.ours else str(1 / (len(page.text) - len(page.text)))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Unloadable(PageRule):
    reason: ClassVar = ODD

    def bind(self, assets):
        raise KeyError("words.txt")

    def offence(self, page):
        return None


@dataclass(frozen=True)
class Failing(TextLevel):
    reasons: ClassVar = (ODD,)

    def atoms(self, text):
        return [int(text)]

    def apply(self, page, lost, dropped=None, owners=(), starts=()):
        return Kept(page)


def test_a_mistake_in_a_users_rule_is_one_line_with_rule_page_and_place():
    rule, at = r"^rule Divides failed on page http://a\.example/: ", r" \(test_checking\.py, line \d+\)$"
    for after, stage in (("length", Filter("mine", (Divides(),))), ("url", Clean("mine", (NoBrace(),), (Divides(),)))):
        plan = Plan(EN.after(after, stage), None)
        step = (plan.before[1] if after == "length" else plan.between[0])[1]
        with pytest.raises(BuildError, match=f"{rule}ZeroDivisionError: division by zero{at}"):
            step(PAGE._replace(text="These are five plain words.\n" * 3))
    with pytest.raises(BuildError, match=r"^rule Unloadable failed while it was loaded: KeyError: 'words"):
        _ = Plan(EN.after("length", Filter("mine", (Unloadable(),))), None).before


def test_a_mistake_in_a_users_level_is_one_line(tmp_path):
    with (tmp_path / "pages").open("wb") as stream:
        pages = StagedPages(stream, staged_schema(Plan(EN, None), [], lossy=False), Failing())
        with pytest.raises(BuildError, match=r"^level Failing failed on page http://a\.example/: ValueError: invalid"):
            pages.add(PAGE, 0, 0)
        pages.close()


def test_a_bug_of_ours_stays_one():
    plan = Plan(EN.after("length", Filter("mine", (Divides(ours=True),))), None)
    with pytest.raises(AttributeError):
        plan.before[1][1](PAGE)
