"""apk, of Alpine.

Source: apk(8), apk-cache(5): without `--no-cache` the index that `update` or `add` fetches is kept in /var/cache/apk;
`apk cache clean` is about /etc/apk/cache, where somebody has set that up.
"""

from __future__ import annotations

from jettison.commands.tool import Action, Store, Tool, cut, verbs, words

INDEX = Store(
    "apk's index",
    ("/var/cache/apk",),
    frozenset({Action.UPDATE, Action.INSTALL, Action.UPGRADE}),
    lists=True,
    options=("--cache-dir",),
    off=("--no-cache", "--no-network"),
    instead=("/etc/apk/cache",),
)

APK = Tool(
    "apk",
    ("apk",),
    verbs(
        install="add", remove="del", update="update", upgrade="upgrade|fix", download="fetch",
        clean="cache clean|cache purge",
    ),
    (INDEX,),
    valued=words(
        "-t --virtual -X --repository -p --root --arch --cache-dir --cache-max-age --keys-dir --repositories-file "
        "--progress-fd --wait --timeout -o --output"
    ),
    plain=words(
        "--no-cache --update --update-cache -U --no-progress --progress -q --quiet --allow-untrusted --initdb -u "
        "--upgrade -l --latest -a --available -f --force --force-overwrite --force-binary-stdout --force-broken-world "
        "--force-missing-repositories --force-non-repository --force-old-apk --force-refresh --no-scripts --purge "
        "--no-network --no-logfile -s --simulate -v --verbose -i --interactive --no-interactive --print-arch -r "
        "--rdepends -R --recursive --clean-protected --overlay-from-stdin --no-chown --usermode --no-commit-hooks "
        "--preserve-env --no-check-certificate --cache-predownload --cache-packages --sync --no-sync "
        "--self-upgrade-only "
        "--no-self-upgrade --prune --ignore -h --help -V --version -x --xattr -d --depends --reinstall -L --link "
        "--stdout --simulate-only --url --pkgname-spec --world --built-after --allow-untrusted"
    ),
    complete=True,
    split=cut("=", "~", ">", "<", "@"),
    no_package=r"^\.{0,2}/|^!|\.apk$",
)  # fmt: skip
