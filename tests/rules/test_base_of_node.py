"""A stage that ships a Node application: which bases carry it, how its entry point is freed, and what forbids it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from handmade_bases import Stage
from handmade_tree import GONE, directory, executable, symlink

SLIM, DISTROLESS, ALPINE = "node:20-slim", "gcr.io/distroless/nodejs20-debian12", "node:20-alpine"
SHELL = ["/bin/sh", "-c"]
PACKAGE = '{"scripts": {"start": "node dist/server.js"}}'
APP: dict[str, Any] = {
    "app/package.json": PACKAGE,
    "app/dist/server.js": 'require("fastify").listen(process.env.PORT)\n',
    "app/dist/health.js": "",
    "app/node_modules/fastify/package.json": '{"main": "index.js"}',
    "app/node_modules/fastify/index.js": "module.exports = {}\n",
}
HEAD = "FROM node:20-slim\nWORKDIR /app\nCOPY --from=build /app /app\n"
NPM = 'CMD ["npm", "start"]\n'


def stage(
    end: str = NPM,
    *,
    cmd: list[str] | None = None,
    files: dict[str, Any] | None = None,
    head: str = HEAD,
    **config: Any,
) -> Stage:
    """The last stage of a file; `files` are laid over the application's."""
    policy = config.pop("policy", "same-libc")
    told = {"WorkingDir": "/app", "Cmd": cmd or ["npm", "start"], **config}
    return Stage(f"FROM node:20 AS build\n\n{head}{end}", ({**APP, **(files or {})},), told, policy)


def test_npm_start_becomes_the_command_of_package_json() -> None:
    expected = (
        "FROM node:20 AS build\n\n"
        f"FROM {DISTROLESS}\nWORKDIR /app\nCOPY --from=build /app /app\n"
        'ENTRYPOINT ["/nodejs/bin/node"]\nCMD ["dist/server.js"]\n'
    )
    assert expected == stage().upon(DISTROLESS)


def test_the_step_says_what_it_frees_and_what_it_takes_away() -> None:
    fix = stage().finding(DISTROLESS).fix
    assert fix is not None
    assert ("Entrypoint", "Cmd") == fix.declares
    assert f"stand on {DISTROLESS} (" in fix.title
    assert "freed from docker-entrypoint.sh and npm start" in fix.title
    assert "no shell, no package manager: `docker exec` finds nothing there, use `docker debug`" in fix.title


def test_a_program_that_becomes_process_1_and_does_not_handle_its_end_is_told() -> None:
    handles = {"app/dist/server.js": 'process.on("SIGTERM", () => process.exit(0))\n'}
    told = "handles no SIGTERM"
    titles = [found.finding(DISTROLESS).fix.title for found in (stage(), stage(files=handles))]  # type: ignore[union-attr]
    assert [True, False] == [told in title for title in titles]
    direct = stage("CMD node dist/server.js\n", cmd=[*SHELL, "node dist/server.js"])
    assert told not in direct.finding(DISTROLESS).fix.title  # type: ignore[union-attr]  # a shell hands on none either


def test_variables_that_the_base_sets_about_itself_are_told_and_must_not_be_read() -> None:
    assert stage().finding(DISTROLESS).message.endswith("; NODE_VERSION would not be set")
    read = stage(files={"app/dist/server.js": "console.log(process.env.NODE_VERSION)\n"})
    assert "the variable NODE_VERSION, which /app/dist/server.js reads" == read.refused(DISTROLESS)


def test_what_is_saved_is_worked_out_from_both_bases() -> None:
    found = stage()
    bases = [sum(each.unpacked for each in found.base(name).layers) for name in (SLIM, DISTROLESS)]  # type: ignore[union-attr]
    assert bases[0] - bases[1] == found.finding(DISTROLESS).predicted


def test_comments_and_other_lines_stay_as_they_are() -> None:
    end = "# how it starts\nENV PORT=3000\nCMD  npm \\\n  start\nEXPOSE 3000 # the port\n"
    expected = (
        '# how it starts\nENV PORT=3000\nENTRYPOINT ["/nodejs/bin/node"]\nCMD  ["dist/server.js"]\n'
        "EXPOSE 3000 # the port\n"
    )
    made = stage(end, cmd=[*SHELL, "npm   start"], Env=["PORT=3000"]).upon(DISTROLESS)
    assert expected == made.partition("/app /app\n")[2]


