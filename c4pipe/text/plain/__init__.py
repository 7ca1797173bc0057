"""English sentences of plain lines, found and hashed by machine code; sentencex has the say on all others.

What is plain is a part of what sentencex 1.0.32 does (MIT licence; `src/languages` in its source). A line
is plain where all of this holds:

* It has no characters but those that `tables` knows: letters of a few alphabets, digits, common marks.
* Quotes and brackets come in pairs, and a pair within another is closed in there. Each ' follows a letter or a digit.
* What stands in front of a bracket that closes is no number of an item of a list.
* Behind a run of stops comes the end of the line, or it is clear whether a sentence begins: one does where a blank
  follows and no stop, or directly a capital, a dash or a bracket. The sentence goes on in brackets and in quotes, but
  for a stop in front of the quote that closes with a capital behind it; where a comma follows, or directly a small
  letter or a digit; behind several stops with a blank also where these follow the blank.
* A single "." behind a shortened word ends a sentence if a word follows that starts sentences, and else none. Where the
  word may be a unit, a title or a name with a stop of its own, the line is not plain.

`stops` has the rules as they are compiled, `marks` the pairs, `kernel` the walk over the bytes of a page.
"""
