"""Engines build images and run containers; jettison calls them and imitates nothing."""
