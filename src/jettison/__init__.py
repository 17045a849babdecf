"""jettison makes container images small, one proven change at a time."""

__version__ = "0.1.0"
