"""Presets that end where text is compared, with that comparison and without: what comes to it is all of the corpus."""

from c4pipe.presets import EN

WITH = EN.named("with", "`en` up to its dedup of text").without("language", "badwords")
WITHOUT = WITH.named("without", "`en` up to the place of its dedup of text").without("spans")
