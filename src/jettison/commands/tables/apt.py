"""apt, apt-get and aptitude.

Sources: apt-get(8), apt(8), aptitude(8), apt.conf(5). `clean` empties archives, `distclean` (apt 2.7.8) the lists as
well. Debian's and Ubuntu's images hold /etc/apt/apt.conf.d/docker-clean, which deletes archives behind each install and
switches the binary cache off (debuerreotype, `debuerreotype-minimizing-config`).
"""

from __future__ import annotations

from jettison.commands.invocation import Invocation
from jettison.commands.tool import Action, Store, Tool, verbs, words

DOCKER_CLEAN = "docker-clean"

_NOTHING = ("-s", "--simulate", "--dry-run", "--just-print", "--recon", "--no-act", "--print-uris")

LISTS = Store(
    "apt's package lists",
    ("/var/lib/apt/lists",),
    frozenset({Action.UPDATE}),
    lists=True,
    off=_NOTHING,
    cleaned=(("distclean",), ("dist-clean",)),
    otherwise=r"(?i)Dir::State",
)
ARCHIVES = Store(
    "apt's downloaded packages",
    ("/var/cache/apt/archives",),
    files="*.deb",
    off=_NOTHING,
    cleaned=(("clean",), ("distclean",), ("dist-clean",)),
    hook=DOCKER_CLEAN,
    otherwise=r"(?i)Dir::Cache",
)
INDEX = Store(
    "apt's binary cache",
    ("/var/cache/apt",),
    frozenset({Action.UPDATE, Action.INSTALL, Action.UPGRADE}),
    files="*.bin",
    off=_NOTHING,
    cleaned=(("clean",), ("distclean",), ("dist-clean",)),
    hook=DOCKER_CLEAN,
)


def _split(word: str) -> tuple[str, str | None]:
    """`name:arch=version`, `name/release`: the name alone, and the version."""
    name, _, version = word.partition("=")
    return name.partition("/")[0].partition(":")[0], version or None


APT = Tool(
    "apt",
    ("apt", "apt-get", "aptitude"),
    verbs(
        install="install|reinstall|build-dep|satisfy",
        remove="remove|purge|autoremove|autopurge|auto-remove",
        update="update",
        upgrade="upgrade|dist-upgrade|full-upgrade|safe-upgrade|dselect-upgrade",
        download="download|source",
        clean="clean|autoclean|auto-clean|distclean|dist-clean",
    ),
    (LISTS, ARCHIVES, INDEX),
    valued=words(
        "-o --option -c --config-file -t --target-release --default-release -a --host-architecture -P --build-profiles "
        "-S --snapshot --solver --planner --with-source --comment --error-on -e"
    ),
    plain=words(
        "--no-install-recommends --install-recommends --install-suggests --no-install-suggests -d --download-only -f "
        "--fix-broken -m --ignore-missing --fix-missing --no-download -q -qq --quiet -s --simulate --just-print "
        "--dry-run --recon --no-act -y --yes --assume-yes --assume-no --no-show-upgraded --show-upgraded -V "
        "--verbose-versions -b --compile --build --ignore-hold --with-new-pkgs --no-upgrade --only-upgrade "
        "--allow-downgrades --allow-remove-essential --allow-change-held-packages --force-yes --print-uris --purge "
        "--reinstall --list-cleanup --no-list-cleanup --trivial-only --mark-auto --no-remove --auto-remove "
        "--autoremove --no-auto-remove --only-source --diff-only --dsc-only --tar-only --arch-only --indep-only "
        "--allow-unauthenticated --no-allow-insecure-repositories --allow-insecure-repositories "
        "--allow-releaseinfo-change --allow-releaseinfo-change-suite --allow-releaseinfo-change-origin "
        "--allow-releaseinfo-change-label --allow-releaseinfo-change-codename --allow-releaseinfo-change-version "
        "--show-progress -h --help -v --version --fix-policy --update -U --no-color --color --full --installed "
        "--upgradeable --upgradable --manual-installed --all-versions --without-recommends --with-recommends "
        "--without-suggests --with-suggests --purge-unused --no-all-versions --strict-semver -R -r -u -D -Z -w -F -O "
        "--assume-yes=true --no-cdrom --cdrom --no-generate --no-strict-pinning --audit"
    ),
    complete=True,
    deprecated={"--force-yes": "--allow-downgrades, --allow-remove-essential or --allow-change-held-packages"},
    split=_split,
    no_package=r"^[./]|\.deb$|[*?^\[]|-$",
)

DPKG = Tool(
    "dpkg",
    ("dpkg",),
    {},
    by_option={
        "-i": Action.INSTALL, "--install": Action.INSTALL, "--unpack": Action.INSTALL, "-r": Action.REMOVE,
        "--remove": Action.REMOVE, "-P": Action.REMOVE, "--purge": Action.REMOVE,
    },
    no_package=r"^[./]|\.deb$|[*?\[]",
    valued=words("--admindir --instdir --root --path-exclude --path-include --log"),
)  # fmt: skip
_OFF = ("--no-install-recommends", "--without-recommends", "--install-recommends=no", "--install-recommends=false")


def recommends(invocation: Invocation) -> bool | None:
    """Whether a call of apt installs recommended packages, as far as it says itself; None where it does not."""
    if invocation.has(*_OFF):
        return False
    told = [option.value or "" for option in invocation.options if option.name in ("-o", "--option")]
    for value in reversed(told):
        name, _, given = value.partition("=")
        if name.lower() == "apt::install-recommends":
            return given.strip("\"'").lower() not in ("0", "false", "no", "off", "without", "disable")
    return True if invocation.has("--install-recommends", "--with-recommends") else None
