"""What rules of the text say of Dockerfiles as people write them: texts of users, on which a rule was wrong once."""

from __future__ import annotations

from pathlib import Path

import pytest
from looked_at import found_in, look_at
from seen_in_one_text import Cases, assert_told, each_case, findings

from jettison.review.model import Settings, Source
from jettison.review.right import put_right

_GO = "FROM golang:1.25.1-alpine AS b\n{}RUN go build -o /app .\nFROM debian:bookworm\nCOPY --from=b /app /app"
_RUST = "FROM rust:1.82.0-alpine AS b\n{}RUN cargo build --release\nFROM debian:bookworm\nCOPY --from=b /x /x"
_CURL = "RUN curl -sSLo a https://github.com/x/y/releases/download/v1/a"
_COMPOSER = "FROM php:8.3.13-cli\n{}RUN composer install --no-dev"
_APT = "RUN apt-get update && apt-get {} install --no-install-recommends curl && rm -rf /var/lib/apt/lists/*"
_APP = "FROM python:3.12\n{}\nUSER app"
CASES: Cases = {
    "built-for-another-libc": {
        _GO.format(""): 0,
        _GO.format("RUN apk add --no-cache build-base\n"): 1,
        _GO.replace("-alpine", "").replace("debian:bookworm", "alpine:3.22").format(""): 1,
        _RUST.format(""): 0,
        _RUST.format("ENV RUSTFLAGS=-Ctarget-feature=-crt-static\n"): 1,
    },
    "option-misspelled": {
        "RUN pip install --no-cache-dir --extra-index https://x.org/whl torch": 0,
        "RUN pip install --no-cache-di --find-link /x torch": 0,
        "RUN pip install --upgrad torch": 0,  # --upgrade or --upgrade-strategy: it depends on the pip
        "RUN pip install --no-cache-dri torch": 1,
    },
    "pip-cache-left-behind": {
        "FROM python:3.12\nRUN pip install --no-cache-di torch": 0,
        "FROM python:3.12\nRUN pip install --no-c torch": 1,  # it may be --no-compile as well
    },
    "http-errors-ignored": {
        _CURL: 1,
        f'{_CURL} && echo "abc  a" | sha256sum -c -': 0,
        f'RUN echo "abc  b" | sha256sum -c - && {_CURL[4:]}': 1,  # of something else, before
    },
    "package-cache-left-behind": {
        _COMPOSER.format(""): 1,
        _COMPOSER.format("ENV COMPOSER_CACHE_DIR=/dev/null\n"): 0,
        _COMPOSER.format("ENV COMPOSER_CACHE_DIR=/cache\n"): 1,
    },
    "question-nobody-answers": {
        _APT.format("-q"): 1,
        _APT.format("-q=2"): 0,
        _APT.format("-qq"): 0,
        "RUN apt-get install --assume-yes a\nRUN apt-get install b": 1,
        "RUN rm -f /etc/apt/apt.conf.d/docker-clean && apt-get install b": 1,
        "RUN echo 'APT::Get::Assume-Yes \"true\";' > /etc/apt/apt.conf.d/90yes\nRUN apt-get install b": 0,
    },
    "user-that-nobody-creates": {
        _APP.format("RUN cp /x/passwd /etc/passwd"): 0,
        _APP.format("RUN tar xf /x.tar -C /"): 0,
        _APP.format("RUN cd / && tar xf /x.tar"): 0,
        _APP.format("RUN tar xf /x.tar -C /opt"): 1,
        _APP.format("RUN python3 setup_users.py"): 0,
        _APP.format("RUN python3 -m pip install flask"): 1,
        _APP.format("RUN cp /x /y"): 1,
        "FROM python:3.12\nCOPY --chown=app:app . /app\nUSER 1000": 1,
        "FROM python:3.12\nCOPY --chown=1000:1000 . /app\nUSER 1000": 0,
        "FROM python:3.12\nRUN useradd app\nCOPY --chown=app . /app\nUSER app": 0,
        "FROM node:22\nCOPY --chown=node:node . /app\nUSER node": 0,
    },
    "json-form-broken": {
        'FROM x\nENTRYPOINT [ "python", "app.py" ];': 1,
        'FROM x\nCMD ["nginx", "-g", "daemon off;"];': 1,
        "FROM x\nCMD [npm, start]": 1,
        "FROM x\nRUN [ -f /a ];": 0,
        "FROM x\nRUN [a-z]*": 0,
    },
    "credentials-in-a-command": {
        "ENV GH_PAT=ghp_abcdefghijklmnopqrstuvwxyz0123456789": 1,
        "ENV AWS=AKIAIOSFODNN7ABCDEFG": 1,
        "ENV DATABASE_URL=postgres://u:Sup3rS3cret@db/x": 1,
        "ENV DATABASE_URL=postgres://user:password@db/x": 0,
        "ARG HTTP_PROXY=http://user:Sup3rS3cret@proxy:3128": 1,
        "ARG P=http://user:Sup3rS3cret@proxy:3128\nFROM debian:bookworm": 1,
        "LABEL token=ghp_abcdefghijklmnopqrstuvwxyz0123456789": 1,
        "ENV TOKEN_FILE=/run/secrets/token": 0,
        "RUN curl -uadmin:Sup3rS3cr3t https://x.org": 1,
        "RUN curl -u$USER:$PASS https://x.org": 0,
        "RUN PGPASSWORD=Sup3rS3cr3t psql -c 'select 1'": 1,
        "RUN PGPASSWORD=$PGPASSWORD psql -c 'select 1'": 0,
        "RUN export AWS_SECRET_ACCESS_KEY=abcDEF0123456789abcDEF && aws s3 ls": 1,
        "RUN SECRET_KEY_BASE=1 rails assets:precompile": 0,
        "RUN DJANGO_SECRET_KEY=build python manage.py collectstatic": 0,
    },
    "empty-line-continued": {
        "RUN apt-get update && apt-get install -y \\\n    curl \\\n\nRUN rm -rf /x": 1,
        "RUN a \\\n\n    && b": 1,
    },
    "lists-updated-alone": {"FROM alpine:3.22\nRUN apk update\nRUN apk add curl": 1},
}


