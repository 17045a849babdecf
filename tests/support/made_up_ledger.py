"""A ledger made up by hand, with one step of each fate; nothing in it was measured."""

from __future__ import annotations

from dataclasses import replace

from jettison.contract.model import Check, Contract, Outcome, Replay, Strength
from jettison.core.values import Applicability
from jettison.image.model import Sizes
from jettison.lighten.ledger import Ledger, Noise, Step, Verdict, Verification, Weight

HOSTILE = "Error: \x1b[2Jcannot load \u202egnp.elif | <script>alert(1)</script>\nin /app/`server`.js"
CHECKS = (
    Check("start", "the container starts", Strength.STARTS, True),
    Check("http", "http://localhost:8080/", Strength.ANSWERS, {"status": 200}),
    Check("closure", "shared libraries", Strength.STATIC, [], decides=False),
)
CONTRACT = Contract(
    CHECKS, 1, ("POST, PUT and DELETE", "the pages behind /login"), ("port 9229 is bound to 127.0.0.1",)
)


def weight(unpacked: int, transfer: int | None, seconds: float, *, cold: bool = False) -> Weight:
    """An image's numbers; a tenth of it is waste."""
    waste = unpacked // 10
    return Weight(Sizes(transfer, unpacked, unpacked - waste, waste, None, None), 9, seconds, cold, 0.8, 211)


V0 = weight(1_430_000_000, 512_300_000, 17.2, cold=True)
V1 = weight(1_370_000_000, 490_100_000, 15.3)
V2 = weight(170_200_000, 60_400_000, 6.7)
DIFF = (
    "--- a/Dockerfile\n+++ b/Dockerfile\n@@ -1,2 +1,2 @@\n FROM debian\n-RUN\tapt-get update\n+RUN\tapt-get upgrade\n"
)


def step(name: str, title: str, verdict: Verdict, **more: object) -> Step:
    """A step of the rule `name`."""
    plain = Step("", (name,), title, Applicability.TESTED, 0, None, None, verdict, "", DIFF, 9, 4)
    return replace(plain, **more)  # type: ignore[arg-type]


KEPT = step(
    "apt-lists-left-behind",
    "merge the RUNs of lines 2, 3, 7 and remove apt's lists there",
    Verdict.KEPT,
    version="v1",
    predicted=59_700_000,
    measured=60_000_000,
    weight=V1,
)
NO_GAIN = step(
    "npm-cache-left-behind",
    "remove npm's cache where it is filled",
    Verdict.NO_GAIN,
    predicted=12_000_000,
    measured=-2_100,
    weight=weight(1_370_002_100, 490_100_900, 9.1),
    reason="grew by 2.1 kB",
)
BROKE = step(
    "recommends-installed",
    "install no recommended packages",
    Verdict.BROKE_CONTRACT,
    predicted=210_000_000,
    measured=208_900_000,
    weight=weight(1_161_100_000, 401_000_000, 12.0),
    reason=f"http://localhost:8080/: status 500, was 200: {HOSTILE}",
)
FAILED = step(
    "pip-cache-left-behind",
    "keep no cache of pip's",
    Verdict.BUILD_FAILED,
    predicted=33_000_000,
    reason="RUN pip install --no-cache-dir . failed: no matching distribution",
)
CORRECTED = step(
    "runs-that-duplicate-files",
    "merge the RUNs of lines 9 and 10",
    Verdict.KEPT,
    version="v2",
    predicted=1_200_000_000,
    measured=1_199_800_000,
    weight=V2,
    reason="claimed to leave the tree equal, and did not: /var/log/dpkg.log (content)",
)
VERIFICATION = Verification(
    weight(170_200_512, 60_400_100, 8.4, cold=True),
    512,
    Replay(tuple(Outcome(check, True) for check in CHECKS), 4.0, 0.7),
    True,
)
LEDGER = Ledger(
    project="/srv/shop",
    dockerfile="Dockerfile",
    engine=("buildah", "1.28.2"),
    platform="linux/amd64",
    contract=CONTRACT,
    before=V0,
    after=V2,
    noise=Noise(2_048, frozenset({b"var/log/dpkg.log", b"etc/\xff|name"})),
    steps=(KEPT, NO_GAIN, BROKE, FAILED, CORRECTED),
    verification=VERIFICATION,
    text_before="FROM debian\nRUN\tapt-get update\n",
    text_after="FROM debian\nRUN\tapt-get upgrade\n",
    files={},
    diff=DIFF,
    reference="",
    notes=("stopped by --budget after 9 min 58 s: yarn-cache-left-behind (8.0 MB predicted) was not tried",),
)
UNCHANGED = replace(
    LEDGER, after=V0, steps=(NO_GAIN,), verification=None, text_after=LEDGER.text_before, diff="", notes=()
)
