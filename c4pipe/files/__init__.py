"""Files: where they are opened and written, and the outside ones that rules read."""
