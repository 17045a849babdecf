"""Composer.

Source: Composer documentation, "Command-line interface" (COMPOSER_CACHE_DIR, COMPOSER_HOME, `clear-cache`,
`--no-cache`; `--no-suggest` is deprecated) and `src/Composer/Cache.php` (/dev/null is no place for a cache).
"""

from __future__ import annotations

from jettison.commands.tool import Action, Store, Tool, cut, verbs, words

CACHE = Store(
    "Composer's cache",
    ("~/.composer/cache", "~/.cache/composer", "/tmp/cache"),
    frozenset({Action.INSTALL, Action.UPGRADE}),
    variables=(("COMPOSER_CACHE_DIR", ""), ("COMPOSER_HOME", "cache"), ("XDG_CACHE_HOME", "composer")),
    off=("--no-cache",),
    off_by=(("COMPOSER_CACHE_DIR", r".*/dev/null/?"),),
    cleaned=(("clear-cache",), ("clearcache",), ("cc",)),
)

COMPOSER = Tool(
    "composer",
    ("composer", "composer.phar"),
    verbs(
        install="install|i|require|r|create-project|global require|global install",
        remove="remove|uninstall",
        upgrade="update|u|upgrade",
        build="dump-autoload|dumpautoload",
        clean="clear-cache|clearcache|cc",
    ),
    (CACHE,),
    valued=words("-d --working-dir --prefer-install --ignore-platform-req --repository --stability -s"),
    deprecated={"--no-suggest": "nothing: Composer 2 suggests without it", "--dev": "nothing: it is the default"},
    split=cut(":", "="),
    production=("--no-dev",),
    production_by=(("COMPOSER_NO_DEV", "1"),),
    target=("-d", "--working-dir"),
)