@each_case(CASES)
def test_a_rule_says_as_much_as_there_is_to_say(name: str, text: str, number: int) -> None:
    assert_told(name, text, number)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("lists-updated-alone", "FROM alpine:3.22\nRUN apk update\nRUN apk add curl", "leave it out"),
        ("lists-updated-alone", "RUN apt-get update\nRUN apt-get install -y curl", "put it into the RUN"),
        ("single-stage-build", "FROM rust:1.82\nRUN cargo build", "COPY --from it what runs"),
        ("single-stage-build", "FROM golang:1.25\nRUN go build .", "--select single-stage-build"),
        ("empty-line-continued", "RUN a \\\n\nRUN rm -rf /x", "`RUN rm` is a part of it as well"),
    ],
)
def test_what_to_do_is_what_can_be_done(name: str, text: str, said: str) -> None:
    assert [True] == [said in each.refusal for each in findings(name, text)]


def test_the_next_instruction_is_not_made_a_part_of_the_one_above_for_good(tmp_path: Path) -> None:
    text = "FROM debian:12.1\nRUN echo \\\n    curl \\\n\nRUN rm -rf /x\n"
    (tmp_path / "Dockerfile").write_text(text)
    righted = put_right(Source("Dockerfile", tmp_path / "Dockerfile", tmp_path), Settings())
    assert righted is not None
    assert (text, []) == (righted.after, [each.rule for each in righted.made])


