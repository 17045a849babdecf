"""Images as bytes: transports, the tar walker, layers, the merged tree."""
