"""What the build is given: the ignore file, the files that are sent, which instruction takes which of them."""
