"""Checks of user-defined parts: before any work if possible, else when they misbehave; messages name the part."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from c4pipe.errors import BuildError, C4Error, ConfigError
from c4pipe.own import own_fault
from c4pipe.page import Kept, Page, Reason, Rejected, Step, Unit, Verdict, characters_of
from c4pipe.part import Part, everything, words_of

REASON_CODE, STAGE_NAME = re.compile("[a-z][a-z0-9_]*"), re.compile(r"\w[\w.-]*")  # they become names of files


def check_stage(stage: Any, kind: type[Part]) -> str:
    """What is wrong with a stage of a preset and the parts in it, in words; "" if nothing is."""
    if not isinstance(stage, kind):
        return f"holds {stage!r}, which is not a stage: expected values of Read, Dedup, Size or your own PageStage"
    for part in everything([stage]):
        wrong = _wrong_with(part)
        if wrong:
            return f"stage {getattr(stage, 'name', stage)!r}: {type(part).__name__} {wrong}"
    if not STAGE_NAME.fullmatch(str(getattr(stage, "name", ""))):
        return f"has a stage with the name {getattr(stage, 'name', '')!r}: expected letters, digits, dots and dashes"
    return ""


def _wrong_with(part: Part) -> str:
    if not getattr(type(part), "__dataclass_params__", None) or not type(part).__dataclass_params__.frozen:  # type: ignore[attr-defined]
        return "is not a frozen dataclass: put @dataclass(frozen=True) above it"
    declared = vars(type(part)).get("__annotations__", {})
    plain = {name for name, kind in declared.items() if "ClassVar" not in str(kind)}
    bare = plain - set(type(part).__dataclass_fields__)  # type: ignore[attr-defined]
    if bare:
        return (
            f"has a field {sorted(bare)[0]!r} that is not a dataclass field: put @dataclass(frozen=True) "
            f"above the class"
        )
    for field in fields(part):  # type: ignore[arg-type]
        value = getattr(part, field.name)
        strange = [one for one in value if isinstance(one, type)] if isinstance(value, tuple) else []
        if not field.compare:
            return f"does not compare its field {field.name!r}: stages that differ only in it would be considered equal"
        if strange or isinstance(value, type):
            return (
                f"has a class in {field.name!r} where a value is expected: write {(strange or [value])[0].__name__}()"
            )
    try:
        hash(part)
    except TypeError as error:
        return f"cannot be compared ({error}): its fields must be numbers, strings, parts, or tuples of them"
    return _no_plain_field(part) or _wrong_reasons(part)


def _no_plain_field(part: Part) -> str:
    """What is wrong with a field that a manifest cannot hold."""
    for field in fields(part):  # type: ignore[arg-type]
        value = getattr(part, field.name)
        plain = [one for one in (value if isinstance(value, tuple) else (value,)) if not isinstance(one, Part)]
        try:
            json.dumps(plain)
        except (TypeError, ValueError) as error:
            return (
                f"has a field {field.name!r} that a manifest cannot hold ({error}): expected numbers, strings, tuples"
            )
    return ""


def _wrong_reasons(part: Part) -> str:
    own: Any = [part.reason] if hasattr(part, "reason") else part.reasons
    if not isinstance(own, list | tuple) or not all(isinstance(reason, Reason) for reason in own):
        return "must have `reasons`, a tuple of c4pipe.page.Reason, or, for a rule, a single `reason`"
    odd = [reason.code for reason in own if not REASON_CODE.fullmatch(reason.code)]
    if odd:
        return f"has a reason with the code {odd[0]!r}: expected lower-case letters, digits and underscores"
    try:
        [words_of(reason, part) for reason in own]
    except (KeyError, IndexError, ValueError) as error:
        return f"has a reason whose words name the field {error}, which it does not have (is it a dataclass?)"
    return ""


def one_reason_a_code(stages: Iterable[Part]) -> str:
    """The code under which a preset counts two reasons, in words; "" if each has its own."""
    known: dict[str, Reason] = {}
    for stage in stages:
        for told in stage.told():
            if told.reason is not None and known.setdefault(told.code, told.reason) != told.reason:
                return f"counts two reasons as {told.code!r}: give the one of {type(told.owner).__name__} its own code"
    return ""


def all_of(name: str, value: Any, kinds: tuple[type, ...]) -> None:
    """Raises ConfigError if a field of a stage is not a tuple of values of these kinds."""
    strange = [one for one in value if not isinstance(one, kinds)] if isinstance(value, tuple) else [value]
    if strange:
        wanted = " or ".join(kind.__name__ for kind in kinds)
        raise ConfigError(f"{name} holds {strange[0]!r}: expected a tuple of values of {wanted}, such as (Rule(),).")


def watched(stage: Any, step: Step, assets: Any) -> Step:
    """The step of a user's stage, with its results checked. BuildError names the stage and the page.

    If it counts the lines that it cut, but not their characters, it is called for the lines.
    """
    codes = {told.code for told in stage.told()}
    within = {told.code for told in stage.told() if told.unit is not Unit.PAGE}

    def looked_at(page: Page) -> Verdict:
        verdict = step(page)
        wrong = _wrong_verdict(stage, page, verdict, codes)
        if wrong:
            raise BuildError(f"stage {stage.name!r} ({type(stage).__module__}) {wrong}. This was for {page.source}.")
        cut = within.intersection(verdict.tally)
        if cut and not verdict.chars:
            dropped = (drop for drop in stage.dropped(page, assets) if drop.code in cut)
            return verdict._replace(chars=characters_of(dropped))
        return verdict

    return looked_at


def blame(parts: Iterable[Part], where: str, error: Exception) -> None:
    """Raises BuildError for an exception in a user's part, with its name, the page and the line of code.

    Does nothing for messages, and for bugs of our own, which the caller raises again.

    Args:
        parts: a stage, or other parts, that were running.
        where: "on page http://a.example/".
    """
    each = [*everything(parts)]
    modules = {name for part in each for name in (type(part).__module__, *part.modules())}
    theirs = {name for name in modules if not name.startswith("c4pipe.")}
    found = None if isinstance(error, C4Error) else own_fault(error, theirs)
    if found is None:
        return
    owners = [frame.f_locals.get("self") for frame in reversed(found.frames)]
    owner = next((one for one in owners if isinstance(one, Part)), each[0])
    raise BuildError(f"{owner.kind} {type(owner).__name__} failed {where}: {found.said} ({found.place})") from error


def page_named(page: Page) -> str:
    """The page in an error: its URL, or its place in an input if it has none."""
    return f"on page {page.url or page.source}"


def _wrong_verdict(stage: Any, page: Page, verdict: Any, codes: set[str]) -> str:
    if not isinstance(verdict, Kept | Rejected):
        return f"gave back {verdict!r:.80}: expected Kept(page) or Rejected(page, reason, detail)"
    if isinstance(verdict, Rejected):
        if not isinstance(verdict.reason, Reason) or verdict.reason.code not in codes:
            code = getattr(verdict.reason, "code", verdict.reason)
            return f"rejected a page for {code!r}, which is not in its `reasons`"
        return "" if isinstance(verdict.detail, str) else f"gave a detail that is not text: {verdict.detail!r:.80}"
    added = set(verdict.page.extra) - set(page.extra) - set(stage.columns)
    if added:
        return f"gave a page the column {sorted(added)[0]!r}, which is not in its `columns`"
    if not stage.edits and verdict.page.text != page.text:
        return "changed the text but says `edits = False`"
    undeclared = {*verdict.tally, *verdict.chars} - codes
    return f"counts lines for {sorted(undeclared)[0]!r}, which is not in its `reasons`" if undeclared else ""


def checked_loss(level: Part, page: Page, verdict: Any) -> Verdict:
    """The verdict of a level's `apply`. Raises BuildError with the level's name if it is not a verdict."""
    codes = {reason.code for reason in level.reasons}
    rejected = isinstance(verdict, Rejected) and getattr(verdict.reason, "code", "") in codes
    if (rejected or isinstance(verdict, Kept)) and set(verdict.tally) <= codes:
        return verdict  # type: ignore[no-any-return]
    raise BuildError(
        f"level {type(level).__name__} of {type(level).__module__} gave back {verdict!r:.90} for {page.source}: "
        f"expected Kept(page) or Rejected(page, reason) with one of its reasons ({', '.join(sorted(codes))})."
    )
