"""Every byte that ships and is not seen, with its cause."""
