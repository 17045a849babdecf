"""Dockerfiles looked at without a build: found below paths, read, judged by the rules, put right where that is sure."""
