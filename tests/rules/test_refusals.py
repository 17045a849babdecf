"""Where a rule offers no fix, it says why: each reason with the smallest Dockerfile that has it."""

from __future__ import annotations

import re

import pytest
from layer_listing import subject_of

from jettison.dockerfile.edit import apply
from jettison.rule import Finding, all_rules

LISTS = "var/lib/apt/lists/x_Packages 40000000"
APP = "app/data.bin 50000000"
PASSWD = {"passwd": "root:x:0:0::/root:/bin/sh\napp:x:1001:1002::/:\n", "group": "root:x:0:\napp:x:1002:\n"}


def finding(rule: str, text: str, layers: str) -> Finding:
    (check,) = [each.check for each in all_rules() if each.name == rule]
    (found,) = check(subject_of(text, layers, PASSWD))
    return found


REFUSED = [
    ("apk-cache-left-behind", "RUN apk update && apk add curl", "2 var/cache/apk/I.gz 9", "without `apk update`"),
    ("apk-cache-left-behind", "RUN sh /install.sh", "2 var/cache/apk/I.gz 9", "say --no-cache where apk is called"),
    (
        "apk-cache-left-behind",
        "RUN apk add --no-cache a; x",
        "2 var/cache/apk/I.gz 9",
        "say --no-cache where apk is called",
    ),
    ("apt-cache-left-behind", "RUN apt-get install -y a # b", "2 var/cache/apt/pkgcache.bin 9", "ends in a comment"),
    (
        "apt-cache-left-behind",
        "RUN apt-get install -d a",
        "1 etc/apt/apt.conf.d/docker-clean 9\n2 var/cache/apt/archives/a.deb 9",
        "docker-clean",
    ),
    ("apt-lists-left-behind", 'RUN ["apt-get", "update"]', f"2 {LISTS}", "cannot be read as a shell script"),
    ("apt-lists-left-behind", "RUN apt-get update && exec a", f"2 {LISTS}", "ends its shell itself"),
    ("apt-lists-left-behind", "RUN apt-get update; a &", f"2 {LISTS}", "ends in an operator"),
    ("apt-lists-left-behind", "RUN set -e; if apt-get update; then a; b; fi", f"2 {LISTS}", "errexit"),
    ("apt-lists-left-behind", "RUN set -f && apt-get update", f"2 {LISTS}", "file name patterns"),
    (
        "apt-lists-left-behind",
        "RUN apt-get update && cd /x\nRUN apt-get install -y a",
        f"2 {LISTS}",
        r"line 2 changes its shell \(cd\)",
    ),
    (
        "apt-lists-left-behind",
        "RUN apt-get update\nCOPY a b\nRUN apt-get install -y a",
        f"2 {LISTS}",
        "COPY in line 3 stands between",
    ),
    (
        "apt-lists-left-behind",
        "RUN apt-get update\nRUN apt-get install -y a || true",
        f"2 {LISTS}",
        "line 3 is more than a plain list",
    ),
    (
        "chmod-in-a-later-layer",
        "COPY . /app\nRUN chmod -R u+x /app",
        f"2 {APP}\n3 {APP} mode=755",
        "depends on the mode that each file has",
    ),
    (
        "chmod-in-a-later-layer",
        "COPY --chmod=700 . /app\nRUN chmod -R 755 /app",
        f"2 {APP}\n3 {APP} mode=755",
        "line 2 has a --chmod of its own",
    ),
    (
        "chmod-in-a-later-layer",
        "COPY . /\nRUN chmod -R 755 /app",
        f"2 {APP}\n2 etc/motd 5\n3 {APP} mode=755",
        "line 2 also copies /etc/motd",
    ),
    (
        "chown-in-a-later-layer",
        "COPY --chown=5:5 . /app\nRUN chown -R 1:1 /app",
        f"2 {APP} uid=5\n3 {APP} uid=1",
        "line 2 has a --chown of its own",
    ),
    (
        "chown-in-a-later-layer",
        "COPY . /app\nRUN chown -R app: /app",
        f"1 etc/passwd text=passwd\n2 {APP}\n3 {APP} uid=1001",
        "login group",
    ),
    (
        "chown-in-a-later-layer",
        "COPY . /app\nRUN chown -R :7 /app",
        f"2 {APP}\n3 {APP} gid=7",
        "changes the group alone",
    ),
    (
        "chown-in-a-later-layer",
        "COPY . /app\nRUN chown -R ghost /app",
        f"1 etc/passwd text=passwd\n2 {APP}\n3 {APP} uid=1001",
        "ghost is not in the image's /etc/passwd",
    ),
    (
        "chown-in-a-later-layer",
        "COPY . /app\nRUN chown -R app:ghosts /app",
        f"1 etc/passwd text=passwd\n1 etc/group text=group\n2 {APP}\n3 {APP} uid=1001",
        "ghosts is not in the image's /etc/group",
    ),
    (
        "chown-in-a-later-layer",
        "COPY . /\nRUN chown -R 1:1 /app",
        f"2 {APP}\n2 etc/motd 5\n3 {APP} uid=1",
        "line 2 also copies /etc/motd",
    ),
    ("deleted-in-a-later-layer", "COPY . /app\nRUN rm -r /app", f"2 {APP}\n3 -app", "COPY brings them as a layer"),
    (
        "deleted-in-a-later-layer",
        "RUN a\nCOPY b c\nRUN rm x",
        f"2 {APP}\n4 -{APP[:-9]}",
        "COPY in line 3 stands between",
    ),
    ("deleted-in-a-later-layer", "RUN a\nWORKDIR /app", f"2 {APP}\n3 -{APP[:-9]}", "RUN and WORKDIR cannot be merged"),
    ("deleted-in-a-later-layer", "RUN cd /app && a\nRUN rm x", f"2 {APP}\n3 -{APP[:-9]}", r"changes its shell \(cd\)"),
    ("go-cache-left-behind", "RUN go mod download\nRUN go build", "2 go/pkg/mod/x 9", "line 3 calls go again"),
    ("go-cache-left-behind", "RUN go build # b", "2 root/.cache/go-build/x 9", "ends in a comment"),
    ("npm-cache-left-behind", 'RUN ["npm", "ci"]', "2 root/.npm/_cacache/a 9", "cannot be read as a shell script"),
    ("pip-cache-left-behind", "RUN make install", "2 root/.cache/pip/a 9", "something else called pip"),
    (
        "pip-cache-left-behind",
        "RUN pip install --no-cache-dir a; b",
        "2 root/.cache/pip/a 9",
        "something else called pip",
    ),
    ("runs-that-duplicate-files", "RUN a\nENV B=1\nRUN c", f"2 {APP}\n4 {APP} uid=1", "line 3 sets B"),
    ("runs-that-duplicate-files", "RUN export A=1\nRUN c", f"2 {APP}\n3 {APP} uid=1", r"changes its shell \(export\)"),
    (
        "runs-that-duplicate-files",
        "RUN a\nRUN --network=none c",
        f"2 {APP}\n3 {APP} uid=1",
        "different mounts or flags",
    ),
    (
        "npm-upgraded",
        "RUN if a; then npm install -g npm; fi",
        "1 usr/lib/node_modules/npm/a 9 content=old\n2 usr/lib/node_modules/npm/a 9",
        "not one of a plain list",
    ),
    ("package-cache-left-behind", "RUN dnf install -y a &", "2 var/cache/dnf/a 9", "ends in an operator"),
    ("login-log-grown", "RUN sudo useradd -u 99 a", "2 var/log/lastlog 9", "give useradd -l"),
    (
        "sources-left-behind",
        "RUN tar xf /a -C /usr/src && cd /usr/src/a && make install &",
        "2 usr/src/a/b 9",
        "ends in an operator",
    ),
    ("unexplained-leftovers", "RUN npm rebuild &", "2 root/.cache/node-gyp/a 1000000", "ends in an operator"),
    ("unexplained-leftovers", "RUN make", "2 var/log/make.log 1000000", "build in a stage of its own"),
    ("yarn-cache-left-behind", "RUN yarn &", "2 usr/local/share/.cache/yarn/a 9", "ends in an operator"),
]

