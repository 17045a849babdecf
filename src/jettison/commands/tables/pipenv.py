"""Pipenv.

Source: Pipenv documentation, "Configuration" (PIPENV_CACHE_DIR) and "CLI reference"; it installs through pip, whose
cache it fills as well.
"""

from __future__ import annotations

from jettison.commands.tables.pip import CACHE as PIP_CACHE
from jettison.commands.tool import Action, Store, Tool, cut, verbs, words

CACHE = Store(
    "Pipenv's cache",
    ("~/.cache/pipenv",),
    frozenset({Action.INSTALL, Action.UPGRADE}),
    variables=(("PIPENV_CACHE_DIR", ""), ("XDG_CACHE_HOME", "pipenv")),
    cleaned=(("--clear",),),
)
_THROUGH_PIP = Store(
    PIP_CACHE.name,
    PIP_CACHE.folders,
    frozenset({Action.INSTALL, Action.UPGRADE}),
    variables=PIP_CACHE.variables,
    off_by=PIP_CACHE.off_by,
)

PIPENV = Tool(
    "pipenv",
    ("pipenv",),
    verbs(install="install|sync", remove="uninstall", upgrade="update|upgrade"),
    (CACHE, _THROUGH_PIP),
    valued=words(
        "-r --requirements -e --editable -i --index --pypi-mirror --python --categories --extra-pip-args -c --codemode"
    ),
    split=cut("=", ">", "<", "~"),
    no_package=r"^\.|/|://",
)
