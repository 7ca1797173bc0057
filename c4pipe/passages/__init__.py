"""How often each passage stands in a corpus, and how often it stood in the crawl that the corpus was made of.

A passage is what a level of dedup compares: a line, a run of three sentences, a window of words. It is known by the key
that the level claims it by, so what is counted here is what a build with that level takes for repeated.
"""