@pytest.mark.parametrize(
    ("end", "cmd", "expected"),
    [
        ("CMD node dist/server.js\n", [*SHELL, "node dist/server.js"], ["dist/server.js"]),
        ("CMD exec node dist/server.js\n", [*SHELL, "exec node dist/server.js"], ["dist/server.js"]),
        ('CMD ["node", "dist/server.js", "-q"]\n', ["node", "dist/server.js", "-q"], ["dist/server.js", "-q"]),
        ('CMD ["dist/server.js"]\n', ["dist/server.js"], ["dist/server.js"]),
        ("CMD npm run -s start\n", [*SHELL, "npm run -s start"], ["dist/server.js"]),
        ("CMD yarn start\n", [*SHELL, "yarn start"], ["dist/server.js"]),
        ("CMD pnpm start\n", [*SHELL, "pnpm start"], None),  # there is no pnpm in this image
    ],
)  # fmt: skip
def test_what_stands_before_the_program_is_taken_off(end: str, cmd: list[str], expected: list[str] | None) -> None:
    found = stage(end, cmd=cmd)
    if expected is None:
        assert "pnpm is no executable of the image" == found.refused(DISTROLESS)
    else:
        words = ", ".join(f'"{word}"' for word in expected)
        assert found.upon(DISTROLESS).endswith(f'ENTRYPOINT ["/nodejs/bin/node"]\nCMD [{words}]\n')


def test_an_entry_point_of_ones_own_keeps_its_arguments() -> None:
    end = 'ENTRYPOINT ["node", "dist/server.js"]\nCMD ["--fast"]\n'
    found = stage(end, cmd=["--fast"], Entrypoint=["node", "dist/server.js"])
    assert found.upon(DISTROLESS).endswith('ENTRYPOINT ["/nodejs/bin/node", "dist/server.js"]\nCMD ["--fast"]\n')
    assert ("Entrypoint",) == found.finding(DISTROLESS).fix.declares  # type: ignore[union-attr]


def test_a_cmd_that_a_shell_form_entry_point_ignores_does_not_become_its_argument() -> None:
    end = 'ENTRYPOINT node dist/server.js\nCMD ["--slow"]\n'
    found = stage(end, cmd=["--slow"], Entrypoint=[*SHELL, "node dist/server.js"])
    assert "a shell with arguments of its own stands before the program" == found.refused(DISTROLESS)
    alone = stage("ENTRYPOINT node dist/server.js\n", Entrypoint=[*SHELL, "node dist/server.js"], cmd=[])
    alone.config = {**alone.config, "Cmd": None}
    assert alone.upon(DISTROLESS).endswith('ENTRYPOINT ["/nodejs/bin/node", "dist/server.js"]\n')


def test_a_health_check_is_freed_too() -> None:
    end = "HEALTHCHECK --interval=5s CMD node dist/health.js\n" + NPM
    found = stage(end, Healthcheck={"Test": ["CMD-SHELL", "node dist/health.js"], "Interval": 5})
    assert 'HEALTHCHECK --interval=5s CMD ["/nodejs/bin/node", "dist/health.js"]\n' in found.upon(DISTROLESS)
    assert ("Entrypoint", "Cmd", "Healthcheck") == found.finding(DISTROLESS).fix.declares  # type: ignore[union-attr]


def test_a_health_check_with_operators_keeps_its_shell() -> None:
    text = "curl -f localhost || exit 1"
    found = stage(f"HEALTHCHECK CMD {text}\n{NPM}", Healthcheck={"Test": ["CMD-SHELL", text]})
    assert f"`{text}` is more than one simple command" == found.refused(DISTROLESS)


@pytest.mark.parametrize("line", ["#!/usr/bin/env node", "#!/usr/local/bin/node"])
def test_a_tool_of_npm_s_own_folder_is_run_by_node(line: str) -> None:
    made = stage(files=tool(line + "\n")).upon(DISTROLESS)
    assert made.endswith('CMD ["node_modules/next/dist/bin/next", "start", "-p", "3000"]\n')


