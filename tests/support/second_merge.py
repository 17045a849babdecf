"""Layers merged a second way, by tarfile and dictionaries, importing nothing of jettison.
A directory is a dictionary; a layer becomes a tree of its own, as in an overlay's upper directory, and is laid over.
"""

import io
import tarfile
from collections import namedtuple

OPAQUE = "\0opaque"  # a key of directories that hide what is below
Inode = namedtuple("Inode", "layer member size link")


class Refused(Exception): ...  # no engine unpacks this layer


def merged(layers):
    tree = {}
    for number, layer in enumerate(layers):
        with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
            members = [(at, parts_of(m.name), m) for at, m in enumerate(archive) if parts_of(m.name)]
        for *above, last in sorted(parts for _, parts, _ in members if parts[-1].startswith(".wh.")):
            folder(tree, above).clear() if last == ".wh..wh..opq" else folder(tree, above).pop(last[4:], None)
        upper = {}
        for at, parts, m in (each for each in members if not each[1][-1].startswith(".wh.")):
            *above, last = parts = [*followed(upper, {}, parts[:-1]), parts[-1]]
            here = folder(upper, above)
            if m.isdir():
                here[last] = here[last] if isinstance(here.get(last), dict) else {OPAQUE: True} if last in here else {}
            elif m.islnk():
                to = parts_of(m.linkname)
                to = to if seen(upper, tree, to) else [*followed(upper, tree, to[:-1]), *to[-1:]]
                if to[: len(parts)] == parts or not isinstance(seen(upper, tree, to), Inode):
                    raise Refused(m.name)
                here[last] = seen(upper, tree, to)
            else:
                here[last] = Inode(number, at, m.size if m.isreg() else 0, m.linkname if m.issym() else None)
        lay_over(tree, upper)
    return tree


def parts_of(name):
    return [part for part in name.split("/") if part not in ("", ".")]


def folder(tree, parts):
    for part in parts:
        tree[part] = tree = tree[part] if isinstance(tree.get(part), dict) else {}
    return tree


def seen(upper, lower, parts):  # what a path names while a layer lies over the others
    for part in parts:
        upper = upper.get(part) if isinstance(upper, dict) else None
        through = upper is None or (isinstance(upper, dict) and OPAQUE not in upper)
        lower = lower.get(part) if through and isinstance(lower, dict) else None
    return lower if upper is None else upper


def followed(upper, lower, parts):  # a directory's path, symbolic links in it followed
    at, todo, left = [], parts[::-1], 41
    while todo:
        here = [*at, todo.pop()]
        node = seen(upper, lower, here)
        if isinstance(node, Inode):
            if node.link is None or not (left := left - 1):
                raise Refused("/".join(parts))
            at, todo = ([] if node.link[:1] == "/" else at), todo + parts_of(node.link)[::-1]
        else:
            at = at[:-1] if here[-1] == ".." else here
    return at


def lay_over(lower, upper):  # change the lower tree to what is seen with the upper one over it
    if upper.pop(OPAQUE, None):
        lower.clear()
    for name, node in upper.items():
        if isinstance(node, dict):
            lay_over(folder(lower, [name]), node)
        else:
            lower[name] = node
