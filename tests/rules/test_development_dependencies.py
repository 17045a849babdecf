"""development-dependencies-shipped, on handmade images: each way to leave them out, and each reason not to."""

from __future__ import annotations

import json

import pytest
from handmade_tree import executable, symlink
from node_applications import (
    BUILT,
    CONFIG,
    INSTALLED,
    LOCK,
    PACKAGE,
    PLAIN,
    REDUCED,
    SINGLE,
    STAGES,
    findings,
    shipped,
    sources,
)  # fmt: skip

from jettison.dockerfile.edit import apply
from jettison.subject import Observed

SHRINKS = len(json.dumps(LOCK, indent=2)) - len(json.dumps(REDUCED, indent=2))
DEVELOPMENT = 3_000_000 + 100 + 10 + 1000 + SHRINKS


def test_what_is_copied_out_of_a_build_stage_is_pruned_there():
    (found,) = findings(STAGES, shipped())
    expected = STAGES.replace("build\n\nFROM", "build && \\\n    npm prune --omit=dev\n\nFROM")
    assert expected == apply(STAGES, found.fix.edits)
    assert (DEVELOPMENT, "") == (found.predicted, found.after)


def test_node_modules_copied_alone_and_another_folder_are_followed_to_where_they_were():
    text = STAGES.replace("WORKDIR /app\nCOPY . .", "WORKDIR /src\nCOPY . .", 1)
    text = text.replace("COPY --from=build /app /app", "COPY --from=build /src/node_modules ./node_modules")
    (found,) = findings(text, shipped())
    assert "RUN npm run build && \\\n    npm prune --omit=dev\n" in apply(text, found.fix.edits)
    text = text.replace("RUN npm run build", "RUN npm run build\nWORKDIR /srv")
    (found,) = findings(text, shipped())
    assert "WORKDIR /srv\nRUN cd /src && npm prune --omit=dev\n" in apply(text, found.fix.edits)


@pytest.mark.parametrize(
    "run", ["RUN --network=none npm run build", 'RUN ["npm", "run", "build"]', "RUN npm run build #"]
)
def test_where_nothing_can_follow_in_the_last_run_it_is_a_run_of_its_own(run):
    text = STAGES.replace("RUN npm run build", run)
    (found,) = findings(text, shipped())
    assert f"{run}\nRUN npm prune --omit=dev\n" in apply(text, found.fix.edits)


def test_npm_before_7_is_asked_in_its_own_words():
    lock = {"dependencies": {"typescript": {"dev": True}, "fastify": {}}}
    installed = {path: each for path, each in INSTALLED.items() if ".package-lock" not in path}
    (found,) = findings(STAGES, shipped(installed={**installed, "app/package-lock.json": json.dumps(lock)}))
    assert "RUN npm run build && \\\n    npm prune --production\n" in apply(STAGES, found.fix.edits)
    assert 3_000_100 == found.predicted


def test_where_nothing_is_built_they_are_not_installed():
    found, behind = findings(PLAIN, sources(), INSTALLED)
    assert PLAIN.replace("npm ci", "npm ci --omit=dev") == apply(PLAIN, found.fix.edits)
    assert "npm ci && \\\n    npm prune --omit=dev\n" in apply(PLAIN, behind.fix.edits)
    assert "development-dependencies-shipped" == behind.after
    assert (DEVELOPMENT, "npm-cache-left-behind") == (found.predicted, found.after)


def test_in_a_single_stage_that_builds_a_stage_of_its_own_goes_before_one_run():
    split, merged = findings(SINGLE, sources(), INSTALLED, {**BUILT, "root/.npm/x": "c" * 500})
    expected = """\
FROM node:20 AS build
WORKDIR /app
COPY . .
RUN npm install
RUN npm run build && \\
    npm prune --omit=dev

FROM node:20
WORKDIR /app
COPY --from=build /app /app
CMD ["npm", "start"]
"""
    assert expected == apply(SINGLE, split.fix.edits)
    expected = SINGLE.replace(
        "RUN npm install\nRUN npm run build\n",
        "RUN npm install && \\\n    npm run build && \\\n    npm prune --omit=dev\n",
    )
    assert expected == apply(SINGLE, merged.fix.edits)
    assert (DEVELOPMENT + 500, DEVELOPMENT) == (split.predicted, merged.predicted)
    assert ["single-stage-build"] * 2 == [split.after, merged.after]


LEFT = {**INSTALLED, "app/node_modules/.bin/pino-pretty": symlink("../pino-pretty/index.js")}
ASKS = {**INSTALLED, "app/node_modules/fastify/package.json": '{"peerDependencies": {"typescript": "*"}}'}
MAY_ASK = {
    **INSTALLED,
    "app/node_modules/fastify/package.json": json.dumps(
        {"peerDependencies": {"typescript": "*"}, "peerDependenciesMeta": {"typescript": {"optional": True}}}
    ),
}


def scripts(**told):
    return {**PACKAGE, "scripts": told}


