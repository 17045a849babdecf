"""Credential helpers: programs called docker-credential-NAME that keep passwords in a key ring.

Source: docker/docker-credential-helpers README, "Development": `get` reads a server's name on standard input and
writes `{"ServerURL", "Username", "Secret"}`; what it does not have, it tells in words on standard output.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_NONE = "credentials not found"
SECONDS = 30.0  # a key ring may ask its owner


class NotGiven(Exception):
    """Why a helper gave nothing; empty where it simply has nothing."""


def get(name: str, server: str, seconds: float = SECONDS) -> tuple[str, str]:
    """User and secret for a server. Raises NotGiven."""
    program = f"docker-credential-{name}"
    if not _NAME.fullmatch(name):
        raise NotGiven(f"'{name[:60]}' is no name of a credential helper")
    path = shutil.which(program)
    if path is None:
        raise NotGiven(f"the credential helper {program} is not installed")
    try:
        done = subprocess.run([path, "get"], input=server.encode(), capture_output=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise NotGiven(f"{program} did not answer within {seconds:.0f} s") from None
    except OSError as error:
        raise NotGiven(f"{program} cannot be run: {error.strerror}") from None
    if done.returncode:
        said = (done.stdout + done.stderr).decode(errors="replace").strip()
        raise NotGiven("" if _NONE in said else f"{program} ended with {done.returncode}: {said[:200]}")
    try:
        answer = json.loads(done.stdout)
        user, secret = answer["Username"], answer["Secret"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise NotGiven(f"{program} did not answer with a user and a secret") from None
    if not isinstance(user, str) or not isinstance(secret, str):
        raise NotGiven(f"{program} did not answer with a user and a secret")
    if not user and not secret:
        raise NotGiven("")
    return user, secret
