"""What was said wrongly, or not at all, of Dockerfiles that people publish; each with its nearest neighbour."""

from __future__ import annotations

from pathlib import Path

import pytest
from looked_at import found_in, look_at

from jettison.review.model import Settings

APT = "RUN apt-get update && apt-get install -y --no-install-recommends"
CASES: dict[str, dict[str, int]] = {
    "whole-system-copied": {
        "FROM scratch AS s\nCOPY app /a\nFROM debian:12.1\nCOPY --from=s / /": 0,
        "FROM tonistiigi/xx AS xx\nFROM debian:12.1\nCOPY --from=xx / /": 0,
        "FROM debian:12.1\nCOPY --from=docker/buildx-bin / /": 0,
        "FROM debian:12.1\nCOPY --from=node:22.1.0 / /": 1,
        "FROM ours/base AS s\nRUN make\nFROM debian:12.1\nCOPY --from=s / /": 1,
        "FROM golang:1.26.1 AS s\nFROM debian:12.1\nCOPY --from=s / /": 1,
    },
    "git-history-shipped": {
        "FROM x\nRUN c() { rm -rf /opt/a; }; git clone https://x/a /opt/a && make && c": 0,
        'FROM x\nRUN ["sh","-c","git clone https://x/a /opt/a && rm -rf /opt"]': 0,
        "FROM x\nRUN rm -rf /opt/a && git clone https://x/a /opt/a": 1,
        "FROM x\nRUN git clone https://x/a /opt/a && cd /opt/a && make && rm -rf .git": 0,
        "FROM x\nRUN git clone --filter=tree:0 https://x/a /a": 0,
        "FROM x\nRUN git clone --shallow-since 2026-01-01 https://x/a /a": 0,
        "FROM x\nRUN git clone --branch v1 https://x/a /a": 1,
    },
    "package-cache-left-behind": {
        "FROM ubuntu:24.04\nRUN gem install --no-rdoc --no-ri a && rm -rf /var/lib/gems/*/cache": 0,
        "FROM ubuntu:24.04\nRUN gem install a && rm -rf /var/lib/gems/*/cache": 1,
    },
    "http-errors-ignored": {
        "FROM x\nRUN curl -sSL https://x.org/a | tar xz -C /opt": 0,
        "FROM x\nRUN curl -sSL https://x.org/a -o /a && tar xzf /a": 0,
        "FROM x\nRUN curl -sSL https://x.org/a -o /a.zip && unzip /a.zip -d /b": 0,
        "FROM x\nRUN curl -sSL https://x.org/a | gpg --dearmor > /k": 0,
        "FROM x\nRUN curl -sSLo /a.deb https://x.org/a && dpkg -i /a.deb": 0,
        "FROM x\nRUN curl -sSL https://x.org/a -o /a && tar xzf /b": 1,
        "FROM x\nRUN curl -sSL https://x.org/a -o /a; tar xzf /a; true": 1,
        "FROM x\nRUN curl -sSL https://x.org/a | sh": 1,
        'FROM x\nRUN ["sh","-c","curl -o /t.tgz https://x.org/a && tar xf /t.tgz"]': 0,
        "FROM x\nRUN c() { sha256sum -c /s; }; curl -o /t https://x.org/a && c": 0,
        "FROM x\nRUN sha256sum -c /s; curl -o /t https://x.org/a": 1,
        'FROM x\nRUN ["sh","-c","tar xf /t.tgz; curl -o /t.tgz https://x.org/a"]': 1,
    },
    "single-stage-build": {
        "FROM golang:1.26.1\nRUN go install golang.org/x/tools/cmd/goimports@v0.33.0": 0,
        "FROM golang:1.26.1\nRUN go install ./cmd/app": 1,
        "FROM rust:1.79.0\nRUN cargo install cargo-chef": 0,
        "FROM rust:1.79.0\nRUN cargo install --path .": 1,
    },
    "unpinned-base-tag": {
        "FROM debian:12.11": 0,
        "FROM postgres:18.1": 0,
        "FROM debian:12": 1,
        "FROM gcr.io/distroless/static-debian13:nonroot": 1,
        "FROM gcr.io/distroless/static:debug": 1,
        "FROM php:8.4-fpm": 1,
        "FROM php:8.4.1-fpm-alpine3.22": 0,
        "FROM eclipse-temurin:21-jre-noble": 1,
        "FROM mirror.gcr.io/library/node:24": 1,
        "FROM s390x/alpine:3.23": 1,
    },
    "base-past-end-of-life": {
        "FROM alpine:3.6": 1,
        "FROM ubuntu:21.10": 1,
        "FROM debian:wheezy": 0,  # not a name that is read
        "FROM ppc64le/alpine:3.15": 1,
        "FROM mirror.gcr.io/library/alpine:3.15": 1,
        "FROM registry.hub.docker.com/library/alpine:3.15": 1,
        "FROM mcr.microsoft.com/dotnet/aspnet:6.0": 1,
        "FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble": 0,
        "FROM amazonlinux:2": 1,
        "FROM eclipse-temurin:17-jre-bionic": 1,
        "FROM eclipse-temurin:17-jre-noble": 0,
        "FROM node:18 AS b\nRUN x\nFROM b AS c\nFROM debian:13\nCOPY --from=c /usr/local/bin/node /usr/local/bin/": 1,
        "FROM node:18 AS b\nFROM debian:11\nCOPY --from=b /usr/local/bin/node /usr/local/bin/node": 2,
        "FROM node:18 AS b\nFROM node:18\nCOPY --from=b /usr/local/bin/node /usr/local/bin/node": 1,
        "FROM node:18 AS b\nFROM debian:13\nCOPY --from=b /app/node_modules/node /app": 0,
        "FROM node:24 AS b\nFROM debian:13\nCOPY --from=b /usr/local/bin/node /usr/local/bin/node": 0,
        "FROM golang:1.19 AS b\nFROM scratch\nCOPY --from=b /usr/local/bin/app /app": 0,
        "FROM python:3.13-bullseye AS b\nFROM debian:13\nCOPY --from=b /usr/local/bin/python3.13 /p": 0,
        "FROM python:3.8 AS b\nFROM debian:13\nCOPY --from=b /usr/local /usr/local": 1,
        "FROM python:3.8 AS b\nFROM debian:13\nCOPY --from=b /venv/bin/python /venv/bin/python": 0,
        "FROM debian:11 AS b\nFROM debian:13\nCOPY --from=b /usr/bin/python3 /usr/bin/python3": 0,
        "FROM debian:13\nCOPY --from=node:18 /usr/local/bin/node /usr/local/bin/node": 1,
    },
    "apt-lists-left-behind": {
        f"FROM debian:12.1\n{APT} gcc make && . /etc/os-release": 1,
        f"FROM debian:12.1\n{APT} gcc make && make -C /src install": 1,
        f"FROM debian:12.1\n{APT} gcc make && sh /clean-up": 0,
    },
    "built-for-another-libc": {
        "FROM golang@sha256:" + "a" * 64 + " AS b\nRUN go build -o /a\nFROM alpine:3.23.1\nCOPY --from=b /a /a": 0,
        "FROM golang:1.26.1 AS b\nRUN go build -o /a\nFROM alpine:3.23.1\nCOPY --from=b /a /a": 1,
    },
    "pip-cache-left-behind": {"FROM python:3.13.1\nRUN pip install flask && make -C /src install": 1},
    "recommends-installed": {
        "FROM debian:12.1\n# we never say --no-install-recommends\nRUN apt-get update && apt-get install -y git": 1,
        f"FROM debian:12.1\n{APT} curl\nRUN apt-get install -y git": 1,
        "FROM debian:12.1\nRUN echo 'APT::Install-Recommends 0;' > /etc/apt/apt.conf.d/x\nRUN apt-get install git": 0,
        "FROM debian:12.1\nRUN apt-get install -y postgresql-server-dev-$PG git": 1,
        "FROM debian:12.1\nRUN apt-get install -y $MORE git": 0,
    },
    "undefined-variable": {
        "FROM golang:1.26.1\nRUN GOOS=$TARGETOS GOARCH=$TARGETARCH go build .": 2,
        "FROM golang:1.26.1\nARG TARGETARCH\nRUN GOARCH=$TARGETARCH go build .": 0,
        "FROM golang:1.26.1\nRUN export GOARCH=${TARGETARCH} && go build .": 1,
        "FROM golang:1.26.1\nRUN TARGETARCH=$(uname -m) && GOARCH=$TARGETARCH go build .": 0,
        "FROM golang:1.26.1\nRUN TARGETPLATFORM=$TARGETPLATFORM make": 1,
        "FROM golang:1.26.1\nRUN A=$B make": 0,  # the base may define it
    },
    "go-cache-left-behind": {
        'FROM golang:1.26.1\nRUN go mod download\nCOPY . .\nCMD ["./run-tests.sh"]': 0,
        "FROM golang:1.26.1\nRUN go install x/a@v1\nRUN go install x/b@v1": 2,
        'FROM golang:1.26.1\nRUN go install x/a@v1\nRUN echo "$(go env GOARCH)"': 1,
    },
    "ssh-server-shipped": {f"FROM debian:12.1\n{APT} ssh": 1, f"FROM debian:12.1\n{APT} openssh-client": 0},
    "files-in-the-home-of-root": {
        'FROM debian:12.1\nWORKDIR /root\nCOPY run.sh .\nUSER 1000\nENTRYPOINT ["./run.sh"]': 1,
        'FROM debian:12.1\nWORKDIR /srv\nCOPY run.sh .\nUSER 1000\nENTRYPOINT ["./run.sh"]': 0,
    },
    "runs-as-root": {
        'FROM debian:12.1\nCMD ["/lib/systemd/systemd"]': 0,
        'FROM debian:12.1\nCMD ["/sbin/init"]': 0,
        'FROM debian:12.1\nCMD ["/srv/initial"]': 1,
        'FROM php:8.4.1-cli\nENTRYPOINT ["php"]': 1,
    },
    "secrets-left-in-a-layer": {
        'FROM x\nRUN --mount=type=secret,id=a ["sh","-c","cp /run/secrets/a /opt/key && x && rm -f /opt/key"]': 0,
        "FROM x\nRUN --mount=type=secret,id=a c() { rm /opt/key; }; cp /run/secrets/a /opt/key && x && c": 0,
        "FROM x\nRUN --mount=type=secret,id=a rm -rf /opt/key && cp /run/secrets/a /opt/key": 1,
        "FROM x\nRUN --mount=type=secret,id=a cp /run/secrets/a /opt/key && rm -rf /opt/*": 0,
        "FROM x\nRUN --mount=type=secret,id=a cp /run/secrets/a /opt/key && rm -rf /op": 1,
        "FROM x\nRUN --mount=type=secret,id=n cp /run/secrets/n /root/.npmrc": 1,
        "FROM x\nRUN --mount=type=secret,id=n,target=/n cat /n > /root/.npmrc": 1,
        "FROM x\nRUN --mount=type=secret,id=n,target=/n cat /n > /root/.npmrc && npm ci && rm /root/.npmrc": 0,
        "FROM x\nRUN --mount=type=secret,id=n,target=/n --mount=type=tmpfs,target=/t cp /n /t/x": 0,
        "FROM x\nRUN --mount=type=secret,id=n TOKEN=$(cat /run/secrets/n) npm ci": 0,
        "FROM x\nRUN --mount=type=secret,id=n cp /etc/os-release /x": 0,
    },
    "secrets-in-arg-or-env": {
        "FROM x\nENV NAGIOSADMIN_PASS nagios": 1,
        "FROM x\nENV DB_PASSPHRASE=abcdef": 1,
        "FROM x\nENV BYPASS=abcdef": 0,
    },
    "deleted-in-a-later-layer": {
        "FROM x\nRUN curl -fsSLo /tmp/i https://x.org/i && sh /tmp/i\nRUN rm /tmp/i": 1,
        "FROM x\nRUN git clone https://x/a /a && make\nRUN rm -rf /a": 1,
        "FROM x\nRUN curl -fsSLo /tmp/i https://x.org/i && rm /tmp/i\nRUN rm -f /tmp/i": 0,
        "FROM x\nRUN curl -fsSLo /tmp/i https://x.org/i && mv /tmp/i /bin/i\nRUN rm -f /tmp/i": 0,
        "FROM x\nRUN --mount=type=cache,target=/tmp curl -fsSLo /tmp/i https://x.org/i\nRUN rm -f /tmp/i": 0,
        "FROM x\nADD big.bin /tmp/data.bin\nRUN x /tmp/data.bin && rm -f /tmp/data.bin": 1,
        "FROM x\nADD a.tar.gz /tmp/data\nRUN rm -f /tmp/data": 0,
        "FROM x\nCOPY small.txt /tmp/a.txt\nRUN x && rm /tmp/a.txt": 0,  # six bytes
        "FROM x\nCOPY absent.txt /tmp/a.txt\nRUN x && rm /tmp/a.txt": 1,
    },
    "chown-in-a-later-layer": {
        "FROM x\nCOPY small.txt /etc/a/\nRUN chown -R 1000 /etc/a": 0,
        "FROM x\nCOPY small.txt /etc/a/\nRUN make\nRUN chown -R 1000 /etc/a": 1,  # who knows what make put there
        "FROM x AS b\nFROM x\nCOPY --from=b /go/bin/app /bin/app\nRUN chown app /bin/app\nENTRYPOINT [\"/bin/app\"]": 1,
        "FROM x AS b\nFROM x\nCOPY --from=b /go/bin/app /bin/app\nRUN chown app /bin/app\nENTRYPOINT [\"/bin/x\"]": 0,
    },
    "archive-left-behind": {
        "FROM x\nRUN wget -q https://x.org/a_1_amd64.deb && dpkg -i a_1_amd64.deb": 1,
        "FROM x\nRUN curl -fsSLo /a.deb https://x.org/a && apt-get install -y /a.deb && rm /a.deb": 0,
        "FROM x\nRUN curl -fsSLo /a.deb https://x.org/a && dpkg -i /b.deb": 0,
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "text", "times"), [(rule, text, times) for rule, cases in CASES.items() for text, times in cases.items()]
)
def test_it_is_told_as_often_as_it_is_there(tmp_path: Path, rule: str, text: str, times: int) -> None:
    (tmp_path / "small.txt").write_text("small\n")
    (tmp_path / "big.bin").write_bytes(bytes(200_000))
    found = found_in(tmp_path, f"{text}\n", Settings(select=frozenset({rule})))
    assert [rule] * times == [name for name, _ in found]