@pytest.mark.parametrize("line", ["#!/usr/bin/env -S node --no-warnings", "#!/bin/sh", "\x7fELF"])
def test_a_tool_that_is_no_plain_script_of_node_stays(line: str) -> None:
    refused = stage(files=tool(line + "\n")).refused(DISTROLESS)
    assert "next of node_modules/.bin is no script of node" == refused


def tool(text: str) -> dict[str, Any]:
    return {
        "app/package.json": '{"scripts": {"start": "next start -p 3000"}}',
        "app/node_modules/next/dist/bin/next": executable(text),
        "app/node_modules/.bin/next": symlink("../next/dist/bin/next"),
    }


@pytest.mark.parametrize(
    ("scripts", "reason"),
    [
        ('{"prestart": "node migrate.js", "start": "node dist/server.js"}', "package.json has a prestart script"),
        ('{"poststart": "x", "start": "node dist/server.js"}', "package.json has a poststart script"),
        ('{"start": "node a.js && node b.js"}', "`node a.js && node b.js` is more than one simple command"),
        ('{"start": "NODE_ENV=x node a.js"}', "`NODE_ENV=x node a.js` is more than one simple command"),
        ('{"start": "node $MAIN"}', "`node $MAIN` is more than one simple command"),
        ('{"start": "node a.js > log"}', "`node a.js > log` is more than one simple command"),
        ('{"start": "git daemon"}', "git is not there"),
        ('{"build": "tsc"}', "package.json has no start script"),
    ],
)  # fmt: skip
def test_a_script_that_needs_npm_or_a_shell_stays(scripts: str, reason: str) -> None:
    assert reason == stage(files={"app/package.json": f'{{"scripts": {scripts}}}'}).refused(DISTROLESS)


PNPM = {
    "usr/local/bin/pnpm": symlink("../lib/node_modules/pnpm/bin/pnpm.cjs"),
    "usr/local/lib/node_modules/pnpm/bin/pnpm.cjs": executable("#!/usr/bin/env node\n"),
}


@pytest.mark.parametrize("tool", ["yarn", "pnpm"])
def test_yarn_and_pnpm_run_a_script_by_its_name_alone_unless_it_is_a_command_of_their_own(tool: str) -> None:
    scripts = {"app/package.json": '{"scripts": {"serve": "node dist/server.js", "list": "node dist/server.js"}}'}
    for name, expected in (("serve", ""), ("list", f"`{tool} list` is neither start nor run NAME")):
        made = stage(f'CMD ["{tool}", "{name}"]\n', cmd=[tool, name], files={**scripts, **PNPM})
        assert expected == (made.refused(DISTROLESS) if expected else "" if made.upon(DISTROLESS) else "refused")


@pytest.mark.parametrize(
    ("name", "text", "setting"),
    [
        ("pnpm-workspace.yaml", "scriptShell: /bin/bash\n", "script-shell"),
        ("pnpm-workspace.yaml", "'useNodeVersion': 16.0.0\n", "use-node-version"),
        ("package.json", PACKAGE[:-1] + ', "pnpm": {"executionEnv": {"nodeVersion": "16.0.0"}}}', "execution-env"),
    ],
)
def test_a_setting_of_pnpms_own_files_forbids_it_too(name: str, text: str, setting: str) -> None:
    made = stage('CMD ["pnpm", "start"]\n', cmd=["pnpm", "start"], files={**PNPM, f"app/{name}": text})
    assert f"npm is told {setting} by /app/{name}" == made.refused(DISTROLESS)


def test_a_program_of_the_application_that_is_called_pnpm_is_itself() -> None:
    files = {"usr/local/bin/pnpm": executable("#!/app/other\n")}
    made = stage('CMD ["pnpm", "start"]\n', cmd=["pnpm", "start"], files=files)
    assert "what the entry point calls: pnpm is gone" == made.refused(DISTROLESS)


@pytest.mark.parametrize("setting", ["omit=dev", "node-options=--inspect", "script-shell=/bin/bash"])
def test_settings_of_npm_that_change_how_scripts_run_forbid_it(setting: str) -> None:
    name = setting.partition("=")[0]
    assert f"npm is told {name} by /app/.npmrc" == stage(files={"app/.npmrc": setting + "\n"}).refused(DISTROLESS)
    assert stage(files={"app/.npmrc": "fund=false\n"}).upon(DISTROLESS)


