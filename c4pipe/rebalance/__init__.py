"""Writes a mixture of finished corpora: what is mixed, which document goes where, and the shuffle on disk.

    manifests --sources--> entries and shards --plan--> MixturePlan
    source shard --scatter--> pieces, a run of positions each --gather--> output shard --finalize--> card, manifest

`c4pipe.mixture` says which document stands at which position. No Beam here: `c4pipe.flow.rebalance` runs it.
"""