@pytest.mark.parametrize(
    ("trap", "reason", "twin"),
    [
        (
            {"built": {"app/dist/index.js": "require('pino-pretty')"}},
            "pino-pretty is required by /app/dist/index.js",
            {"built": {"app/dist/index.js": "// require('pino-pretty')"}},
        ),
        (
            {"built": {"app/dist/index.js": "fastify({target: 'pino-pretty'})"}},
            "/app/dist/index.js names pino-pretty",
            {"built": {"app/dist/index.js": "fastify({target: 'pino'})"}},
        ),
        (
            {"built": {"app/dist/index.js": "require('./t.json')", "app/dist/t.json": '{"to": "pino-pretty"}'}},
            "/app/dist/t.json names pino-pretty",
            {"built": {"app/dist/index.js": "require('../package.json')"}},
        ),
        (
            {"package": scripts(start="npm run serve", serve="node dist/index.js | pino-pretty"), "installed": LEFT},
            "`pino-pretty`, which starts the application, needs pino-pretty",
            {"package": scripts(start="npm run serve", serve="node dist/index.js | cat"), "installed": LEFT},
        ),
        (
            {"package": scripts(start="node -r pino-pretty/register dist/index.js")},
            "`node -r pino-pretty/register dist/index.js`, which starts the application, needs pino-pretty",
            {"package": scripts(start="node dist/index.js", debug="node -r pino-pretty/register dist/index.js")},
        ),
        (
            {"installed": ASKS},
            "fastify asks its user for typescript",
            {"installed": MAY_ASK},
        ),
    ],
    ids=["required", "named", "in a setting", "program", "preloaded", "peer"],
)
def test_what_the_running_application_needs_is_left_and_its_twin_is_not(trap, reason, twin):
    (found,) = findings(STAGES, shipped(**trap))
    assert (None, reason) == (found.fix, found.refusal)
    (found,) = findings(STAGES, shipped(**twin))
    assert (True, "") == (found.fix is not None, found.refusal)


def test_what_was_opened_at_run_time_and_what_node_options_name_is_left():
    opened = Observed(opened=frozenset({"/app/node_modules/typescript/tsc.js"}))
    (found,) = findings(STAGES, shipped(), observed=opened)
    assert "/app/node_modules/typescript/tsc.js of typescript was opened when the application ran" == found.refusal
    config = {**CONFIG, "Env": [*CONFIG["Env"], "NODE_OPTIONS=--require pino-pretty"]}
    (found,) = findings(STAGES, shipped(), config=config)
    assert "needs pino-pretty" in found.refusal


@pytest.mark.parametrize(
    ("text", "package"),
    [
        (PLAIN.replace("npm ci", "npm ci && npx tsc"), PACKAGE),
        (PLAIN.replace("CMD", "RUN npx tsc\nCMD"), PACKAGE),
        (PLAIN.replace("npm ci", "npm ci --include=dev"), PACKAGE),
        (PLAIN, scripts(postinstall="tsc", start="node dist/index.js")),
        (PLAIN, scripts(prepare="husky", start="node dist/index.js")),
    ],
    ids=["built-with", "built-behind", "included", "postinstall", "prepare"],
)
def test_what_an_install_may_need_is_pruned_behind_it_instead(text, package):
    found = findings(text, sources(package), {**INSTALLED, **BUILT})
    assert found
    for each in found:
        assert "npm prune --omit=dev" in apply(text, each.fix.edits)
        assert "ci --omit=dev" not in apply(text, each.fix.edits)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (STAGES.replace("FROM node:20-slim", "FROM build AS test\nRUN npm test\n\nFROM node:20-slim"), "line 7 uses"),
        (STAGES.replace("COPY --from=build /app /app", "COPY --from=other/image /app /app"), "another image"),
        (STAGES.replace("COPY --from=build /app /app", "COPY --from=build /app /x /app"), "not known which folder"),
        (STAGES.replace("COPY --from=build /app /app", "COPY . ."), "line 9 brings some of them"),
    ],
    ids=["shared", "foreign", "several", "context"],
)
def test_a_stage_that_is_not_its_own_is_left_alone(text, reason):
    (found,) = findings(text, shipped())
    assert None is found.fix
    assert reason in found.refusal


def test_variables_set_before_the_build_keep_the_runs_apart_where_no_stage_can_be_made():
    """NODE_ENV=production put before `npm install` by a merge would leave out what the build needs."""
    text = SINGLE.replace("RUN npm run build", "ENV NODE_ENV=production\nRUN npm run build")
    late = {**BUILT, "etc/late": "x"}
    (found,) = findings(text, sources(), INSTALLED, late)
    assert None is found.fix
    twin = SINGLE.replace("RUN npm run build", "EXPOSE 3000\nRUN npm run build")
    (found,) = findings(twin, sources(), INSTALLED, late)
    assert "RUN npm install && \\\n    npm run build && \\\n    npm prune" in apply(twin, found.fix.edits)