def test_a_misspelled_option_is_put_right_before_one_is_missed(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM alpine:3.22\nRUN apk add --no-cach curl\n")
    righted = put_right(Source("Dockerfile", tmp_path / "Dockerfile", tmp_path), Settings())
    assert righted is not None
    assert "FROM alpine:3.22\nRUN apk add --no-cache curl\n" == righted.after


def test_no_secret_that_a_rule_quotes_is_printed(tmp_path: Path) -> None:
    text = (
        "FROM debian:12.1\nRUN git clone https://oauth2:glpat-aaaaaaaaaaaaaaaaaaaa@gitlab.com/a/b.git /b\n"
        "ADD https://u:Sup3rS3cret@x.org/a.tar.gz /x/\n"
    )
    remarks = look_at(tmp_path, text).remarks
    assert {"git-history-shipped", "remote-archive-added", "credentials-in-a-command"} <= {
        each.rule for each in remarks
    }
    told = " ".join(f"{each.message} {each.advice}" for each in remarks)
    assert ("***" in told, "glpat-a" in told, "Sup3r" in told) == (True, False, False)


@pytest.mark.parametrize(
    "comment", ["# hadolint ignore=DL3002", "# jettison: allow runs-as-root", "# jettison: allow JT601"]
)
def test_root_is_told_and_allowed_where_it_is_named(tmp_path: Path, comment: str) -> None:
    text = 'FROM debian:12.1\n{}USER root\nCMD ["x"]\n'
    assert ("runs-as-root", 2) in found_in(tmp_path, text.format(""))
    seen = look_at(tmp_path, text.format(f"{comment}\n"))
    assert ("runs-as-root" in {each.rule for each in seen.remarks}, seen.skipped) == (False, ())


@pytest.mark.parametrize(
    ("body", "wrong"), [("COPY . /app", ["syntax"]), ("RUN true", []), ("COPY --from=x:1 /a /app", [])]
)
def test_an_ignore_file_that_the_builder_refuses_is_an_error_of_a_build_that_takes_files(
    tmp_path: Path, body: str, wrong: list[str]
) -> None:
    (tmp_path / ".dockerignore").write_text("node_modules\nsrc/[abc\n")
    seen = look_at(tmp_path, f'FROM debian:12.1\n{body}\nUSER 1000\nCMD ["x"]\n')
    found = [each for each in seen.remarks if each.rule == "syntax"]
    assert wrong == [each.rule for each in found]
    assert [True] * len(wrong) == ["line 2 of the ignore file is refused" in each.message for each in found]
    assert not (wrong and seen.skipped)  # it is told once


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("COPY app /usr/local/bin/app\nRUN chmod +x /usr/local/bin/app", "/usr/local/bin/app (2.0 MB)"),
        ("COPY app /usr/local/bin/\nRUN chmod 755 /usr/local/bin/app", "/usr/local/bin/app (2.0 MB)"),
        ("WORKDIR /x\nCOPY app .\nRUN cd /x && chmod a+x app", "/x/app (2.0 MB)"),
        ("COPY --from=b /out/app /app\nRUN chmod +x /app", "/app, and"),
        ("COPY --from=b /out/app /app\nRUN chmod 755 /app", ""),  # it may be a folder
        ("COPY run.sh /run.sh\nRUN chmod +x /run.sh", ""),  # a few bytes
        ("COPY --chmod=755 app /app\nRUN chmod +x /app", ""),
        ("COPY app /app\nRUN chmod +x /other", ""),
        ("COPY app run.sh /app/\nRUN chmod +x /app/app", ""),  # of several, one was not looked for
    ],
)
def test_a_mode_that_one_large_file_gets_later_is_told_with_its_bytes(tmp_path: Path, body: str, told: str) -> None:
    (tmp_path / "app").write_bytes(b"x" * 2_000_000)
    (tmp_path / "run.sh").write_text("exec app\n")
    text = f"FROM debian:12.1 AS b\nRUN make\nFROM debian:12.1\n{body}\n"
    messages = [each.message for each in look_at(tmp_path, text).remarks if each.rule == "chmod-in-a-later-layer"]
    assert [True] * bool(told) == [told in each for each in messages]