@pytest.mark.parametrize(
    ("source", "read"),
    [
        ("console.log(process.env.npm_package_version)\n", "npm_package_version"),
        ('console.log(process.env["npm_config_user_agent"])\n', "npm_config_user_agent"),
        ("console.log(process.env.INIT_CWD)\n", "INIT_CWD"),
        ("console.log(process.env.PWD)\n", "PWD"),
    ],
)
def test_a_source_that_reads_what_npm_sets_forbids_it(source: str, read: str) -> None:
    refused = stage(files={"app/dist/server.js": source}).refused(DISTROLESS)
    assert f"/app/dist/server.js reads {read}, which npm start sets" == refused
    assert stage(files={"app/dist/server.js": source.replace(read, "PORT")}).upon(DISTROLESS)


def test_what_npm_sets_only_where_it_is_configured_may_be_read() -> None:
    files = {"app/dist/server.js": "const arch = process.env.npm_config_arch || require('os').arch()\n"}
    assert stage(files=files).upon(DISTROLESS)


def test_what_npm_sets_may_be_read_where_npm_did_not_start_it() -> None:
    files = {"app/dist/server.js": "console.log(process.env.npm_package_version)\n"}
    assert stage('CMD ["node", "dist/server.js"]\n', cmd=["node", "dist/server.js"], files=files).upon(DISTROLESS)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ('require("child_process").exec("ls -l")\n', "a shell: /app/dist/server.js starts other programs"),
        (
            'const { spawn } = require("node:child_process"); spawn("git", [])\n',
            "git, which /app/dist/server.js starts",
        ),
        ('require("child_process").fork("./worker")\n', ""),
        ('/x/.exec("y")\n', ""),
    ],
)
def test_programs_that_the_sources_start_must_be_there(source: str, reason: str) -> None:
    found = stage(files={"app/dist/server.js": source})
    if reason:
        assert reason == found.refused(DISTROLESS).partition(" and ")[0]
    else:
        assert found.upon(DISTROLESS)


def test_a_library_may_offer_to_start_programs() -> None:
    files = {"app/node_modules/fastify/index.js": 'const c = require("child_process"); exports.run = x => c.exec(x)\n'}
    assert stage(files=files).upon(DISTROLESS)
    files = {"app/node_modules/fastify/index.js": 'require("child_process").execSync("git describe")\n'}
    assert "git, which /app/node_modules/fastify/index.js starts" == stage(files=files).refused(DISTROLESS)


def test_a_run_needs_a_shell_so_nothing_without_one_is_fetched() -> None:
    found = stage("RUN node build.js\n" + NPM)
    assert ([], []) == (found.findings, found.asked)


@pytest.mark.parametrize(
    ("variable", "reason"),
    [
        ("TZ=Europe/Oslo", ""),
        ("TZ=Asia/Tokyo", ""),  # it was not there either
        ("LANG=C.UTF-8", ""),
        ("NODE_EXTRA_CA_CERTS=/usr/share/base", "/usr/share/base, which NODE_EXTRA_CA_CERTS names"),
        ("NODE_EXTRA_CA_CERTS=/app/package.json", ""),
        ("PNPM_HOME=/usr/share/base", ""),
    ],
)
def test_what_variables_name_must_be_there(variable: str, reason: str) -> None:
    found = stage(f"ENV {variable}\n{NPM}", Env=[variable])
    if reason:
        assert reason == found.refused(DISTROLESS)
    else:
        assert found.upon(DISTROLESS)


def test_a_time_zone_that_the_base_lacks_is_a_reason() -> None:
    found = stage("ENV TZ=Europe/Oslo\n" + NPM, Env=["TZ=Europe/Oslo"])
    files, config = found.bases[DISTROLESS]
    bare = {path: piece for path, piece in files.items() if "zoneinfo" not in path}
    found.bases = {**found.bases, DISTROLESS: (bare, config)}
    assert "the time zone Europe/Oslo, which TZ names" == found.refused(DISTROLESS)


def test_no_folder_for_temporary_files_is_a_reason() -> None:
    found = stage()
    files, config = found.bases[DISTROLESS]
    found.bases = {**found.bases, DISTROLESS: ({k: v for k, v in files.items() if k != "tmp"}, config)}
    assert "/tmp, where programs put temporary files" == found.refused(DISTROLESS)


