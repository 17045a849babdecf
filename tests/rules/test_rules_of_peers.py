"""Rules that other linters have in their own way, upon text: what each catches, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from jettison.dockerfile.edit import apply
from jettison.dockerfile.parse import parse
from jettison.rule import Finding, all_rules, text_rules
from jettison.subject import Text

RULES = {rule.name: rule for rule in all_rules()}
ARTICLES = Path(__file__).parents[1] / "docs" / "articles"
OLD = "FROM debian:bullseye\n"
BUILDER = "FROM debian:bookworm AS b\n{}\nFROM debian:bookworm\nCOPY --from=b /a /a"


def findings(name: str, text: str) -> list[Finding]:
    """What one rule sees in a text; `FROM debian` where it names no base."""
    dockerfile = parse(text if "FROM" in text else f"FROM debian:bookworm\n{text}\n")
    check = RULES[name].text
    assert check is not None
    return list(check(Text(dockerfile, Path("/nonexistent"), dockerfile.stages[-1])))


CASES = {
    "packages-upgraded": {
        "RUN apt-get update && apt-get upgrade -y": 1,
        "RUN apt-get update && apt-get -y dist-upgrade && apt-get -y upgrade": 1,
        "RUN apk upgrade --no-cache": 1,
        "RUN apk -U upgrade": 1,
        "RUN dnf -y update && dnf clean all": 1,
        "RUN yum -y upgrade": 1,
        "RUN microdnf update": 1,
        "RUN zypper -n dup": 1,
        "RUN apt-get upgrade -y openssl": 0,
        "RUN dnf -y update openssl": 0,
        "RUN dnf -y module enable nodejs:18": 0,
        "RUN apt-get -s upgrade": 0,
        "RUN pip install -U pip && npm update": 0,
        BUILDER.format("RUN apt-get -y upgrade"): 0,
    },
    "downloader-installed-twice": {
        "RUN apt-get install -y curl wget": 1,
        "RUN apt-get install -y curl\nRUN apt-get install -y wget": 1,
        "RUN apk add --no-cache curl wget": 1,
        "RUN apt-get install -y curl": 0,
        "RUN apt-get install -y curl wget && curl x && apt-get purge -y wget": 0,
        BUILDER.format("RUN apt-get install -y curl wget"): 0,
    },
    "tools-for-people-installed": {
        "RUN apt-get install -y vim nano curl": 1,
        "RUN apt-get install -y vim\nRUN apt-get install -y strace": 2,
        "RUN apt-get install -y tree && tree /": 0,
        'RUN apt-get install -y screen\nCMD ["screen", "-D"]': 0,
        "RUN apt-get install -y vim && apt-get purge -y vim": 0,
        "RUN apt-get install -y curl ca-certificates": 0,
        BUILDER.format("RUN apt-get install -y gdb"): 0,
    },
    "npm-upgraded": {
        "RUN npm install -g npm": 1,
        "RUN npm i -g npm@10 && npm ci": 1,
        "RUN npm install --global npm@latest\nRUN npm ci": 1,
        "RUN npm update -g npm": 1,
        "RUN if a; then npm install -g npm; fi": 1,
        "RUN npm install -g npm typescript": 0,
        "RUN apt-get install -y nodejs && npm install -g npm": 0,
        "RUN apt-get install -y nodejs\nRUN npm install -g npm": 1,
        "RUN . ~/.nvm/nvm.sh && nvm install 20 && npm install -g npm": 0,
        "RUN npm install npm": 0,
        "RUN npm install -g pnpm": 0,
        "RUN npm ci": 0,
        BUILDER.format("RUN npm install -g npm"): 0,
    },
    "archive-copied-to-be-unpacked": {
        "COPY a.tar.gz /tmp/\nRUN tar xzf /tmp/a.tar.gz -C /opt": 1,
        "COPY a.tar.gz /tmp/b.tar.gz\nRUN tar xzf /tmp/b.tar.gz -C /opt": 1,
        "COPY a.tar.gz /tmp\nRUN tar xzf /tmp/a.tar.gz -C /opt": 1,
        "WORKDIR /src\nCOPY a.zip b.zip ./\nRUN unzip b.zip": 1,
        "COPY a.zip .\nRUN unzip a.zip": 1,
        'COPY ["a.zip", "/tmp/"]\nRUN unzip /tmp/a.zip': 1,
        "ADD a.tar.gz /opt/": 0,
        "COPY a.tar.gz /tmp/\nRUN tar xzf /tmp/a.tar.gz && rm /tmp/a.tar.gz": 0,
        "COPY a.tar.gz /tmp/\nRUN tar xzf /tmp/a.tar.gz && rm -rf /tmp/*": 0,
        "COPY a.tar.gz /tmp/\nRUN tar xzf /tmp/other.tar.gz": 0,
        "RUN tar xzf /tmp/a.tar.gz\nCOPY a.tar.gz /tmp/": 0,
        "RUN --mount=type=bind,target=/tmp tar xzf /tmp/a.tar.gz": 0,
        BUILDER.format("COPY a.zip /\nRUN unzip /a.zip"): 0,
    },
    "sources-left-behind": {
        "RUN curl x | tar xz -C /usr/src && cd /usr/src/a && make && make install": 1,
        "RUN git clone https://x/a /opt/a && make -C /opt/a install": 0,  # the folder of `-C` is not followed
        "RUN git clone https://x/a /src/a && cd /src/a && cmake . && cmake --install .": 1,
        "RUN git clone https://x/a && cd a && make install": 0,  # where it lies, the base decides
        "RUN mkdir /build && tar xf /a.tgz -C /build && cd /build && ninja install": 1,
        "RUN tar xf /a.tgz -C /usr/src && cd /usr/src/a && make install && cd / && rm -rf /usr/src/a": 0,
        "RUN tar xf /a.tgz -C /usr/src && cd /usr/src/a && make install && rm -rf /usr/src/*": 0,
        "RUN tar xf /a.tgz -C /usr/src && cd /usr/src/a && make install && rm -rf /usr/src": 0,
        "RUN tar xf /a.tgz -C /usr/src && cd /usr/src/a && make install && rm -rf $DIR": 0,
        "RUN --mount=type=tmpfs,target=/usr/src tar xf /a.tgz -C /usr/src && cd /usr/src/a && make install": 0,
        "RUN tar xf /a.tgz -C /usr/src && cd /usr/src/a && make": 0,
        "WORKDIR /app\nCOPY . .\nRUN make install": 0,
        'RUN git clone https://x/a /opt/a && cd /opt/a && make install\nCMD ["/opt/a/run"]': 0,
        "RUN git clone https://x/a /opt/a && cd /opt/a && make install PREFIX=/opt/a": 0,
        "RUN git clone https://x/a /opt/a && cd /opt/a && make install PREFIX=/opt/ab": 1,
        "ENV A=/opt/a\nRUN git clone https://x/a /opt/a && cd /opt/a && make install\nENV B=/opt/ab": 1,
        BUILDER.format("RUN tar xf /a.tgz -C /usr/src && cd /usr/src/a && make install"): 0,
    },
    "temporary-folder-left-behind": {
        'RUN t="$(mktemp -d)" && curl -fo "$t/a" https://x/a': 1,
        'RUN export HOME="$(mktemp -d)" && npm ci && rm -rf "$HOME"': 0,
        "RUN cd $(mktemp -d) && make install": 1,
        "RUN t=`mktemp --directory` && make -C $t": 1,
        'RUN t="$(mktemp -d)" && make && rm -rf "$t"': 0,
        "RUN t=$(mktemp -d) && make && rm -rf /tmp/*": 0,
        "RUN t=$(mktemp -d); trap 'rm -rf $t' EXIT; make": 0,
        "RUN --mount=type=tmpfs,target=/tmp cd $(mktemp -d) && make": 0,
        "RUN mktemp": 0,
        "RUN t=$(mktemp -du) && mkdir $t": 0,
        BUILDER.format("RUN cd $(mktemp -d) && make install"): 0,
    },
    "login-log-grown": {
        f"{OLD}RUN useradd -u 1000000 app": 1,
        f"{OLD}RUN useradd -m --uid=100000 app": 1,
        "FROM node:20-bullseye-slim\nRUN useradd -u 1000000 app": 1,
        "FROM ubuntu:22.04\nRUN useradd -u 1000000 app": 1,
        "FROM debian:11\nRUN useradd -u 1000000 app": 1,
        f"{OLD}RUN useradd -l -u 1000000 app": 0,
        f"{OLD}RUN useradd --no-log-init -u 1000000 app": 0,
        f"{OLD}RUN useradd -ml -u 1000000 app": 0,
        f"{OLD}RUN useradd -u 1000 app": 0,
        f"{OLD}RUN useradd -u $ID app": 0,
        f"{OLD}RUN useradd -u 99999999999999999999 app": 0,
        f"{OLD}RUN adduser -D -u 1000000 app": 0,
        BUILDER.replace("bookworm", "bullseye").format("RUN useradd -u 1000000 app"): 0,
        "RUN useradd -u 1000000 app": 0,  # Debian 12
        "FROM debian:12.5\nRUN useradd -u 1000000 app": 0,
        "FROM ubuntu:24.04\nRUN useradd -u 1000000 app": 0,
        "FROM node:20\nRUN useradd -u 1000000 app": 0,
        "FROM example.org/base\nRUN useradd -u 1000000 app": 0,
    },
    "http-errors-ignored": {
        "RUN curl -o /a https://x/a": 1,
        "RUN curl https://x/a > /a": 1,
        "RUN curl -s -o /dev/null -w '%{http_code}' https://x/a": 0,
        "RUN curl -sSL https://x/a | sh": 1,
        "RUN curl -O https://x/a && curl -O https://x/b": 2,
        "RUN curl -sSf -o /a https://x/a": 0,
        "RUN curl -fsSL https://x/a | sh": 0,
        "RUN curl --fail-with-body -o /a https://x/a": 0,
        "RUN curl https://x/a": 0,  # printed, and in no layer
        "RUN curl https://x/a > /dev/null": 0,
        "RUN curl -I https://x/a | grep etag": 0,
        "RUN curl -X POST -o /a https://x/a": 0,
        "RUN curl $OPTIONS -o /a https://x/a": 0,
        'RUN curl -o /a "$URL"': 1,
        "RUN echo fail > /root/.curlrc && curl -o /a https://x/a": 0,
        "RUN curl -fsS -o /a https://github.com/a/b/releases/download/v1/c": 1,
        "RUN curl -fsSL -o /a https://github.com/a/b/releases/download/v1/c": 0,
        "RUN curl -fsS -o /a https://example.com/a": 0,
        "RUN wget https://x/a": 0,
        "RUN sudo curl -o /a https://x/a": 1,
    },
    "failure-lost-in-a-pipe": {
        "RUN curl -fsSL https://x/a | sh": 1,
        "RUN wget -qO- https://x/a | bash -s -- -y": 1,
        "RUN curl -fsSL https://x/a | tee /etc/a": 1,
        "RUN curl -fsSL https://x/a | sh && curl -fsSL https://x/b | sh": 1,
        'SHELL ["/bin/bash", "-o", "pipefail", "-c"]\nRUN curl -fsSL https://x/a | sh': 0,
        "RUN curl -fsSL https://x/a | tar xz": 0,
        "RUN echo a | sh": 0,
        "RUN curl -fsSL https://x/a -o b && sh b": 0,
    },
    "question-nobody-answers": {
        "RUN apt-get install curl": 1,
        "RUN apt-get install curl && apt install wget": 1,
        "RUN dnf install curl": 1,
        "RUN yum update": 1,
        "RUN zypper install curl": 1,
        "RUN apt-get install -y curl": 0,
        "RUN apt-get -y install curl": 0,
        "RUN apt-get install -qqy curl": 0,
        "RUN apt-get -qq install curl": 0,
        "RUN apt-get --yes install curl": 0,
        "RUN yes | apt-get install curl": 0,
        "RUN apt-get $OPTIONS install curl": 0,
        "RUN zypper -n install curl": 0,
        "RUN zypper --non-interactive install curl": 0,
        "RUN microdnf install curl": 0,
        "RUN apk add curl": 0,
        "RUN apt-get update": 0,
        "RUN echo 'APT::Get::Assume-Yes \"true\";' > /etc/apt/apt.conf.d/y && apt-get install curl": 0,
        'RUN ["apt-get", "install", "curl"]': 1,
    },
    "plain-files-added": {
        "ADD a /a": 1,
        "ADD . /app": 1,
        "ADD *.py /app/": 1,
        "ADD rootfs* target/*.tar* /": 0,
        "ADD app.TGZ /opt/": 0,
        "ADD --chown=1 a b /a/": 1,
        'ADD ["a", "/b"]': 1,
        "COPY a /a": 0,
        "ADD https://x/a /a": 0,
        "ADD git@github.com:a/b.git /a": 0,
        "ADD a.tar.gz /a": 0,
        "ADD $A /a": 0,
        "ADD a b.tgz /a/": 0,
        "ADD <<E /a\nx\nE": 0,
    },
    "whole-system-copied": {
        BUILDER.replace("/a /a", "/ /").format("RUN a"): 1,
        BUILDER.format("RUN a"): 0,
        "FROM debian AS b\nFROM scratch\nCOPY --from=b / /": 0,
        "FROM debian\nCOPY / /": 0,
        "FROM debian AS b\nFROM debian\nCOPY --from=b / /old": 0,
    },
    "credentials-in-a-command": {
        "RUN git clone https://me:s3cret9@example.com/a": 1,
        "RUN useradd -p '!' a && usermod -p '!!' b": 0,
        "RUN usermod --password= somebody": 0,
        "RUN usermod --password=s3cret9 somebody": 1,
        "RUN export DATABASE_URL=postgresql://dummy:dummy@db/dummy && make": 0,
        "RUN git clone https://ghp_abcdefghij0123456789@github.com/a/b": 1,
        "RUN pip install --index-url https://me:s3cret9@pypi.example.com/simple a": 1,
        "RUN curl -u me:s3cret9 https://x/a": 1,
        "RUN curl --user=me:s3cret9 https://x/a": 1,
        "RUN curl -H 'Authorization: Bearer abcdef0123456' https://x/a": 1,
        "RUN wget --password=s3cret9 https://x/a": 1,
        "RUN npm config set //npm.example.com/:_authToken s3cret9": 1,
        "RUN aws configure set aws_secret_access_key abc": 1,
        "RUN echo 'root:s3cret9' | chpasswd": 1,
        "RUN docker login -u me -p s3cret9": 1,
        "RUN useradd -p abc me": 1,
        "RUN echo //npm.example.com/:_authToken=npm_abcdefghijklmnopqrstuvwxyz0123456789 > .npmrc": 1,
        "ADD https://me:s3cret9@example.com/a /a": 1,
        "ARG T\nRUN git clone https://me:$T@example.com/a": 0,
        "RUN git clone https://example.com/a": 0,
        "RUN git clone https://me@example.com/a && git clone git@github.com:a/b": 0,
        "RUN curl -u me: https://x/a": 0,
        "RUN curl -u me:<password> https://x/a": 0,
        "RUN git clone https://token:x-oauth-basic@github.com/a/b": 0,
        "RUN docker run -p 80:80 a": 0,
        "RUN mkdir -p s3cret9 && tar -p": 0,
        "RUN echo hello | chpasswd": 0,
        "RUN --mount=type=secret,id=t git clone https://me:$(cat /run/secrets/t)@example.com/a": 0,
        "RUN psql postgres://me:me@localhost/db": 0,
        BUILDER.format("RUN curl -u me:s3cret9 https://x/a"): 1,  # the repository has the text all the same
    },
    "downloaded-unencrypted": {
        "RUN curl -fsSL http://example.com/a | sh": 1,
        "RUN wget http://example.com/a && wget http://example.com/b": 1,
        "RUN git clone http://example.com/a": 1,
        "ADD http://example.com/a /a": 1,
        "ADD --checksum=sha256:abc http://example.com/a /a": 0,
        "RUN wget http://example.com/a && echo 'abc  a' | sha256sum -c": 0,
        "RUN wget http://example.com/a && gpg --verify a.asc a": 0,
        "RUN echo 'abc  b' | sha256sum -c && wget http://example.com/a": 1,
        "RUN curl -fsSL https://example.com/a": 0,
        "RUN curl http://localhost:8080/ready && curl http://nexus/a && curl http://10.0.0.1/a": 0,
        "RUN curl http://$HOST/a": 0,
        "HEALTHCHECK CMD curl http://example.com/": 0,
        BUILDER.format("RUN wget http://example.com/a"): 1,
    },
    "verification-switched-off": {
        "RUN curl -k https://x/a": 1,
        "RUN curl -fsSLk https://x/a | tar xz": 1,
        "RUN wget --no-check-certificate https://x/a": 1,
        "RUN apt-get install -y --allow-unauthenticated a": 1,
        "RUN apk add --allow-untrusted a.apk": 1,
        "RUN yum install -y --nogpgcheck a": 1,
        "RUN zypper --no-gpg-checks install -y a": 1,
        "RUN pip install --trusted-host pypi.org a": 1,
        "RUN npm config set strict-ssl false": 1,
        "RUN npm ci --strict-ssl=false": 1,
        "RUN git config --global http.sslVerify false": 1,
        "RUN git -c http.sslVerify=false clone https://x/a": 1,
        "RUN GIT_SSL_NO_VERIFY=1 git clone https://x/a": 1,
        "ENV NODE_TLS_REJECT_UNAUTHORIZED=0": 1,
        "ENV NODE_TLS_REJECT_UNAUTHORIZED 0": 1,
        "ENV NODE_TLS_REJECT_UNAUTHORIZED=1": 0,
        "RUN curl -k -o a https://x/a && echo 'abc  a' | sha256sum -c": 0,
        "RUN curl -fsSL https://x/a && wget -q https://x/a": 0,
        "RUN npm config set strict-ssl true": 0,
        "RUN grep -k a": 0,
    },
    "ssh-server-shipped": {
        "RUN apt-get install -y openssh-server": 1,
        "RUN apk add openssh": 1,
        "RUN apt-get install -y openssh-server\nEXPOSE 22": 1,
        "EXPOSE 22": 1,
        "EXPOSE 80 22/tcp": 1,
        "EXPOSE 2222": 0,
        "EXPOSE 22/udp": 0,
        "RUN apt-get install -y openssh-client": 0,
        'RUN apt-get install -y openssh-server\nCMD ["/usr/sbin/sshd", "-D"]': 0,
        BUILDER.format("RUN apt-get install -y openssh-server"): 0,
    },
    "system-folder-declared": {
        "WORKDIR /proc/self": 1,
        'VOLUME ["/sys/fs/cgroup"]': 0,
        "VOLUME /dev": 1,
        "VOLUME /data /sys": 1,
        'VOLUME ["/data", "/proc"]': 1,
        "WORKDIR /app": 0,
        "VOLUME /dev/shm": 0,
        "WORKDIR /device": 0,
        BUILDER.format("WORKDIR /proc"): 0,
    },
    "setuid-program-added": {
        "RUN chmod u+s /usr/bin/a": 1,
        "RUN chmod 4755 /usr/bin/a": 1,
        "RUN chmod +s /usr/bin/a": 1,
        "RUN chmod 0755 /usr/bin/a": 0,
        "RUN chmod 755 /usr/bin/a && chmod a+rx b": 0,
        "RUN chmod u+s /usr/bin/a && chmod 4755 /usr/bin/b": 1,
        "RUN chmod 2755 /usr/bin/a\nRUN chmod g+s /sbin/a\nRUN chmod g+xs /sbin/a": 3,
        "RUN chmod 2775 /srv && chmod g+s /data && chmod -R g+rwXs /var/lib/a && chmod g+x /usr/bin/a": 0,
        "RUN chmod u-s /usr/bin/a": 0,
        BUILDER.format("RUN chmod u+s /usr/bin/a"): 0,
    },
    "account-without-password": {
        "RUN passwd -d root": 1,
        "RUN usermod -p '' app": 1,
        "RUN useradd -p '' app && passwd -d app": 1,
        "RUN passwd -l root": 0,
        "RUN useradd -p '*' app": 0,
        BUILDER.format("RUN passwd -d root"): 0,
    },
    "accounts-that-share-a-number": {
        "RUN useradd -o -u 0 toor": 1,
        "RUN useradd --non-unique -u 0 toor": 1,
        "RUN useradd -u 1000 app": 0,
        BUILDER.format("RUN useradd -o -u 0 toor"): 0,
    },
}  # fmt: skip
FLAT = [(name, text, number) for name, cases in CASES.items() for text, number in cases.items()]


@pytest.mark.parametrize(("name", "text", "number"), FLAT)
def test_a_rule_catches_what_it_is_about_and_nothing_else(name: str, text: str, number: int) -> None:
    found = findings(name, text)
    assert number == len(found)
    assert {name} >= {each.rule for each in found}
    assert [] == [each for each in found if each.fix is None and not each.refusal and not each.proposal]


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, text, number in FLAT if number])
def test_a_fix_is_the_last_word_on_it_and_still_parses(name: str, text: str) -> None:
    whole = text if "FROM" in text else f"FROM debian:bookworm\n{text}\n"
    edits = [edit for each in findings(name, whole) if each.fix for edit in each.fix.edits]
    if edits:
        fixed = apply(whole, edits)
        assert [] == [each for each in findings(name, fixed) if each.fix]
        parse(fixed)


def test_who_installs_alpine_s_openssh_is_told_of_the_client() -> None:
    (found,) = findings("ssh-server-shipped", "RUN apk add openssh git")
    assert (found.refusal or "").startswith("where ssh is all that is called, openssh-client brings it alone")


def test_a_secret_is_never_printed() -> None:
    told = [each for text, number in CASES["credentials-in-a-command"].items() if number for each in findings(
        "credentials-in-a-command", text)]  # fmt: skip
    assert [] == [each.message for each in told if "s3cret9" in f"{each.message}{each.refusal}"]


@pytest.mark.parametrize("name", sorted(path.parent.name for path in ARTICLES.glob("*/Dockerfile")))
def test_no_fix_invents_a_user_a_health_check_an_environment_or_a_clean_by_name(name: str) -> None:
    folder = ARTICLES / name
    dockerfile = parse((folder / "Dockerfile").read_text())
    text = Text(dockerfile, folder, dockerfile.stages[-1])
    found = [each for rule in text_rules() if rule.text is not None for each in rule.text(text)]
    edits = [(each.rule, edit.text) for each in found if each.fix for edit in each.fix.edits]
    invented = ("USER", "HEALTHCHECK", "ENV", "NODE_ENV", "pipefail", "cache clean")
    kept = dockerfile.text
    assert [] == [(rule, word) for rule, new in edits for word in invented if word in new and word not in kept]


def test_a_fix_of_these_rules_invents_nothing_either() -> None:
    words = ("USER", "HEALTHCHECK", "ENV", "pipefail", "cache clean")
    fixes = [each.fix for name, text, number in FLAT if number for each in findings(name, text) if each.fix]
    assert [] == [edit.text for fix in fixes for edit in fix.edits for word in words if word in edit.text]
