"""Removing pages from a finished corpus: the result is what a rebuild without them would have made."""
