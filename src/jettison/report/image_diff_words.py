"""What two images held side by side say, as raw sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from jettison.compare.folders import FolderChange
from jettison.compare.images import ImageDiff
from jettison.compare.packages import PackageChange
from jettison.compare.paths import Change
from jettison.core.escape import show_path
from jettison.core.units import show_bytes
from jettison.report.words import plural

_NAMED = 3  # reasons in the second line
_WORDS = {"added": "new", "removed": "gone", "version": "of another version"}


def verdict(found: ImageDiff) -> str:
    """The answer in one line."""
    old, new = found.ends
    size = "" if found.by == "unpacked" else f" ({found.by})"
    if found.verdict == "same":
        return f"same: {show_bytes(new)}{size}, the same files and the same config"
    if found.verdict == "changed":
        return f"changed: {show_bytes(new)}{size} as before, and not the same"
    words = f"{found.verdict}: {show_bytes(old)} → {show_bytes(new)}{size}, {show_bytes(abs(new - old))} "
    words += "more" if new > old else "less"
    low, high = sorted(found.ends)
    if old and new < 2 * old:
        words += f", {abs(new - old) / old * 100:.1f} %"
    return words + (f", {high / low:.1f} times {found.verdict}" if 0 < low * 2 <= high else "")


def reasons(found: ImageDiff) -> list[str]:
    """Where most of it comes from, the most first: folders of the tree, and waste by cause."""
    rows = [(row.net, folder_name(row)) for row in found.folders if row.net]
    rows += [(new - old, f"waste ({cause})") for cause, (old, new) in found.causes.items() if new != old]
    rows.sort(key=lambda row: -abs(row[0]))
    return [f"{signed(size)} {name}" for size, name in rows[:_NAMED]]


def besides(found: ImageDiff) -> list[str]:
    """What else changed, the most telling first."""
    parts = []
    kinds = Counter(each.change for each in found.packages)
    if kinds:
        counted = ", ".join(f"{kinds[key]:,} {word}" for key, word in _WORDS.items() if kinds[key])
        parts.append(f"packages: {counted}")
    layers = len(found.old.layers), len(found.new.layers)
    same = sum(pair.same for pair in found.layers)
    if same < max(layers):
        parts.append(f"layers: {layers[0]} → {layers[1]}, {same} the same")
    if found.config:
        parts.append(f"config: {', '.join(found.config)}")
    parts.append(f"paths: {_counted(found)}" if found.paths else "paths: the same")
    return parts


def _counted(found: ImageDiff) -> str:
    kinds = Counter(each.change for each in found.paths)
    words = {Change.ADDED: "new", Change.REMOVED: "gone", Change.CONTENT: "other content", Change.METADATA: "metadata"}
    return ", ".join(f"{kinds[key]:,} {word}" for key, word in words.items() if kinds[key])


def signed(size: int) -> str:
    """`+12.0 MB`, `-3 B`."""
    return f"+{show_bytes(size)}" if size > 0 else show_bytes(size)


def folder_name(row: FolderChange) -> str:
    """A folder ends with a slash; the root's row is what is in no other."""
    return "/" + show_path(row.path) + ("/" if row.is_directory else "") if row.path else "elsewhere"


def folder_words(row: FolderChange) -> tuple[str, ...]:
    """What became of it: the words, and what may be left out where there is no room."""
    count = f"{row.paths:,} {plural(row.paths, 'file')}"
    if not row.is_directory:
        return ({Change.ADDED: "new", Change.REMOVED: "gone"}.get(row.whole or Change.CONTENT, "other content"),)
    if row.whole is not None:
        return "new" if row.whole is Change.ADDED else "gone", count
    return (count, f"{signed(row.grown)} and {signed(-row.shrunk)}") if row.grown and row.shrunk else (count,)


def equal_sized(found: ImageDiff) -> Iterator[str]:
    """What changed without growing: by kind, in sentences."""
    content = sum(each.change is Change.CONTENT and not each.grown for each in found.paths)
    if content:
        yield f"{content:,} {plural(content, 'path')} with other content of the same size"
    metadata = [each for each in found.paths if each.change is Change.METADATA]
    only_time = sum(each.aspects == ("mtime",) for each in metadata)
    if only_time:
        yield f"{only_time:,} {plural(only_time, 'path')} with another time alone"
    rest = Counter(aspect for each in metadata if each.aspects != ("mtime",) for aspect in each.aspects)
    count = len(metadata) - only_time
    if count:
        told = ", ".join(f"{aspect} {number:,}" for aspect, number in rest.most_common())
        yield f"{count:,} {plural(count, 'path')} with other metadata ({told})"
    empty = sum(each.change in (Change.ADDED, Change.REMOVED) and not each.grown for each in found.paths)
    if empty:
        yield f"{empty:,} new or gone that {'weighs' if empty == 1 else 'weigh'} nothing: folders, links, empty files"


def package_words(each: PackageChange) -> str:
    """`gcc-12 12.2.0-14 → 13.1`, or one version that came or went."""
    if each.old is not None and each.new is not None:
        return f"{each.name} {each.old} → {each.new}"
    return f"{each.name} {each.old or each.new}, {_WORDS[each.change]}"
