"""Several outputs of one step: elements with a number. Beam's DaskRunner mixes up tagged outputs."""

from __future__ import annotations

from typing import Any

import apache_beam as beam


def only(number: int, kind: Any) -> beam.PTransform:
    """The elements of one number from (number, element); `kind` is their type."""
    return beam.FlatMap(lambda numbered: numbered[1:] if numbered[0] == number else ()).with_output_types(kind)
