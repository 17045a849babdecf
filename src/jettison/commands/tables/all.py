"""All managers by the names of their programs."""

from __future__ import annotations

from jettison.commands.tables.apk import APK
from jettison.commands.tables.apt import APT, DPKG
from jettison.commands.tables.bun import BUN
from jettison.commands.tables.bundle import BUNDLE
from jettison.commands.tables.cargo import CARGO
from jettison.commands.tables.composer import COMPOSER
from jettison.commands.tables.conda import CONDA
from jettison.commands.tables.dotnet import DOTNET
from jettison.commands.tables.gem import GEM
from jettison.commands.tables.go import GO
from jettison.commands.tables.gradle import GRADLE
from jettison.commands.tables.maven import MAVEN
from jettison.commands.tables.npm import NPM
from jettison.commands.tables.pip import PIP
from jettison.commands.tables.pipenv import PIPENV
from jettison.commands.tables.pnpm import PNPM
from jettison.commands.tables.poetry import POETRY
from jettison.commands.tables.rpm import DNF, ZYPPER
from jettison.commands.tables.uv import UV
from jettison.commands.tables.yarn import YARN
from jettison.commands.tool import Tool

TABLES = (
    APT, DPKG, APK, DNF, ZYPPER, PIP, UV, POETRY, PIPENV, CONDA, NPM, YARN, PNPM, BUN, GEM, BUNDLE, COMPOSER, GO, CARGO,
    MAVEN, GRADLE, DOTNET,
)  # fmt: skip
SYSTEM = frozenset(each.name for each in (APT, APK, DNF, ZYPPER))  # the managers of a distribution's own packages
TOOLS: dict[str, Tool] = {program: tool for tool in TABLES for program in tool.programs}
