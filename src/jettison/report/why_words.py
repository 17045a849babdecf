"""What the past of a path says, as raw sentences."""

from __future__ import annotations

from jettison.core.escape import show_path
from jettison.core.units import show_bytes
from jettison.image.model import Entry, Kind
from jettison.image.past import OPAQUE, WHITEOUT, Change, Event, Past
from jettison.report.words import plural

_NOUNS = {
    Kind.FILE: "file",
    Kind.DIRECTORY: "directory",
    Kind.SYMLINK: "symbolic link",
    Kind.CHARACTER: "character device",
    Kind.BLOCK: "block device",
    Kind.FIFO: "named pipe",
}
_OWNERSHIP = {"uid", "gid"}


def verdict(past: Past) -> str:
    """The answer in one sentence."""
    name = shown(past.path)
    if not past.events:
        return f"{name} never was in this image"
    last = past.events[-1]
    if past.now is None:
        word = "hid" if last.change is Change.HIDDEN else "removed"
        rest = f"; {show_bytes(past.stored)} of it still ship" if past.stored else ""
        return f"{name} is gone: layer {last.layer} {word} it{rest}"
    first = next(event for event in reversed(past.events) if event.entry is not None)
    if past.below is not None:
        below = past.below
        return f"{name} is a directory: {_files(below.files)}, {show_bytes(below.size)}{_dead(past, below.size)}"
    return f"{name} is {_what(past.now, past)}, from layer {first.layer}{_dead(past, past.now.size)}"


def _what(entry: Entry, past: Past) -> str:
    match entry.kind:
        case Kind.FILE:
            return f"a file of {show_bytes(entry.size)}"
        case Kind.SYMLINK:
            return f"a symbolic link to {show_path(entry.link)}" + (
                ", which leads nowhere" if past.target is None else ""
            )
    return f"a {_NOUNS[entry.kind]}"


def _dead(past: Past, seen: int) -> str:
    """What ships of it besides what is seen."""
    dead = past.stored - seen
    return f"; {show_bytes(dead)} more of it ship and cannot be seen" if dead > 0 else ""


def shown(path: bytes) -> str:
    """A path for people."""
    return "/" + show_path(path)


def told(event: Event) -> str:
    """What happened, behind the word for the change and the bytes."""
    match event.change:
        case Change.REMOVED | Change.HIDDEN:
            return _taken(event)
        case Change.ADDED:
            text = _appeared(event)
        case Change.CONTENT:
            text = _changed(event)
        case Change.METADATA:
            text = _metadata(event)
    return text


def _files(count: int) -> str:
    return f"{count:,} {plural(count, 'file')}"


def _appeared(event: Event) -> str:
    assert event.entry is not None
    if event.link:
        told = "a name that is gone" if event.size else "no bytes of its own"
        return f"a hard link to {shown(event.link)}: {told}"
    entry = event.entry
    if entry.kind is Kind.SYMLINK:
        return f"a symbolic link to {show_path(entry.link)}"
    text = f"{_NOUNS[entry.kind]}, {_mode(entry)}"
    return f"{text}, {_files(event.brought.files)}" if event.brought.files else text


def _mode(entry: Entry) -> str:
    return f"mode {entry.mode:04o}, owner {entry.uid}:{entry.gid}"


def _changed(event: Event) -> str:
    old, new = event.before, event.entry
    assert old is not None
    assert new is not None
    if event.link:
        return f"made a hard link to {shown(event.link)}: no bytes of its own"
    if old.kind is not new.kind:
        return f"was a {_NOUNS[old.kind]}, is a {_NOUNS[new.kind]} now{_lost(event)}"
    if new.kind is Kind.DIRECTORY:
        parts = [f"{_files(event.brought.files)} stored"] if event.brought.files else []
        return ", ".join(parts) + (_lost(event) if parts else _lost(event).removeprefix(", "))
    if new.kind is Kind.SYMLINK:
        return f"points to {show_path(new.link)}, pointed to {show_path(old.link)}"
    if new.kind is not Kind.FILE:
        return "another device"
    size = f"was {show_bytes(old.size)}" if old.size != new.size else "other content of the same size"
    rest = [each for each in event.aspects if each != "mtime"]
    return size + (f"; {_differences(old, new, rest)}" if rest else "")


def _lost(event: Event) -> str:
    gone = event.gone
    return f", {_files(gone.files)} of lower layers gone ({show_bytes(gone.size)})" if gone.files else ""


def _metadata(event: Event) -> str:
    old, new = event.before, event.entry
    assert old is not None
    assert new is not None
    again = " stored again:" if event.size and new.kind is Kind.FILE else ""
    if event.link:
        return f"made a hard link to {shown(event.link)}"
    if not event.aspects:
        return "stored again, with nothing changed" if again else "told again, with nothing changed"
    if new.kind is Kind.DIRECTORY:
        stored = f"; {_files(event.brought.files)} stored" if event.brought.files else ""
        return _differences(old, new, event.aspects) + stored + _lost(event)
    return f"the same content{again} {_differences(old, new, event.aspects)}"


def _differences(old: Entry, new: Entry, aspects: tuple[str, ...] | list[str]) -> str:
    """`owner 0:0 → 1000:1000, mode 0644 → 0755`."""
    parts = []
    if _OWNERSHIP & set(aspects):
        parts.append(f"owner {old.uid}:{old.gid} → {new.uid}:{new.gid}")
    if "mode" in aspects:
        parts.append(f"mode {old.mode:04o} → {new.mode:04o}")
    if "xattrs" in aspects:
        parts.append("extended attributes")
    if "mtime" in aspects:
        parts.append("time" if parts else "only its time differs")
    return ", ".join(parts)


def _taken(event: Event) -> str:
    gone = f", {_files(event.gone.files)} ({show_bytes(event.gone.size)}) with it" if event.gone.files else ""
    if event.how == WHITEOUT:
        return ("by a whiteout" if event.by == event.path else f"{shown(event.by)} was removed") + gone
    if event.how == OPAQUE:
        return f"{shown(event.by)} was made anew (opaque)" + gone
    return f"{shown(event.by)} is no directory any more" + gone
