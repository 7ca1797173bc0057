"""Inspecting a finished corpus: in the terminal, as one HTML file, and in a local viewer."""

from c4pipe.command import watch_start

watch_start()
