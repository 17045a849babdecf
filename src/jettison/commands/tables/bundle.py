"""Bundler.

Source: Bundler documentation, "bundle install" (`--without`, `--path`, `--deployment` are deprecated for `bundle config
set`), "bundle config" (BUNDLE_PATH, BUNDLE_WITHOUT).
"""

from __future__ import annotations

from jettison.commands.tool import Action, Store, Tool, verbs, words

_BOTH = frozenset({Action.INSTALL, Action.UPGRADE})

CACHE = Store(
    "Bundler's packages",
    (
        "/usr/local/bundle/cache", "/usr/local/bundle/ruby/*/cache", "/var/lib/gems/*/cache", "~/.bundle/cache",
        "/usr/local/lib/ruby/gems/*/cache",
    ),
    _BOTH,
    files="*.gem",
    variables=(("BUNDLE_PATH", "ruby/*/cache"), ("GEM_HOME", "cache")),
    options=("--path",),
)  # fmt: skip

BUNDLE = Tool(
    "bundle",
    ("bundle", "bundler"),
    verbs(install="install|add", remove="remove|clean", upgrade="update", download="cache|package|pack"),
    (CACHE,),
    valued=words("--path --without --with --jobs -j --retry --gemfile --binstubs --shebang --trust-policy"),
    deprecated={
        "--without": "bundle config set --local without", "--path": "bundle config set --local path",
        "--deployment": "bundle config set --local deployment true", "--no-prune": "bundle config set --local no_prune",
    },
    clusters=False,
    default=Action.INSTALL,
    production=("--without",),
    production_by=(("BUNDLE_WITHOUT", ".*(?:development|test).*"),),
    target=("--path",),
)  # fmt: skip
