"""Which caches and lists a RUN leaves, and which cleans free nothing, by the text alone."""

from __future__ import annotations

import time

import pytest
from runs_of import runs_of

from jettison.commands.left import Why, dead_cleans, left_behind
from jettison.commands.tables.all import TABLES

APT = ["apt's package lists", "apt's binary cache", "apt's downloaded packages"]


def left(text: str) -> list[str]:
    """The names of what the last RUN leaves."""
    return [each.store.name for each in left_behind(runs_of(text if "RUN" in text else f"RUN {text}")[-1])]


LEAVES = {
    "apt-get update": APT[:2],
    "apt-get update && apt-get install -y a": APT,
    "apt-get update && apt-get install -y a && rm -rf /var/lib/apt/lists/*": APT[1:],
    "apt-get update && apt-get install -y a && apt-get clean": APT[:1],
    "apt-get update && apt-get install -y a && apt-get clean && rm -rf /var/lib/apt/lists/*": [],
    "apt-get update && apt-get install -y a && apt-get distclean": [],
    "apt-get update && apt-get install -y a && apt-get autoclean && rm -rf /var/lib/apt": APT[1:],
    "apt-get update && apt-get install -y a && rm -rf /var/lib/apt/lists /var/cache/apt": [],
    "apt-get update && apt-get install -y a && rm -rf /var/lib/apt/lists/* /var/cache/*": [],
    "apt-get update && apt-get install -y a && rm -rf /var/lib/apt/lists/*_universe*": APT,
    "apt-get update && apt-get install -y a && rm -rf /var/lib/apt/list/*": APT,
    "apt-get update && apt-get install -y a && rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin": APT[:1],
    "apt-get update && apt-get install -y a && cd /var/lib/apt/lists && rm -rf *": APT[1:],
    "apt-get update && apt-get install -y a && find /var/lib/apt/lists /var/cache/apt -type f -delete": [],
    "apt-get update && apt-get install -y a && find /var/lib/apt/lists -mtime +1 -delete": APT,
    "apt-get update && find /var/lib/apt/lists /var/cache/apt -type f -exec rm -f {} +": [],
    "apt-get install a && find /var/cache/apt/archives -name '*.deb' -delete": APT[1:2],
    "apt-get -s install a": [],
    "rm -rf /var/lib/apt/lists/* && apt-get update": APT[:2],
    'apt-get update; [ -z "$KEEP" ] && rm -rf /var/lib/apt/lists/* /var/cache/apt; true': APT[:2],
    "apt-get update; if a; then rm -rf /var/lib/apt/lists/* /var/cache/apt; fi": APT[:2],
    "if a; then apt-get update; rm -rf /var/lib/apt/lists/* /var/cache/apt; fi": [],
    "if a; then apt-get update; fi; rm -rf /var/lib/apt/lists/* /var/cache/apt": [],
    "if a; then apt-get update; else rm -rf /var/lib/apt/lists/* /var/cache/apt; fi": APT[:2],
    "apt-get update || exit 0; rm -rf /var/lib/apt/lists/* /var/cache/apt": APT[:2],
    "apt-get update || exit 1; rm -rf /var/lib/apt/lists/* /var/cache/apt": [],
    "apt-get update && rm -rf /var/lib/apt/lists/* /var/cache/apt || true": [],
    "apt-get update; f() { rm -rf /var/lib/apt/lists/* /var/cache/apt; }": APT[:2],
    "f() { rm -rf /var/lib/apt/lists/* /var/cache/apt; }; apt-get update; f": [],
    "apt-get update; D=/var/lib/apt/lists; rm -rf $D/* /var/cache/apt": [],
    "apt-get update; rm -rf $D/* /var/cache/apt": APT[:1],
    "apt-get update; for d in lib/apt/lists cache/apt; do rm -rf /var/$d; done": [],
    "apt-get update; (rm -rf /var/lib/apt/lists/*; apt-get clean)": [],
    "apt-get update; echo rm -rf /var/lib/apt/lists /var/cache/apt": APT[:2],
    "apt-get update # && rm -rf /var/lib/apt/lists /var/cache/apt": APT[:2],
    "sudo apt-get update && sudo rm -rf /var/lib/apt/lists/* /var/cache/apt": [],
    "bash -c 'apt-get update && rm -rf /var/lib/apt/lists/* /var/cache/apt'": [],
    '["apt-get", "update"]': APT[:2],
    "apk add a": ["apk's index"],
    "apk add --no-cache a": [],
    "apk --no-cache add a": [],
    "apk update && apk add --no-cache a": ["apk's index"],
    "apk add a && rm -rf /var/cache/apk/*": [],
    "apk add a && rm -rf /var/cache/apk/*i": ["apk's index"],
    "apk del a": [],
    "yum -y install a": ["dnf's cache"],
    "yum -y install a && yum clean all": [],
    "yum -y install a && yum clean all && rm -rf /var/cache/yum": [],
    "yum -y install a && yum clean packages": ["dnf's cache"],
    "dnf install -y a && dnf clean all": [],
    "microdnf install a && rm -rf /var/cache/yum": [],
    "microdnf install a && microdnf clean all": [],
    "zypper -n in a && zypper clean": ["zypper's cache"],
    "zypper -n in a && zypper clean --all": [],
    "zypper -n in a && zypper cc -a": [],
    "pip install a": ["pip's cache"],
    "pip install --no-cache-dir a": [],
    "pip --no-cache-dir install a": [],
    "pip install a && rm -rf ~/.cache/pip": [],
    "pip install a && rm -rf ~/.cache": [],
    "pip install a && rm -rf /root/.cache": [],
    "pip install a && rm -rf $HOME/.cache/pip/*": [],
    "pip install a && pip cache purge": [],
    "pip install --cache-dir=/c a": ["pip's cache"],
    "pip install --cache-dir=/c a && rm -rf /c": [],
    "pip install --cache-dir /c a && rm -rf ~/.cache": ["pip's cache"],
    "PIP_NO_CACHE_DIR=off pip install a": [],
    "PIP_CACHE_DIR=/c pip install a && rm -rf /c": [],
    "PIP_CACHE_DIR=$X pip install a": [],  # where it is, is not known
    "python -m pip install a && python -m pip cache purge": [],
    "ENV PIP_NO_CACHE_DIR=1\nRUN pip install a": [],
    "ARG PIP_NO_CACHE_DIR=1\nRUN pip install a": [],
    "ENV XDG_CACHE_HOME=/c\nRUN pip install a && rm -rf /c": [],
    "ENV HOME=/h\nRUN pip install a && rm -rf /h/.cache": [],
    "ENV HOME=/h\nRUN pip install a && rm -rf /root/.cache": ["pip's cache"],
    "USER bob\nRUN pip install a && rm -rf /root/.cache": ["pip's cache"],
    "USER bob\nRUN pip install a && rm -rf /home/bob/.cache": [],
    "uv pip install a": ["uv's cache"],
    "uv pip install --no-cache a": [],
    "uv sync -n": [],
    "UV_NO_CACHE=1 uv sync": [],
    "UV_NO_CACHE=0 uv sync": ["uv's cache"],
    "uv sync && uv cache clean": [],
    "poetry install": ["Poetry's cache"],
    "poetry install --no-cache": [],
    "poetry install && poetry cache clear pypi --all -n": [],
    "poetry install && rm -rf ~/.cache/pypoetry": [],
    "poetry install && rm -rf ~/.cache/pypoetry/artifacts ~/.cache/pypoetry/cache": [],
    "ENV POETRY_CACHE_DIR=/c\nRUN poetry install && rm -rf /c/cache /c/artifacts": [],
    "pipenv install": ["Pipenv's cache", "pip's cache"],
    "pipenv install && rm -rf ~/.cache": [],
    "conda install -y a": ["conda's package folder"],
    "conda install -y a && conda clean -afy": [],
    "conda install -y a && conda clean --all -y": [],
    "conda install -y a && conda clean --tarballs -y": ["conda's package folder"],
    "mamba env update -f x.yml && mamba clean -ay": [],
    "micromamba install -y a && micromamba clean --all --yes": [],
    "npm ci": ["npm's cache"],
    "npm ci && npm cache clean --force": [],
    "npm ci && npm cache clean -f": [],
    "npm ci && npm cache clean": ["npm's cache"],  # npm refuses that
    "npm ci && npm cache verify": ["npm's cache"],
    "npm ci && rm -rf ~/.npm": [],
    "npm ci && rm -rf ~/.npm/_cacache": ["npm's cache"],
    "npm ci --cache /tmp/c && rm -rf /tmp/*": [],
    "npm run build": [],
    "yarn install": ["Yarn's cache"],
    "yarn && yarn cache clean": [],
    "yarn install --cache-folder /c && rm -rf /c": [],
    "pnpm i": ["pnpm's store"],
    "pnpm i && pnpm store prune": ["pnpm's store"],
    "bun install": ["Bun's cache"],
    "bun install && bun pm cache rm": [],
    "gem install a": ["RubyGems' packages", "RubyGems' documentation"],
    "gem install a --no-document && rm -rf /var/lib/gems/3.1.0/cache/*.gem": [],
    "gem install --no-document a": ["RubyGems' packages"],
    "bundle install": ["Bundler's packages"],
    "bundle install && rm -rf /usr/local/bundle/cache/*.gem": [],
    "composer install": ["Composer's cache"],
    "composer install --no-cache": [],
    "composer install && composer clear-cache": [],
    "go build .": ["Go's module cache", "Go's build cache"],
    "go mod download": ["Go's module cache"],
    "go build -mod=vendor .": ["Go's build cache"],
    "go build . && go clean -cache -modcache": [],
    "go build . && rm -rf /root/.cache/go-build /go/pkg/mod": [],
    "GOPATH=/g go build . && go clean -cache && rm -rf /g/pkg/mod": [],
    "cargo build --release": ["Cargo's registry"],
    "cargo build && rm -rf /usr/local/cargo/registry": [],
    "mvn package": ["Maven's local repository"],
    "mvn package && rm -rf ~/.m2": [],
    "mvn -Dmaven.repo.local=/r package && rm -rf /r": [],
    "mvn clean": [],
    "gradle build": ["Gradle's user home"],
    "gradle build -g /g && rm -rf /g": [],
    "dotnet restore": ["NuGet's global packages", "NuGet's HTTP cache"],
    "dotnet restore && dotnet nuget locals all --clear": [],
}


