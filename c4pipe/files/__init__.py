"""Files: how they are opened and written, and the outside files that rules read."""
