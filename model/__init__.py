"""T5, trained on the shards of a corpus. Sees no Beam; of c4pipe only what reads shards."""

from c4pipe.command import watch_start

watch_start()
