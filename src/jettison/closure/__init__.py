"""What a program needs and nobody asked for while it was watched: libraries, modules, tools, parts of packages.

Every closure is told as lost against the original: each image has some that were broken from the start.
"""
