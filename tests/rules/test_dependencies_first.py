"""dependencies-installed-after-the-sources, on handmade projects: the new order, byte for byte, and refusals."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from layer_listing import subject_of

from jettison.core.values import Applicability
from jettison.dockerfile.edit import apply
from jettison.dockerfile.parse import parse
from jettison.rule import Finding
from jettison.rules.dependencies_installed_after_the_sources import dependencies_installed_after_the_sources

PACKAGE = {"name": "app", "scripts": {"build": "tsc", "start": "node ."}, "dependencies": {"express": "^4.18.2"}}
NODE = {"package.json": json.dumps(PACKAGE), "package-lock.json": "{}", "src/index.ts": "x", "test/a.test.ts": "x"}
PYTHON = {"requirements.txt": "flask==3.0\n", "app.py": "x"}
GO = {"go.mod": "module app\nrequire example.org/x v1.2.3\n", "go.sum": "x", "main.go": "package main"}
LOCKED = "FROM node:20\nWORKDIR /app\nCOPY package-lock.json package.json ./\n"
LAYERS = "2 app/large 900000000\n"


def findings(root: Path, text: str, files: dict[str, str]) -> list[Finding]:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return list(dependencies_installed_after_the_sources(replace(subject_of(text, LAYERS), context=root)))


def fixed(root: Path, text: str, files: dict[str, str]) -> str:
    (finding,) = findings(root, text, files)
    assert finding.fix is not None, finding.refusal
    made = apply(text, finding.fix.edits)
    assert [] == list(dependencies_installed_after_the_sources(replace(subject_of(made, LAYERS), context=root)))
    parse(made)
    return made


def refusal(root: Path, text: str, files: dict[str, str]) -> str:
    (finding,) = findings(root, text, files)
    assert finding.fix is None
    return finding.refusal


NODE_BAD = 'FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm ci\nRUN npm run build\nCMD ["node", "."]\n'
NODE_GOOD = f'{LOCKED}RUN npm ci\nCOPY . .\nRUN npm run build\nCMD ["node", "."]\n'


def test_manifests_are_copied_first_and_the_sources_behind_the_install(tmp_path: Path) -> None:
    assert NODE_GOOD == fixed(tmp_path, NODE_BAD, NODE)


def test_it_says_what_it_is_about_and_that_no_bytes_are_saved(tmp_path: Path) -> None:
    (finding,) = findings(tmp_path, NODE_BAD, NODE)
    assert finding.fix is not None
    twice = len(NODE["package.json"]) + len(NODE["package-lock.json"])
    assert (-twice, "src/index.ts", Applicability.LOSSLESS) == (
        finding.predicted,
        finding.probe,
        finding.fix.applicability,
    )
    assert "copy package-lock.json and package.json first, install, then copy the rest" == finding.fix.title
    assert "line 3 copies the sources before line 4 installs: each change of them installs anew" == finding.message


def test_in_a_stage_that_does_not_ship_nothing_is_there_twice(tmp_path: Path) -> None:
    text = NODE_BAD.replace("node:20\n", "node:20 AS build\n") + "FROM node:20-slim\nCOPY --from=build /app /app\n"
    (finding,) = findings(tmp_path, text, NODE)
    assert 0 == finding.predicted


ORDERS = {
    "a comment stays with what it speaks of": (
        "FROM golang:1.22 AS b\nCOPY . .\n# the program\nRUN go build -o /x\nFROM scratch\nCOPY --from=b /x /\n",
        """FROM golang:1.22 AS b
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# the program
RUN go build -o /x
FROM scratch
COPY --from=b /x /
""",
        GO,
    ),
    "one RUN that installs and builds is divided": (
        "FROM node:20\nWORKDIR /app\nCOPY . ./\nRUN npm ci && \\\n    npm run build\n",
        f"{LOCKED}RUN npm ci\nCOPY . ./\nRUN npm run build\n",
        NODE,
    ),
    "what removes a cache stays with the install": (
        "FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm ci && rm -rf /root/.npm && npm run build\n",
        (f"{LOCKED}RUN npm ci && rm -rf /root/.npm\nCOPY . .\nRUN npm run build\n"),
        NODE,
    ),
    "an absolute target and its owner": (
        "FROM node:20\nCOPY --chown=node:node . /srv\nWORKDIR /srv\nRUN yarn\n",
        (
            "FROM node:20\nCOPY --chown=node:node package.json yarn.lock /srv/\nWORKDIR /srv\nRUN yarn\n"
            "COPY --chown=node:node . /srv\n"
        ),
        {"package.json": "{}", "yarn.lock": "", "index.js": "x"},
    ),
    "sources named one by one": (
        'FROM node:8\nWORKDIR /app\nCOPY package.json index.js ./\nRUN npm install\nCMD ["npm", "start"]\n',
        (
            "FROM node:8\nWORKDIR /app\nCOPY package.json ./\nRUN npm install\nCOPY package.json index.js ./\n"
            'CMD ["npm", "start"]\n'
        ),
        {"package.json": "{}", "index.js": "x"},
    ),
    "manifests that stood apart already": (
        "FROM node:20\nWORKDIR /app\nCOPY package*.json ./\n# all of them\nCOPY src ./src\nRUN npm ci\n",
        "FROM node:20\nWORKDIR /app\nCOPY package*.json ./\n# all of them\nRUN npm ci\nCOPY src ./src\n",
        NODE,
    ),
    "what the install itself may need stays before it": (
        (
            "FROM python:3\nCOPY tools/get-pip /usr/local/bin/pip\nWORKDIR /app\nCOPY . .\n"
            "RUN pip install -r requirements.txt\n"
        ),
        (
            "FROM python:3\nCOPY tools/get-pip /usr/local/bin/pip\nWORKDIR /app\nCOPY requirements.txt ./\n"
            "RUN pip install -r requirements.txt\nCOPY . .\n"
        ),
        {**PYTHON, "tools/get-pip": "#!/bin/sh"},
    ),
    "a cache that is mounted": (
        "FROM node:20\nWORKDIR /app\nCOPY . .\nRUN --mount=type=cache,target=/root/.npm npm ci && npm run build\n",
        (
            f"{LOCKED}RUN --mount=type=cache,target=/root/.npm npm ci\nCOPY . .\n"
            "RUN --mount=type=cache,target=/root/.npm npm run build\n"
        ),
        NODE,
    ),
    "another stage's files before the sources": (
        "FROM node:20\nWORKDIR /app\nCOPY package.json ./\nCOPY --from=x /x ./\nCOPY . .\nRUN npm ci\n",
        (
            "FROM node:20\nWORKDIR /app\nCOPY package.json ./\nCOPY --from=x /x ./\n"
            "COPY package-lock.json package.json ./\nRUN npm ci\nCOPY . .\n"
        ),
        NODE,
    ),
    "a heredoc that only installs": (
        "FROM node:20\nWORKDIR /app\nCOPY . .\nRUN <<EOF\nnpm ci\nEOF\nRUN npm run build\n",
        f"{LOCKED}RUN <<EOF\nnpm ci\nEOF\nCOPY . .\nRUN npm run build\n",
        NODE,
    ),
    "a part of the context": (
        "FROM node:20\nWORKDIR /app\nCOPY api .\nRUN npm ci\n",
        "FROM node:20\nWORKDIR /app\nCOPY api/package.json ./\nRUN npm ci\nCOPY api .\n",
        {"api/package.json": "{}", "api/index.js": "x", "web/package.json": "{}"},
    ),
    "windows line ends": (
        "FROM node:20\r\nWORKDIR /app\r\nCOPY . .\r\nRUN npm ci\r\n",
        "FROM node:20\r\nWORKDIR /app\r\nCOPY package-lock.json package.json ./\r\nRUN npm ci\r\nCOPY . .\r\n",
        NODE,
    ),
    "requirements that include others, behind system packages": (
        (
            "FROM python:3\nWORKDIR /app\nCOPY . .\nENV A=1\nRUN apt-get update && apt-get install -y gcc\n"
            "RUN pip install -U pip\nRUN pip install --no-cache-dir -r requirements/prod.txt\nRUN python build.py\n"
        ),
        (
            "FROM python:3\nWORKDIR /app\nCOPY requirements/base.txt requirements/pins.txt requirements/prod.txt "
            "./requirements/\nENV A=1\nRUN apt-get update && apt-get install -y gcc\nRUN pip install -U pip\n"
            "RUN pip install --no-cache-dir -r requirements/prod.txt\nCOPY . .\nRUN python build.py\n"
        ),
        {
            "requirements/prod.txt": "-r base.txt\n-c pins.txt # all\n",
            "requirements/base.txt": "flask\n",
            "requirements/pins.txt": "flask==3\n",
            "app.py": "x",
        },
    ),
    "python -m pip": (
        "FROM python:3\nCOPY . /srv/\nRUN python3 -m pip install -r /srv/requirements.txt\n",
        (
            "FROM python:3\nCOPY requirements.txt /srv/\n"
            "RUN python3 -m pip install -r /srv/requirements.txt\nCOPY . /srv/\n"
        ),
        PYTHON,
    ),
    "modules downloaded before the build": (
        "FROM golang:1.22\nWORKDIR /src\nCOPY . .\nRUN go mod download && go build -o /app .\n",
        (
            "FROM golang:1.22\nWORKDIR /src\nCOPY go.mod go.sum ./\nRUN go mod download\nCOPY . .\n"
            "RUN go build -o /app .\n"
        ),
        GO,
    ),
    "go build that fetches modules itself, in a stage that does not ship": (
        (
            "FROM golang:1.22 AS b\nWORKDIR /src\nCOPY . .\nRUN CGO_ENABLED=0 go build -o /app .\nFROM scratch\n"
            "COPY --from=b /app /app\n"
        ),
        (
            "FROM golang:1.22 AS b\nWORKDIR /src\nCOPY go.mod go.sum ./\nRUN go mod download\nCOPY . .\n"
            "RUN CGO_ENABLED=0 go build -o /app .\nFROM scratch\nCOPY --from=b /app /app\n"
        ),
        GO,
    ),
    "bundler": (
        "FROM ruby:3\nWORKDIR /app\nCOPY . .\nRUN bundle install --jobs 4\n",
        "FROM ruby:3\nWORKDIR /app\nCOPY Gemfile Gemfile.lock ./\nRUN bundle install --jobs 4\nCOPY . .\n",
        {"Gemfile": "source 'https://rubygems.org'\ngem 'rack'\n", "Gemfile.lock": "x", "app.rb": "x"},
    ),
}


@pytest.mark.parametrize(("bad", "good", "files"), ORDERS.values(), ids=ORDERS.keys())
def test_the_new_order_is_written(tmp_path: Path, bad: str, good: str, files: dict[str, str]) -> None:
    assert good == fixed(tmp_path, bad, files)


def node(**more: object) -> dict[str, str]:
    return {**NODE, "package.json": json.dumps({**PACKAGE, **more})}


PIP = "FROM python:3\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n"
REFUSALS = {
    "dependencies": (
        NODE_BAD,
        node(scripts={"dependencies": "node patch.js"}),
        "the package's own dependencies script runs while npm installs, and may read the sources",
    ),
    "a package of the system out of the context": (
        "FROM python:3.12\nCOPY . .\nRUN apt-get install -y ./x.deb\nRUN pip install -r requirements.txt\n",
        PYTHON | {"x.deb": "x"},
        "line 3 stands between, and may read the sources",
    ),
    "a file that a variable names": (
        "FROM python:3.12\nENV PIP_CONSTRAINT=limits.txt\nCOPY . .\nRUN pip install -r requirements.txt\n",
        PYTHON | {"limits.txt": "x"},
        "PIP_CONSTRAINT names a file, which may lie among the sources",
    ),
    "postinstall": (
        NODE_BAD,
        node(scripts={"postinstall": "node setup.js"}),
        "the package's own postinstall script runs while npm installs, and may read the sources",
    ),
    "prepare": (
        NODE_BAD,
        node(scripts={"prepare": "husky"}),
        "the package's own prepare script runs while npm installs, and may read the sources",
    ),
    "file: dependency": (
        NODE_BAD,
        node(dependencies={"mine": "file:./mine"}),
        "package.json asks for file:./mine, which lies among the sources",
    ),
    "workspaces": (
        NODE_BAD,
        node(workspaces=["packages/*"]),
        "package.json names workspaces or patches, which lie among the sources",
    ),
    "prisma": (NODE_BAD, node(devDependencies={"prisma": "5"}), "prisma looks into the project while it is installed"),
    "npmrc": (NODE_BAD, {**NODE, ".npmrc": "x=y"}, "npm reads .npmrc"),
    "patches": (NODE_BAD, {**NODE, "patches/a.patch": "x"}, "there are patches, which an install may apply"),
    "gyp": (NODE_BAD, {**NODE, "binding.gyp": "{}"}, "binding.gyp makes npm compile the sources"),
    "broken package.json": (NODE_BAD, {**NODE, "package.json": "{"}, "package.json cannot be read"),
    "installed outside, with no lock file": (
        NODE_BAD.replace("npm ci", "npm install"),
        {**{name: NODE[name] for name in ("package.json", "src/index.ts")}, "node_modules/express/index.js": "x"},
        "line 3 would copy node_modules/express/index.js over what was installed there",
    ),
    "a package by name": (NODE_BAD.replace("npm ci", "npm install express"), NODE, "npm is given express"),
    "editable": (
        PIP.replace("-r requirements.txt", "-e ."),
        PYTHON,
        "it installs what the command line alone does not tell",
    ),
    "itself": (PIP.replace("-r requirements.txt", "."), PYTHON, "it installs ."),
    "a local wheel": (
        PIP,
        {**PYTHON, "requirements.txt": "./wheels/mine.whl\n"},
        "requirements.txt asks for ./wheels/mine.whl, which may lie among the sources",
    ),
    "file: URL": (
        PIP,
        {**PYTHON, "requirements.txt": "mine @ file:///app/mine\n"},
        "requirements.txt asks for mine @ file:///app/mine, which may lie among the sources",
    ),
    "an include that is not there": (
        PIP,
        {**PYTHON, "requirements.txt": "-r made.txt\n"},
        "made.txt is not copied from the context by a name of its own",
    ),
    "replace": (
        "FROM golang\nWORKDIR /src\nCOPY . .\nRUN go mod download\n",
        {**GO, "go.mod": "module a\nreplace b => ../b\n"},
        "go.mod takes a module from ../b",
    ),
    "a RUN between": (
        NODE_BAD.replace("RUN npm ci", "RUN node tools/prepare.js\nRUN npm ci"),
        NODE,
        "line 4 stands between, and may read the sources",
    ),
    "another command before it": (
        NODE_BAD.replace("npm ci", "node tools/prepare.js && npm ci"),
        NODE,
        "line 4 does something else before it installs",
    ),
    "another stage's files between": (
        NODE_BAD.replace("RUN npm ci", "COPY --from=x /x .\nRUN npm ci"),
        NODE,
        "what line 4 puts in the same place is not known",
    ),
    "a file put over another": (
        NODE_BAD.replace("RUN npm ci", "COPY other/data ./data\nRUN npm ci"),
        {**NODE, "data": "x", "other/data": "y"},
        "what line 4 puts in the same place is not known",
    ),
    "a heredoc that builds, too": (
        NODE_BAD.replace("RUN npm ci", "RUN <<EOF\nnpm ci && npm run build\nEOF"),
        NODE,
        "what installs and what reads the sources stand in one heredoc",
    ),
    "sources that are mounted": (
        NODE_BAD.replace("RUN npm ci", "RUN --mount=type=bind,target=/x npm ci"),
        NODE,
        "line 4 has mounts, and may read the sources",
    ),
    "a shell that is shared": (
        NODE_BAD.replace("npm ci", "npm ci && export A=1 && npm run x"),
        NODE,
        "what installs and what reads the sources cannot be divided into two RUNs",
    ),
    "another working directory": (
        "FROM node:20\nWORKDIR /app\nCOPY . api\nWORKDIR /app/api\nRUN npm ci\n",
        NODE,
        "the working directory changes behind line 3",
    ),
    "composer": (
        "FROM php\nWORKDIR /app\nCOPY . .\nRUN composer install\n",
        {"composer.json": "{}", "index.php": "x"},
        "composer writes its autoloader from the sources, unless --no-scripts and --no-autoloader are given",
    ),
}


@pytest.mark.parametrize(("text", "files", "reason"), REFUSALS.values(), ids=REFUSALS.keys())
def test_where_an_install_may_read_more_the_reason_is_told(
    tmp_path: Path, text: str, files: dict[str, str], reason: str
) -> None:
    assert reason == refusal(tmp_path, text, files)


NOTHING = {
    "good already": (NODE_GOOD, NODE),
    "a script of its own, and only what it was copied for": (
        "FROM node:20\nWORKDIR /app\nCOPY package.json prisma.txt ./\nRUN npm ci\nCOPY . .\n",
        {**node(scripts={"postinstall": "cat prisma.txt"}), "prisma.txt": "x"},
    ),
    "no install": ("FROM node:20\nCOPY . .\nRUN node build.js\n", NODE),
    "an install elsewhere": ("FROM node:20\nCOPY . /app\nRUN npm ci\n", NODE),
    "a global one": ("FROM node:20\nCOPY . .\nRUN npm install -g typescript\n", NODE),
    "nothing but manifests": (NODE_BAD, {"package.json": "{}", "package-lock.json": "{}"}),
    "go build where it ships": ("FROM golang\nWORKDIR /src\nCOPY . .\nRUN go build -o /app .\n", GO),
    "modules in a folder": (
        "FROM golang AS b\nWORKDIR /src\nCOPY . .\nRUN go build .\nFROM scratch\nCOPY --from=b /app /app\n",
        {**GO, "vendor/modules.txt": "x"},
    ),
    "a cache that is mounted": (
        (
            "FROM golang AS b\nWORKDIR /src\nCOPY . .\nRUN --mount=type=cache,target=/go go build .\nFROM scratch\n"
            "COPY --from=b /app /app\n"
        ),
        GO,
    ),
}


@pytest.mark.parametrize(("text", "files"), NOTHING.values(), ids=NOTHING.keys())
def test_nothing_is_said_where_there_is_nothing_to_gain(tmp_path: Path, text: str, files: dict[str, str]) -> None:
    assert [] == findings(tmp_path, text, files)


def test_large_manifests_are_not_shipped_twice_for_seconds(tmp_path: Path) -> None:
    assert "the manifests would ship twice, and are large" == refusal(
        tmp_path, NODE_BAD, {**NODE, "package-lock.json": "x" * 5_000_000}
    )


def test_without_a_context_nothing_is_found() -> None:
    assert [] == list(dependencies_installed_after_the_sources(subject_of(NODE_BAD, LAYERS)))
