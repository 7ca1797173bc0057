"""A finished corpus without pages that somebody wants out: what a rebuild without them would have made."""
