"""c4pipe.text.dates: every spelling, one form."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.text.dates import date_of_milliseconds, date_of_number, month_of, parsed_date

FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.(?!000)\d{3})?Z")


@pytest.mark.parametrize(
    ("written", "date"),
    [
        ("2019-04-25T12:57:54Z", "2019-04-25T12:57:54Z"),
        ("2019-04-27T01:59:59.960Z", "2019-04-27T01:59:59.960Z"),
        ("2020-02-29T00:00:00Z", "2020-02-29T00:00:00Z"),
        ("2019-04-25T12:57:54.000Z", "2019-04-25T12:57:54Z"),
        ("2019-04-25T12:57:54.9999999Z", "2019-04-25T12:57:54.999Z"),  # cut, not rounded
        ("2019-04-25T12:57:54,5Z", "2019-04-25T12:57:54.500Z"),
        ("2019-04-25 23:00:00", "2019-04-25T23:00:00Z"),
        (" 2019-04-25T23:00:00\t", "2019-04-25T23:00:00Z"),
        ("2019-04-25t23:00:00z", "2019-04-25T23:00:00Z"),
        ("2019-04-25T23:00", "2019-04-25T23:00:00Z"),
        ("2019-04-25T23:00Z", "2019-04-25T23:00:00Z"),
        ("2019-04-25", "2019-04-25T00:00:00Z"),
        ("2019-04", "2019-04-01T00:00:00Z"),
        ("2019", "2019-01-01T00:00:00Z"),
        ("2019-4-5", "2019-04-05T00:00:00Z"),
        ("2019/04/25 23:00:00", "2019-04-25T23:00:00Z"),
        ("2019.04.25", "2019-04-25T00:00:00Z"),
        ("2019-04-27T03:30:00+02:00", "2019-04-27T01:30:00Z"),
        ("2019-04-27T03:30:00+0200", "2019-04-27T01:30:00Z"),
        ("2019-04-27T03:30:00-02", "2019-04-27T05:30:00Z"),
        ("2019-04-27 03:30:00 +0530", "2019-04-26T22:00:00Z"),
        ("2019-04-27 03:30:00.123456 UTC", "2019-04-27T03:30:00.123Z"),
        ("2019-04-27 03:30:00 +0200 CEST", "2019-04-27T01:30:00Z"),
        ("2019-04-27T03:30:00+02:00[Europe/Berlin]", "2019-04-27T01:30:00Z"),
        ("2019-12-31T24:00:00Z", "2020-01-01T00:00:00Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
        ("20190426101112", "2019-04-26T10:11:12Z"),
        ("20190426101112345", "2019-04-26T10:11:12.345Z"),
        ("201904261011", "2019-04-26T10:11:00Z"),
        ("20190426", "2019-04-26T00:00:00Z"),
        ("20190426T101112Z", "2019-04-26T10:11:12Z"),
        ("20190426T101112.5+0200", "2019-04-26T08:11:12.500Z"),
        ("Thu, 25 Apr 2019 02:00:00 GMT", "2019-04-25T02:00:00Z"),
        ("Thu, 25 Apr 2019 02:00:00 +0200", "2019-04-25T00:00:00Z"),
        ("Thu, 25 Apr 2019 02:00:00 EST", "2019-04-25T07:00:00Z"),
        ("Thu,  5 Sept 2019 02:00 UTC", "2019-09-05T02:00:00Z"),
        ("25 April 2019", "2019-04-25T00:00:00Z"),
        ("Thursday, 25-Apr-19 02:00:00 GMT", "2019-04-25T02:00:00Z"),
        ("Friday, 25-Apr-69 02:00:00 GMT", "1969-04-25T02:00:00Z"),
        ("Thu Apr 25 02:00:00 2019", "2019-04-25T02:00:00Z"),
        ("Thu Apr 25 02:00:00 UTC 2019", "2019-04-25T02:00:00Z"),
        ("Thu Apr 25 02:00:00 +0100 2019", "2019-04-25T01:00:00Z"),
        ("April 25, 2019", "2019-04-25T00:00:00Z"),
        ("Apr 25, 2019, 02:00", "2019-04-25T02:00:00Z"),
        *((spelt, "2019-04-25T00:00:00Z") for spelt in ("25/04/2019", "25.4.2019", "25-04-2019", "04/25/2019")),
        ("25.04.2019 23:00", "2019-04-25T23:00:00Z"),
        ("4/25/2019, 23:00:05 +0200", "2019-04-25T21:00:05Z"),
        *((spelt, "2019-04-25T00:00:00Z") for spelt in ("2019-W17-4", "2019W174", "2019-115")),
        ("2019-W17", "2019-04-22T00:00:00Z"),
        ("2020-W53-7T12:00:00Z", "2021-01-03T12:00:00Z"),
        ("2020-366", "2020-12-31T00:00:00Z"),
        ("2019-115T12:00:00+02:00", "2019-04-25T10:00:00Z"),
        ("1556154000", "2019-04-25T01:00:00Z"),
        ("1556154000.25", "2019-04-25T01:00:00.250Z"),
        ("1556154000123", "2019-04-25T01:00:00.123Z"),
        ("1556154000123456", "2019-04-25T01:00:00.123Z"),
        ("1556154000123456789", "2019-04-25T01:00:00.123Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
    ],
)
def test_a_date_has_one_form(written: str, date: str) -> None:
    assert parsed_date(written) == date
    assert parsed_date(date) == date


@pytest.mark.parametrize(
    "written",
    [
        *("", " ", "last May", "None", "NaT", "Z", "2019-", "12", "201904", "-1", "1e9"),
        *("2019-13-01", "2019-00-10", "2019-04-31", "2019-02-29", "0000-01-01", "0000-01-01T00:00:00Z", "20191325"),
        *("2019-02-29T00:00:00Z", "2019-04-25T25:00:00Z", "2019-04-25T24:00:01Z", "2019-04-25T12:60:00Z"),
        *("2019-04-25T12:00:61Z", "2019-04-25T12:00:00.Z", "2019-04-25T12:00:00+24:00", "2019-04-25T12:00:00 XYZ"),
        *("0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"),
        *("05/04/2019", "5.4.2019", "25/13/2019", "31/04/2019", "25/04-2019", "04.25.2019", "25/04/19", "13/13/2019"),
        *("2019-W53-1", "2019-W00-1", "2019-W17-8", "2019-366", "2019-000", "2019-999", "0000-001", "9999-W53"),
        *("2019-04/25", "Thu, 25 Foo 2019 02:00:00 GMT", "2019-04-25T02:00:00 PM"),
        *("٢٠١٩-٠٤-٢٥", "2019-04-25\x00", "2019-04-25T12:00:00Z\n2020", "9" * 5000, "2019-04-25" + " " * 90 + "Z"),
    ],
)  # fmt: skip
def test_what_is_no_date_is_none(written: str) -> None:
    assert parsed_date(written) is None


@pytest.mark.parametrize(
    ("number", "date"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1556154000, "2019-04-25T01:00:00Z"),
        (1556154000.123, "2019-04-25T01:00:00.123Z"),
        (1.556154e9, "2019-04-25T01:00:00Z"),
        (1556154000123, "2019-04-25T01:00:00.123Z"),
        (1556154000123.9, "2019-04-25T01:00:00.123Z"),
        (1556154000123456, "2019-04-25T01:00:00.123Z"),
        (1556154000123456789, "2019-04-25T01:00:00.123Z"),
        (-1, "1969-12-31T23:59:59Z"),
        (2019, "2019-01-01T00:00:00Z"),
        (20190425, "2019-04-25T00:00:00Z"),
        (20190425.0, "2019-04-25T00:00:00Z"),
        (20190426101112, "2019-04-26T10:11:12Z"),
        (20191325, None),
        (10**20, None),
        (10**400, None),
        (float("nan"), None),
        (float("inf"), None),
        (1e300, None),
    ],
)
def test_a_number_is_a_date_by_its_size(number: float, date: str | None) -> None:
    assert date_of_number(number) == date


MOMENTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30))
RECENT = st.datetimes(datetime(1970, 1, 2), datetime(2068, 12, 30))
ZONES = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def form(moment: datetime) -> str:
    """By Python's own hand, cut to milliseconds."""
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
    return text.removesuffix(".000") + "Z"


