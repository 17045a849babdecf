"""Rules that the text alone tells: what each catches, and what it leaves alone."""

from __future__ import annotations

from seen_in_one_text import assert_fixed, assert_told, each_case

CASES = {
    "cleaned-in-vain": {
        "RUN rm -rf /var/lib/apt/lists/* && apt-get update": 1,
        "RUN apt-get update && rm -rf /var/lib/apt/lists/*": 0,
        "RUN rm -rf /var/lib/apt/lists/* && apt-get update && rm -rf /var/lib/apt/lists/*": 0,
        "RUN --mount=type=cache,target=/root/.cache/pip pip install a && pip cache purge": 1,
        "RUN apt-get install -y gcc\nRUN apt-get purge -y gcc": 1,
        "RUN apt-get install -y gcc && apt-get purge -y gcc": 0,
        "RUN apt-get update\nRUN rm -rf /var/lib/apt/lists/*": 0,  # deleted-in-a-later-layer tells it
    },
    "package-cache-left-behind": {
        "RUN dnf install -y a": 1,
        "RUN dnf install -y a && dnf clean all": 0,
        "RUN dnf install -y a && rm -rf /var/cache/dnf": 0,
        "RUN --mount=type=cache,target=/var/cache/dnf dnf install -y a": 0,
        "RUN sudo yum -y install a": 1,
        "RUN zypper -n in a": 1,
        "RUN gem install a": 2,  # the packages and their documentation
        "RUN gem install a --no-document": 1,
        "RUN echo 'gem: --no-document' > /etc/gemrc && gem install a": 1,
        "FROM ruby:3.3\nRUN gem install a": 1,
        "RUN conda install -y a": 1,
        "RUN poetry install && composer install": 2,
        "RUN poetry install --no-cache": 0,
        "RUN mvn package": 1,
        "RUN ./gradlew build && cargo build && dotnet publish && gem install a --no-document && uv sync": 5,
        "RUN apt-get install a && pip install b && npm ci": 0,  # these have rules of their own
        "RUN dnf install -y a && ./clean.sh": 0,
        "FROM a AS b\nRUN mvn package\nFROM scratch\nCOPY --from=b /a /a": 0,
    },
    "option-misspelled": {
        "RUN apt-get install --no-install-recomends a": 1,
        "RUN apt-get install --no-install-recommends a": 0,
        "RUN X=--no-install-recomends; apt-get install $X a": 1,
        "RUN sh -c 'apt-get install --asume-yes a'": 1,
        "RUN pip install --no-cache-dirr a && apk add --no-cahce b": 2,
        "RUN echo --no-install-recomends": 0,
        "RUN apt-get install --quite-another a": 0,
    },
    "option-deprecated": {
        "RUN npm ci --only=production": 1,
        "RUN npm ci --only production": 1,
        "RUN npm prune --production": 1,
        "RUN npm ci --omit=dev": 0,
        "RUN npm run x --production": 1,
        "RUN yarn install --production": 0,
        "RUN gem install --no-ri --no-rdoc a": 2,
        "RUN poetry install --no-dev": 1,
    },
    "lists-updated-alone": {
        "RUN apt-get update": 1,
        "RUN apt-get update && apt-get clean": 1,
        "RUN apt-get update && apt-get install a": 0,
        "RUN apt-get update && apt-get upgrade -y": 0,
        "RUN apk update": 1,
        "RUN apt-get update && ./install.sh": 0,
        "RUN apt-get update && make deps": 0,
        "RUN --mount=type=cache,target=/var/lib/apt/lists apt-get update": 0,
        "RUN if a; then apt-get update; fi": 1,
        "RUN apt-get update; $X install": 0,
        "RUN echo apt-get update": 0,
    },
    "archive-left-behind": {
        "RUN curl -fsSLo /tmp/a.tgz https://x/a && tar xzf /tmp/a.tgz": 1,
        "RUN curl -fsSLo /tmp/a.tgz https://x/a && tar xzf /tmp/a.tgz && rm /tmp/a.tgz": 0,
        "RUN curl -fsSLo /tmp/a.tgz https://x/a && tar xzf /tmp/a.tgz && rm -rf /tmp/*": 0,
        "RUN curl -fsSLo /tmp/a.tgz https://x/a && tar xzf /tmp/a.tgz && rm -rf /tmp": 0,
        "RUN wget https://x/a.zip && unzip a.zip": 1,
        "RUN cd /tmp && wget https://x/a.zip && unzip a.zip && rm a.zip": 0,
        "RUN wget -O /tmp/a.zip https://x/a\nRUN unzip /tmp/a.zip && rm /tmp/a.zip": 1,
        "RUN curl https://x/a.tgz | tar xz": 0,
        "RUN curl -fsSLo /tmp/a.tgz https://x/a": 0,
        "RUN --mount=type=tmpfs,target=/tmp curl -o /tmp/a.tgz https://x/a && tar xf /tmp/a.tgz": 0,
        "RUN curl -o /tmp/a.tgz https://x/a && tar xf /tmp/a.tgz && mv /tmp/a.tgz /srv": 0,
        "RUN V=1; curl -o /tmp/a-$V.tgz https://x/a && tar xf /tmp/a-$V.tgz": 1,
        "RUN curl -o $F https://x/a && tar xf $F": 0,
        "FROM a AS b\nRUN curl -o /tmp/a.tgz https://x/a && tar xf /tmp/a.tgz\nFROM scratch\nCOPY --from=b /a /a": 0,
    },
    "git-history-shipped": {
        "RUN git clone https://x/a": 1,
        "RUN git clone --depth=1 https://x/a": 0,
        "RUN git clone https://x/a /opt/a && rm -rf /opt/a/.git": 0,
        "RUN git clone https://x/a /opt/a && rm -rf /opt/a": 0,
        "RUN git clone https://x/a /opt/a && rm -rf /opt/b": 1,
        "RUN git clone https://x/a && cd a && make && cd .. && rm -rf a": 0,
        "RUN --mount=type=tmpfs,target=/src git clone https://x/a /src/a": 0,
        "FROM a AS b\nRUN git clone https://x/a\nFROM scratch\nCOPY --from=b /a /a": 0,
    },
    "pipefail-refused": {
        "RUN set -o pipefail; a | b": 1,
        "RUN set -eux -o pipefail; a | b": 1,
        "RUN set -euxo pipefail; a | b": 1,
        "RUN set -o pipefail || true; a": 1,
        "RUN <<E\nset -o pipefail\na\nE": 1,
        "RUN <<E\n#!/bin/bash\nset -o pipefail\na\nE": 0,
        "RUN bash -c 'set -o pipefail; a | b'": 0,
        "RUN set -e; a | b": 0,
        'SHELL ["/bin/bash", "-c"]\nRUN set -o pipefail; a | b': 0,
        "FROM alpine:3.20\nRUN set -o pipefail; a | b": 0,
        "FROM python:3.12-alpine\nRUN set -o pipefail; a | b": 0,
        "FROM python:3.12-slim\nRUN set -o pipefail; a | b": 1,
        "FROM ubuntu:22.04\nRUN set -o pipefail; a | b": 1,
        "FROM ubuntu:26.04\nRUN set -o pipefail; a | b": 0,
        "FROM ubuntu\nRUN set -o pipefail; a | b": 0,
        "FROM debian:sid\nRUN set -o pipefail; a | b": 0,
        "FROM somebody/else\nRUN set -o pipefail; a | b": 0,
        "FROM debian AS a\nFROM a\nRUN set -o pipefail; b": 1,
    },
    "folder-changed-in-vain": {
        "RUN cd /app": 1,
        "RUN mkdir /app && cd /app": 1,
        "RUN cd /app && make": 0,
        "RUN (cd /app)": 0,
        "RUN make; if a; then cd b; fi": 0,
        "RUN cd /app || exit 1": 0,
    },
    "sudo-called": {"RUN sudo a": 1, "RUN a && sudo -u b c && sudo d": 1, "RUN apt-get install sudo": 0, "RUN a": 0},
    "apt-called-in-a-script": {
        "RUN apt install a": 1,
        "RUN apt update && apt install a": 1,
        "RUN apt-get install a": 0,
        "RUN apt list": 0,
        "RUN sudo apt install a": 0,  # the word is not where the command begins
        "RUN echo apt install": 0,
    },
    "remote-archive-added": {
        "ADD https://x/a.tar.gz /a": 1,
        'ADD ["https://x/a.tar.gz", "/a"]': 1,
        "ADD --unpack https://x/a.tar.gz /a": 0,
        "ADD https://x/a.txt /a": 0,
        "ADD a.tar.gz /a": 0,
        "FROM a AS b\nADD https://x/a.tar.gz /a\nFROM scratch\nCOPY --from=b /a /a": 0,
    },
}


@each_case(CASES)
def test_a_rule_catches_what_it_is_about_and_nothing_else(name: str, text: str, number: int) -> None:
    assert_told(name, text, number)
    assert_fixed(name, text)
