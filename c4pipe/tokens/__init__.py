"""Pages as tokens, for training elsewhere: Megatron's .bin and .idx, and a table of the pages that the tokens are
from."""
