"""Classifiers of pages: trained on two corpora, measured on hosts that they have not seen, and cut at a quantile.

two corpora --sides--> lines of both, some domains held out --training--> model --measuring--> what it is worth
a corpus with scores, or a model --quantile--> the number that a preset records as `above`
"""
