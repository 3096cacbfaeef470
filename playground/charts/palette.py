"""One colour for one thing on every page, told apart by colour-blind people, and readable on light and on dark.

Classes have Okabe & Ito's colours (2008). Contestants have those six of some fifty well-known colours that lie furthest
apart for all kinds of sight. The network as it is now is violet; what it is compared with (its start, the test points)
is grey. Signs are teal and vermilion.
"""

CLASSES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9")
CONTESTANTS = ("#006CD1", "#EE3377", "#33BBEE", "#999933", "#AA4499", "#B2182B")
NOW = "#8B5CD6"
REFERENCE = "#8A8F99"
WRONG = "#D1242F"
POSITIVE, NEGATIVE = "#117A8B", "#D55E00"  # signs of weights and gradients
