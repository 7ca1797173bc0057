"""T5, trained on the shards of a corpus. Imports no Beam, and only the parts of c4pipe that read shards."""

from c4pipe.command import watch_start

watch_start()