@pytest.mark.parametrize("text", LEAVES)
def test_a_run_leaves_what_it_writes_and_does_not_surely_clean(text: str) -> None:
    assert LEAVES[text] == left(text)


def test_every_store_of_every_manager_is_left_and_cleaned_somewhere() -> None:
    stores = {store.name for tool in TABLES for store in tool.stores}
    assert stores == {name for names in LEAVES.values() for name in names}


@pytest.mark.parametrize(
    ("mount", "expected"),
    [
        ("type=cache,target=/var/lib/apt/lists", APT[1:]),
        ("type=cache,target=/var/lib/apt,sharing=locked", APT[1:]),
        ("type=tmpfs,target=/var/lib/apt/lists", APT[1:]),
        ("type=cache,dst=/var/cache/apt", APT[:1]),
        ("type=bind,target=/var/lib/apt/lists", APT),
        ("target=/var/lib/apt/lists", APT),
        ("type=cache,target=/var/lib/apt/list", APT),
    ],
)
def test_a_cache_or_tmpfs_mount_keeps_a_folder_out_of_the_layer(mount: str, expected: list[str]) -> None:
    assert expected == left(f"RUN --mount={mount} apt-get update && apt-get install -y a")


@pytest.mark.parametrize(
    "text",
    [
        "RUN --mount=type=cache,target=/root/.cache pip install a",
        "RUN --mount=type=cache,target=/root/.cache/pip pip install a",
        "RUN --mount=type=cache,target=/etc/apk/cache apk add a",
        "ENV PIP_CACHE_DIR=/c\nRUN --mount=type=cache,target=/c pip install a",
        "ARG C=/root/.cache\nRUN --mount=type=cache,target=${C}/pip pip install a",
        "RUN --mount=type=cache,target=$C pip install a",  # which folder that is, is not known
    ],
)
def test_a_mount_is_known_by_home_and_variables(text: str) -> None:
    assert [] == left(text)


