"""What networks learn from: examples with labels, and the ways to split them."""
