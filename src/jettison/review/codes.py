"""What other linters call the things that rules of ours see; so that their comments are honoured.

Sources: hadolint's README ("Rules"), docs.docker.com/reference/build-checks. Read on 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Mapping

HADOLINT: Mapping[str, tuple[str, ...]] = {
    "DL3002": ("runs-as-root",),
    "DL3006": ("unpinned-base-tag",),
    "DL3007": ("unpinned-base-tag",),
    "DL3009": ("apt-lists-left-behind",),
    "DL3015": ("recommends-installed",),
    "DL3019": ("apk-cache-left-behind",),
    "DL3042": ("pip-cache-left-behind",),
    "DL3060": ("yarn-cache-left-behind",),
}
BUILDKIT: Mapping[str, tuple[str, ...]] = {}  # lower case; none of its checks is about what a rule here sees
