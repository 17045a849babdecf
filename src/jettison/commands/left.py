"""Which caches and lists a RUN leaves in its layer, by its text alone; and which cleans are no use.

A clean counts where it surely runs behind what it cleans: one that stands before it, in another RUN, or in a branch
that may not be taken, does not. A cache or tmpfs mount on the folder keeps it out of the layer.
"""

from __future__ import annotations

import enum
import posixpath
import re
from bisect import bisect
from collections.abc import Iterable, Iterator
from dataclasses import field, replace
from fnmatch import fnmatchcase

from jettison.commands.files import Removal, removal
from jettison.commands.invocation import Invocation, invoked
from jettison.commands.model import Call, Run
from jettison.commands.tables.all import TOOLS
from jettison.commands.tool import Action, Store
from jettison.core.dataclass import dataclass

_DOUBT = re.compile(r".*\.(?:sh|bash|py|pl|rb)|.*clean.*|eval|sh|bash|ash|dash|ansible-playbook")


@dataclass(frozen=True)
class Left:
    """What one RUN leaves: a store that `call` filled, in one of `places`.

    `doubt` is a later command of the RUN that may clean it, for all that the text tells.
    """

    store: Store
    places: tuple[str, ...]
    run: Run
    call: Call
    doubt: Call | None = None


class Why(enum.Enum):
    """Why a clean frees nothing."""

    LATER = "it stands in another RUN, and the layer below keeps the files"
    EARLY = "it stands before what it should clean"
    MOUNT = "a mount holds the folder, and no layer does"


@dataclass(frozen=True)
class Dead:
    """A clean that frees nothing of what it names; `lefts` say where that came, none for `packages` that an earlier
    RUN installed, which `call` removes."""

    call: Call
    run: Run
    why: Why
    lefts: tuple[Left, ...] = ()
    packages: tuple[str, ...] = ()

    @property
    def left(self) -> Left | None:
        """The first of what it names."""
        return self.lefts[0] if self.lefts else None


@dataclass(frozen=True)
class Account:
    """What RUNs that follow one another leave, in the order of the text, and the cleans that free nothing."""

    left: tuple[Left, ...]
    dead: tuple[Dead, ...]


def left_behind(run: Run) -> tuple[Left, ...]:
    """The caches and lists that a RUN leaves, in the order of the text; none where it cannot be read."""
    return accounted((run,)).left


def dead_cleans(runs: Iterable[Run]) -> tuple[Dead, ...]:
    """The cleans of these RUNs, which follow one another, that come too late, too early, or clean a mount."""
    return accounted(runs).dead


def accounted(runs: Iterable[Run]) -> Account:
    """Both, for RUNs that follow one another; one that cannot be read leaves nothing that is known."""
    books = _Books()
    left: list[Left] = []
    for run in runs:
        found = books.follow(run)
        left += found if run.readable else ()
    return Account(tuple(left), tuple(books.dead))


def places(store: Store, invocation: Invocation) -> tuple[str, ...] | None:
    """Where a call writes a store; None where that, or whether, is not known. Empty where it is switched off."""
    call = invocation.call
    if invocation.has(*store.off):
        return ()
    for name, pattern in store.off_by:
        value = call.setting(name)
        if value is None or (value and re.fullmatch(pattern, value)):
            return None if value is None else ()
    for option in invocation.options:
        if option.name in store.options:
            where = option.words[-1].pattern if len(option.words) > 1 else option.value
            return None if where is None else (_absolute(where, call),)
    for name, _ in store.variables:
        value = call.setting(name)
        if value is None:
            return None
        if value:
            below = [each for variable, each in store.variables if variable == name]
            return tuple(_absolute(posixpath.join(value, each), call) for each in below)
    return tuple(_absolute(each, call) for each in store.folders)


def filled(run: Run, invocation: Invocation) -> Iterator[Left]:
    """What a call of a RUN writes into stores, wherever they are known to be, mounts or not."""
    for store in invocation.tool.stores:
        if invocation.action in store.written:
            where = places(store, invocation)
            if where:
                yield Left(store, where, run, invocation.call)


def _absolute(path: str, call: Call) -> str:
    home = call.setting("HOME")
    if path.startswith("~") and home:
        path = home + path[1:]
    if not path.startswith(("/", "~")):
        path = posixpath.join(call.folder or ".", path)
    return homely(posixpath.normpath(path), call.user)


