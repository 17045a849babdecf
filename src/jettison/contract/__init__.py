"""The behaviour contract: recorded from the original, replayed on each candidate."""
