"""Words that BuildKit drops, misreads or will refuse: what each rule catches, and what it leaves alone."""

from __future__ import annotations

import pytest
from seen_in_one_text import findings

from jettison.dockerfile.edit import apply

CASES = {
    "directive-too-late": {
        "# a comment\n# escape=`\nFROM x\n": [3],  # the instruction below
        "FROM x\nRUN a\n\n#syntax=docker/dockerfile:1\nRUN b\n": [5],
        "# syntax=docker/dockerfile:1.7\n# escape=`\n# check=skip=all\nFROM x\n": [],
        "FROM x\nRUN <<EOF\n# escape=`\n\nit's <<A\nEOF\n": [],
        "FROM x\n# check=skip=all\nRUN a\n": [],
        "\ufeff# escape=`\nFROM x\n": [],
    },
    "json-form-broken": {
        "FROM x\nCMD ['a', 'b']\n": [2],
        'FROM x\nHEALTHCHECK CMD ["a",]\n': [2],
        'FROM x\nCOPY ["a", "b" , ] \n': [2],
        "FROM x\nONBUILD CMD ['a']\n": [2],
        "FROM x\nENTRYPOINT [“a”, “b”]\n": [2],
        "FROM x\nRUN [ 'a', \"$b\" ]\n": [2],
        'FROM x\nCMD ["a", "b"] # why\n': [2],
        "FROM x\nRUN [ -f /a ] && b\n": [],
        'FROM x\nRUN [ "$A" = "b" ] # why\n': [],
        'FROM x\nRUN [ "$A" = "b" ] && ls [a-z]\n': [],
        'FROM x\nRUN [ "$A" = "b,c" ]\n': [],
        "FROM x\nHEALTHCHECK CMD [ 'a' = \"$(b)\" ]\n": [],
        'FROM x\nCMD ["a"]\nHEALTHCHECK CMD ["a"]\nHEALTHCHECK --interval=5s CMD a\n': [],
        "FROM x\nCOPY [ab].txt c\n": [],
        "FROM x\nENV A=['a']\n": [],
    },
    "flag-misread": {
        "FROM x\nARG --foo A\n": [2],
        "FROM x\nHEALTHCHECK --retries=x NONE\n": [2],
        "FROM x\nSTOPSIGNAL --now 9\n": [2],
        "FROM x\nCOPY --chown=José a b\n": [2],
        "FROM x\nCOPY --chown=jose é b\n": [],
    },
    "trigger-unknown": {"FROM x\nONBUILD FOO a\n": [2], "FROM x\nONBUILD run a\n": []},
    "heredoc-not-begun": {
        "FROM x\nRUN echo it's <<EOF\n": [2],
        "FROM x\nRUN echo '<<EOF' it\\'s\n": [],
        "FROM x\nRUN cat <<EOF\nit's\nEOF\n": [],
        "FROM x\nRUN echo it's && a < b\n": [],
    },
    "empty-line-continued": {
        "FROM x\nRUN a \\\n\n  b\n": [2],
        "FROM x\nRUN a \\\n\n\n  b \\\n\n c\nRUN d \\\n\n e\n": [2, 8],
        "FROM x\nRUN a \\\n\n  b <<EOF\n\nEOF\n": [2],
        "FROM x\nRUN a \\\n# why\n  b\n\nRUN c\n": [],
        "FROM x\nRUN a \\\n\n": [],
    },
    "stage-name-taken": {
        "FROM x AS a\nFROM y AS A\n": [2],
        "FROM x AS scratch\nFROM y AS context\n": [1, 2],
        "FROM x AS a\nFROM y AS b\n": [],
        "FROM x\nFROM y\n": [],
    },
    "undefined-variable": {
        "ARG V=1\nFROM x\nRUN curl example.com/$V\n": [3],
        "ARG V=1\nFROM x\nRUN curl example.com/${V} && echo '$V'\n": [3],
        "ARG V=1\nFROM x\nRUN echo '$V' \"\\$V\" ${V:-2}\n": [],
        "ARG V=1\nFROM x\nRUN V=2 && curl example.com/$V\n": [],
        "ARG V=1\nFROM x\nRUN . ./env && curl example.com/$V\n": [],
        "ARG V=1\nFROM x\nRUN for V in a b; do curl example.com/$V; done\n": [],
        "ARG V=1\nFROM x\nRUN read V && curl example.com/$V\n": [],
        "ARG V=1\nFROM x\nRUN let V=2; curl example.com/$V\n": [],
        "ARG V=1\nFROM x\nRUN getopts a: V; curl example.com/$V\n": [],
        "ARG V=1\nFROM x\nARG V\nRUN curl example.com/$V\n": [],
        "FROM x\nRUN curl example.com/$TARGETARCH\n": [2],
        "FROM x\nRUN curl example.com/$HOSTNAME\n": [],
        "ARG NODE_VERSION=20\nFROM node:$NODE_VERSION\nRUN echo $NODE_VERSION\nENV N=$NODE_VERSION\n": [],
        "FROM x AS a\nENV V=1\nFROM a\nRUN echo $V\nCOPY $V /\n": [],
        "FROM x\nENV PATH=$PATH:/a\n": [],
        "FROM golang:1.22\nENV PATH=$GOPATH/bin:$PATH\n": [],
        "FROM debian:12.5\nENV A_VERSION=1 BIN_VERSION=1\nCOPY a /$A_VERSON/$BI_VERSION\n": [3, 3],
        "ARG R_VERSION=4.3\nFROM rocker/r-ver:$R_VERSION\nENV LIB=/usr/local/lib/R/$R_VERSION\n": [],
        "FROM x\nENV PIP_VERSION=1\nENV B=$PYTHON_PIP_VERSION\n": [],
        "FROM x\nENV LD_LIBRARY_PATH=/a:$LD_LIBRARY_PATH\nENV MINE a:${MINE}\n": [],
        "FROM scratch\nENV LD_LIBRARY_PATH=/a:$LD_LIBRARY_PATH\n": [2],
        "ARG V=1\nFROM x\nENV V=$V\n": [3],
        "FROM x AS a\nENV JAVA_HOME=/a\nFROM y\nENV PATH=$JAVA_HOME/bin:$PATH\n": [],
        "FROM x AS a\nENV HOME=/a UID=1\nFROM y\nRUN cp a $HOME/b && chown $UID c\n": [],
        "ARG V=1\nFROM x\nRUN : ${V:=2} && curl example.com/$V\n": [],
        "ARG V=1\nFROM x\nRUN printf -v V %s 2 && curl example.com/$V\n": [],
        "FROM scratch\nARG A\nENV B=$A\n": [],
        "FROM scratch\nENV B=$A\n": [2],
        "FROM x${TAG}\n": [1],
        "FROM x:${TAG}\n": [],  # refused, which is told
        "FROM --platform=linux/$ARCH x\n": [],
    },
    "base-without-default": {
        "ARG V\nFROM $V\n": [2],
        "ARG V\nFROM x:$V AS a\nFROM y\n": [2],
        "ARG V=x\nFROM $V\n": [],
        "ARG V\nFROM ${V:-x}\n": [],
        "ARG R\nFROM ${R}x\n": [],
    },
    "instruction-overridden": {
        'FROM x\nCMD ["a"]\nRUN b\nCMD ["c"]\n': [2],
        "FROM x\nHEALTHCHECK NONE\nHEALTHCHECK CMD a\nHEALTHCHECK CMD b\n": [2, 3],
        'FROM x AS a\nCMD ["a"]\nFROM a\nCMD ["c"]\nENTRYPOINT ["d"]\n': [],
        "FROM x\nONBUILD CMD a\nONBUILD CMD b\n": [],
    },
    "legacy-key-value": {
        "FROM x\nENV A b\nLABEL C d e\n": [2, 3],
        "FROM x\nENV A b C=d\n": [2],
        "FROM x\nENV A=b\nLABEL C=d\n": [],
    },
    "port-mapping-exposed": {
        "FROM x\nEXPOSE 8080:80 127.0.0.1:80:80/tcp\n": [2, 2],
        "FROM x\nEXPOSE 80/udp ${P:-80} $Q 1-2\n": [],
        "FROM x\nEXPOSE 80:\n": [],  # refused, which is told
        "FROM x\nEXPOSE :80\n": [],
    },
    "relative-workdir": {
        "FROM x\nWORKDIR app\nWORKDIR b\n": [2],
        'FROM x\nWORKDIR ""\nWORKDIR b\n': [2, 3],  # nothing is set by the first
        "FROM x\nWORKDIR $D\nWORKDIR b\n": [],
        "FROM x\nWORKDIR C:/app\n": [],
        "FROM x\nWORKDIR C:\\\\app\n": [],
        "FROM x\nWORKDIR c:app\n": [2],
        'FROM x\nWORKDIR "/a b"\nWORKDIR c\n': [],
        "FROM x AS a\nWORKDIR /a\nFROM a\nWORKDIR b\n": [],
    },
    "shell-form-entry": {
        "FROM x\nCMD npm start\n": [2],
        "FROM x\nENTRYPOINT a\nCMD b\n": [2, 3],
        'FROM x\nCMD npm start\nCMD ["a"]\n': [],
        "FROM x\nCMD exec npm start\n": [],
        'FROM x\nSHELL ["/bin/bash", "-c"]\nCMD npm start\n': [],
        "FROM x AS a\nCMD b\nFROM y\nCOPY --from=a /a /a\n": [],
        'FROM x AS a\nCMD b\nFROM a\nENTRYPOINT ["c"]\n': [],
        'FROM x AS a\nENTRYPOINT b\nFROM a\nCMD ["c"]\n': [2],
        'FROM x\nCMD b\nENTRYPOINT ["c"]\n': [2],
        "FROM x\nCMD ['a', 'b']\n": [],
        'FROM x\nCMD ["a"] # why\n': [],
        'FROM x\nCMD ["a", "b"\n': [2],
        "FROM x\nCMD [a, b]\n": [2],
        'FROM x\nENTRYPOINT ["a"] && b\n': [2],
        "FROM x\nCMD [ -f a ] && b\n": [],
        "FROM x\nCMD\n": [],
    },
    "constant-platform": {
        "FROM --platform=linux/amd64 x AS a\nFROM a\n": [1],
        "FROM --platform=linux/amd64 x AS for-amd64\n": [],
        "FROM --platform=linux/amd64 x AS a\nFROM y\nCOPY --from=a /a /a\n": [],
        "FROM --platform=$BUILDPLATFORM x\n": [],
    },
    "secrets-in-arg-or-env": {
        "ARG TOKEN\nFROM x\nARG A=1 NPM_TOKEN\n": [1, 3],
        "FROM x\nENV DB_PASSWORD abc\n": [2],
        "FROM x\nENV DB_PASSWORD=a API_KEY=b\n": [2, 2],
        "FROM x\nARG TOKEN=\n": [2],
        "FROM x\nENV SECRET= AUTH=false TOKEN_TIMEOUT=a MONKEY=a TOKENS=a PUBLIC_KEY=a GPG_KEY=a\n": [],
        "FROM x\nENV PASSWORD_FILE=/a\n": [],
        "FROM x\nENV POSTGRES_HOST_AUTH_METHOD=trust SSH_AUTH_SOCK=/a KEY_SERVER=a\nARG PGP_KEY=A\n": [],
        "FROM x\nENV DB_PASSWORD=/run/secrets/db\n": [],
    },
}  # fmt: skip


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, cases in CASES.items() for text in cases])
def test_what_is_misread_is_told_and_nothing_else(name: str, text: str) -> None:
    found = findings(name, text)
    assert CASES[name][text] == [each.instruction.line for each in found if each.instruction]
    assert all(each.fix or each.refusal for each in found)


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("json-form-broken", "FROM x\nCMD [ 'a b' ,'c', ]\n", 'FROM x\nCMD ["a b", "c"]\n'),
        ("json-form-broken", "FROM x\nHEALTHCHECK --retries=3 CMD ['a']", 'FROM x\nHEALTHCHECK --retries=3 CMD ["a"]'),
        ("json-form-broken", "FROM x\nCMD ['sh', '-c', '$A']\n", 'FROM x\nCMD ["sh", "-c", "$A"]\n'),
        ("json-form-broken", "FROM x\nVOLUME ['$A']\n", 'FROM x\nVOLUME ["$A"]\n'),
        ("json-form-broken", "FROM x\nONBUILD RUN ['a']\n", 'FROM x\nONBUILD RUN ["a"]\n'),
        ("json-form-broken", "FROM x\nENTRYPOINT [“a”]\n", 'FROM x\nENTRYPOINT ["a"]\n'),
        ("empty-line-continued", "FROM x\r\nRUN a \\\r\n\r\n \t\r\n b\r\n", "FROM x\r\nRUN a \\\r\n b\r\n"),
        ("empty-line-continued", "FROM x\nRUN a \\\n\n# c\n\n b <<E\n\nE\n", "FROM x\nRUN a \\\n# c\n b <<E\n\nE\n"),
        ("legacy-key-value", "FROM x\nENV A  b  c\n", 'FROM x\nENV A="b  c"\n'),
        ("legacy-key-value", "FROM x\nENV A b$C\n", "FROM x\nENV A=b$C\n"),
        ("legacy-key-value", "FROM x\nLABEL a.b x:1\n", "FROM x\nLABEL a.b=x:1\n"),
    ],
)  # fmt: skip
def test_what_is_sure_is_written(name: str, before: str, after: str) -> None:
    (found,) = findings(name, before)
    assert found.fix is not None
    assert found.fix.sure
    assert after == apply(before, found.fix.edits)
    assert [] == findings(name, after)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("json-form-broken", "FROM x\nCMD ['it\"s']\n"),
        ("json-form-broken", "FROM x\nCMD ['a' 'b']\n"),
        ("json-form-broken", 'FROM x\nCMD ["a"] # b\n'),
        ("json-form-broken", "FROM x\nCMD ['node', '$FILE']\n"),
        ("json-form-broken", "FROM x\nCMD ['a', \\\n 'b']\n"),
        ("legacy-key-value", "FROM x\nENV A it\\'s\n"),
        ("legacy-key-value", "FROM x\nENV A b C=d\n"),
        ("legacy-key-value", "FROM x\nENV A \\\n b\n"),
    ],
)
def test_what_is_not_sure_is_told_alone(name: str, text: str) -> None:
    (found,) = findings(name, text)
    assert found.fix is None