@pytest.mark.parametrize(
    ("rule", "text", "advice"),
    [
        (
            "git-history-shipped",
            "RUN git clone https://x/a /a\nRUN cd /a && git checkout 1.0",
            "a later command takes another commit, which --depth 1 leaves out",
        ),
        ("git-history-shipped", "RUN git clone https://x/a /a", "say --depth 1, and remove .git in the same RUN"),
        (
            "apk-cache-left-behind",
            "RUN apk update && apk upgrade && apk add --no-cache bash",
            "give `apk upgrade` and `apk add` --no-cache each",
        ),
        ("setuid-program-added", "RUN chmod u+s /usr/bin/x", "leave that out where nothing needs it"),
        ("undefined-variable", "ARG V=${V}", "leave the value out: ARG V alone takes what --build-arg gives"),
        ("chown-in-a-later-layer", "COPY big.bin /a/\nRUN chown -R root:root /a", "what COPY brings is root's"),
        ("chmod-in-a-later-layer", "ADD big.bin /a/\nRUN chmod -R g+w /a", "give the mode with ADD --chmod"),
        (
            "chown-in-a-later-layer",
            "COPY big.bin /a/\nRUN adduser -D loki\nRUN chown -R loki /a",
            "give the owner with COPY --chown, where it costs nothing: by the number of loki, or behind line 3",
        ),
        ("runs-as-root", 'EXPOSE 80 443\nVOLUME ["/a", "/b"]\nCMD ["x"]',
         "ports 80 and 443 become ones above 1023, and /a and /b have to belong"),
        ("runs-as-root", 'EXPOSE 80\nVOLUME /a\nCMD ["x"]', "port 80 becomes one above 1023, and /a has to belong"),
        ("archive-left-behind", "WORKDIR /t\nRUN wget -q https://x.org/a.deb && dpkg -i a.deb", "remove the archive"),
    ],
)  # fmt: skip
def test_the_advice_can_be_followed(tmp_path: Path, rule: str, text: str, advice: str) -> None:
    (tmp_path / "big.bin").write_bytes(bytes(200_000))
    base = "alpine:3.23.1" if rule.startswith("apk") else "debian:12.1"
    (found,) = look_at(tmp_path, f"FROM {base}\n{text}\n", Settings(select=frozenset({rule}))).remarks
    told = f"{found.fix.title if found.fix is not None else ''} {found.advice}"
    assert advice in told


