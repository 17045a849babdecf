"""Secrets on their way into an image are told; what only looks like one is not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jettison.context.sensitive import Sensitive, sensitive
from jettison.context.walk import walk

# put together here, so that no scanner takes this file for what it tests
KEY = "-----BEGIN " + "RSA PRIVATE KEY-----\nMIIB\n"
OPENSSH = "-----BEGIN " + "OPENSSH PRIVATE KEY-----\nb3Blb\n"
ACCOUNT = '{\n  "type": "service' + '_account",\n  "private_key": "x"\n}'
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n"

SECRETS = {
    ".env": "DB_PASSWORD=hunter2\n",
    ".env.production": "export KEY=x\n",
    "config/prod.env": "KEY=x\n",
    "server.pem": KEY,
    "tls/server.key": OPENSSH,
    "chain.crt": CERTIFICATE + KEY,
    "id_rsa": OPENSSH,
    "deploy/id_ed25519": OPENSSH,
    "id_rsa.old": OPENSSH,
    ".npmrc": "//registry.npmjs.org/:_authToken=npm_abc\n",
    "web/.npmrc": "_auth=YWJj\n",
    ".yarnrc.yml": 'npmAuthToken: "abc"\n',
    ".pypirc": "[pypi]\nusername = x\npassword = y\n",
    "pip.conf": "[global]\nindex-url = https://me:secret@example.org/simple\n",
    "vault.kdbx": "x",
    "config/master.key": "0123456789abcdef0123456789abcdef\n",
    "release.p12": "x",
    "release.keystore": "x",
    "gcp.json": ACCOUNT,
    ".docker/config.json": '{"auths": {"a": {"auth": "dXNlcjpwYXNz"}}}',
    ".git-credentials": "https://x:y@github.com\n",
    ".netrc": "machine a login b password c\n",
    "terraform.tfstate": "{}",
    ".cargo/credentials.toml": 'token = "abc"\n',
    ".kube/config": "users:\n- user:\n    token: abc\n",
}
HARMLESS = {
    ".env.example": "DB_PASSWORD=\n",
    ".env.sample": "KEY=x\n",
    ".env.template": "KEY=x\n",
    "example.env": "KEY=x\n",
    ".env.test": "# nothing\n",
    "public.pem": "-----BEGIN PUBLIC KEY-----\nMIIB\n",
    "ca.pem": CERTIFICATE,
    "server.crt": CERTIFICATE,
    "id_rsa.pub": "ssh-rsa AAAA\n",
    "translations.key": "hello\n",
    "config/staging.key": "app.title\n",
    ".npmrc": "registry=https://registry.npmjs.org/\n//registry.npmjs.org/:_authToken=${NPM_TOKEN}\n",
    ".yarnrc.yml": "nodeLinker: node-modules\n",
    ".pypirc": "[distutils]\nindex-servers = pypi\n",
    "pip.conf": "[global]\nindex-url = https://example.org/simple\n",
    "package.json": '{"name": "x", "type": "module"}',
    "tsconfig.json": "{}",
    "config.json": '{"auth": "none"}',
    "config": "[core]\n",
    "identity.ts": "x",
    "environment.ts": "x",
    "git.md": "x",
    "node_modules/public-encrypt/test/test_key.pem": KEY,
    "venv/lib/python3.11/site-packages/aiohttp/server.key": KEY,
    "empty/.env": "",
}


def plant(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_told(name: str, tmp_path: Path) -> None:
    plant(tmp_path, {name: SECRETS[name]})
    assert [name] == [each.path for each in sensitive(walk(tmp_path))]


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_no_secret_is_not(name: str, tmp_path: Path) -> None:
    plant(tmp_path, {name: HARMLESS[name]})
    assert () == sensitive(walk(tmp_path))


def test_a_directory_stands_for_all_that_is_in_it(tmp_path: Path) -> None:
    plant(tmp_path, {".git/config": "x", ".git/a/.env": "A=b", "home/.ssh/id_rsa": KEY, "home/.aws/credentials": "x"})
    assert (
        Sensitive(".git", "the history of the repository, with all that was ever committed"),
        Sensitive("home/.aws", "keys of AWS"),
        Sensitive("home/.ssh", "SSH keys and known hosts"),
    ) == sensitive(walk(tmp_path))


def test_only_what_an_instruction_takes_is_told(tmp_path: Path) -> None:
    plant(tmp_path, {".env": "A=b", "src/.env": "A=b", ".git/config": "x", "src/index.js": "x"})
    taken = frozenset({"src/.env", "src/index.js"})
    assert ["src/.env"] == [each.path for each in sensitive(walk(tmp_path), taken)]


def test_an_empty_directory_of_that_name_is_nothing(tmp_path: Path) -> None:
    (tmp_path / ".ssh").mkdir()
    assert () == sensitive(walk(tmp_path))


def test_what_cannot_be_read_is_survived(tmp_path: Path) -> None:
    plant(tmp_path, {"a.pem": KEY, "b.pem": KEY, "c.pem": KEY})
    context = walk(tmp_path)
    (tmp_path / "a.pem").unlink()
    (tmp_path / "b.pem").unlink()
    os.mkfifo(tmp_path / "b.pem")
    (tmp_path / "c.pem").unlink()
    (tmp_path / "c.pem").symlink_to("/etc/passwd")
    assert () == sensitive(context)


def test_a_key_far_inside_a_large_file_is_not_looked_for(tmp_path: Path) -> None:
    plant(tmp_path, {"large.pem": "x" * 100_000 + KEY, "small.pem": "comment\n" + KEY})
    assert ["small.pem"] == [each.path for each in sensitive(walk(tmp_path))]
