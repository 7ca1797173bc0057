"""Famous recipes, one file each, to be read and to be changed."""
