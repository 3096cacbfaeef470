"""Digits from scratch: pictures, the project, what a network makes of images, two ways to split, targets."""
