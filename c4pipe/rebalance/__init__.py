"""Writes a mixture of finished corpora: its sources, the place of each document, and the shuffle on disk.

    manifests --sources--> entries and shards --plan--> MixturePlan
    source shard --scatter--> pieces, a run of positions each --gather--> output shard --finalize--> card, manifest

`c4pipe.mixture` decides which document is at which position. This package does not use Beam: `c4pipe.flow.rebalance`
runs it.
"""
