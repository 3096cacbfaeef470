"""One training step by hand: its numbers, its equations, usual mistakes, and the gradient check."""
