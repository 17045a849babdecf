"""`npm ci` as part of the step that gives building a stage of its own: only where it installs what was installed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from handmade_tree import executable, image

from jettison.align import Alignment
from jettison.dockerfile.edit import apply
from jettison.dockerfile.parse import parse
from jettison.rules.development_dependencies_shipped import development_dependencies_shipped
from jettison.rules.single_stage_build import single_stage_build
from jettison.subject import Subject

BASE = {
    "usr/bin/npm": executable("npm"),
    "usr/bin/node": executable("node"),
    "usr/local/lib/node_modules/npm/package.json": '{"version": "10.1.0"}',
}
DEPENDENCIES = {"dependencies": {"fastify": "^4.0.0"}, "devDependencies": {"typescript": "^5.0.0"}}
FASTIFY = {"version": "4.1.0", "resolved": "https://registry.npmjs.org/f.tgz", "integrity": "sha512-f"}
TYPESCRIPT = {"version": "5.5.3", "resolved": "https://registry.npmjs.org/t.tgz", "integrity": "sha512-t", "dev": True}
PACKAGES = {"node_modules/fastify": FASTIFY, "node_modules/typescript": TYPESCRIPT}
OTHER_SYSTEM = {"node_modules/fsevents": {"version": "2.3.3", "optional": True}}
LOCK = {"lockfileVersion": 3, "packages": {"": DEPENDENCIES, **PACKAGES, **OTHER_SYSTEM}}
TEXT = """\
FROM node:20
WORKDIR /app
COPY . .
RUN npm install
RUN npm run build
CMD ["node", "dist/index.js"]
"""
EXACT = "`npm ci` for `npm install`: the lock file says what was installed"


TWO_COPIES = TEXT.replace("COPY . .\nRUN npm install\n", "COPY package*.json ./\nRUN npm install\nCOPY . .\n")


def subject(
    text=TEXT, *, copied=(), installed=PACKAGES, left=LOCK, lock=LOCK, package=DEPENDENCIES, again=None, base=()
):
    """`copied` stands beside the sources; `left` is the lock file as npm left it; `again` is copied behind it."""
    sources = {"app/package.json": json.dumps(package), "app/src/index.ts": "x", **dict(copied)}
    sources |= {"app/package-lock.json": json.dumps(lock)} if lock else {}
    modules = {
        "app/node_modules/.package-lock.json": json.dumps({"lockfileVersion": 3, "packages": installed}, indent=2),
        "app/node_modules/typescript/tsc.js": "t" * 3_000_000,
        "app/node_modules/fastify/index.js": "f" * 1000,
        "app/node_modules/fastify/package.json": "{}",
    }
    modules |= {"app/package-lock.json": json.dumps(left)} if left else {}
    dockerfile = parse(text)
    stage = dockerfile.stages[-1]
    makers = [each for each in stage.instructions if each.keyword in ("RUN", "COPY")]
    whole = image(
        {**BASE, **dict(base)},
        sources,
        modules,
        *([again] if again is not None else []),
        {"app/dist/index.js": "require('fastify')"},
        config={"Env": ["PATH=/usr/bin:/bin"], "Cmd": ["node", "dist/index.js"], "WorkingDir": "/app"},
    )
    return Subject(dockerfile, Path(), whole, Alignment(True, 1, dict(enumerate(makers, 1))), stage)


def split(seen):
    """What single-stage-build offers first, and last, upon the stage's own base."""
    fixes = [each.fix for each in single_stage_build(seen)]
    return [(each.title, apply(seen.dockerfile.text, each.edits)) for each in (fixes[0], fixes[-1])]


def test_a_lock_file_that_says_what_was_installed_is_followed():
    (title, text), _ = split(subject())
    assert title.endswith(f"; {EXACT}")
    assert "RUN npm ci\nRUN npm run build\n\nFROM node:20\n" in text


def test_settings_that_change_nothing_of_what_is_installed_do_not_matter():
    base = {
        "usr/local/etc/npmrc": "# ours\ncafile = /etc/ca.crt\n//registry.example.org/:_authToken=x\n@a:registry=https://x\n"
    }
    text = TEXT.replace("COPY", "ENV NPM_CONFIG_UPDATE_NOTIFIER=false npm_config_registry=https://x\nCOPY")
    (title, _), _ = split(subject(text, base=base))
    assert title.endswith(f"; {EXACT}")


def test_it_is_offered_without_as_well_should_that_break_something():
    _, (title, text) = split(subject())
    assert EXACT not in title
    assert "RUN npm install\nRUN npm run build\n\nFROM node:20\n" in text