YARN = {
    "app/node_modules/.yarn-integrity": "{}",
    "app/node_modules/typescript/package.json": '{"dependencies": {"deep": "1"}}',
    "app/node_modules/typescript/tsc.js": executable("t" * 3_000_000),
    "app/node_modules/typescript/node_modules/deep/package.json": "{}",
    "app/node_modules/pino-pretty/package.json": '{"dependencies": {"both": "1"}}',
    "app/node_modules/fastify/index.js": "f" * 1000,
    "app/node_modules/fastify/package.json": '{"dependencies": {"both": "1"}, "optionalDependencies": {"@a/b": "1"}}',
    "app/node_modules/both/package.json": '{"peerDependencies": {"peer": "1"}}',
    "app/node_modules/peer/package.json": "{}",
    "app/node_modules/@a/b/package.json": '{"dependencies": {"deep": "2"}}',
    "app/node_modules/deep/package.json": "{}",
}
PRUNE = "yarn install --production --frozen-lockfile --prefer-offline"


def test_what_yarn_installed_is_left_out_by_yarn_and_what_stays_is_what_node_would_find():
    (found,) = findings(STAGES.replace("npm install", "yarn"), shipped(installed=YARN))
    gone = ("pino-pretty", "typescript", "typescript/node_modules/deep")
    assert sum(len(str(YARN[f"app/node_modules/{each}/package.json"])) for each in gone) + 3_000_000 == found.predicted
    assert f"npm run build && \\\n    {PRUNE}\n\nFROM" in apply(STAGES.replace("npm install", "yarn"), found.fix.edits)


def test_yarn_in_the_only_stage_gets_one_of_its_own():
    text = SINGLE.replace("npm install", "yarn install")
    found = findings(text, sources(), YARN, BUILT)
    made = [apply(text, each.fix.edits) for each in found if each.fix is not None]
    assert any(f"RUN npm run build && \\\n    {PRUNE}\n\nFROM node:20\n" in each for each in made)


@pytest.mark.parametrize(
    ("package", "said"),
    [
        (
            {"scripts": {"postinstall": "x", "start": "node dist/index.js"}},
            "package.json runs a postinstall script when yarn",
        ),
        ({"workspaces": ["packages/*"]}, "yarn installed them, and what it would take along is not known"),
    ],
)
def test_yarn_is_left_alone_where_its_way_is_not_known_to_be_right(package, said):
    (found,) = findings(STAGES, shipped({**PACKAGE, **package}, installed=YARN))
    assert (None, True) == (found.fix, found.refusal.startswith(said))


@pytest.mark.parametrize(("mark", "tool"), [(".yarn-state.yml", "berry"), (".modules.yaml", "pnpm")])
def test_what_others_installed_is_told_and_left(mark, tool):
    lock = "importers:\n\n  .:\n    dependencies:\n      a: 1\n\n  apps/api:\n    b: 1\n\npackages:\n\n  c:\n"
    named = {"app/pnpm-workspace.yaml": "packages:\n  - packages/*\n"}
    for workspaces in (named, {"app/node_modules/.pnpm/lock.yaml": lock}):
        (found,) = findings(STAGES, {**shipped(), f"app/node_modules/{mark}": "{}", **workspaces})
        assert (None, 3_000_110) == (found.fix, found.predicted)
        assert found.refusal.startswith(f"{tool} installed them")


def test_nothing_is_said_of_an_application_without_them_nor_of_npm_itself():
    lock = {"packages": {"node_modules/fastify": {}}}
    installed = {**INSTALLED, "app/node_modules/.package-lock.json": json.dumps(lock)}
    assert [] == findings(STAGES, shipped(installed=installed))


def test_a_stage_that_ends_elsewhere_prunes_in_the_folder_of_the_application():
    text = SINGLE.replace("RUN npm run build", "WORKDIR /\nRUN cd /app && npm run build\nWORKDIR /app")
    found = findings(text, sources(), INSTALLED, BUILT)
    expected = "RUN cd /app && npm run build && \\\n    cd /app && npm prune --omit=dev\n\nFROM node:20\n"
    assert expected in apply(text, found[0].fix.edits)


def test_a_run_that_goes_elsewhere_comes_back_to_prune():
    text = SINGLE.replace("RUN npm install\nRUN", "RUN npm install && cd x &&")
    found = findings(text, sources(), {**INSTALLED, **BUILT, "etc/late": "x"})
    expected = "RUN npm install && cd x && npm run build && \\\n    cd /app && npm prune --omit=dev\n"
    assert expected in apply(text, found[-1].fix.edits)


def test_a_stage_that_another_tests_keeps_what_that_needs():
    text = SINGLE.replace("FROM node:20", "FROM node:20 AS app") + "FROM app AS test\nRUN npm test\n"
    (found,) = findings(text, sources(), INSTALLED, BUILT, ships=0)
    assert "line 7 uses the stage that ships, too" == found.refusal
