"""The same colour for the same thing on every page, also for colour-blind people, and on light and dark pages.

Classes have Okabe & Ito's colours (2008). Contestants have the six of some fifty well-known colours that differ most
for all kinds of colour vision, and with batch normalisation a shade of each: the same with 30 to 50 % of white or black
in it, so that the shades differ most, too. Where six are too few, lines also differ in their dashes
(`contestant_styles.py`). The present network is violet; what it is compared with (its start, the test points) is grey.
Positive numbers are teal, negative ones vermilion.
"""

CLASSES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9")
CONTESTANTS = ("#006CD1", "#EE3377", "#33BBEE", "#999933", "#AA4499", "#B2182B")
SHADES = ("#80B6E8", "#8F1F47", "#2483A7", "#6B6B24", "#77306B", "#C95D6B")  # of the contestants' colours
DASHES = ((1, 0), (9, 4), (2, 3))  # pixels of line and gap: solid, dashed, dotted
SHADE_DASHES = ((9, 3, 2, 3), (9, 3, 2, 3, 2, 3), (2, 3, 2, 9))  # the same with a dot between
NOW = "#8B5CD6"
REFERENCE = "#8A8F99"
WRONG = "#D1242F"
POSITIVE, NEGATIVE = "#117A8B", "#D55E00"  # signs of weights and gradients
