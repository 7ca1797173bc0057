"""Pages as tokens for who trains elsewhere: Megatron's .bin and .idx, and beside them whose tokens they are."""
