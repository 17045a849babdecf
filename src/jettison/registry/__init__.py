"""Registries: names, mirrors, credentials, and the one client that reads from them. Knows nothing of images."""
