"""Several outputs of one step: elements with a number. Beam's tagged outputs are mixed up by its DaskRunner."""

from __future__ import annotations

from typing import Any

import apache_beam as beam


def only(number: int, kind: Any) -> beam.PTransform:
    """Of (number, element) the elements of one number; they are of that type."""
    return beam.FlatMap(lambda numbered: numbered[1:] if numbered[0] == number else ()).with_output_types(kind)
