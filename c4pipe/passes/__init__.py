"""The passes over a shard, from a WET file to the files of the corpus, and the words that close a build."""
