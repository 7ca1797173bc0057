"""English sentences of plain lines, found and hashed by machine code; sentencex splits all other lines.

Plain lines cover a part of what sentencex 1.0.32 does (MIT licence; `src/languages` in its source). A line is plain if
all of this holds:

* It only has characters that `tables` lists: letters of a few alphabets, digits, common marks.
* Quotes and brackets are paired, and a pair within another is closed in there. Each ' follows a letter or a digit.
* The text in front of a closing bracket is not the number of a list item.
* A run of stops ends the line, or it is clear whether a sentence begins behind it. One begins if a blank follows and no
  stop, or directly a capital, a dash or a bracket. The sentence continues in brackets and in quotes, except at a stop
  in front of the closing quote with a capital behind it; if a comma follows, or directly a small letter or a digit;
  and behind several stops with a blank also if these follow the blank.
* A single "." behind an abbreviation ends a sentence only if a word follows that starts sentences. If the word may be
  a unit, a title or a name with a stop of its own, the line is not plain.

`stops` has the rules in compiled form, `marks` the pairs, `kernel` the walk over the bytes of a page.
"""
