"""Calls of package managers as data: what they are for, what they install, with which options."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from runs_of import calls_of

import jettison.commands.tables
from jettison.commands.invocation import Invocation, deprecated, invoked, misspelled, without_development
from jettison.commands.tables.all import TABLES, TOOLS
from jettison.commands.tables.apt import recommends


def invocation(text: str) -> Invocation:
    found = invoked(calls_of(text)[-1], TOOLS)
    assert found is not None
    return found


CASES = {  # what it is for, what it names
    "apt-get update": ("update", ""),
    "apt-get -qq update": ("update", ""),
    "apt-get install -y a b=1 c:arm64 d/stable": ("install", "a b=1 c d"),
    "apt-get -y -o Dpkg::Use-Pty=0 install a": ("install", "a"),
    "apt-get install -t bookworm-backports a": ("install", "a"),
    "apt-get install -tsid a": ("install", "a"),
    "apt-get install ./a.deb b-": ("install", "?"),
    "apt-get install $X b": ("install", "b?"),
    "apt install a": ("install", "a"),
    "aptitude -y install a": ("install", "a"),
    "apt-get build-dep a": ("install", "a"),
    "apt-get dist-upgrade -y": ("upgrade", ""),
    "apt-get purge -y --auto-remove a": ("remove", "a"),
    "apt-get autoremove": ("remove", ""),
    "apt-get clean": ("clean", ""),
    "apt-get distclean": ("clean", ""),
    "dpkg -i /tmp/a.deb": ("install", "?"),
    "dpkg --purge a": ("remove", "a"),
    "apk add a b=1.2-r0 c~1 d>2": ("install", "a b=1.2-r0 c=1 d"),
    "apk add --no-cache --virtual .build gcc": ("install", "gcc"),
    "apk --no-cache add -t .build -X http://x a": ("install", "a"),
    "apk del .build": ("remove", ".build"),
    "apk update": ("update", ""),
    "apk upgrade --no-cache": ("upgrade", ""),
    "apk fetch a": ("download", "a"),
    "yum -y install a": ("install", "a"),
    "dnf install -y --setopt=install_weak_deps=False a": ("install", "a"),
    "dnf --setopt install_weak_deps=0 install a": ("install", "a"),
    "microdnf update": ("upgrade", ""),
    "yum groupinstall x": ("install", "x"),
    "dnf makecache": ("update", ""),
    "dnf clean all": ("clean", "all"),
    "dnf install https://x/a.rpm": ("install", "?"),
    "zypper --non-interactive install a": ("install", "a"),
    "zypper -n in a": ("install", "a"),
    "zypper ref": ("update", ""),
    "zypper clean -a": ("clean", ""),
    "pip install a b==1 'c[x]>=2,<3'": ("install", "a b===1 c=>=2,<3"),
    "pip3 install --no-cache-dir A_b": ("install", "a-b"),
    "pip3.11 install -r requirements.txt": ("install", ""),
    "python -m pip install -U pip": ("install", "pip"),
    "python3.12 -u -m pip install a": ("install", "a"),
    "pip install .": ("install", "?"),
    "pip install -e .[dev]": ("install", "?"),
    "pip uninstall -y a": ("remove", "a"),
    "pip download a": ("download", "a"),
    "pip wheel -w /w a": ("build", "a"),
    "pip cache purge": ("clean", ""),
    "uv pip install a==1": ("install", "a===1"),
    "uv sync --frozen --no-dev": ("install", ""),
    "uv cache clean": ("clean", ""),
    "uv tool install ruff": ("install", "ruff"),
    "uv pip uninstall a": ("remove", "a"),
    "poetry install --no-root --only main": ("install", ""),
    "poetry add a@^1": ("install", "a=^1"),
    "poetry cache clear pypi --all": ("clean", "pypi"),
    "pipenv install --system --deploy": ("install", ""),
    "pipenv uninstall a": ("remove", "a"),
    "conda install -y -c conda-forge a=1 b==2": ("install", "a=1 b=2"),
    "conda env create -f environment.yml": ("install", "?"),
    "mamba create -n x a": ("install", "a"),
    "micromamba install -y a": ("install", "a"),
    "conda clean -afy": ("clean", ""),
    "conda remove a": ("remove", "a"),
    "npm ci": ("install", ""),
    "npm install": ("install", ""),
    "npm i -g a@1 @s/b @s/c@2": ("install", "a=1 @s/b @s/c=2"),
    "npm --prefix /app install": ("install", ""),
    "npm install ./x.tgz": ("install", "?"),
    "npm prune --omit=dev": ("remove", ""),
    "npm cache clean --force": ("clean", ""),
    "npm run build": ("None", "build"),
    "npx tsc": ("None", ""),
    "yarn": ("install", ""),
    "yarn install --frozen-lockfile": ("install", ""),
    "yarn add a@1": ("install", "a=1"),
    "yarn global add a": ("install", "a"),
    "yarn workspaces focus --production": ("install", ""),
    "yarn cache clean": ("clean", ""),
    "corepack yarn install": ("install", ""),
    "pnpm i --frozen-lockfile": ("install", ""),
    "pnpm add -g a": ("install", "a"),
    "pnpm fetch": ("download", ""),
    "pnpm store prune": ("clean", ""),
    "bun install": ("install", ""),
    "bun add a": ("install", "a"),
    "bun pm cache rm": ("clean", ""),
    "gem install a -v 1.2 --no-document": ("install", "a"),
    "gem update --system": ("upgrade", ""),
    "gem uninstall a": ("remove", "a"),
    "bundle": ("install", ""),
    "bundle install --jobs 4 --without development": ("install", ""),
    "bundle clean": ("remove", ""),
    "composer install --no-dev": ("install", ""),
    "composer require a/b:^1": ("install", "a/b=^1"),
    "composer clear-cache": ("clean", ""),
    "go build -o /x ./...": ("build", "?"),
    "go mod download": ("download", ""),
    "go install a.b/c@v1": ("install", "a.b/c=v1"),
    "go clean -modcache": ("clean", ""),
    "go test ./...": ("build", "?"),
    "cargo build --release": ("build", ""),
    "cargo install --locked a@1": ("install", "a=1"),
    "cargo fetch": ("download", ""),
    "cargo clean": ("clean", ""),
    "mvn -B package -DskipTests": ("build", ""),
    "mvn clean package": ("build", ""),
    "./mvnw dependency:go-offline": ("download", ""),
    "./gradlew build -x test": ("build", ""),
    "gradle --no-daemon bootJar": ("build", ""),
    "dotnet restore": ("download", ""),
    "dotnet publish -c Release -o /out": ("build", ""),
    "dotnet tool install -g a": ("install", "a"),
    "dotnet nuget locals all --clear": ("clean", "all"),
}


@pytest.mark.parametrize("text", CASES)
def test_a_call_is_for_something_and_names_packages(text: str) -> None:
    found = invocation(text)
    names = " ".join(each.name + (f"={each.version}" if each.version else "") for each in found.packages)
    action = found.action.value if found.action else "None"
    assert CASES[text] == (action, names + ("?" if found.unknown else ""))


def test_every_manager_has_cases() -> None:
    assert {tool.name for tool in TABLES} == {invocation(text).tool.name for text in CASES}


def test_every_table_tells_its_source() -> None:
    folder = Path(jettison.commands.tables.__file__).parent
    told = {path.name for path in folder.glob("*.py") if re.search(r"^Sources?:", path.read_text(), re.MULTILINE)}
    assert {path.name for path in folder.glob("*.py")} - {"__init__.py", "all.py"} == told


@pytest.mark.parametrize(
    "text", ["echo apt-get install", "aptly x", "python -m venv x", "python x.py", "$X install", "pipx x"]
)
def test_other_programs_are_no_managers(text: str) -> None:
    assert None is invoked(calls_of(text)[-1], TOOLS)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("apt-get install --no-install-recomends a", ["--no-install-recommends"]),
        ("apt-get install --no-install-recommend a", ["--no-install-recommends"]),
        ("apt-get install --no-instal-recommends --asume-yes a", ["--no-install-recommends", "--assume-yes"]),
        ("apt-get install --no-install-recommends -y --no-show-progress a", []),
        ("apt-get install --allow-downgrade a", ["--allow-downgrades"]),
        ("apt-get install --completely-else a", []),
        ("apk add --nocache a", ["--no-cache"]),
        ("apk add --no-cahce a", ["--no-cache"]),
        ("pip install --no-cache-dirs a", ["--no-cache-dir"]),
        ("pip install --no-cachedir a", ["--no-cache-dir"]),
        ("pip install --no-cache-dir --cache-dir=/x a", []),
        ("npm ci --omitt=dev", []),  # npm takes any option
    ],
)
def test_an_option_near_a_real_one_is_a_misspelling(text: str, meant: list[str]) -> None:
    assert meant == [each.meant for each in misspelled(invocation(text))]


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("npm ci --only=production", ["--omit=dev"]),
        ("npm ci --only production", ["--omit=dev"]),
        ("npm install --only=prod", ["--omit=dev"]),
        ("npm prune --production", ["--omit=dev"]),
        ("npm install --also=dev", ["--include=dev"]),
        ("npm ci --no-optional", ["--omit=optional"]),
        ("npm ci --omit=dev", []),
        ("yarn install --production", []),
        ("poetry install --no-dev", ["--without dev, or --only main"]),
        ("gem install --no-ri --no-rdoc a", ["--no-document", "--no-document"]),
        ("bundle install --without test", ["bundle config set --local without"]),
        ("composer install --no-suggest", ["nothing: Composer 2 suggests without it"]),
    ],
)
def test_a_deprecated_option_is_known_with_what_is_said_instead(text: str, instead: list[str]) -> None:
    assert instead == [each for _, each in deprecated(invocation(text))]


@pytest.mark.parametrize(
    ("text", "left_out"),
    [
        ("npm ci", False),
        ("npm ci --omit=dev", True),
        ("npm ci --omit dev", True),
        ("npm ci --omit=optional", False),
        ("npm prune --production", True),
        ("NODE_ENV=production npm ci", True),
        ("ENV NODE_ENV=production\nRUN yarn", True),
        ("ENV NODE_ENV=production\nRUN NODE_ENV=development yarn", False),
        ("NODE_ENV=$X npm ci", None),
        ("NODE_ENV=production; npm ci", False),  # not exported
        ("pnpm i -P", True),
        ("pnpm i --prod", True),
        ("poetry install --only main", True),
        ("poetry install --without dev", True),
        ("uv sync --no-dev", True),
        ("composer install --no-dev", True),
        ("bundle install", False),
        ("ENV BUNDLE_WITHOUT=development:test\nRUN bundle install", True),
        ("bun install --production", True),
    ],
)
def test_it_is_known_whether_development_dependencies_are_left_out(text: str, left_out: bool | None) -> None:
    assert left_out is without_development(invocation(text))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("apt-get install a", None),
        ("apt-get install --no-install-recommends a", False),
        ("apt-get -y --no-install-recommends install a", False),
        ("apt-get install -o APT::Install-Recommends=0 a", False),
        ('apt-get install -o apt::install-recommends="false" a', False),
        ("apt-get install -oAPT::Install-Recommends=0 a", False),
        ("apt-get install --install-recommends=no a", False),
        ("apt-get install --install-recommends a", True),
        ("apt-get install -o APT::Install-Recommends=1 a", True),
        ("aptitude install --without-recommends a", False),
    ],
)
def test_apt_says_whether_it_installs_recommended_packages(text: str, told: bool | None) -> None:
    assert told is recommends(invocation(text))


@pytest.mark.parametrize(
    ("text", "option", "value"),
    [
        ("pip install -t /x a", "-t", "/x"),
        ("pip install --target=/x a", "--target", "/x"),
        ("pip install -r $X", "-r", None),
        ("apt-get install -yq a", "-q", None),
        ("npm --prefix /x ci", "--prefix", "/x"),
        ("go build -o /x .", "-o", "/x"),
        ("mvn -Dmaven.repo.local=/x package", "-Dmaven.repo.local", "/x"),
    ],
)
def test_options_have_their_values(text: str, option: str, value: str | None) -> None:
    found = invocation(text)
    assert (True, value) == (found.has(option), found.value(option))
