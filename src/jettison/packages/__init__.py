"""Packages as an image's own databases tell them, read from its tree and never executed."""
