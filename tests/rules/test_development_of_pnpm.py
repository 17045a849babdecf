"""development-dependencies-shipped where pnpm installed: what goes, what stays, and what is missed."""

from __future__ import annotations

import pytest
from handmade_tree import executable, symlink
from node_applications import BUILT, CONFIG, PACKAGE, SINGLE, STAGES, findings, shipped, sources

from jettison.dockerfile.edit import apply

STORE = "app/node_modules/.pnpm"
PNPM = {
    "app/node_modules/.modules.yaml": "{}",
    "app/pnpm-workspace.yaml": "onlyBuiltDependencies:\n  - fastify\n",
    "app/node_modules/.bin/tsc": executable("#!/bin/sh\n"),
    "app/node_modules/fastify": symlink(".pnpm/fastify@1/node_modules/fastify"),
    "app/node_modules/typescript": symlink(".pnpm/typescript@1/node_modules/typescript"),
    "app/node_modules/pino-pretty": symlink(".pnpm/pino-pretty@1/node_modules/pino-pretty"),
    f"{STORE}/fastify@1/node_modules/fastify/package.json": "{}",
    f"{STORE}/fastify@1/node_modules/@a/b": symlink("../../../@a+b@1/node_modules/@a/b"),
    f"{STORE}/@a+b@1/node_modules/@a/b/package.json": "{}",
    f"{STORE}/@a+b@1/node_modules/@a/b/node_modules/bundled/package.json": "{}",
    f"{STORE}/typescript@1/node_modules/typescript/package.json": '{"bin": {"tsc": "bin/tsc"}}',
    f"{STORE}/typescript@1/node_modules/typescript/bin/tsc": executable("t" * 3_000_000),
    f"{STORE}/typescript@1/node_modules/typescript/index.js": "",
    f"{STORE}/typescript@1/node_modules/deep": symlink("../../deep@1/node_modules/deep"),
    f"{STORE}/deep@1/node_modules/deep/package.json": "{}",
    f"{STORE}/pino-pretty@1/node_modules/pino-pretty/package.json": "{}",
    f"{STORE}/pino-pretty@1/node_modules/fastify": symlink("../../fastify@1/node_modules/fastify"),
    f"{STORE}/node_modules/deep": symlink("../deep@1/node_modules/deep"),
}


def test_what_pnpm_installed_is_left_out_by_pnpm_and_what_stays_is_what_it_put_beside():
    (found,) = findings(STAGES, shipped(installed=PNPM))
    assert 3_000_000 + len('{"bin": {"tsc": "bin/tsc"}}') + 2 * len("{}") == found.predicted
    made = apply(STAGES, found.fix.edits)
    assert "npm run build && \\\n    CI=true pnpm prune --prod --ignore-scripts\n\nFROM" in made
    assert f"{STORE}/typescript@1/node_modules/typescript" == found.paths[0].decode()
    assert all(f"{STORE}/{name}@1".encode() not in b" ".join(found.paths) for name in ("fastify", "@a+b"))


def test_the_only_stage_is_split_for_pnpm_and_its_runs_are_not_merged():
    text = SINGLE.replace("npm install", "pnpm install")
    (found,) = findings(text, sources(), PNPM, BUILT)
    assert "    CI=true pnpm prune --prod --ignore-scripts\n\nFROM node:20\n" in apply(text, found.fix.edits)


def test_the_stage_is_not_split_where_pnpm_starts_the_application_and_would_stay_behind():
    text = SINGLE.replace("npm install", "npm install -g pnpm && pnpm install")
    tool = "usr/local/lib/node_modules/pnpm/pnpm.cjs"
    brought = {tool: executable("p"), "usr/local/bin/pnpm": symlink("../lib/node_modules/pnpm/pnpm.cjs")}
    config = {**CONFIG, "Env": ["PATH=/usr/local/bin:/usr/bin:/bin"]}
    layers = (sources(), {**PNPM, **brought}, BUILT)
    (refused,) = findings(text, *layers, config={**config, "Cmd": ["pnpm", "start"]})
    assert (None, True) == (refused.fix, "what starts the application stays behind" in refused.refusal)
    (split,) = findings(text, *layers, config={**config, "Cmd": ["node", "dist/index.js"]})
    assert "pnpm prune" in split.fix.title


def test_a_link_of_the_applications_own_goes_where_another_package_keeps_what_it_leads_to():
    installed = {
        **PNPM,
        f"{STORE}/fastify@1/node_modules/pino-pretty": symlink("../../pino-pretty@1/node_modules/pino-pretty"),
    }
    for built, fixed in (({"app/dist/index.js": "require('pino-pretty')"}, False), (BUILT, True)):
        (found,) = findings(STAGES, shipped(installed=installed, built=built))
        assert fixed is (found.fix is not None)


@pytest.mark.parametrize(
    ("version", "flag", "scripts"), [("8.15.5", "", "postinstall"), ("8.15.6", " --ignore-scripts", "")]
)
def test_pnpm_is_told_to_run_no_scripts_where_it_knows_that(version, flag, scripts):
    installed = {**PNPM, "app/node_modules/.modules.yaml": f'{{\n  "packageManager": "pnpm@{version}"\n}}'}
    (found,) = findings(STAGES, shipped(installed=installed))
    assert f"CI=true pnpm prune --prod{flag}\n" in apply(STAGES, found.fix.edits)
    package = {**PACKAGE, "scripts": {**PACKAGE["scripts"], "postinstall": "x"}}
    (found,) = findings(STAGES, shipped(package, installed=installed))
    assert scripts == ("postinstall" if "postinstall script when pnpm" in found.refusal else "")


def test_a_program_and_a_module_of_pnpms_store_are_missed():
    for command, built, reason in (
        (["npm", "start"], {"app/dist/index.js": "require('typescript')"}, "typescript is required by"),
        (["tsc", "--watch"], BUILT, "`tsc --watch`, which starts the application, needs typescript"),
        (["./node_modules/.bin/tsc", "-w"], BUILT, "`./node_modules/.bin/tsc -w`, which starts the application, needs"),
        (["env", "A=1", "tsc"], BUILT, "`env A=1 tsc`, which starts the application, needs typescript"),
        (["npm", "start"], {"app/dist/index.js": "load('pino-pretty')"}, "/app/dist/index.js names pino-pretty"),
    ):
        (found,) = findings(STAGES, shipped(installed=PNPM, built=built), config={**CONFIG, "Cmd": command})
        assert (None, True) == (found.fix, found.refusal.startswith(reason)), found.refusal
