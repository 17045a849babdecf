"""What a runner's command leads to, through the scripts of package.json."""

from __future__ import annotations

import pytest

from jettison.closure.node_scripts import called, started

PACKAGE = {
    "scripts": {
        "prestart": "node prepare.js",
        "start": "npm run serve -- --port 3000",
        "serve": "NODE_ENV=production ts-node src/server.ts && echo done",
        "test": "jest",
        "loop": "npm run loop",
        "bad": 7,
    }
}


def names(*command):
    return [each[0] for each in started(PACKAGE, [command])]


def test_scripts_are_followed_with_what_runs_before_and_behind_them():
    assert ["npm", "node", "npm", "ts-node", "echo"] == names("npm", "start")


@pytest.mark.parametrize(
    "command", [("npx", "-y", "tsx", "a.ts"), ("npm", "exec", "--", "tsx"), ("pnpm", "exec", "tsx")]
)
def test_what_npx_runs_is_followed(command):
    assert "tsx" == names(*command)[-1]


def test_a_start_that_nobody_wrote_is_server_js():
    assert [("npm", "start"), ("node", "server.js")] == list(started({}, [("npm", "start")]))


def test_scripts_that_call_themselves_and_scripts_that_are_none_end():
    assert ["npm"] == names("npm", "run", "loop")
    assert ["npm"] == names("npm", "run", "bad")
    assert ["node"] == names("node", "start")


@pytest.mark.parametrize(
    ("command", "script"),
    [
        (("npm", "run", "build"), "build"),
        (("npm", "--silent", "run-script", "build"), "build"),
        (("/usr/local/bin/yarn", "build"), "build"),
        (("npm", "test"), "test"),
        (("npm", "install"), ""),
        (("npm", "run"), ""),
        (("npm",), ""),
        (("node", "run", "build"), ""),
    ],
)
def test_the_script_that_a_command_names(command, script):
    assert script == called(command)
