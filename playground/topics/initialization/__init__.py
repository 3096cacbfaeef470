"""Initialisation schemes: a signal through depth, in measurement and theory; races; experiments from the papers."""
