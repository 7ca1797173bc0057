"""A Sankey diagram of a corpus: from the crawl to the kept pages, each loss a band as wide as its amount.

Ledger --text_flow--> TextFlow --arranged--> Arrangement --drawn--> SVG

`amounts` reads ledgers, `arrange` computes coordinates, `draw` writes SVG; none needs a script or an external style
sheet.
"""

from c4pipe.inspect.sankey.amounts import TextFlow as TextFlow
from c4pipe.inspect.sankey.amounts import text_flow as text_flow
from c4pipe.inspect.sankey.draw import compact as compact
from c4pipe.inspect.sankey.draw import legend as legend
from c4pipe.inspect.sankey.draw import slide as slide
from c4pipe.inspect.sankey.draw import svg as svg
