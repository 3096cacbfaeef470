"""A teaching playground: neural networks in plain NumPy, trained and looked into live."""
