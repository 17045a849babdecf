"""What other linters call the things that rules of ours see; so that their comments are honoured.

Sources: hadolint's README ("Rules"), docs.docker.com/reference/build-checks. Read on 2026-11-21.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

HADOLINT: Mapping[str, tuple[str, ...]] = {
    "DL3000": ("relative-workdir",),
    "DL3002": ("runs-as-root",),
    "DL3006": ("unpinned-base-tag",),
    "DL3007": ("unpinned-base-tag",),
    "DL3009": ("apt-lists-left-behind",),
    "DL3015": ("recommends-installed",),
    "DL3012": ("instruction-overridden",),
    "DL3019": ("apk-cache-left-behind",),
    "DL3024": ("stage-name-taken",),
    "DL3025": ("shell-form-entry", "json-form-broken"),
    "DL3029": ("constant-platform",),
    "DL3042": ("pip-cache-left-behind",),
    "DL3060": ("yarn-cache-left-behind",),
    "DL4003": ("instruction-overridden",),
    "DL4004": ("instruction-overridden",),
}
BUILDKIT: Mapping[
    str, tuple[str, ...]
] = {  # all of them, in lower case; docs/coverage.md says why some have no rule here
    "consistentinstructioncasing": (),
    "copyignoredfile": ("copy-of-an-ignored-file",),
    "duplicatestagename": ("stage-name-taken",),
    "exposeinvalidformat": ("port-mapping-exposed",),
    "exposeprotocasing": (),
    "fromascasing": (),
    "fromplatformflagconstdisallowed": ("constant-platform",),
    "invalidbaseimageplatform": (),
    "invaliddefaultarginfrom": ("base-without-default",),
    "invaliddefinitiondescription": (),
    "jsonargsrecommended": ("shell-form-entry", "json-form-broken"),
    "legacykeyvalueformat": ("legacy-key-value",),
    "maintainerdeprecated": (),
    "multipleinstructionsdisallowed": ("instruction-overridden",),
    "noemptycontinuation": ("empty-line-continued",),
    "redundanttargetplatform": (),
    "reservedstagename": ("stage-name-taken",),
    "secretsusedinargorenv": ("secrets-in-arg-or-env",),
    "stagenamecasing": (),
    "undefinedarginfrom": ("undefined-variable",),
    "undefinedvar": ("undefined-variable",),
    "workdirrelativepath": ("relative-workdir",),
}
_FOREIGN = re.compile(r"(?:dl|sc)\d{4}")


def of_others(name: str) -> tuple[str, ...] | None:
    """The rules here that see what another linter calls `name`, which may be none; None where it is no such name."""
    lowered = name.lower()
    if _FOREIGN.fullmatch(lowered):
        return HADOLINT.get(name.upper(), ())
    return BUILDKIT.get(lowered)