ALWAYS_FIXED = {"installer-bytecode-left-behind"}  # a variable can be set ahead of any call that it speaks of


@pytest.mark.parametrize(
    ("rule", "text", "layers", "reason"), REFUSED, ids=[f"{r}-{n}" for n, (r, *_) in enumerate(REFUSED)]
)
def test_a_rule_that_cannot_fix_says_why(rule: str, text: str, layers: str, reason: str) -> None:
    found = finding(rule, f"FROM x\n{text}\n", layers)
    assert re.search(reason, found.refusal), found.refusal
    assert (None, True, rule) == (found.fix, found.predicted > 0, found.rule)


def test_every_rule_is_seen_refusing() -> None:
    elsewhere = {rule.name for rule in all_rules() if "(tests/rules/test_" in rule.page}
    in_text = {rule.name for rule in all_rules() if "```layers" not in rule.page} - elsewhere  # test_text_rules.py
    assert {rule.name for rule in all_rules()} == {rule for rule, *_ in REFUSED} | elsewhere | in_text | ALWAYS_FIXED


def test_files_of_another_stage_that_this_one_is_from_are_left_where_they_are() -> None:
    text = "FROM x AS a\nRUN make\nFROM a\nRUN rm /app/data.bin\n"
    found = finding("deleted-in-a-later-layer", text, f"2 {APP}\n4 -app/data.bin")
    assert "remove it where line 2 makes it, by hand: other stages may be FROM that one, too" == found.refusal


