"""The loop: measure, change one thing, rebuild, weigh, check, keep or undo, repeat."""
