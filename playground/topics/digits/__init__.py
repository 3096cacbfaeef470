"""Digits from scratch: the project, what a network makes of images, own pictures, splits, an honest test."""