@pytest.mark.parametrize(
    ("text", "sure"),
    [
        ("FROM x\nRUN apt-get update && apt-get install curl", True),
        ("FROM x\nRUN set -e; apt-get install curl; true", True),
        ("FROM x\nRUN apt-get update; apt-get install curl; true", False),
        ("FROM x\nRUN apt-get install curl || true", False),
        ("FROM x\nRUN if ! apt-get remove curl; then true; fi", False),
    ],
)
def test_an_answer_is_sure_where_the_run_fails_without_it(text: str, sure: bool) -> None:
    assert [sure] == [each.fix.sure for each in findings("question-nobody-answers", text) if each.fix]


def test_a_base_whose_argument_is_given_is_none_to_speak_of() -> None:
    assert [] == findings("base-without-default", "ARG V\nFROM $V\n", {"V": "x"})


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("ARG VERSION=1\nFROM x:1$VERSIO\n", "is $VERSION meant?"),
        ("FROM x\nENV PATH=$PAHT:/a\n", "is $PATH meant?"),
        ("FROM x\nENV PATH=$PATHS:/a\n", "is $PATH meant?"),
        ("FROM x\nENV PATH=$PETH:/a\n", "is $PATH meant?"),
        ("FROM x\nENV TOOL_VERSIONS_X=1 TOOL_VERSION=1\nENV A=$TOOL_VERSIO\n", "is $TOOL_VERSION meant?"),
        ("FROM x\nENV VERSION=1\nENV A=$VRSION\n", "is $VERSION meant?"),
        ("FROM x${TAG}\n", "write ARG TAG=DEFAULT above the first FROM"),
        ("FROM scratch\nENV B=$A\n", "write ARG A or ENV A=VALUE above it"),
    ],
)
def test_a_name_that_is_near_another_is_asked_about(text: str, advice: str) -> None:
    assert [advice] == [each.refusal for each in findings("undefined-variable", text)]