def homely(path: str, user: str | None) -> str:
    """A path with `~` for the home folder of the user, who is root where the text does not say."""
    name = (user or "root").partition(":")[0]
    home = "/root" if name in ("root", "0") else f"/home/{name}"
    return "~" + path[len(home) :] if path == home or path.startswith(home + "/") else path


def covers(found: Removal, place: str, files: str) -> bool:
    """Whether a removal takes away all of a store's files in a folder."""
    if found.unknown and not found.patterns:
        return False
    wanted = place.split("/")
    for pattern in found.patterns:
        parts = homely(pattern, found.call.user).split("/")
        if found.name != "*":
            if found.name != files:
                continue
            parts = [*parts, "*"]
        elif found.call.name == "find" and not found.unknown:
            parts = [*parts, "*"]
        elif found.unknown and found.call.name == "find":
            continue
        if len(parts) == len(wanted) + 1 and parts[-1] not in ("*", "**", files):
            continue
        if len(parts) <= len(wanted) + 1 and all(map(_same, wanted, parts)):
            return True
    return False


Group = tuple[str, tuple[str, ...]]  # a store's name, and where it is
Written = tuple[int, int, Left]  # the number of the first call that wrote it there, and of the last
Held = dict[Group, dict[frozenset[int], Written]]  # by the branches in which it was written
_MOST = 200  # branches that are told apart


@dataclass
class _Books:
    """What was left so far, RUN by RUN; never shared."""

    below: dict[Group, list[Left]] = field(default_factory=dict)
    installed: dict[tuple[str, str], Run] = field(default_factory=dict)
    dead: list[Dead] = field(default_factory=list)

    def follow(self, run: Run) -> tuple[Left, ...]:
        """What this RUN leaves."""
        held: Held = {}
        mounted: dict[str, Left] = {}
        early: list[tuple[Call, Invocation | None, Removal | None]] = []
        doubts: list[tuple[int, Call, Removal | None]] = []
        told: set[int] = set()
        fresh: dict[tuple[str, str], Run] = {}
        for number, call in enumerate(run.calls):
            invocation, removed = invoked(call, TOOLS), removal(call)
            if invocation is not None:
                for left in filled(run, invocation):
                    if is_mounted(left, run):
                        mounted.setdefault(left.store.name, left)
                        continue
                    branches = held.setdefault((left.store.name, left.places), {})
                    if len(branches) < _MOST or call.guards in branches:
                        first, _, earlier = branches.get(call.guards, (number, number, left))
                        branches[call.guards] = first, number, _doubted(earlier, None)
                    self.early(run, left, early, told)
                self.packages(run, invocation, fresh)
            elif removed is None and (call.name is None or _DOUBT.fullmatch(call.name)):
                doubts.append((number, call, None))
            elif removed is not None and removed.unknown:
                doubts.append((number, call, removed))
            if removed is not None or (invocation is not None and _may_clean(invocation)):
                hit = self.cleaned(held, call, invocation, removed)
                if not hit and not self.too_late(run, call, invocation, removed):
                    for left in mounted.values():
                        if _cleans(left, invocation, removed):
                            self.dead.append(Dead(call, run, Why.MOUNT, (left,)))
                            hit = True
                            break
                    if not hit and len(early) < 100:
                        early.append((call, invocation, removed))
        self.installed.update(fresh)
        found = tuple(
            _doubted(left, left.doubt or next(_doubtful(left, doubts[bisect(doubts, last, key=_first) :]), None))
            for _, last, left in sorted((each for group in held.values() for each in group.values()), key=_first)
        )
        for each in found:
            self.below.setdefault((each.store.name, each.places), []).append(each)
        return found

    def early(
        self, run: Run, left: Left, early: list[tuple[Call, Invocation | None, Removal | None]], told: set[int]
    ) -> None:
        """Notes the cleans of this RUN that stood before what they clean."""
        for call, invocation, removed in early:
            if id(call) not in told and _cleans(left, invocation, removed):
                told.add(id(call))
                self.dead.append(Dead(call, run, Why.EARLY, (left,)))

    def cleaned(self, held: Held, call: Call, invocation: Invocation | None, removed: Removal | None) -> bool:
        """Takes away what a clean surely cleans, and doubts what it may; whether it names anything of this RUN."""
        hit = False
        for branches in held.values():
            if branches and _cleans(next(iter(branches.values()))[2], invocation, removed):
                hit = True
                for guards in [each for each in branches if call.guards <= each]:
                    del branches[guards]
                for guards, (first, last, left) in branches.items():
                    branches[guards] = first, last, _doubted(left, left.doubt or call)
        return hit

    def too_late(self, run: Run, call: Call, invocation: Invocation | None, removed: Removal | None) -> bool:
        found: list[Left] = []
        for group, lefts in list(self.below.items()):
            if _cleans(lefts[0], invocation, removed):
                found += lefts
                if call.certain:  # a third clean finds nothing there
                    del self.below[group]
        if found:
            self.dead.append(Dead(call, run, Why.LATER, tuple(found)))
        return bool(found)

    def packages(self, run: Run, invocation: Invocation, fresh: dict[tuple[str, str], Run]) -> None:
        """Notes what is installed, and what is removed that another RUN installed."""
        family = invocation.tool.name
        names = [each.name for each in invocation.packages]
        if invocation.action is Action.INSTALL:
            group = invocation.value("-t", "--virtual") if family == "apk" else None
            fresh.update({(family, name): run for name in (*names, *([group] if group else []))})
        elif invocation.action is Action.REMOVE:
            late = tuple(name for name in names if (family, name) in self.installed and (family, name) not in fresh)
            if late:
                self.dead.append(Dead(invocation.call, run, Why.LATER, (), late))


