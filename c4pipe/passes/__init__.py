"""The passes over a shard, from a WET file to the files of the corpus, and the closing summary of a build."""
