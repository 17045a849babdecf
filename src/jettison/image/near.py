"""Names near one that is not there: what a hint says."""

from __future__ import annotations

from difflib import get_close_matches

from jettison.image.tree import Tree

_MOST_COMPARED = 5000


def near_names(tree: Tree, path: bytes, most: int = 3) -> list[bytes]:
    """Paths that may have been meant: of the same last name elsewhere, or of a similar one in the same folder."""
    parts = [part for part in path.split(b"/") if part and part != b"."]
    if not parts:
        return []
    found = _in_the_same_folder(tree, parts, most)
    if len(found) < most:
        end = b"/" + parts[-1]
        same = sorted(
            (each for each in tree if each.endswith(end) or each == parts[-1]), key=lambda each: (len(each), each)
        )
        found += [each for each in same[:most] if each not in found]
    return found[:most]


def _in_the_same_folder(tree: Tree, parts: list[bytes], most: int) -> list[bytes]:
    """Similar names where the way that leads there ends."""
    for known in range(len(parts) - 1, -1, -1):
        folder = tree.resolve(b"/".join(parts[:known]))
        if folder is None:
            continue
        children = {each.rpartition(b"/")[2].decode("utf-8", "surrogateescape"): each for each in tree.children(folder)}
        if len(children) > _MOST_COMPARED:
            return []
        wanted = parts[known].decode("utf-8", "surrogateescape")
        near = get_close_matches(wanted, children, most, 0.7)
        found = [children[name] for name in near]
        rest = b"/".join(parts[known + 1 :])
        deep = [each + b"/" + rest for each in found if rest and each + b"/" + rest in tree]
        return deep or ([] if rest else found)
    return []
