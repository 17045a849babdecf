"""Traps, one file each: what a change is known to break, and how to see it before the change is made."""
