"""The command line: one module a command; here alone is anything printed, and the process ended."""
