"""What names say: folders and files by the class that they belong to. Data, with where it is from.

Sources: FHS 3.0 (share/doc, share/man, include, var/log, var/cache, tmp); apt(8), dnf(8), apk(8) for caches and lists;
pip, npm, yarn, pnpm, uv, Poetry, Go, Cargo, Gradle, Maven, Composer, Bundler, Conda for their caches; PEP 3147.
Caches that programs run from are left out: Playwright's and Puppeteer's browsers, models, Yarn's zips (Plug'n'Play).
"""

from __future__ import annotations

import re

PACKAGES = frozenset({b"node_modules", b"site-packages", b"dist-packages", b"gems"})
NEEDED = frozenset(
    {b"usr/lib/locale/C.utf8"}
)  # within folders of a class, and read by every program under LANG=C.UTF-8

_PATHS = {
    "package-cache": "var/cache/apt var/cache/apk etc/apk/cache var/cache/dnf var/cache/yum var/cache/libdnf5 "
    "var/cache/zypp var/cache/pacman/pkg usr/local/share/.cache opt/conda/pkgs usr/local/bundle/cache",
    "package-lists": "var/lib/apt/lists var/lib/pacman/sync",
    "build-tools": "usr/lib/gcc usr/libexec/gcc usr/local/go usr/local/rustup root/.rustup usr/src usr/share/aclocal "
    "usr/share/autoconf usr/share/bison usr/share/libtool usr/share/gcc",
    "headers": "usr/include usr/local/include",
    "debug-symbols": "usr/lib/debug usr/share/gdb",
    "documentation": "usr/share/doc usr/share/man usr/share/info usr/share/gtk-doc usr/share/help usr/share/licenses "
    "usr/local/share/doc usr/local/share/man usr/local/share/info usr/local/man usr/local/doc",
    "locales": "usr/share/locale usr/local/share/locale usr/share/i18n usr/lib/locale",
    "temp": "tmp var/tmp",
    "logs": "var/log",
}
_FOLDERS = {
    "vcs": ".git .hg .svn .bzr CVS _darcs",
    "package-cache": "_cacache .pnpm-store .node-gyp",
    "build-tools": "pkgconfig ldscripts",
    "debug-symbols": ".build-id",
    "tests": "test tests __tests__ idle_test",
    "bytecode": "__pycache__",
    "temp": ".pytest_cache .mypy_cache .ruff_cache .tox .nox .hypothesis .nyc_output .ipynb_checkpoints",
}
_PAIRS = {
    "package-cache": ".cache/pip .cache/uv .cache/yarn .cache/pnpm .cache/pipenv .cache/go-build .cache/composer "
    ".cache/node-gyp .cache/coursier .cache/pre-commit pypoetry/cache pypoetry/artifacts .composer/cache "
    ".gradle/caches .m2/repository .cargo/registry cargo/registry .cargo/git cargo/git pkg/mod pnpm/store "
    ".bundle/cache .ivy2/cache gems/cache",
    "build-tools": "lib/cmake share/cmake",
    "logs": ".npm/_logs",
}
_PYTHON_TOOLS = frozenset(  # top-level packages of tools that test, check and format, and do nothing else
    b"pytest _pytest mypy mypyc black blib2to3 flake8 pylint astroid isort ruff coverage tox nox pre_commit hypothesis "
    b"_hypothesis_pytestplugin pyright bandit autopep8 yapf pycodestyle pyflakes mccabe ipdb pudb pytest_asyncio "
    b"pytest_cov pytest_mock xdist pip_audit vulture".split()
)
_PYTHON = (b"site-packages", b"dist-packages")
_FILES = {
    "secrets": "id_rsa id_dsa id_ecdsa id_ed25519 id_ecdsa_sk id_ed25519_sk .git-credentials .netrc _netrc .pgpass "
    ".my.cnf .vault-token .env .env.local .env.production terraform.tfstate",
    "vcs": ".gitignore .gitattributes .gitmodules .gitkeep .hgignore .hgtags .mailmap",
    "tests": "conftest.py",
    "temp": ".DS_Store Thumbs.db .bash_history .python_history .node_repl_history .wget-hsts .lesshst .viminfo "
    "status-old diversions-old statoverride-old templates.dat-old config.dat-old",
    "logs": "npm-debug.log yarn-error.log yarn-debug.log lerna-debug.log pip.log",
}
_SUFFIXES = {
    "secrets": "ppk kdbx",
    "build-tools": "o",
    "static-libraries": "a la",
    "headers": "h hh hpp hxx pxd",
    "debug-symbols": "debug dwo dwp pdb",
    "locales": "mo po pot",
    "bytecode": "pyc pyo",
    "temp": "swp swo",
    "logs": "log",
}
_MAPS = (b".js.map", b".css.map", b".mjs.map", b".cjs.map", b".ts.map")
_TESTS = re.compile(rb"test_.*\.py|.*_test\.(?:py|go)|.*\.(?:test|spec)\.[cm]?[jt]sx?", re.DOTALL)
_READ_ME = re.compile(rb"(?i:readme|change(?:s|log)|history|authors|contribut(?:ing|ors)|security)(?:\.\w+)?")
_INITIALS = frozenset(b"rchasRCHAS")  # of what the expression above knows
_BIN = re.compile(rb"(?:usr/(?:local/)?)?s?bin")
_TOOLS = re.compile(
    rb"(?:[a-z0-9_]+-(?:[a-z0-9]+-)?linux-[a-z]+-)?"  # the triplet of a cross compiler
    rb"(?:gcc|g\+\+|c\+\+|cc|cpp|c[89]9|c11|gcc-(?:ar|nm|ranlib)|gcov(?:-dump|-tool)?|lto-dump|ld(?:\.bfd|\.gold|\.lld)?"
    rb"|as|ar|nm|objdump|objcopy|ranlib|readelf|strip|gold|gprof(?:ng.*)?|dwp|elfedit|addr2line|size"
    rb"|g?make|cmake|ctest|cpack|ninja|meson|autoconf|autoheader|autom4te|autoreconf|autoscan|autoupdate|ifnames"
    rb"|automake|aclocal|libtool(?:ize)?|m4|bison|flex|yacc|pkg-?conf(?:ig)?|gdb(?:server)?|strace|ltrace"
    rb"|clang(?:\+\+|-format|-tidy)?|lld|rustc|rustdoc|cargo|gofmt|dpkg-buildpackage|dpkg-(?:gen|shlib|source|check).*)"
    rb"(?:-[0-9.]+)?"
)


