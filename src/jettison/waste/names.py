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
_WRITTEN = "md markdown rst"  # documentation where a package brings it
_MAPS = (b".js.map", b".css.map", b".mjs.map", b".cjs.map", b".ts.map")
_TESTS = re.compile(rb"test_.*\.py|.*_test\.(?:py|go)|.*\.(?:test|spec)\.[cm]?[jt]sx?", re.DOTALL)
_READ_ME = re.compile(rb"(?i:readme|change(?:s|log)|history|authors|contribut(?:ing|ors)|security)(?:\.\w+)?")
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


def _table(words: dict[str, str], before: str = "") -> dict[bytes, str]:
    return {(before + word).encode(): name for name, text in words.items() for word in text.split()}


_BY_PATH, _BY_NAME = _table(_PATHS), _table(_FOLDERS)
_BY_PAIR = {tuple(pair.split(b"/")): name for pair, name in _table(_PAIRS).items()}
_BY_FILE, _BY_SUFFIX = _table(_FILES), _table(_SUFFIXES)
_SCRIPTS = frozenset({b"py", b"go", b"js", b"ts", b"mjs", b"cjs", b"jsx", b"tsx"})
_LOGINS = frozenset({(b".aws", b"credentials"), (b".docker", b"config.json"), (b".kube", b"config")})
_DOCUMENTS = frozenset(word.encode() for word in _WRITTEN.split())


def of_folder(path: bytes, parent: bytes, name: bytes) -> str | None:
    """The class of all that is below a folder, where its name says one."""
    found = _BY_PATH.get(path)
    if found is not None:
        return found
    found = _BY_NAME.get(name)
    above = parent.rpartition(b"/")[2]
    if found == "tests" and (above == b"node_modules" or above.startswith(b"@")):
        return None  # a package of that name
    return found if found is not None else _BY_PAIR.get((above, name))


def of_file(parent: bytes, name: bytes, *, in_packages: bool) -> str | None:
    """The class of a file, where its name says one."""
    found = _BY_FILE.get(name)
    if found is not None:
        return None if found == "secrets" and in_packages else found  # what is published is no secret
    suffix = name.rpartition(b".")[2]
    found = _BY_SUFFIX.get(suffix)
    if found is not None:
        return found if b"." in name[1:] else None  # `a`, `.log` and `o` are no suffixes
    if suffix == b"map" and name.endswith(_MAPS):
        return "source-maps"
    if suffix in _SCRIPTS and _TESTS.fullmatch(name):
        return "tests"
    if in_packages and (suffix in _DOCUMENTS or _READ_ME.fullmatch(name)):
        return "documentation"
    if name.endswith(b"~"):
        return "temp"
    if parent.endswith(b"bin") and _BIN.fullmatch(parent) and _TOOLS.fullmatch(name):
        return "build-tools"
    return "secrets" if (parent.rpartition(b"/")[2], name) in _LOGINS or parent == b"etc/ssl/private" else None
