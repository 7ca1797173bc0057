"""Test items of benchmarks in pages: what stands in a corpus should not be what a model is tested with.

files --items--> texts --index--> ItemOverlap --found--> where in a page which item stands
"""

from c4pipe.benchmarks.items import ROLES
from c4pipe.benchmarks.overlap import ItemOverlap, Sighting

__all__ = ["ROLES", "ItemOverlap", "Sighting"]
