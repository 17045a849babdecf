"""A package manager as data: its verbs, its options, and what it writes where."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


class Action(enum.Enum):
    """What a call of a package manager is for."""

    INSTALL = "install"
    REMOVE = "remove"
    UPDATE = "update"  # of lists or indexes
    UPGRADE = "upgrade"
    DOWNLOAD = "download"
    BUILD = "build"
    CLEAN = "clean"


FILLS = frozenset({Action.INSTALL, Action.UPGRADE, Action.DOWNLOAD, Action.BUILD})


@dataclass(frozen=True)
class Store:
    """A cache, or lists, that a manager writes beside what it installs.

    `folders` are the places where it may be, `~` the home folder. `variables` and `options` say where it is instead;
    `off` and `off_by` are options and variables (with what their value must match) that keep it from being written.
    `cleaned` are the verbs that empty it; words that begin with a dash are options that must be among them. `hook`
    says what else may empty it, and where; `linked` that its files may be hard links to what was installed. `instead`
    are folders that hold it where they are there. `otherwise` (a regular expression) finds in a Dockerfile that
    settings which its text does not hold, or another edition of the manager, may put it elsewhere.
    """

    name: str
    folders: tuple[str, ...]
    written: frozenset[Action] = FILLS
    files: str = "*"
    lists: bool = False
    variables: tuple[tuple[str, str], ...] = ()  # (variable, path below its value)
    options: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    off_by: tuple[tuple[str, str], ...] = ()
    cleaned: tuple[tuple[str, ...], ...] = ()
    hook: str = ""
    linked: bool = False
    instead: tuple[str, ...] = ()
    otherwise: str = ""


def _whole(word: str) -> tuple[str, str | None]:
    return word, None


@dataclass(frozen=True, eq=False)  # each is there once, and is a key of what was read by it
class Tool:
    """A package manager.

    `verbs` are the words that follow its name, with what they are for. `valued` options take the next word. `plain`
    are the others; where `complete`, it refuses any option that is in neither. `deprecated` are options with what is
    said instead. `abbreviates` says that the beginning of an option is that option where no other begins so.
    `clusters` says that `-yq` is `-y -q`. `split` cuts a package into its name and version.
    `production` are options that leave development dependencies out, `production_by` the variables that do.
    """

    name: str
    programs: tuple[str, ...]
    verbs: Mapping[tuple[str, ...], Action]
    stores: tuple[Store, ...] = ()
    valued: frozenset[str] = frozenset()
    plain: frozenset[str] = frozenset()
    complete: bool = False
    abbreviates: bool = False
    deprecated: Mapping[str, str] = field(default_factory=dict)
    clusters: bool = True
    split: Callable[[str], tuple[str, str | None]] = _whole
    no_package: str = ""  # words that are none: a file, a pattern, a folder (a regular expression)
    by_option: Mapping[str, Action] = field(default_factory=dict)  # where options say what is to be done
    default: Action | None = None  # what is done where no verb is given
    production: tuple[str, ...] = ()
    production_by: tuple[tuple[str, str], ...] = ()
    target: tuple[str, ...] = ()  # options that say where it installs
    file_options: frozenset[str] = frozenset()  # options whose value is a file that names packages


def verbs(**actions: str) -> dict[tuple[str, ...], Action]:
    """Verbs by action: `verbs(install="install|cache add")`; alternatives by |, words of one verb by blanks."""
    return {
        tuple(verb.split()): Action[action.upper()] for action, given in actions.items() for verb in given.split("|")
    }


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


def cut(*separators: str) -> Callable[[str], tuple[str, str | None]]:
    """A `split` at the first of these that a word holds, behind its first character."""

    def split(word: str) -> tuple[str, str | None]:
        places = [(at, -len(each), each) for each in separators if (at := word.find(each, 1)) > 0]
        if not places:
            return word, None
        at, _, separator = min(places)
        return word[:at], word[at + len(separator) :] or None

    return split
