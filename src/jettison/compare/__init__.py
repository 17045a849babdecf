"""Two images held side by side: their merged trees, their configs, and what grew and shrank."""

from __future__ import annotations

from jettison.compare.configs import compare_config
from jettison.compare.trees import Noise, TreeDifference, compare_trees, noise_from_json, noise_of, noise_to_json

__all__ = [
    "Noise",
    "TreeDifference",
    "compare_config",
    "compare_trees",
    "noise_from_json",
    "noise_of",
    "noise_to_json",
]
