"""One module a medium: each reads a place into an Image, lazily, its digests held against its bytes."""
