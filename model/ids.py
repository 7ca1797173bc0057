"""The ids that mean something to a T5 itself, and the target that is none. All other ids are the tokenizer's."""

PAD = 0  # also what every target starts from: T5 has no token for the beginning
EOS = 1
IGNORED = -100  # a target that is none: no loss, and PAD in the decoder's input; transformers passes over it, too
