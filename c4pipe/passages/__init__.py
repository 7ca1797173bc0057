"""How often each passage occurs in a corpus, and how often it occurred in the crawl that the corpus was built from.

A passage is the unit of a dedup level: a line, a run of three sentences, a window of words. It is identified by the key
that the level claims for it, so the counts match what a build with that level treats as repeated.
"""
