"""Gradle.

Source: Gradle user manual, "The Directories and Files Gradle Uses" (Gradle user home, GRADLE_USER_HOME); Docker's
Gradle images run as root with /home/gradle/.gradle.
"""

from __future__ import annotations

from jettison.commands.tool import Action, Store, Tool, verbs, words

HOME = Store(
    "Gradle's user home",
    ("~/.gradle", "/home/gradle/.gradle"),
    frozenset({Action.BUILD, Action.DOWNLOAD}),
    variables=(("GRADLE_USER_HOME", ""),),
    options=("-g", "--gradle-user-home"),
)

GRADLE = Tool(
    "gradle",
    ("gradle", "gradlew"),
    verbs(
        build="build|assemble|bootJar|jar|war|shadowJar|installDist|distTar|distZip|check|test|classes|clean build|"
        "clean assemble|clean bootJar|clean shadowJar|bootWar|publish|run",
        download="dependencies|downloadDependencies|resolveDependencies|--version",
        clean="clean",
    ),
    (HOME,),
    valued=words("-g --gradle-user-home -b --build-file -p --project-dir -c --settings-file -x --exclude-task -I "
                 "--init-script --max-workers --console --warning-mode"),
    deprecated={"-b": "--project-dir", "--build-file": "--project-dir", "-c": "--project-dir",
                "--settings-file": "--project-dir"},
    clusters=False,
)  # fmt: skip
