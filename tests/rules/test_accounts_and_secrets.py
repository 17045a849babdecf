"""What the rules about accounts, modes and secrets see in layers: setuid-program-added, account-without-password,
accounts-that-share-a-number, secrets-left-in-a-layer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from layer_listing import subject_of, subject_upon

from jettison.rule import Finding, all_rules
from jettison.subject import Subject

RULES = {rule.name: rule for rule in all_rules()}
TEXT = "FROM debian:bookworm\nRUN make\nRUN clean\n"
KEY = "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n"
TEXTS = {
    "key": KEY,
    "public": "-----BEGIN CERTIFICATE-----\nMIIE\n",
    "npmrc": "//registry.npmjs.org/:_authToken=npm_abc\n",
    "env": "PORT=80\nDB_PASSWORD=hunter2\n",
    "plain-env": "PORT=80\nDB_PASSWORD=\nAPI_TOKEN=$TOKEN\n",
    "plain-npmrc": "fund=false\n",
    "passwd": "root:x:0:0:root:/root:/bin/bash\napp::1000:1000::/app:/bin/sh\nsrv::7:7::/:/usr/sbin/nologin\n",
    "closed": "root:x:0:0:root:/root:/bin/bash\n",
    "shadow": "root:*:19000:0:99999:7:::\n",
    "open-shadow": "root::19000:0:99999:7:::\n",
    "twice": "root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/root:/bin/sh\napp:x:5:5::/:/bin/sh\n",
}
TEXTS["twice-and-one"] = TEXTS["twice"] + "new:x:6:6::/:/bin/sh\n"


def found(name: str, subject: Subject) -> list[Finding]:
    return list(RULES[name].check(subject))


def messages(name: str, listing: str, text: str = TEXT) -> list[str]:
    return [each.message for each in found(name, subject_of(text, listing, TEXTS))]


def upon(listing: str) -> Subject:
    return subject_upon(TEXT, listing, TEXTS)


def test_a_setuid_program_is_told_with_the_line_that_brought_it() -> None:
    listing = "2 usr/bin/sudo 9 mode=4755\n2 usr/bin/wall 9 mode=2755\n2 usr/bin/a 9 mode=755\n2 srv/ mode=2775"
    message = "line 2 brings what runs as its owner, whoever starts it: /usr/bin/sudo, /usr/bin/wall"
    assert [message] == messages("setuid-program-added", listing)


def test_a_setuid_program_of_the_base_or_one_that_goes_again_is_not() -> None:
    assert [] == found("setuid-program-added", upon("1 usr/bin/su 9 mode=4755\n2 usr/bin/a 9"))
    assert [] == found("setuid-program-added", upon("1 usr/bin/su 9 mode=4755\n2 usr/bin/su 10 mode=4755"))
    assert 1 == len(found("setuid-program-added", upon("1 usr/bin/su 9 mode=755\n2 usr/bin/su 10 mode=4755")))
    assert [] == messages("setuid-program-added", "2 usr/bin/sudo 9 mode=4755\n3 -usr/bin/sudo")
    assert [] == messages("setuid-program-added", "2 usr/bin/sudo 9 mode=4755\n3 usr/bin/sudo 9 mode=755")


def test_an_empty_password_is_told_where_the_shell_lets_somebody_in() -> None:
    told = ["line 2 leaves app without a password, open to everybody"]
    assert told == messages("account-without-password", "2 etc/passwd text=passwd\n2 etc/shadow text=shadow")
    told = ["line 3 leaves root without a password, open to everybody"]
    assert told == messages("account-without-password", "2 etc/passwd text=closed\n3 etc/shadow text=open-shadow")
    assert [] == messages("account-without-password", "2 etc/passwd text=closed\n2 etc/shadow text=shadow")
    assert [] == messages("account-without-password", "2 etc/passwd text=closed")
    assert [] == messages("account-without-password", "2 usr/bin/a 5")


def test_an_empty_password_is_told_where_the_file_that_says_so_was_written() -> None:
    listing = "2 etc/shadow text=open-shadow\n3 etc/passwd text=passwd"
    assert [
        "line 3 leaves app without a password, open to everybody",
        "line 2 leaves root without a password, open to everybody",
    ] == messages("account-without-password", listing)


@pytest.mark.parametrize("above", ["", "2 etc/shadow text=open-shadow", "2 etc/passwd text=closed"])
def test_an_empty_password_of_the_base_is_told_at_from_whoever_rewrites_the_file(above: str) -> None:
    subject = upon(f"1 etc/passwd text=closed\n1 etc/shadow text=open-shadow\n{above}")
    (told,) = found("account-without-password", subject)
    assert told.instruction is not None
    assert (1, "FROM") == (told.instruction.line, told.instruction.keyword)


def test_two_names_of_one_number_are_told_but_for_those_of_the_base() -> None:
    listing = "2 etc/passwd text=twice"
    assert ["line 2 leaves root and toor one user, number 0"] == messages("accounts-that-share-a-number", listing)
    assert [] == found("accounts-that-share-a-number", upon("1 etc/passwd text=twice"))
    assert [] == found("accounts-that-share-a-number", upon("1 etc/passwd text=twice\n2 etc/passwd text=twice-and-one"))
    assert 1 == len(found("accounts-that-share-a-number", upon("1 etc/passwd text=closed\n2 etc/passwd text=twice")))
    assert [] == messages("accounts-that-share-a-number", "2 etc/passwd text=passwd")


LATER = "a later layer deletes it, and it is there all the same"
SECRETS = [
    ("2 root/.ssh/id_ed25519 text=key", "line 2 leaves /root/.ssh/id_ed25519 (a private SSH key) in its layer"),
    ("2 app/server.key text=key", "line 2 leaves /app/server.key (a private key) in its layer"),
    ("2 root/.npmrc text=npmrc", "line 2 leaves /root/.npmrc (a token of the npm registry) in its layer"),
    ("2 app/.env text=env", "line 2 leaves /app/.env (variables that may hold secrets) in its layer"),
    ("2 etc/ssh/ssh_host_rsa_key text=key",
     "line 2 leaves /etc/ssh/ssh_host_rsa_key (a private host key of SSH) in its layer"),
    ("2 root/.npmrc text=npmrc\n3 -root/.npmrc",
     f"line 2 leaves /root/.npmrc (a token of the npm registry; {LATER}) in its layer"),
]  # fmt: skip


@pytest.mark.parametrize(("listing", "message"), SECRETS)
def test_a_secret_that_a_command_wrote_is_told_also_where_it_is_deleted(listing: str, message: str) -> None:
    assert [message] == messages("secrets-left-in-a-layer", listing)


@pytest.mark.parametrize(
    "listing",
    [
        "2 root/.npmrc text=plain-npmrc",
        "2 app/.env text=plain-env",
        "2 app/server.crt text=public",
        "2 usr/share/doc/a/id_rsa text=key",
        "2 srv/node_modules/a/test.key text=key",
        "2 srv/tests/server.key text=key",
        "2 srv/server.example.key text=key",
        "2 app/big.key 9000000",
        "2 app/main.py text=key",
        "2 root/.ssh/id_rsa 0",
    ],
)
def test_what_is_public_or_holds_no_secret_is_left_alone(listing: str) -> None:
    assert [] == messages("secrets-left-in-a-layer", listing)


def test_what_a_copy_takes_of_the_context_is_another_rule_s(tmp_path: Path) -> None:
    text, listing = "FROM debian:bookworm\nCOPY a.key /\n", "2 a.key text=key"
    assert 1 == len(messages("secrets-left-in-a-layer", listing, text))
    subject = replace(subject_of(text, listing, TEXTS), context=tmp_path)
    assert [] == found("secrets-left-in-a-layer", subject)
    other = subject_of("FROM debian:bookworm\nCOPY --from=b a.key /\n", listing, TEXTS)
    assert 1 == len(found("secrets-left-in-a-layer", replace(other, context=tmp_path)))
    (tmp_path / "certs").mkdir()
    (tmp_path / "certs" / "a.key").write_text("another one")
    assert 1 == len(found("secrets-left-in-a-layer", replace(other, context=tmp_path)))
    (tmp_path / "certs" / "a.key").write_text(TEXTS["key"])  # it came through the stage b
    assert [] == found("secrets-left-in-a-layer", replace(other, context=tmp_path))


def test_names_that_are_hostile_are_told_on_one_line() -> None:
    listing = "2 root/\x1b[31m.npmrc text=npmrc\n2 root/a\u202eb.key text=key"
    assert [] == [each for each in messages("secrets-left-in-a-layer", listing) if "\x1b" in each or "\u202e" in each]