@pytest.mark.parametrize(
    ("name", "line", "message"),
    [
        ("flag-misread", "HEALTHCHECK --retries=2 NONE", "gives HEALTHCHECK --retries, which the builder drops unread"),
        ("trigger-unknown", "ONBUILD COPPY a b", "has ONBUILD trigger COPPY, which is no instruction"),
        ("failure-lost-in-a-pipe", "RUN curl -f https://x/a | sh",
         "goes on where curl fails: sh then reads nothing, and ends well"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_without_the_file_at_hand(name: str, line: str, message: str) -> None:
    assert [f"line 2 {message}"] == [each.message for each in findings(name, f"FROM x\n{line}\n")]


@pytest.mark.parametrize(
    ("written", "port"),
    [
        ("8080:80", "80"),
        ("8080:${P}", "${P}"),
        ("${A:-1}:$P/udp", "$P/udp"),
        ("${A:-1}:${P:-2}", "${P:-2}"),
        ('"8:9"', "9"),
    ],
)
def test_the_port_that_counts_is_told_as_it_is_written(written: str, port: str) -> None:
    (found,) = findings("port-mapping-exposed", f"FROM x\nEXPOSE {written}\n")
    assert f"write EXPOSE {port}, and publish it where the container is started" == found.refusal


def test_the_array_that_a_shell_form_would_be_is_shown() -> None:
    (found,) = findings("shell-form-entry", "FROM x\nCMD npm  start\n")
    assert 'write CMD ["npm", "start"]' == found.refusal
    (found,) = findings("shell-form-entry", "FROM x\nCMD a && b\n")
    expected = (
        'write CMD ["PROGRAM", "ARGUMENT"]; more than one command goes into a script that ends with `exec PROGRAM`'
    )
    assert expected == found.refusal


def test_a_working_directory_without_a_name_is_told_as_none() -> None:
    (found,) = findings("relative-workdir", 'FROM x\nWORKDIR ""\n')
    assert "line 2: a WORKDIR without a folder stays in whatever WORKDIR the base image has" == found.message
