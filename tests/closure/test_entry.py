from __future__ import annotations

from typing import Any

from handmade_tree import Files, executable, symlink, tree, without

from jettison.closure.command import commands
from jettison.closure.lost import Lost, lost

ENTRY = """#!/bin/sh
# needs openssl and nothing else
set -e
if [ "$1" = wait ]; then
  until nc -z db 5432; do sleep 1; done   # wget would do as well
fi
echo "see less for more"
exec gosu app "$@"
"""
TOOLS = ["nc", "gosu", "curl", "openssl", "wget", "less", "more", "sleep", "tini"]
FILES: Files = {
    "bin/sh": executable("\x7fELF"),
    "usr/bin/env": executable("\x7fELF"),
    "usr/bin/python3": executable("\x7fELF"),
    "usr/local/bin/gunicorn": executable("#!/usr/bin/env -S python3\n"),
    "usr/local/bin/docker-entrypoint.sh": executable(ENTRY),
    **{f"usr/bin/{tool}": executable("\x7fELF") for tool in TOOLS},
}
CONFIG: dict[str, Any] = {
    "Entrypoint": ["docker-entrypoint.sh"],
    "Cmd": ["gunicorn", "app:app"],
    "Healthcheck": {"Test": ["CMD-SHELL", "curl -f http://localhost/ || exit 1"]},
}


def reported(files: Files, config: dict[str, Any] = CONFIG, original: Files = FILES) -> list[Lost]:
    return list(lost(tree(original), tree(files), config))


def entry_point(*sentences: str) -> list[Lost]:
    more = f" and {len(sentences) - 1} more" if len(sentences) > 1 else ""
    return [Lost("what the entry point calls", sentences[0] + more)]


def test_nothing_is_lost_against_itself() -> None:
    assert [] == reported(FILES)


def test_an_entry_script_without_its_exec_bit_is_told() -> None:
    path = "usr/local/bin/docker-entrypoint.sh"
    assert entry_point("docker-entrypoint.sh cannot be executed any more") == reported({**FILES, path: ENTRY})


def test_an_entry_script_that_is_gone_is_told() -> None:
    broken = without(FILES, "usr/local/bin/docker-entrypoint.sh")
    assert entry_point("docker-entrypoint.sh is gone") == reported(broken)


def test_an_interpreter_that_is_gone_is_told_behind_env_too() -> None:
    broken = without(FILES, "usr/bin/python3")
    assert entry_point("gunicorn is run by python3, which is gone") == reported(broken)


def test_a_tool_in_a_branch_of_the_entry_script_that_was_not_taken_is_told() -> None:
    assert entry_point("nc is gone") == reported(without(FILES, "usr/bin/nc"))


def test_the_tool_that_the_script_hands_over_to_is_told() -> None:
    assert entry_point("gosu is gone") == reported(without(FILES, "usr/bin/gosu"))


def test_the_tool_of_the_health_check_is_told() -> None:
    assert entry_point("curl is gone") == reported(without(FILES, "usr/bin/curl"))


def test_a_health_check_in_exec_form_is_looked_at() -> None:
    config = {"Cmd": ["/bin/sh"], "Healthcheck": {"Test": ["CMD", "wget", "-q", "http://localhost"]}}
    assert entry_point("wget is gone") == reported(without(FILES, "usr/bin/wget"), config)


def test_words_in_comments_and_messages_are_no_tools() -> None:
    gone = ["usr/bin/openssl", "usr/bin/wget", "usr/bin/less", "usr/bin/more"]
    assert [] == reported(without(FILES, *gone))


def test_a_command_in_shell_form_is_read() -> None:
    config = {"Cmd": ["/bin/bash", "-o", "pipefail", "-ec", "cd /app && curl -s http://x | tini -- gunicorn app:app"]}
    assert entry_point("curl is gone") == reported(without(FILES, "usr/bin/curl"), config)
    assert entry_point("tini is gone") == reported(without(FILES, "usr/bin/tini"), config)
    assert entry_point("gunicorn is gone") == reported(without(FILES, "usr/local/bin/gunicorn"), config)


def test_a_script_that_a_script_reads_is_read_though_it_has_no_exec_bit() -> None:
    files = {**FILES, "app/start.sh": executable("#!/bin/sh\n. ./env.sh\n"), "app/env.sh": "X=$(openssl rand 8)\n"}
    config = {"WorkingDir": "/app", "Cmd": ["./start.sh"]}
    broken = without(files, "usr/bin/openssl")
    assert entry_point("openssl is gone") == reported(broken, config, files)


def test_scripts_that_call_each_other_end() -> None:
    files = {**FILES, "a.sh": executable("#!/bin/sh\n/b.sh\n"), "b.sh": executable("#!/bin/sh\n/a.sh\n")}
    assert (("/a.sh",), ("/b.sh",)) == commands(tree(files), {"Cmd": ["/a.sh"]})


def test_a_function_of_the_script_is_no_tool() -> None:
    files = {**FILES, "x.sh": executable("#!/bin/sh\nmore() { echo hi; }\nmore\n")}
    assert [] == reported(without(files, "usr/bin/more"), {"Cmd": ["/x.sh"]}, files)


def test_a_tool_that_moved_along_the_path_is_there() -> None:
    moved = {**without(FILES, "usr/bin/curl"), "usr/local/bin/curl": executable("\x7fELF")}
    assert [] == reported(moved)


def test_a_link_whose_target_is_gone_is_told() -> None:
    files = {**FILES, "usr/bin/curl": symlink("/opt/curl"), "opt/curl": executable("\x7fELF")}
    assert entry_point("curl is gone") == reported(without(files, "opt/curl"), original=files)


def test_text_that_is_no_shell_script_is_read_without_an_error() -> None:
    files = {**FILES, "x.sh": executable(b"#!/bin/sh\n\xff\xfe if ((( $( \x00 case\n" * 3)}
    assert [] == reported(files, {"Cmd": ["/x.sh"]}, files)


def test_an_empty_config_leads_nowhere() -> None:
    assert [] == reported({"x": "y"}, {})


def test_a_script_that_an_interpreter_is_given_needs_no_interpreter_of_its_own() -> None:
    files = {"usr/bin/node": executable("\x7fELF"), "app/run": executable("#!/usr/bin/node\n")}
    moved = {"nodejs/node": executable("\x7fELF"), "app/run": executable("#!/usr/bin/node\n")}
    given, itself = (["/nodejs/node", "/app/run"], ["/app/run"])
    told = [
        [each.evidence for each in lost(tree(files), tree(moved), {"Cmd": command, "Env": ["PATH=/usr/bin"]})]
        for command in (given, itself)
    ]
    assert [[], ["/app/run is run by /usr/bin/node, which is gone"]] == told
