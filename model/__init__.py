"""T5, trained on the shards of a corpus. Sees no Beam; of c4pipe only what reads shards."""