def test_a_variable_that_the_base_sets_and_that_is_no_business_of_its_own_is_a_reason() -> None:
    found = stage()
    files, config = found.bases[SLIM]
    found.bases = {**found.bases, SLIM: (files, {**config, "Env": [*config["Env"], "APP_MODE=fast"]})}
    assert "the variable APP_MODE, which its base sets" == found.refused(DISTROLESS)


def test_a_user_whom_the_base_does_not_know_is_carried_as_a_number() -> None:
    found = stage("USER node\n" + NPM, User="node")
    assert "USER 1000:1000\n" in found.upon(DISTROLESS)
    assert "User" in found.finding(DISTROLESS).fix.declares  # type: ignore[union-attr]


def test_a_user_whom_the_application_asks_for_by_name_is_not_carried() -> None:
    files = {"app/dist/server.js": 'console.log(require("os").userInfo())\n'}
    refused = stage("USER node\n" + NPM, User="node", files=files).refused(DISTROLESS)
    assert "the user node is not there, and /app/dist/server.js asks for its name or its home" == refused


def test_owners_by_name_are_written_as_numbers() -> None:
    head = "FROM node:20-slim\nWORKDIR /app\nCOPY --from=build --chown=node:node /app /app\n"
    assert "COPY --from=build --chown=1000:1000 /app /app\n" in stage(head=head).upon(DISTROLESS)


def test_a_user_whom_the_stage_makes_itself_is_there_upon_any_base() -> None:
    asks = {"app/dist/server.js": 'console.log(require("os").userInfo())\n'}
    made = {"etc/passwd": "root:x:0:0::/root:/bin/sh\ndeploy:x:1001:1001::/:/bin/sh\n"}
    assert "USER deploy\n" in stage("USER deploy\n" + NPM, User="deploy", files={**asks, **made}).upon(DISTROLESS)


def test_a_user_who_is_nowhere_is_a_reason() -> None:
    found = stage("USER deploy\n" + NPM, User="deploy")
    assert "the user deploy is not in /etc/passwd" == found.refused(DISTROLESS)


def test_on_the_full_image_the_smaller_of_two_is_named_first() -> None:
    found = stage(head=HEAD.replace("node:20-slim", "node:20"))
    names = [each.message.partition("; ")[2].partition(" ")[0] for each in found.findings]
    assert [DISTROLESS, SLIM] == names
    assert all(each.fix for each in found.findings)
    assert "CMD" not in found.upon(SLIM).partition("CMD")[2]  # on the slim one the entry point stays as it is


def test_on_a_base_that_keeps_its_shell_nothing_is_freed() -> None:
    found = stage(head=HEAD.replace("node:20-slim", "node:20"))
    assert found.upon(SLIM).endswith(NPM)
    assert () == found.finding(SLIM).fix.declares  # type: ignore[union-attr]


@pytest.mark.parametrize("policy", ["keep", "smallest-with-shell"])
def test_a_policy_that_lets_nothing_in_asks_for_nothing(policy: str) -> None:
    found = stage(policy=policy)
    assert DISTROLESS not in {*found.asked, *[each.message for each in found.findings]}
    assert ([], []) == (found.findings, found.asked) if policy == "keep" else found.findings


def test_musl_is_not_considered_unless_the_policy_lets_it_in() -> None:
    found = stage()
    assert all("alpine" not in each.message for each in found.findings)
    assert ALPINE not in found.asked


def test_musl_says_its_price() -> None:
    found = stage(policy="smallest")
    assert "musl in the place of glibc: another resolver" in found.finding(ALPINE).fix.title  # type: ignore[union-attr]
    assert found.upon(ALPINE).endswith(NPM)


def test_an_addon_linked_against_glibc_is_the_verdict_against_musl() -> None:
    addon = Path("/bin/true").read_bytes()  # the tests run where glibc is
    found = stage(policy="smallest", files={"app/node_modules/fastify/x.node": addon})
    told = "glibc: /app/node_modules/fastify/x.node is linked against it, and the C library there is musl"
    assert told == found.refused(ALPINE)
    assert ALPINE not in found.asked  # nothing is fetched to be told so


def test_a_module_that_is_gone_from_the_stage_changes_nothing() -> None:
    assert stage(files={"app/dist/health.js": GONE, "tmp/x": directory()}).upon(DISTROLESS)
