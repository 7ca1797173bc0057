"""The ids with a meaning to the T5 itself, and the ignored target. All other ids are the tokenizer's."""

PAD = 0  # also starts every decoder input: T5 has no start token
EOS = 1
IGNORED = -100  # no target: no loss, and PAD in the decoder's input; transformers ignores it, too
