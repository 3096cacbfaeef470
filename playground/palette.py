"""One colour for one thing on every page, told apart by colour-blind people, and readable on light and on dark.

Classes have Okabe & Ito's colours (2008), contestants of a race have Tol's (2021). The network as it is now is violet;
what it is compared with (its start, the test points) is grey.
"""

CLASSES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9")
CONTESTANTS = ("#EE3377", "#0077BB", "#009988", "#AA4499", "#998A2D", "#EE7733")  # after Tol (2021), vibrant and muted
NOW = "#8B5CD6"
REFERENCE = "#8A8F99"
WRONG = "#D1242F"