@given(MOMENTS, ZONES, st.sampled_from("T "), st.sampled_from(["auto", "milliseconds", "microseconds"]))
def test_a_moment_comes_back_from_iso_8601(moment: datetime, zone: timezone, mark: str, spec: str) -> None:
    moment = moment.replace(tzinfo=UTC)
    try:
        local = moment.astimezone(zone)
    except OverflowError:
        return
    assert parsed_date(local.isoformat(mark, spec)) == form(moment)
    assert parsed_date(moment.replace(tzinfo=None).isoformat(mark, spec)) == form(moment)


@given(RECENT, ZONES)
def test_a_moment_comes_back_from_other_spellings(moment: datetime, zone: timezone) -> None:
    second = moment.replace(microsecond=0, tzinfo=UTC)
    for written in (
        format_datetime(second, usegmt=True),
        format_datetime(second.astimezone(zone)),
        second.strftime("%A, %d-%b-%y %H:%M:%S GMT"),
        second.ctime(),
        second.strftime("%Y%m%d%H%M%S"),
        second.strftime("%Y/%m/%d %H:%M:%S"),
    ):
        assert parsed_date(written) == form(second), written


@given(st.datetimes(datetime(1973, 4, 1), datetime(2286, 1, 1)))
def test_a_moment_comes_back_from_its_number(moment: datetime) -> None:
    microseconds = (moment - datetime(1970, 1, 1)) // timedelta(microseconds=1)
    expected = form(moment.replace(tzinfo=UTC))
    assert date_of_number(microseconds // 1000) == date_of_milliseconds(microseconds // 1000) == expected
    assert date_of_number(microseconds) == date_of_number(microseconds * 1000 + 999) == expected
    assert date_of_number(microseconds // 10**6) == form(moment.replace(microsecond=0, tzinfo=UTC))


@given(MOMENTS, MOMENTS)
def test_order_is_kept_by_what_stands_before_the_z(one: datetime, other: datetime) -> None:
    first, second = (parsed_date(each.isoformat()) or "" for each in (one, other))
    cut = [each.replace(microsecond=each.microsecond // 1000 * 1000) for each in (one, other)]
    assert (first.rstrip("Z") < second.rstrip("Z")) == (cut[0] < cut[1])


@given(st.text(st.sampled_from("0123456789-:TZ.,+ aprmyJGM/[]"), max_size=30) | st.text(max_size=12))
def test_any_text_is_a_date_in_the_form_or_none(text: str) -> None:
    date = parsed_date(text)
    assert date is None or (FORM.fullmatch(date) and parsed_date(date) == date and month_of(date) == date[:7])


@given(st.integers() | st.floats())
def test_any_number_is_a_date_in_the_form_or_none(number: float) -> None:
    date = date_of_number(number)
    assert date is None or FORM.fullmatch(date)


@pytest.mark.parametrize(
    ("date", "month"),
    [("2019-04-25T01:00:00Z", "2019-04"), ("2019-04", "2019-04"), ("2019", ""), ("2019-13-01", ""), ("Thu, 25", "")],
)
def test_a_month_is_nothing_else(date: str, month: str) -> None:
    assert month_of(date) == month