def test_what_may_be_cleaned_by_something_unknown_says_so() -> None:
    def doubts(text: str) -> list[str | None]:
        return [each.doubt.name if each.doubt else None for each in left_behind(runs_of(text)[-1])]

    assert ["cleanup.sh", "cleanup.sh"] == doubts("RUN apt-get update && /tmp/cleanup.sh")
    assert [None, None] == doubts("RUN apt-get update && echo done")
    assert [None, None] == doubts("RUN ./setup.sh && apt-get update")
    assert ["rm", "rm"] == doubts('RUN apt-get update && rm -rf "$X"')
    assert [None, None] == doubts("RUN apt-get update && rm -rf /tmp/$X")
    assert ["rm", None] == doubts("RUN apt-get update && rm -rf /var/lib/$X")
    assert ["find", None] == doubts("RUN apt-get update && find /var/lib/apt/lists -mtime +1 -delete")
    assert ["find", "find"] == doubts("RUN apt-get update && find $X -delete")
    assert ["rm", None] == doubts("RUN apt-get update; if a; then rm -rf /var/lib/apt/lists; fi")
    assert [None, None] == doubts("RUN apt-get update; if a; then rm -rf /var/lib/apt/lists; fi; apt-get update")
    assert [None, None] == doubts("RUN apt-get update; sh x; apt-get update")


