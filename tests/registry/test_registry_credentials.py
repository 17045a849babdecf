"""Where passwords are kept: the files of Podman and of Docker in their order, and helpers."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from jettison.registry import helpers
from jettison.registry.credentials import Credential, find

HUB = "https://index.docker.io/v1/"


def coded(user: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:p:w".encode()).decode()}


def keep(file: Path, content: object) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


def helper(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    program = folder / f"docker-credential-{name}"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def user(host: str, repository: str = "team/app") -> str | None:
    credential = find(host, repository).credential
    return credential.user if credential else None


def test_the_first_file_that_knows_the_registry_counts(nobody: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "runtime": nobody / "run/containers/auth.json",
        "config": nobody / ".config/containers/auth.json",
        "docker": nobody / ".docker/config.json",
    }
    assert None is user("r.io")
    for name in ("docker", "config", "runtime"):
        keep(files[name], {"auths": {"r.io": coded(name)}})
        assert name == user("r.io")
    keep(nobody / "elsewhere/config.json", {"auths": {"r.io": coded("elsewhere"), "e.io": coded("elsewhere")}})
    monkeypatch.setenv("DOCKER_CONFIG", str(nobody / "elsewhere"))
    assert "elsewhere" == user("e.io")
    named = keep(nobody / "named.json", {"auths": {"n.io": coded("named")}})
    monkeypatch.setenv("REGISTRY_AUTH_FILE", str(named))
    assert ("named", None) == (user("n.io"), user("r.io"))  # no other file is asked


def test_the_password_may_hold_colons_and_the_source_is_told(nobody: Path) -> None:
    file = keep(nobody / ".docker/config.json", {"auths": {"r.io": coded("ann")}})
    assert Credential("ann", "p:w", source=f"{file} (r.io)") == find("r.io", "app").credential
    assert "p:w" not in repr(find("r.io", "app"))


def test_the_nearest_namespace_counts(nobody: Path) -> None:
    entries = {each: coded(each) for each in ("r.io", "r.io/team", "r.io/team/app")}
    keep(nobody / ".config/containers/auth.json", {"auths": entries})
    for repository in ("team/app", "team/other", "team", "teams/app", "other"):
        expected = {"team/app": "r.io/team/app", "team/other": "r.io/team", "team": "r.io/team"}.get(repository, "r.io")
        assert expected == user("r.io", repository)


@pytest.mark.parametrize("key", [HUB, "docker.io", "index.docker.io", "https://registry-1.docker.io", "docker.io/team"])
def test_the_hub_goes_by_many_names(nobody: Path, key: str) -> None:
    keep(nobody / ".docker/config.json", {"auths": {key: coded("ann")}})
    assert "ann" == user("docker.io")


@pytest.mark.parametrize("key", ["r.io:5000", "https://r.io:5000", "https://r.io:5000/v2/", "http://r.io:5000/"])
def test_old_keys_are_addresses(nobody: Path, key: str) -> None:
    keep(nobody / ".docker/config.json", {"auths": {key: coded("ann")}})
    assert ("ann", None) == (user("r.io:5000"), user("r.io"))


def test_another_registry_s_password_is_never_found(nobody: Path) -> None:
    keys = ["r.io.evil.com", "evil.com/r.io", "xr.io", "https://evil.com/r.io", "r.io:5000", "io"]
    keep(nobody / ".docker/config.json", {"auths": {key: coded(key) for key in keys}})
    assert None is user("r.io")


def test_broken_files_are_told_and_passed_over(nobody: Path) -> None:
    broken = keep(nobody / "run/containers/auth.json", "{")
    keep(nobody / ".config/containers/auth.json", {"auths": {"r.io": {"auth": "%%"}, "s.io": {"auth": 1}, "t.io": 1}})
    keep(nobody / ".docker/config.json", {"auths": {"r.io": coded("ann")}})
    found = find("r.io", "app")
    assert "ann" == (found.credential and found.credential.user)
    assert f"{broken} cannot be read: it is not JSON" == found.problems[0]
    assert "is not base64" in found.problems[1]
    assert "is not what `docker login` writes" in find("s.io", "app").problems[1]
    for content in ("[]", "[" * 100_000, '{"auths": []}', '{"auths": null, "credHelpers": 1, "credsStore": 2}'):
        keep(broken, content)
        assert "ann" == user("r.io")


def test_a_helper_is_asked_by_the_name_that_it_knows(nobody: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = 'read -r server; printf \'{"ServerURL": "%s", "Username": "%s", "Secret": "s"}\' "$server" "$server"'
    helper(nobody / "bin", "one", script)
    helper(nobody / "bin", "all", 'cat >/dev/null; echo \'{"Username": "<token>", "Secret": "t"}\'')
    monkeypatch.setenv("PATH", f"{nobody / 'bin'}:/usr/bin:/bin")
    helpers_of = {"r.io": "one", "https://old.io": "one"}
    keep(nobody / ".docker/config.json", {"credHelpers": helpers_of, "auths": {"r.io": coded("file")}})
    assert ("r.io", "https://old.io") == (user("r.io"), user("old.io"))  # and not what lies in the file
    keep(nobody / ".docker/config.json", {"credHelpers": {"r.io": "one", "docker.io": "one"}, "credsStore": "all"})
    assert ("r.io", HUB) == (user("r.io"), user("docker.io"))
    found = find("other.io", "app").credential
    assert ("", "t") == (found and found.user, found and found.identity_token)


def test_a_helper_that_has_nothing_is_no_problem(nobody: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helper(nobody / "bin", "store", "cat >/dev/null; echo credentials not found in native keychain; exit 1")
    monkeypatch.setenv("PATH", f"{nobody / 'bin'}:/usr/bin:/bin")
    keep(nobody / ".docker/config.json", {"credsStore": "store", "auths": {"r.io": {}, "s.io": coded("file")}})
    assert (None, ()) == (find("r.io", "app").credential, find("r.io", "app").problems)
    assert "file" == user("s.io")


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("exit 3", "ended with 3"),
        ("echo no key ring here >&2; exit 1", "ended with 1: no key ring here"),
        ("echo nonsense", "did not answer with a user and a secret"),
        ("echo '{}'", "did not answer with a user and a secret"),
        ('echo \'{"Username": 1, "Secret": 2}\'', "did not answer with a user and a secret"),
        ("echo '[[['", "did not answer with a user and a secret"),
        ("head -c 400000 /dev/zero >&2; exit 5", "ended with 5"),
    ],
)
def test_a_helper_that_fails_is_told(nobody: Path, monkeypatch: pytest.MonkeyPatch, script: str, problem: str) -> None:
    helper(nobody / "bin", "store", f"cat >/dev/null; {script}")
    monkeypatch.setenv("PATH", f"{nobody / 'bin'}:/usr/bin:/bin")
    file = keep(nobody / ".docker/config.json", {"credsStore": "store"})
    told = find("r.io", "app").problems[0]
    assert problem in told
    assert str(file) in told


def test_a_helper_that_hangs_is_given_up(nobody: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helper(nobody / "bin", "slow", "exec sleep 60")
    monkeypatch.setenv("PATH", f"{nobody / 'bin'}:/usr/bin:/bin")
    with pytest.raises(helpers.NotGiven, match="did not answer within 0 s"):
        helpers.get("slow", "r.io", seconds=0.2)


@pytest.mark.parametrize("name", ["", "../evil", "a/b", "-x", "a b"])
def test_a_helper_s_name_leads_nowhere_else(name: str) -> None:
    with pytest.raises(helpers.NotGiven, match="is no name of a credential helper"):
        helpers.get(name, "r.io")