def test_only_what_reads_the_lists_is_merged_to_remove_them(tmp_path: Path) -> None:
    text = f"FROM debian:12.1\n{APT} curl\nRUN curl https://apt.x.org/k | apt-key add -\nRUN echo see the apt manual\n"
    (found,) = look_at(tmp_path, text, Settings(select=frozenset({"apt-lists-left-behind"}))).remarks
    assert found.fix is not None
    assert "remove apt's lists where they are fetched" == found.fix.title


def test_a_shell_that_is_not_there_starts_nothing(tmp_path: Path) -> None:
    only = Settings(select=frozenset({"shell-form-entry"}))
    for base, body, expected in (
        ("gcr.io/distroless/static-debian13:nonroot", "COPY app /app", True),
        ("scratch", "COPY app /app", True),
        ("scratch", "COPY busybox /bin/sh", False),
        ("scratch", "ADD rootfs.tar.gz /", False),
        ("gcr.io/distroless/static-debian13:debug", "COPY app /app", False),
        ("debian:12.1", "COPY app /app", False),
    ):
        (found,) = look_at(tmp_path, f"FROM {base}\n{body}\nENTRYPOINT /app\n", only).remarks
        assert expected == ("there is none: it does not start" in found.message), base


def test_each_of_several_commands_is_told_where_it_stands(tmp_path: Path) -> None:
    text = "FROM x\nRUN set -e; \\\n  curl -o /a https://x.org/a; \\\n  curl -o /b https://x.org/b\n"
    text += "# a\n# escape=`\nRUN x\n"
    found = look_at(tmp_path, text).remarks
    there = [(each.rule, each.where.line, each.where.column, each.message[:6]) for each in found]
    assert [("http-errors-ignored", 3, 3, "line 3"), ("http-errors-ignored", 4, 3, "line 4")] == [
        each for each in there if each[0].startswith("http")
    ]
    assert [("directive-too-late", 6, 1, "line 6")] == [each for each in there if each[0].startswith("directive")]
