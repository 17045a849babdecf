"""Stand-ins for official base images, made from real parts. Python's standard library only: it runs on a bare Debian."""
