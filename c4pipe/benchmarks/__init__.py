"""Test items of benchmarks in pages, because a corpus should not contain what a model is tested with.

files --items--> texts --index--> ItemOverlap --found--> which items are where in a page
"""

from c4pipe.benchmarks.items import ROLES
from c4pipe.benchmarks.overlap import ItemOverlap, Sighting

__all__ = ["ROLES", "ItemOverlap", "Sighting"]