def test_a_lock_file_that_is_copied_again_behind_the_install_is_not_the_one_that_npm_left():
    sources = {"app/package-lock.json": json.dumps(LOCK), "app/src/index.ts": "x"}
    assert "RUN npm ci\n" in split(subject(TWO_COPIES, again=sources))[0][1]
    rewritten = {**LOCK, "packages": {**LOCK["packages"], "node_modules/e": {"version": "1.0.0", "optional": True}}}
    assert "npm ci" not in split(subject(TWO_COPIES, again=sources, left=rewritten))[0][1]
    assert "npm ci" not in split(subject(TWO_COPIES, again=sources, left=None))[0][1]


def test_with_the_prune_in_one_step_too():
    seen = subject()
    fixes = [each.fix for each in development_dependencies_shipped(seen) if each.fix is not None]
    (fix,) = (each for each in fixes if "stage of its own" in each.title)
    assert fix.title.endswith(f"; {EXACT}")
    assert "RUN npm ci\nRUN npm run build && \\\n    npm prune --omit=dev\n" in apply(TEXT, fix.edits)


def test_words_that_say_how_much_it_prints_stay():
    (_, text), _ = split(subject(TEXT.replace("npm install", "npm i --no-audit --no-fund")))
    assert "RUN npm ci --no-audit --no-fund\n" in text


OTHER = {"node_modules/fastify": {**FASTIFY, "version": "4.2.0"}, "node_modules/typescript": TYPESCRIPT}
REASONS = {
    "no lock file": {"lock": None, "left": None},
    "npm made the lock file": {"lock": None},
    "npm wrote another one": {"left": {**LOCK, "packages": {**LOCK["packages"], "node_modules/more": {}}}},
    "it is of another package.json": {"package": {"dependencies": DEPENDENCIES["dependencies"]}},
    "another version was installed": {"installed": OTHER},
    "something it does not name was installed": {"installed": {**PACKAGES, "node_modules/more": {"version": "1.0.0"}}},
    "a workspace is linked": {"installed": {**PACKAGES, "node_modules/fastify": {**FASTIFY, "link": True}}},
    "npm before 7 wrote it": {"lock": {"lockfileVersion": 1}, "left": {"lockfileVersion": 1}},
    "node_modules was copied": {"copied": {"app/node_modules/mine/index.js": "m"}},
    "npm wrote none": {"left": None},
    "a package that is not optional was not installed": {"installed": {"node_modules/fastify": FASTIFY}},
    "a setting stands among others": {"base": {"etc/npmrc": "cafile=/a\nlegacy-peer-deps=true\n"}},
    "the user's npm is configured": {"base": {"root/.npmrc": "package-lock=false"}},
    "npm is configured": {"copied": {"app/.npmrc": "package-lock=false"}},
}


@pytest.mark.parametrize("given", REASONS.values(), ids=REASONS)
def test_it_stays_npm_install_where(given):
    (title, text), _ = split(subject(**given))
    assert EXACT not in title
    assert "RUN npm install\n" in text


TEXTS = {
    "packages are named": TEXT.replace("npm install", "npm install fastify"),
    "it installs twice": TEXT.replace("npm install", "npm install && npm install --no-save x"),
    "an option may change what is installed": TEXT.replace("npm install", "npm install --omit=optional"),
    "a variable configures npm": TEXT.replace("COPY", "ENV npm_config_package_lock=false\nCOPY"),
    "it installs elsewhere": TEXT.replace("npm install", "cd /app && npm install"),
    "the lock file is removed before": TEXT.replace("npm install", "rm -f package-lock.json && npm install"),
    "the lock file is put back": TEXT.replace("npm install", "npm install && git checkout package-lock.json"),
    "modules are put there before": TEXT.replace("npm install", "cp -r /opt/vendor node_modules && npm install"),
    "an assignment configures npm": TEXT.replace("npm install", "npm_config_package_lock=false npm install"),
    "an export configures npm": TEXT.replace("npm install", "export npm_config_package_lock=false && npm install"),
    "npm config does": TEXT.replace("npm install", "npm config set package-lock false && npm install"),
    "a file is written": TEXT.replace("npm install", "echo package-lock=false > ~/.npmrc && npm install"),
    "something is mounted": TEXT.replace("RUN npm install", "RUN --mount=type=secret,id=npmrc npm install"),
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_it_stays_npm_install_in_a_text_where(text):
    (title, made), _ = split(subject(text))
    assert EXACT not in title
    assert "npm ci" not in made
    assert "npm install" in made


@pytest.mark.parametrize("words", ["npm install && npm cache clean --force", "npm install && rm -rf /root/.npm /tmp/*",
                                   "set -ex; npm install", "npm install && npm run build"])  # fmt: skip
def test_commands_beside_it_that_leave_the_manifests_alone_do_not_matter(words):
    (title, made), _ = split(subject(TEXT.replace("npm install", words)))
    assert title.endswith(f"; {EXACT}")
    assert f"RUN {words.replace('npm install', 'npm ci')}\n" in made
