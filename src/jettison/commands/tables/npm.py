"""npm and npx.

Source: npm documentation, "config" (cache; `only`, `production`, `also`, `optional`, `dev` are deprecated, each with
what is said instead), "npm cache" (`clean` refuses without --force since npm 5).
"""

from __future__ import annotations

from jettison.commands.tool import Action, Store, Tool, verbs, words

CACHE = Store(
    "npm's cache",
    ("~/.npm",),
    frozenset({Action.INSTALL, Action.UPGRADE, Action.DOWNLOAD}),
    variables=(("npm_config_cache", ""), ("NPM_CONFIG_CACHE", "")),
    options=("--cache",),
    cleaned=tuple(("cache", verb, option) for verb in ("clean", "clear", "rm") for option in ("--force", "-f")),
    otherwise=r"\bnpm (?:config )?set (?:\S+ )*?cache\b",
)
_OMIT, _INCLUDE = "--omit=dev", "--include=dev"


def split_package(word: str) -> tuple[str, str | None]:
    """`@scope/name@1.0`."""
    at = word.find("@", 1)
    return (word[:at], word[at + 1 :] or None) if at > 0 else (word, None)


NPM = Tool(
    "npm",
    ("npm", "npx"),
    verbs(
        install="install|ci|i|in|ins|inst|insta|instal|isnt|isnta|isntal|isntall|add|clean-install|ic|install-clean|"
        "isntall-clean|install-test|it|cit|install-ci-test|exec|x",
        remove="uninstall|remove|rm|r|un|unlink|prune",
        upgrade="update|up|upgrade|udpate",
        download="pack",
        build="rebuild|rb",
        clean="cache clean|cache clear|cache rm|cache verify",
    ),
    (CACHE,),
    valued=words(
        "--cache --prefix --registry --loglevel --omit --include -C --userconfig --workspace -w --tag --script-shell "
        "--install-strategy --fetch-retries --fetch-timeout --location --only --also --package -p --call -c"
    ),
    deprecated={
        "--only=production": _OMIT, "--only=prod": _OMIT, "--production": _OMIT, "--production=true": _OMIT,
        "--also=dev": _INCLUDE, "--also=development": _INCLUDE, "--production=false": _INCLUDE, "--dev": _INCLUDE,
        "--no-optional": "--omit=optional", "--unsafe-perm": "nothing: npm 7 and later know no such option",
    },
    clusters=False,
    split=split_package,
    no_package=r"^[./~]|\.tgz$|://",
    production=("--omit=dev", "--only=production", "--only=prod", "--production", "--production=true"),
    production_by=(("NODE_ENV", "production"),),
    target=("--prefix", "-C"),
)  # fmt: skip
