"""RubyGems.

Source: RubyGems guides, "Command reference" (`gem install` keeps each .gem in the cache folder of GEM_HOME; no option
keeps it from that; `--no-ri` and `--no-rdoc` are gone since 3.0). Docker's Ruby images say `--no-document` in
/usr/local/etc/gemrc.
"""

from __future__ import annotations

from jettison.commands.tool import Action, Store, Tool, verbs, words

_BOTH = frozenset({Action.INSTALL, Action.UPGRADE})
_HOMES = ("/usr/local/bundle", "/var/lib/gems/*", "/usr/lib/ruby/gems/*", "/usr/local/lib/ruby/gems/*", "~/.gem/ruby/*")

CACHE = Store(
    "RubyGems' packages",
    tuple(f"{home}/cache" for home in _HOMES),
    _BOTH,
    files="*.gem",
    variables=(("GEM_HOME", "cache"),),
)
DOCUMENTS = Store(
    "RubyGems' documentation",
    tuple(f"{home}/doc" for home in _HOMES),
    _BOTH,
    variables=(("GEM_HOME", "doc"),),
    off=("--no-document", "-N", "--no-doc", "--no-rdoc"),
    hook="gemrc",
)

GEM = Tool(
    "gem",
    ("gem",),
    verbs(install="install|i", remove="uninstall|cleanup", upgrade="update", download="fetch", build="build"),
    (CACHE, DOCUMENTS),
    valued=words(
        "-v --version -i --install-dir -n --bindir -s --source -p --http-proxy -P --trust-policy --platform --without "
        "-g --file --document"
    ),
    deprecated={"--no-ri": "--no-document", "--no-rdoc": "--no-document"},
    no_package=r"^[./]|\.gem$",
    target=("-i", "--install-dir"),
)
