"""The one loop that walks the line rules in order, and its fast twin.

`clean` is the specification. `fast_clean` gives the same verdict and the same tally (`tests/test_clean.py` holds
them equal): it asks one rule after the other about all lines that are left, and few rules about most of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from c4pipe.page import Dropped, Kept, Page, Rejected, Step, Unit, Verdict
from c4pipe.rules.base import LineEdit, LineRule
from c4pipe.rules.lines import EndMark, MaxWordLength, StripCitations

LineStep = LineRule | LineEdit
# What `str.strip` takes away, and what beyond ASCII holds a letter of ASCII in lower case: a test walks Unicode.
BLANKS = "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000"
BLANKS += "".join(map(chr, range(0x2000, 0x200B)))
ASCII_IN_SMALL = "\u0130\u212a"


def clean(page: Page, steps: Sequence[LineStep], dropped: list[Dropped] | None = None) -> Verdict:
    """The page with the lines that every rule lets pass, or its rejection by a rule that costs the page.

    Each line is stripped, then walks the steps in order. Lines that fall are appended to `dropped` where given.
    """
    tally: Counter[str] = Counter()
    kept = []
    for line in page.text.splitlines():
        line = line.strip()
        for step in steps:
            if isinstance(step, LineEdit):
                line = step.edit(line)
            elif step.breaks(line):
                if dropped is not None:
                    dropped.append(Dropped(step.reason.code, line))
                if step.reason.unit is Unit.PAGE:
                    return Rejected(page, step.reason, line, tally)
                tally[step.reason.code] += 1
                break
        else:
            kept.append(line)
    return Kept(page._replace(text="\n".join(kept).strip()), tally)


def fast_clean(steps: Sequence[LineStep]) -> Step:
    """`clean` for these steps; several times faster where they begin as C4's do."""
    rules = [step for step in steps[3:] if isinstance(step, LineRule)]
    if (first := _c4_steps(steps)) is None or len(rules) < len(steps) - 3:
        return lambda page: clean(page, steps)
    longest, citations, end = first
    ended, others = _ended(citations, end), _others(rules)

    def by_rule(page: Page) -> Verdict | None:
        """None where it takes the loop: at a word that may be too long, and for a rule that costs the page, which the
        tally has to stop at."""
        if _long_word(page.text, longest.chars):
            return None
        tally: Counter[str] = Counter()
        left = others(ended(page.text.splitlines(), tally), tally)
        return None if left is None else Kept(page._replace(text="\n".join(left).strip()), tally)

    return lambda page: by_rule(page) or clean(page, steps)


def dropped_by(page: Page, steps: Sequence[LineStep]) -> list[Dropped]:
    """What `clean` appends to `dropped`. Lines that plainly have no end mark do not walk the steps."""
    dropped: list[Dropped] = []
    if (first := _c4_steps(steps)) is None:
        clean(page, steps, dropped)
        return dropped
    longest, _, end = first
    last, code = _may_end(end), end.reason.code
    for line in page.text.splitlines():
        if line[-1:] not in last and len(line) <= longest.chars and "[" not in line:
            dropped.append(Dropped(code, line.strip()))
        elif isinstance(clean(page._replace(text=line), steps, dropped), Rejected):
            break
    return dropped


def _c4_steps(steps: Sequence[LineStep]) -> tuple[MaxWordLength, StripCitations, EndMark] | None:
    """The first three if they are those that C4 begins with.

    A class of the user's own that stands on one of them may judge otherwise.
    """
    match tuple(steps[:3]):
        case (MaxWordLength() as longest, StripCitations() as citations, EndMark() as end) if all(end.marks):
            if [type(step) for step in steps[:3]] == [MaxWordLength, StripCitations, EndMark]:
                return longest, citations, end
    return None


def _may_end(end: EndMark) -> frozenset[str]:
    """The last characters that a line may have which does not plainly fall: marks, and behind which they may come to
    light, blanks and brackets."""
    return frozenset(BLANKS + "]").union(mark[-1] for mark in end.marks)


def _long_word(text: str, chars: int) -> bool:
    """Whether a word is longer; leaps from blank to blank, as far as a word may reach."""
    at, last = 0, len(text) - chars
    while at < last:
        found = text.rfind(" ", at, at + chars + 1)
        if found < 0:
            found = text.rfind("\n", at, at + chars + 1)
        if found < 0:
            return any(len(word) > chars for word in text.split())
        at = found + 1
    return False


def _ended(citations: StripCitations, end: EndMark) -> Callable[[list[str], Counter[str]], list[str]]:
    """The two rules about the end of a line: the lines that are left, the others counted. Most lines of a crawled page
    fall for their last character."""
    last = _may_end(end)

    def run(lines: list[str], tally: Counter[str]) -> list[str]:
        left = [citations.edit(line.strip()) for line in lines if line[-1:] in last]
        left = [line for line in left if not end.breaks(line)]
        if len(left) < len(lines):
            tally[end.reason.code] += len(lines) - len(left)
        return left

    return run


def _others(rules: Sequence[LineRule]) -> Callable[[list[str], Counter[str]], list[str] | None]:
    """The rules behind the end mark: the lines that are left, the others counted; None where one costs the page.

    From the first rule on that `needs` something, lines without it are not walked.
    """
    first = next((i for i, rule in enumerate(rules) if _needs(rule)), len(rules))
    needs = [string for rule in rules[first:] for string in _needs(rule)]
    some = all(map(_needs, rules[first:]))

    def run(left: list[str], tally: Counter[str]) -> list[str] | None:
        for rule in rules[:first]:
            kept = [line for line in left if not rule.breaks(line)]
            if len(kept) < len(left):
                if rule.reason.unit is Unit.PAGE:
                    return None
                tally[rule.reason.code] += len(left) - len(kept)
                left = kept
        fallen = set()
        for i in _holding(left, needs) if some else range(len(left)):
            broken = next((rule for rule in rules[first:] if rule.breaks(left[i])), None)
            if broken is not None:
                if broken.reason.unit is Unit.PAGE:
                    return None
                tally[broken.reason.code] += 1
                fallen.add(i)
        return [line for i, line in enumerate(left) if i not in fallen] if fallen else left

    return run


def _needs(rule: LineRule) -> tuple[str, ...]:
    """The strings without one of which no line breaks the rule; none where it names none itself.

    A class of the user's own may have inherited them.
    """
    return rule.needs if "needs" in vars(type(rule)) and all(rule.needs) else ()


def _holding(lines: Iterable[str], strings: Sequence[str]) -> set[int]:
    """The numbers of the lines in which one of the strings stands, in lower case."""
    text = "\n".join(lines)
    if any(map(text.__contains__, ASCII_IN_SMALL)) or not all(map(str.isascii, strings)):
        small = text.lower().encode(errors="surrogatepass")
    else:
        small = text.encode(errors="surrogatepass").lower()  # several times faster: it knows the letters of ASCII alone
    return {small.count(b"\n", 0, at) for string in strings for at in _places(small, string.encode())}


def _places(text: bytes, string: bytes) -> Iterator[int]:
    """Where it stands; one place a line is enough."""
    at = text.find(string)
    while at >= 0:
        yield at
        at = text.find(b"\n", at)
        at = text.find(string, at) if at >= 0 else -1
