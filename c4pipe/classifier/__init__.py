"""Page classifiers: trained on two corpora, measured on unseen hosts, and cut at a quantile.

two corpora --sides--> lines of both, some domains held out --training--> model --measuring--> its quality
a corpus with scores, or a model --quantile--> the number that a preset records as `above`
"""