def test_a_late_clean_names_all_that_it_is_too_late_for() -> None:
    (dead,) = dead_cleans(runs_of("RUN pip install a\nRUN apt-get update\nRUN rm -rf ~/.cache /var/lib/apt/lists"))
    assert [("pip's cache", 2), ("apt's package lists", 3)] == [
        (each.store.name, each.run.instruction.line) for each in dead.lefts
    ]


def test_docker_clean_is_a_fact_for_who_asks() -> None:
    found = left_behind(runs_of("RUN apt-get update && apt-get install a")[-1])
    assert ["", "docker-clean", "docker-clean"] == [each.store.hook for each in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RUN apt-get update\nRUN rm -rf /var/lib/apt/lists/*", [("rm", Why.LATER)]),
        ("RUN apt-get update && apt-get install a\nRUN apt-get clean", [("apt-get", Why.LATER)]),
        ("RUN pip install a\nRUN pip cache purge", [("pip", Why.LATER)]),
        ("RUN npm ci\nRUN npm cache clean --force", [("npm", Why.LATER)]),
        ("RUN rm -rf /var/lib/apt/lists/* && apt-get update", [("rm", Why.EARLY)]),
        ("RUN apt-get update && rm -rf /var/lib/apt/lists/*\nRUN rm -rf /var/lib/apt/lists/*", []),
        ("RUN apt-get update\nRUN apt-get update && rm -rf /var/lib/apt/lists/*", []),
        ("RUN --mount=type=cache,target=/var/lib/apt/lists apt-get update && rm -rf /var/lib/apt/lists/*",
         [("rm", Why.MOUNT)]),
        ("RUN apt-get install -y gcc a\nRUN make\nRUN apt-get purge -y gcc", [("apt-get", Why.LATER)]),
        ("RUN apt-get install -y gcc && make && apt-get purge -y gcc", []),
        ("RUN apk add --no-cache -t .b gcc\nRUN apk del .b", [("apk", Why.LATER)]),
        ("RUN rm -rf /tmp/*", []),
        ("RUN pip install a\nRUN pip cache purge\nRUN pip cache purge", [("pip", Why.LATER)]),
        ("RUN apt-get install -y gcc\nRUN apt-get purge -y g++", []),
    ],
)  # fmt: skip
def test_a_clean_that_frees_nothing_is_told_with_the_reason(text: str, expected: list[tuple[str, Why]]) -> None:
    assert expected == [(each.call.name, each.why) for each in dead_cleans(runs_of(text))]


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "apt-get update && rm -rf /var/lib/apt/lists/* && ",
        "if a; then apt-get update; fi; if b; then rm -rf /var/lib/apt/lists/*; fi; ",
        "pip install a; ./x.sh; rm x; ",
        "rm -rf ~/.cache; pip install x; ",
    ],
)
def test_a_run_of_thousands_of_commands_is_accounted_in_its_length(text: str) -> None:
    spent = {}
    for number in (400, 2000):
        (run,) = runs_of("RUN " + (text + "\\\n") * number + "true")
        started = time.process_time()
        left_behind(run)
        spent[number] = time.process_time() - started
    assert spent[2000] < 15 * spent[400] + 0.5