@pytest.mark.parametrize(
    ("text", "result"),
    [
        (
            "RUN pip install a && python -m pip install b && pip3 wheel --no-cache-dir c",
            "RUN pip install --no-cache-dir a && python -m pip install --no-cache-dir b && pip3 wheel --no-cache-dir c",
        ),
        ("RUN <<EOF\npip install a\nEOF", "RUN <<EOF\npip install --no-cache-dir a\nEOF"),
    ],
)
def test_a_fix_touches_only_the_call_it_speaks_of(text: str, result: str) -> None:
    whole = f"FROM x\n{text}\n"
    found = finding("pip-cache-left-behind", whole, "2 root/.cache/pip/a 9")
    assert found.fix is not None
    assert f"FROM x\n{result}\n" == apply(whole, found.fix.edits)


@pytest.mark.parametrize(
    ("owner", "path", "flag", "left"),
    [
        ("app:app", "/app", "app:app", "find /app \\( ! -user app -o ! -group app \\) -exec chown -h app:app {} +"),
        ("app", "/app", "app:0", "find /app ! -user app -exec chown -h app {} +"),
        ("7", "'/app'", "7:0", "find '/app' ! -user 7 -exec chown -h 7 {} +"),
    ],
)
def test_an_owner_that_the_base_knows_is_written_by_name(owner: str, path: str, flag: str, left: str) -> None:
    text = f"FROM x\nCOPY . /app\nRUN chown -R {owner} {path}\n"
    layers = f"1 etc/passwd text=passwd\n1 etc/group text=group\n2 {APP}\n3 {APP} uid=1001"
    found = finding("chown-in-a-later-layer", text, layers)
    assert found.fix is not None, found.refusal
    assert f"FROM x\nCOPY --chown={flag} . /app\nRUN {left}\n" == apply(text, found.fix.edits)


def test_an_owner_that_is_made_after_the_copy_is_written_by_number() -> None:
    text = "FROM x\nCOPY . /app\nRUN useradd app && chown -R app:app /app\n"
    layers = f"2 {APP}\n3 etc/passwd text=passwd\n3 etc/group text=group\n3 {APP} uid=1001"
    found = finding("chown-in-a-later-layer", text, layers)
    assert found.fix is not None
    assert "COPY --chown=1001:1002 . /app" in apply(text, found.fix.edits)


def test_a_path_that_hangs_on_workdir_is_understood() -> None:
    text = "FROM x\nWORKDIR /app\nCOPY . .\nRUN chown -R 7:7 .\n"
    found = finding("chown-in-a-later-layer", text, f"2 app/\n3 {APP}\n4 {APP} uid=7")
    assert found.fix is not None
    assert "RUN find . \\(" in apply(text, found.fix.edits)
    assert found.fix.title.endswith("the RUN keeps /app")


@pytest.mark.parametrize(
    "text", ["WORKDIR $X\nCOPY . /app\nRUN chown -R 7:7 .", "WORKDIR /app\nCOPY . .\nRUN cd / && chown -R 7:7 ."]
)
def test_a_path_that_hangs_on_an_unknown_folder_is_left_alone(text: str) -> None:
    (check,) = [each.check for each in all_rules() if each.name == "chown-in-a-later-layer"]
    assert [] == list(check(subject_of(f"FROM x\n{text}\n", f"3 {APP}\n4 {APP} uid=7")))


@pytest.mark.parametrize("verb", ["clean", "autoremove -y", "purge -y vim", "remove -y vim"])
def test_a_later_run_that_needs_no_lists_is_left_alone(verb: str) -> None:
    text = f"FROM x\nRUN apt-get update && apt-get install -y a\nCOPY b /b\nRUN apt-get {verb}\n"
    found = finding("apt-lists-left-behind", text, f"2 {LISTS}")
    assert found.fix is not None
    assert f"COPY b /b\nRUN apt-get {verb}\n" in apply(text, found.fix.edits)
