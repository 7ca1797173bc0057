"""Dedup: of everything in the whole corpus that shares a key, one owner stays.

    staged pages --claims--> packed rows by hash partition --losers--> row numbers by group --apply--> pages

A group is a run of inputs (WET files) whose rows share one numbering, so that a row in a shuffle needs no file name.
Partitions are the top bits of the key. Texts are never shuffled.
"""

from c4pipe.dedup.base import LinkLevel, TextBatch, TextLevel
from c4pipe.dedup.lines import LineLevel
from c4pipe.dedup.near import NearLevel
from c4pipe.dedup.spans import SpanLevel
from c4pipe.dedup.urls import UrlLevel
from c4pipe.dedup.windows import WindowLevel

__all__ = ["LineLevel", "LinkLevel", "NearLevel", "SpanLevel", "TextBatch", "TextLevel", "UrlLevel", "WindowLevel"]