def _doubted(left: Left, doubt: Call | None) -> Left:
    return left if left.doubt is doubt else replace(left, doubt=doubt)


def _first(numbered: tuple[int, object, object]) -> int:
    return numbered[0]


def _doubtful(left: Left, doubts: Iterable[tuple[int, Call, Removal | None]]) -> Iterator[Call]:
    """The calls among these that may clean what was left, for all that the text tells."""
    return (call for _, call, removed in doubts if removed is None or _may_reach(removed, left))


def _may_reach(removed: Removal, left: Left) -> bool:
    """Whether what is not known of a removal may be about a store: a word that begins elsewhere is not."""
    user = removed.call.user
    for word in removed.call.words:
        if removed.call.name == "find" and word.text.startswith(("-", "(", "\\(", "!")):
            break
        if word.pattern is not None and removed.call.name != "find":
            continue
        known = word.pattern if word.pattern is not None else re.match(r"\"?([^$`\"'\\]*)", word.text)[1]  # type: ignore[index]
        begin = homely(known, user) if known.startswith(("/", "~")) else ""
        if any(place.startswith(begin.rstrip("/")) or begin.startswith(f"{place}/") for place in left.places):
            return True
    return removed.call.name == "find" and not removed.patterns


def _same(wanted: str, part: str) -> bool:
    return fnmatchcase(wanted, part) or ("*" in wanted and fnmatchcase(part, wanted))


def _may_clean(invocation: Invocation) -> bool:
    return invocation.action is Action.CLEAN or invocation.action is None or invocation.has("--clear")


def _cleans(left: Left, invocation: Invocation | None, removed: Removal | None) -> bool:
    """Whether a clean is about this store, wherever it stands."""
    if removed is not None:
        return any(covers(removed, place, left.store.files) for place in left.places)
    if invocation is None:
        return False
    words = tuple(word.value or "" for word in (*invocation.verb, *invocation.operands))
    for cleaned in left.store.cleaned:
        plain = tuple(each for each in cleaned if not each.startswith("-"))
        options = [each for each in cleaned if each.startswith("-")]
        same = any(left.store.name == each.name for each in invocation.tool.stores)
        if same and words[: len(plain)] == plain and all(invocation.has(each) for each in options):
            return True
    return False


def is_mounted(left: Left, run: Run) -> bool:
    """Whether a cache or tmpfs mount holds one of the places; a mount whose place is not known may."""
    for mount in run.mounts:
        if mount.kind not in ("cache", "tmpfs"):
            continue
        if mount.target is None:
            return True
        target = homely(mount.target, left.call.user)
        for place in (*left.places, *left.store.instead):
            if place == target or place.startswith(target.rstrip("/") + "/") or target.startswith(place + "/"):
                return True
    return False
