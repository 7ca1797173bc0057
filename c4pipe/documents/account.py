"""Explains why an input yielded no page: what was found in it, and what to do. For inputs of every format."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from c4pipe.documents.reasons import BAD_JSON, DOCUMENT_REASONS
from c4pipe.text import many
from c4pipe.wet.kinds import ARRAY, REMEDIES
from c4pipe.wet.reasons import NO_HEADER, NO_TEXT, NOT_A_PAGE, READ_REASONS, TRUNCATED, UNREADABLE

_SAYS = {reason.code: reason.says for reason in (*READ_REASONS, *DOCUMENT_REASONS)}
_HTTP = frozenset({"request", "response", "revisit"})
_WET_INSTEAD = "c4pipe reads WET; try the .wet.gz of the same name"
_WARC_INSTEAD = "this is a WARC, name the format: --input-format warc"
_WET_FORMAT = "this is a WET, name the format: --input-format wet"
_BLANK = re.compile(r"\d+ bytes").fullmatch  # the detail of a text of only blanks
_MOST_REASONS = 3  # named in a message


def why_no_page(counts: Mapping[tuple[str, str], int], records: int) -> str:
    """What became of the records of an input without pages, by (reason code, detail), as the first of them had it.

    >>> why_no_page({("not_a_page", "warcinfo"): 1, ("not_a_page", "response"): 50}, 51)
    '51 records, all HTTP responses: this is a WARC, name the format: --input-format warc'
    """
    if not records or not counts:
        return "no record in it: is the file empty?"
    codes: Counter[str] = Counter()
    for (code, _), number in counts.items():
        codes[code] += number
    if set(codes) == {NOT_A_PAGE.code}:
        return _other_records({detail.lower(): n for (_, detail), n in counts.items()}, records)
    (code, detail), _ = max(counts.items(), key=lambda item: item[1])
    if code == UNREADABLE.code and len(codes) == 1:
        hint = ": name the field with the text: --text-key" if "among the columns" in detail else ""
        return with_remedy(detail) + hint if detail else _SAYS[code]
    if code == NO_TEXT.code and " among the keys " in detail and len(codes) == 1:
        return detail if "--text-key" in detail else f"{detail}: name it with --text-key"
    if code == BAD_JSON.code and len(codes) == 1:
        hint = f": {ARRAY.remedy}" if detail.startswith("an array") else ""
        return f"{many(records, 'line')}, none a JSON object ({detail}){hint}"
    if code == NO_HEADER.code and len(codes) == 1:
        return f"no WARC record in it ({detail}): if it is plain text, name the format: --input-format text"
    told = ", ".join(
        f"{many(number, 'record')} that {_SAYS.get(code, code)}" for code, number in codes.most_common(_MOST_REASONS)
    )
    remedy = ": download the file again" if set(codes) == {TRUNCATED.code} else ""
    return told + (f" ({detail})" if detail else "") + remedy


def is_amiss(counts: Mapping[tuple[str, str], int]) -> bool:
    """Whether an input without pages was damaged or in the wrong format, and not merely without pages.

    >>> is_amiss({("not_a_page", "warcinfo"): 1}), is_amiss({("not_a_page", "response"): 50}), is_amiss({})
    (False, True, True)
    """
    return not counts or any(
        not (code == NOT_A_PAGE.code and detail.lower() == "warcinfo") and not (code == NO_TEXT.code and _BLANK(detail))
        for code, detail in counts
    )


def with_remedy(detail: str) -> str:
    """What a file is, as in the detail of a verdict, and what to do.

    >>> with_remedy("an XML error page (AccessDenied)")
    'an XML error page (AccessDenied): a server sent it instead of the file; download the file again'
    """
    remedy = REMEDIES.get(detail) or REMEDIES.get(detail.partition(" (")[0])
    return detail if remedy is None else f"{detail}: {remedy}"


def _other_records(types: Mapping[str, int], records: int) -> str:
    """WARC records that are not pages of text."""
    found = {name for name in types if name != "warcinfo"}
    if not found:
        return f"{many(records, 'record')}, only warcinfo: a file without pages"
    if found <= _HTTP:
        one = next(iter(found)) if len(found) == 1 else ""
        what = {"response": "HTTP responses", "request": "HTTP requests", "revisit": "revisits"}.get(one, "of HTTP")
        return f"{many(records, 'record')}, all {what}: {_WARC_INSTEAD if 'response' in found else 'no page in it'}"
    if found == {"metadata"}:
        return f"{many(records, 'record')}, all metadata: this is a WAT, {_WET_INSTEAD}"
    if found & _HTTP:
        instead = _WARC_INSTEAD if "response" in found else "none with a page"
        return f"{many(records, 'record')} of HTTP and other records: {instead}"
    if "conversion" in found:
        return f"{many(records, 'record')}, conversions to text: {_WET_FORMAT}"
    return f"{many(records, 'record')}, none a conversion ({', '.join(sorted(found)[:5])}): {_WET_INSTEAD}"
