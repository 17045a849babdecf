"""Stand-ins for official base images, from real parts. Standard library only: it runs on a bare Debian."""
