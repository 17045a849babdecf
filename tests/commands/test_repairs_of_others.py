"""What other repair tools look for, as data: each of docker-parfum's repairs that is about a command, and two
Dockerfiles that were given to six fixers."""

from __future__ import annotations

import pytest
from runs_of import calls_of, runs_of

from jettison.commands import files
from jettison.commands.invocation import Invocation, invoked
from jettison.commands.left import Why, dead_cleans, left_behind
from jettison.commands.tables.all import TOOLS
from jettison.commands.tables.apt import recommends


def invocation(text: str) -> Invocation:
    found = invoked(calls_of(text)[-1], TOOLS)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "follows", "fails", "secure"),
    [
        ("curl http://x", False, False, False),
        ("curl -L http://x", True, False, False),
        ("curl -fsSL https://x", True, True, True),
        ("wget http://x", True, True, False),
        ("wget https://x", True, True, True),
    ],
)
def test_curl_follows_and_fails_where_it_is_told_to(text: str, follows: bool, fails: bool, secure: bool) -> None:
    found = files.download(calls_of(text)[-1])
    assert found is not None
    assert (follows, fails) == (found.follows, found.fails)
    assert secure == all(str(url).startswith("https://") for url in found.urls)


@pytest.mark.parametrize(
    ("smell", "repaired"),
    [
        ("npm i", "npm i && npm cache clean --force"),
        ("npm i && npm cache clean", "npm i && npm cache clean --force"),
        ("yarn install", "yarn install && yarn cache clean"),
        ("pip install a", "pip install --no-cache-dir a"),
        ("gem install --no-document a", "gem install --no-document a && rm -rf /usr/local/bundle/cache"),
        ("gem update --system", "gem update --no-document && rm -rf /usr/local/bundle/cache"),
        ("yum install -y a", "yum install -y a && rm -rf /var/cache/yum"),
        ("apk add a", "apk add --no-cache a"),
        ("apt-get update", "apt-get update && rm -rf /var/lib/apt/lists/* /var/cache/apt"),
    ],
)
def test_a_cache_left_is_seen_and_the_repair_is_enough(smell: str, repaired: str) -> None:
    assert left_behind(runs_of(f"RUN {smell}")[-1])
    assert () == left_behind(runs_of(f"RUN {repaired}")[-1])


@pytest.mark.parametrize(
    ("smell", "repaired", "option"),
    [
        ("apt-get install a", "apt-get install -y a", "-y"),
        ("apt-get install a", "apt-get install -qqy a", "-y"),
        ("yum install a", "yum -y install a", "-y"),
        ("gem install a", "gem install --no-document a", "--no-document"),
        ("npm cache clean", "npm cache clean --force", "--force"),
        ("apk add a", "apk add --no-cache a", "--no-cache"),
    ],
)
def test_an_option_that_a_repair_adds_is_seen(smell: str, repaired: str, option: str) -> None:
    assert [False, True] == [invocation(text).has(option) for text in (smell, repaired)]


def test_apt_installs_recommended_packages_unless_told_otherwise() -> None:
    assert [None, False] == [
        recommends(invocation(text)) for text in ("apt-get install a", "apt-get install --no-install-recommends a")
    ]


def test_update_precedes_install_in_the_order_of_the_calls() -> None:
    verbs = [
        read.action.value for call in calls_of("apt-get update && apt-get install -y a && apt-get install -y b")
        if (read := invoked(call, TOOLS)) and read.action
    ]  # fmt: skip
    assert ["update", "install", "install"] == verbs


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("curl -O https://x/a.tar.gz && tar xf a.tar.gz && rm a.tar.gz", True),
        ("curl -O https://x/a.tar.gz && tar xf a.tar.gz", False),
        ("mkdir -p /usr/src/a && cd /usr/src/a && make && rm -rf /usr/src/a", True),
    ],
)
def test_what_is_unpacked_or_made_for_a_build_is_removed(text: str, gone: bool) -> None:
    assert gone == bool(list(files.removals(calls_of(text))))


def test_sudo_cd_and_uid_smells_are_data() -> None:
    assert ("sudo",) == calls_of("sudo make")[-1].wrappers
    assert "/a" == calls_of("cd /a && make")[-1].folder
    user = files.new_user(calls_of("useradd -u 123456 bob")[-1])
    assert user is not None
    assert ("123456", False) == (user.number, user.no_log)


PYTHON = """RUN apt-get update && apt-get install -y build-essential
RUN pip install flask
RUN apt-get purge -y build-essential && rm -rf /var/lib/apt/lists/*
CMD python app.py"""
NODE = """RUN apt-get update && apt-get install -y build-essential
RUN npm install
RUN npm run build
RUN apt-get purge -y build-essential
CMD npm start"""


def test_a_compiler_purged_in_a_later_run_is_a_dead_clean() -> None:
    for text in (PYTHON, NODE):
        dead = dead_cleans(runs_of(text))
        assert (Why.LATER, ("build-essential",)) in [(each.why, each.packages) for each in dead]
    assert ["apt's package lists"] == [each.left.store.name for each in dead_cleans(runs_of(PYTHON)) if each.left]


def test_each_run_of_the_two_says_what_it_leaves() -> None:
    assert [["apt's package lists", "apt's binary cache", "apt's downloaded packages"], ["pip's cache"], []] == [
        [each.store.name for each in left_behind(run)] for run in runs_of(PYTHON)
    ]
    assert ["npm's cache"] == [each.store.name for each in left_behind(runs_of(NODE)[1])]
