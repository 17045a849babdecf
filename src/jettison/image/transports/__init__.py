"""image/transports."""
