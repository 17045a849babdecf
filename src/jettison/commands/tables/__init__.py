"""What is known of each package manager: one table a file, with its source."""
