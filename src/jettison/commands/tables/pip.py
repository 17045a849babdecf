"""pip.

Source: pip documentation, "pip install", "Caching" and `src/pip/_internal/cli/cmdoptions.py` (any valid value of
PIP_NO_CACHE_DIR switches the cache off, "false" too). optparse takes the beginning of an option for it, as
`--no-cache` for `--no-cache-dir`, where no other one begins so.
"""

from __future__ import annotations

from jettison.commands.tool import Action, Store, Tool, verbs, words
from jettison.packages.python import requirement

CACHE = Store(
    "pip's cache",
    ("~/.cache/pip",),
    frozenset({Action.INSTALL, Action.DOWNLOAD, Action.BUILD}),
    variables=(("PIP_CACHE_DIR", ""), ("XDG_CACHE_HOME", "pip")),
    options=("--cache-dir",),
    off=("--no-cache-dir",),
    off_by=(("PIP_NO_CACHE_DIR", ".+"),),
    cleaned=(("cache", "purge"),),
    otherwise=r"\bpip\.conf\b|\bpip[\d.]* config\b|\bPIP_CONFIG_FILE\b",
)


def split_requirement(word: str) -> tuple[str, str | None]:
    """`name[extra]==1.0`: the name as PyPI writes it, and the specifier."""
    found = requirement(word)
    if found is None:
        return word, None
    behind = word.partition(";")[0].strip()
    at = next((index for index, character in enumerate(behind) if character in "=<>!~"), len(behind))
    return found.name, behind[at:].strip() or None


PIP = Tool(
    "pip",
    ("pip",),
    verbs(install="install", remove="uninstall", download="download", build="wheel", clean="cache purge|cache remove"),
    (CACHE,),
    valued=words(
        "-r --requirement -c --constraint -i --index-url --extra-index-url -f --find-links -t --target --prefix --root "
        "--src --platform --python-version --implementation --abi --progress-bar --timeout --retries --trusted-host "
        "--cert --client-cert --cache-dir --log --proxy --no-binary --only-binary --config-settings --config-setting "
        "-C --global-option --build-option --use-feature --report --use-deprecated --upgrade-strategy --python "
        "--exists-action --root-user-action --group -e --editable -d --dest -w --wheel-dir --keyring-provider "
        "--uploaded-prior-to --build-constraint --resume-retries --format --path -b --build"
    ),
    plain=words(
        "--no-cache-dir --no-deps --pre -U --upgrade --force-reinstall -I --ignore-installed "
        "--ignore-requires-python --no-build-isolation --use-pep517 --no-use-pep517 --check-build-dependencies "
        "--break-system-packages --user --no-user --compile --no-compile --no-warn-script-location "
        "--no-warn-conflicts --prefer-binary --require-hashes --no-clean --no-index --dry-run --debug --isolated "
        "--require-virtualenv --no-input -v --verbose -V --version -q --quiet -h --help -y --yes --no-color "
        "--disable-pip-version-check --no-python-version-warning --use-wheel --egg --process-dependency-links "
        "--allow-external --allow-all-external --allow-unverified --no-verify --no-download --outdated --local "
        "--not-required --ignore-editable --include-editable --install-option --freeze --all --exclude-editable "
        "--only-final --all-releases --use-mirrors --no-build --no-install --requirements-from-script"
    ),
    complete=True,
    abbreviates=True,
    deprecated={"--install-option": "--config-settings", "--build-option": "--config-settings"},
    split=split_requirement,
    no_package=r"^\.|^/|/|\.whl$|\.(?:tar\.gz|zip)$|://",
    target=("-t", "--target", "--prefix", "--root"),
    file_options=words("-r --requirement"),
)
