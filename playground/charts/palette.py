"""The same colour for the same thing on every page, also for colour-blind people, and on light and dark pages.

Classes have Okabe & Ito's colours (2008). Contestants have the six of some fifty well-known colours that differ most
for all kinds of colour vision. The present network is violet; what it is compared with (its start, the test points) is
grey. Positive numbers are teal, negative ones vermilion.
"""

CLASSES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9")
CONTESTANTS = ("#006CD1", "#EE3377", "#33BBEE", "#999933", "#AA4499", "#B2182B")
NOW = "#8B5CD6"
REFERENCE = "#8A8F99"
WRONG = "#D1242F"
POSITIVE, NEGATIVE = "#117A8B", "#D55E00"  # signs of weights and gradients
