"""Applications of Node as images in memory: built in the only stage, not built, built in a stage of its own."""

from __future__ import annotations

import json
from pathlib import Path

from handmade_tree import executable, image, symlink

from jettison.align import Alignment
from jettison.dockerfile.parse import parse
from jettison.rules.development_dependencies_shipped import development_dependencies_shipped
from jettison.subject import Observed, Subject

BASE = {
    "bin/sh": executable("ELF"),
    "usr/bin/npm": executable("npm"),
    "usr/bin/node": executable("node"),
    "usr/local/lib/node_modules/npm/package.json": '{"version": "10.1.0"}',
    "usr/local/lib/node_modules/npm/node_modules/a/package.json": "{}",
}
PACKAGE = {
    "scripts": {"build": "tsc", "start": "node dist/index.js"},
    "dependencies": {"fastify": "1"},
    "devDependencies": {"typescript": "1", "pino-pretty": "1"},
}
LOCK = {
    "lockfileVersion": 3,
    "packages": {
        "node_modules/fastify": {},
        "node_modules/pino-pretty": {"dev": True},
        "node_modules/typescript": {"dev": True},
        "node_modules/typescript/node_modules/deep": {"dev": True},
        "node_modules/unasked": {"extraneous": True},
    },
}
REDUCED = {"lockfileVersion": 3, "packages": {"node_modules/fastify": {}}}
INSTALLED = {
    "app/node_modules/.package-lock.json": json.dumps(LOCK, indent=2) + "\n",
    "app/node_modules/.bin/tsc": symlink("../typescript/tsc.js"),
    "app/node_modules/typescript/tsc.js": executable("t" * 3_000_000),
    "app/node_modules/typescript/node_modules/deep/index.js": "d" * 100,
    "app/node_modules/pino-pretty/index.js": "p" * 10,
    "app/node_modules/unasked/index.js": "u" * 1000,
    "app/node_modules/fastify/index.js": "f" * 1000,
    "app/node_modules/fastify/package.json": "{}",
}
BUILT = {"app/dist/index.js": "require('fastify')"}
SINGLE = """\
FROM node:20
WORKDIR /app
COPY . .
RUN npm install
RUN npm run build
CMD ["npm", "start"]
"""
PLAIN = """\
FROM node:20
WORKDIR /app
COPY . .
RUN npm ci
CMD ["npm", "start"]
"""
STAGES = """\
FROM node:20 AS build
WORKDIR /app
COPY . .
RUN npm install
RUN npm run build

FROM node:20-slim
WORKDIR /app
COPY --from=build /app /app
CMD ["npm", "start"]
"""
UNSEEN = Observed()
CONFIG = {"Env": ["PATH=/usr/bin:/bin"], "Cmd": ["npm", "start"], "WorkingDir": "/app"}


def sources(package=PACKAGE):
    return {"app/package.json": json.dumps(package)}


def subject(text, *layers, config=CONFIG, observed=UNSEEN, ships=-1):
    dockerfile = parse(text)
    stage = dockerfile.stages[ships]
    makers = [each for each in stage.instructions if each.keyword in ("RUN", "COPY")]
    alignment = Alignment(True, 1, dict(enumerate(makers[: len(layers)], 1)))
    return Subject(dockerfile, Path(), image(BASE, *layers, config=config), alignment, stage, observed)


def findings(text, *layers, **given):
    return list(development_dependencies_shipped(subject(text, *layers, **given)))


def shipped(package=PACKAGE, installed=INSTALLED, built=BUILT):
    """The one layer of a second stage."""
    return {**sources(package), **installed, **built}
