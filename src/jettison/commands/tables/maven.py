"""Maven.

Source: Maven documentation, "Configuring Maven" (the local repository, ~/.m2/repository, -Dmaven.repo.local).
"""

from __future__ import annotations

from jettison.commands.tool import Action, Store, Tool, verbs, words

REPOSITORY = Store(
    "Maven's local repository",
    ("~/.m2/repository",),
    frozenset({Action.BUILD, Action.DOWNLOAD}),
    options=("-Dmaven.repo.local",),
)

_PHASES = "package|install|compile|verify|test|deploy|test-compile|process-resources|validate|prepare-package|site"
MAVEN = Tool(
    "mvn",
    ("mvn", "mvnw", "mvnd"),
    verbs(
        build=f"{_PHASES}|" + "|".join(f"clean {phase}" for phase in _PHASES.split("|")),
        download="dependency:go-offline|dependency:resolve|dependency:resolve-plugins|dependency:copy-dependencies|"
        "dependency:get|de.qaware.maven:go-offline-maven-plugin:resolve-dependencies",
        clean="clean",
    ),
    (REPOSITORY,),
    valued=words("-f --file -s --settings -gs --global-settings -P --activate-profiles -pl --projects -T --threads -l"),
    clusters=False,
)
