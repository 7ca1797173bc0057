"""Dedup: of everything that shares a key, over the whole corpus, one owner stays.

    staged pages --claims--> packed rows by hash partition --losers--> row numbers by group --apply--> pages

A group is a run of inputs (WET files) whose rows share one numbering, so that a row of a shuffle needs no file name.
Partitions are the top bits of the key. Text never enters a shuffle.
"""

from c4pipe.dedup.base import LinkLevel, TextBatch, TextLevel
from c4pipe.dedup.lines import LineLevel
from c4pipe.dedup.near import NearLevel
from c4pipe.dedup.spans import SpanLevel
from c4pipe.dedup.urls import UrlLevel
from c4pipe.dedup.windows import WindowLevel

__all__ = ["LineLevel", "LinkLevel", "NearLevel", "SpanLevel", "TextBatch", "TextLevel", "UrlLevel", "WindowLevel"]
