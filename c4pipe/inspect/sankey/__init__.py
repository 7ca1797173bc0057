"""A Sankey diagram of a corpus: from the crawl to what is kept, each loss a band as wide as what it took.

Ledger --text_flow--> TextFlow --arranged--> Arrangement --drawn--> SVG

`amounts` knows ledgers, `arrange` coordinates, `draw` SVG; none needs a script or a style sheet from elsewhere.
"""

from c4pipe.inspect.sankey.amounts import TextFlow as TextFlow
from c4pipe.inspect.sankey.amounts import text_flow as text_flow
from c4pipe.inspect.sankey.draw import compact as compact
from c4pipe.inspect.sankey.draw import legend as legend
from c4pipe.inspect.sankey.draw import slide as slide
from c4pipe.inspect.sankey.draw import svg as svg
