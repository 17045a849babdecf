"""dnf, yum, microdnf, and zypper.

Sources: dnf(8), dnf5(8), dnf.conf(5) (keepcache is off, metadata stays), yum(8), microdnf's README, zypper(8) (`clean`
alone leaves metadata, `clean --all` does not).
"""

from __future__ import annotations

from jettison.commands.tool import Action, Store, Tool, verbs, words

_ALL = frozenset({Action.UPDATE, Action.INSTALL, Action.UPGRADE, Action.DOWNLOAD})

DNF_CACHE = Store(
    "dnf's cache",
    ("/var/cache/dnf", "/var/cache/yum", "/var/cache/libdnf5"),
    _ALL,
    lists=True,
    cleaned=(("clean", "all"),),
)
ZYPPER_CACHE = Store(
    "zypper's cache",
    ("/var/cache/zypp", "/var/cache/zypper"),
    _ALL,
    lists=True,
    cleaned=(("clean", "-a"), ("clean", "--all"), ("cc", "-a"), ("cc", "--all")),
)

DNF = Tool(
    "dnf",
    ("dnf", "dnf5", "dnf-3", "yum", "microdnf", "tdnf"),
    verbs(
        install="install|localinstall|groupinstall|group install|reinstall|builddep|module install|swap",
        remove="remove|erase|autoremove|groupremove|group remove",
        update="makecache|check-update",
        upgrade="update|upgrade|distro-sync|upgrade-minimal|update-minimal|group upgrade|module enable",
        download="download|reposync",
        clean="clean",
    ),
    (DNF_CACHE,),
    valued=words(
        "-c --config -d --debuglevel -e --errorlevel --installroot --releasever --repo --repoid --enablerepo "
        "--disablerepo -x --exclude --setopt --downloaddir --destdir --disableplugin --enableplugin --comment "
        "--forcearch --repofrompath --advisory --bz --cve --sec-severity -R --randomwait --rpmverbosity"
    ),
    no_package=r"^[./@]|\.rpm$|[*?\[]|://",
)
ZYPPER = Tool(
    "zypper",
    ("zypper",),
    verbs(
        install="install|in|source-install|si|install-new-recommends|inr",
        remove="remove|rm|removeptf",
        update="refresh|ref",
        upgrade="update|up|dist-upgrade|dup|patch",
        download="download",
        clean="clean|cc",
    ),
    (ZYPPER_CACHE,),
    valued=words(
        "-c --config --userdata -C --cache-dir --raw-cache-dir --solv-cache-dir --pkg-cache-dir -R --root "
        "--installroot "
        "-r --repo --from -t --type -D --reposd-dir --releasever -p --plus-repo --plus-content -n --name"
    ) - {"-n"},
    no_package=r"^[./@]|\.rpm$|[*?\[]|://",
)  # fmt: skip
