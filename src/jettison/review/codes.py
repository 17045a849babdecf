"""What other linters call the things that rules of ours see; so that their comments are honoured.

Sources: hadolint's README ("Rules"), docs.docker.com/reference/build-checks. Read on 2026-11-21.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

HADOLINT: Mapping[str, tuple[str, ...]] = {
    "DL3000": ("relative-workdir",),
    "DL3001": ("tools-for-people-installed",),
    "DL3002": ("runs-as-root",),
    "DL3003": ("folder-changed-in-vain",),
    "DL3004": ("sudo-called",),
    "DL3005": ("packages-upgraded",),
    "DL3006": ("unpinned-base-tag",),
    "DL3007": ("unpinned-base-tag",),
    "DL3009": ("apt-lists-left-behind",),
    "DL3010": ("archive-copied-to-be-unpacked",),
    "DL3012": ("instruction-overridden",),
    "DL3014": ("question-nobody-answers",),
    "DL3015": ("recommends-installed",),
    "DL3017": ("packages-upgraded",),
    "DL3019": ("apk-cache-left-behind",),
    "DL3020": ("plain-files-added",),
    "DL3024": ("stage-name-taken",),
    "DL3025": ("shell-form-entry", "json-form-broken"),
    "DL3027": ("apt-called-in-a-script",),
    "DL3029": ("constant-platform",),
    "DL3030": ("question-nobody-answers",),
    "DL3031": ("packages-upgraded",),
    "DL3032": ("package-cache-left-behind",),
    "DL3034": ("question-nobody-answers",),
    "DL3035": ("packages-upgraded",),
    "DL3036": ("package-cache-left-behind",),
    "DL3038": ("question-nobody-answers",),
    "DL3039": ("packages-upgraded",),
    "DL3040": ("package-cache-left-behind",),
    "DL3042": ("pip-cache-left-behind",),
    "DL3046": ("login-log-grown",),
    "DL3059": ("runs-that-duplicate-files",),
    "DL3060": ("yarn-cache-left-behind",),
    "DL3064": ("secrets-in-arg-or-env",),
    "DL3067": ("whole-system-copied",),
    "DL3068": ("npm-cache-left-behind",),
    "DL3069": ("package-cache-left-behind",),
    "DL3070": ("go-cache-left-behind", "build-cache-not-mounted"),
    "DL3071": ("package-cache-left-behind", "unexplained-leftovers"),
    "DL3072": ("package-cache-left-behind", "unexplained-leftovers"),
    "DL3073": ("package-cache-left-behind",),
    "DL3074": ("package-cache-left-behind", "unexplained-leftovers"),
    "DL3075": ("unexplained-leftovers",),
    "DL3076": ("unexplained-leftovers",),
    "DL3077": ("package-cache-left-behind",),
    "DL4001": ("downloader-installed-twice",),
    "DL4003": ("instruction-overridden",),
    "DL4004": ("instruction-overridden",),
    "DL4006": ("failure-lost-in-a-pipe", "pipefail-refused"),
    "DL4007": ("context-files-never-read", "secrets-copied-in"),
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