def _table(words: dict[str, str]) -> dict[bytes, str]:
    return {word.encode(): name for name, text in words.items() for word in text.split()}


_BY_PATH, _BY_NAME = _table(_PATHS), _table(_FOLDERS)
_BY_PAIR = {tuple(pair.split(b"/")): name for pair, name in _table(_PAIRS).items()}
_BY_FILE = _table(_FILES)
_MAP, _TEST, _DOCUMENT = "map?", "test?", "document?"  # suffixes that say something of some names only
_BY_SUFFIX = _table(
    {**_SUFFIXES, _MAP: "map", _TEST: "py go js ts mjs cjs jsx tsx mts cts", _DOCUMENT: "md markdown rst"}
)
_LOGINS = frozenset({(b".aws", b"credentials"), (b".docker", b"config.json"), (b".kube", b"config")})
_LOGIN_FOLDERS = frozenset(folder for folder, _ in _LOGINS)
IN_PACKAGES, IN_BIN, IN_SECRETS = 1, 2, 4  # what is asked of a folder once, for all its files


def of_folder(path: bytes, parent: bytes, name: bytes) -> str | None:
    """The class of all that is below a folder, where its name says one."""
    found = _BY_PATH.get(path)
    if found is not None:
        return found
    found = _BY_NAME.get(name)
    above = parent.rpartition(b"/")[2]
    if found == "tests" and (above == b"node_modules" or above.startswith(b"@")):
        return None  # a package of that name
    if found is not None:
        return found
    if above in _PYTHON and _project(name) in _PYTHON_TOOLS:
        return "dev-dependencies"
    return _BY_PAIR.get((above, name))


def _project(name: bytes) -> bytes:
    """`pytest_cov` of `pytest_cov-4.1.0.dist-info`; other names as they are."""
    return name.partition(b"-")[0] if name.endswith((b".dist-info", b".egg-info")) else name


def of_files_in(path: bytes, name: bytes) -> int:
    """What names of the files directly in a folder may mean besides: IN_BIN, IN_SECRETS."""
    secrets = IN_SECRETS if path == b"etc/ssl/private" or name in _LOGIN_FOLDERS else 0
    return secrets | (IN_BIN if _BIN.fullmatch(path) else 0)


def of_file(parent: bytes, name: bytes, inside: int) -> str | None:
    """The class of a file, where its name says one; `inside` is what was asked of its folder."""
    found = _BY_FILE.get(name)
    if found is not None:
        return None if found == "secrets" and inside & IN_PACKAGES else found  # what is published is no secret
    found = _BY_SUFFIX.get(name[name.rfind(b".") + 1 :])
    if found is _TEST:  # most files of an application
        if (b"test" in name or b"spec" in name) and _TESTS.fullmatch(name):
            return "tests"
    elif found is not None:
        found = _by_suffix(found, name, inside)
        if found is not None:
            return found
    if name.endswith(b"~"):
        return "temp"
    return _by_folder(parent, name, inside) if inside else None


def _by_suffix(found: str, name: bytes, inside: int) -> str | None:
    if b"." not in name[1:]:
        return None  # `a`, `.log` and `o` are no suffixes
    if found is _MAP:
        return "source-maps" if name.endswith(_MAPS) else None
    if found is _DOCUMENT:
        return "documentation" if inside & IN_PACKAGES else None
    return found


def _by_folder(parent: bytes, name: bytes, inside: int) -> str | None:
    if inside & IN_PACKAGES and name[0] in _INITIALS and _READ_ME.fullmatch(name):
        return "documentation"
    if inside & IN_BIN and _TOOLS.fullmatch(name):
        return "build-tools"
    if inside & IN_SECRETS and (parent == b"etc/ssl/private" or (parent.rpartition(b"/")[2], name) in _LOGINS):
        return "secrets"
    return None
