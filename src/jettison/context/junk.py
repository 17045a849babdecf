"""What lies in working directories and no build needs, by name; and how to see that this build is another.

`Junk.made` says who makes it anew inside: then only an instruction that names it speaks against leaving it out.
`tracked`: commonly committed, so that leaving it out makes a version computed from git "dirty".
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Junk:
    """Paths of one kind. `names`: globs for basenames; `anywhere`: not at the root alone."""

    names: tuple[str, ...]
    reason: str
    anywhere: bool = True
    directory: bool | None = None  # None: files and directories
    made: str = ""  # a regular expression of commands that make it anew, "" where nothing has to
    tracked: bool = False
    unread: bool = False  # may be read by the program: its sources have to be asked, too
    unless: str = ""  # a regular expression: where it matches the path of a file in it, it is another thing


_OPTIONS = r"(?:[\w=-]+\s+)*"
NODE_INSTALL = (
    rf"\b(?:npm\s+{_OPTIONS}(?:ci|i|install|clean-install)|pnpm\s+{_OPTIONS}(?:i|install)|bun\s+(?:i|install))\b"
    r"|\byarn(?:\s+(?:install|--[\w=-]+))*\s*(?:$|&|;|\|)|\byarn\s+(?:install|workspaces\s+focus)\b"
)
PYTHON_INSTALL = (
    rf"\b(?:pip[\d.]*\s+{_OPTIONS}install|uv\s+(?:sync|pip|venv)|poetry\s+{_OPTIONS}install|pdm\s+(?:sync|install)"
    r"|pipenv\s+(?:sync|install)|python[\d.]*\s+-m\s+venv|conda\s+\w+|mamba\s+\w+)\b"
)

BYTECODE = "bytecode, made by Python"
TESTS = "tests that the build does not run"
DOCUMENTS = "documentation that nothing reads"
VCS = Junk((".git", ".hg", ".svn"), "the repository's history")
KINDS = (
    Junk(("node_modules",), "installed anew by the Dockerfile", directory=True, made=NODE_INSTALL),
    Junk(("bower_components",), "installed anew by the Dockerfile", directory=True, made=r"\bbower\s+install\b"),
    Junk(("__pycache__",), BYTECODE, directory=True),
    Junk(("*.pyc", "*.pyo"), BYTECODE, directory=False),
    Junk((".pytest_cache", ".mypy_cache", ".ruff_cache", ".tox", ".nox", ".hypothesis"),
         "a cache of test and lint tools", directory=True),
    Junk(("coverage", "htmlcov", ".nyc_output"), "coverage reports", anywhere=False, directory=True,
         unless=r"\.(?:py|go|ts|tsx|rb|php|java|kt|rs|cs)$|/index\.[cm]?js$"),
    Junk((".coverage", ".coverage.*", "*.lcov"), "coverage reports", directory=False),
    Junk((".parcel-cache", ".turbo", ".eslintcache", ".gradle", ".terraform", ".serverless"), "a cache of build tools"),
    Junk((".idea", ".vscode", ".vs", "*.swp", "*.swo", "*~", "*.iml"), "an editor's", tracked=True),
    Junk((".DS_Store", "Thumbs.db", "desktop.ini", "._*"), "a file manager's"),
    Junk(("*.log", "npm-debug.log*", "yarn-debug.log*", "yarn-error.log*"), "logs", directory=False),
    Junk((".github", ".gitlab", ".circleci", ".gitlab-ci.yml", ".travis.yml", "azure-pipelines.yml", "Jenkinsfile"),
         "for continuous integration", anywhere=False, tracked=True),
    Junk(("Dockerfile", "Dockerfile.*", "*.Dockerfile", "*.dockerfile", "Containerfile", "Containerfile.*",
          ".dockerignore", ".containerignore", "*.dockerignore", "docker-compose*.yml", "docker-compose*.yaml",
          "compose.yml", "compose.yaml", "compose.*.yml", "compose.*.yaml"),
         "read by the builder, not by the build", anywhere=False, directory=False, tracked=True),
    Junk(("test", "tests", "__tests__", "e2e", "cypress"), TESTS,
         anywhere=False, directory=True, tracked=True, unread=True),
    Junk(("docs", "doc", "documentation"), DOCUMENTS,
         anywhere=False, directory=True, tracked=True, unread=True),
    Junk(("README*", "CHANGELOG*", "CONTRIBUTING*", "CODE_OF_CONDUCT*", "SECURITY.md"),
         DOCUMENTS, anywhere=False, directory=False, tracked=True, unread=True),
)  # fmt: skip
VENV = Junk((), "a virtual environment; the Dockerfile installs its own", directory=True, made=PYTHON_INSTALL)
BUILT = Junk((), "built anew by the Dockerfile", anywhere=False, directory=True)

# what makes pages of a folder of documentation, by its own habit where nothing names the folder
DOCUMENTS_READ = (
    "antora", "docfx", "docsify", "docusaurus", "eleventy", "gatsby", "hugo", "jekyll", "mdbook", "mkdocs", "nextra",
    "rspress", "sphinx", "sphinx-build", "typedoc", "vitepress", "vuepress", "zola",
)  # fmt: skip

TESTS_RUN = re.compile(
    r"\b(?:pytest|jest|vitest|mocha|ava|tox|nox|playwright|cypress)\b|\b(?:npm|yarn|pnpm|bun|go|cargo|make|mvn|gradle)"
    r"\s+(?:run\s+)?(?:test|t|check|verify)\b|\b(?:unittest|manage\.py\s+test)\b"
)
# bases whose own program hands out all that is copied
WEB_SERVER = re.compile(
    r"(?:^|/)(?:nginx|nginx-unprivileged|httpd|caddy|lighttpd|apache2?|static-web-server)(?:[:@]|$)|(?:^|/)php:.*apache"
)
# what a command does with git, but for what needs no repository
GIT_COMMAND = re.compile(
    r"(?:^|[\s;&|(`$])git\s+(?!clone\b|config\b|init\b|--version\b|lfs\s+install\b|ls-remote\b)[\w-]", re.MULTILINE
)
_VERBS = (
    r"(?:describe|rev-parse|rev-list|log|show|ls-files|ls-tree|status|tag|branch|diff|cat-file|symbolic-ref|name-rev"
    r"|shortlog|archive|for-each-ref)\b"
)
_READS = (
    r"(?:-[\w-]+(?:[ =]\S+)?\s+)*(?:describe|rev-parse|rev-list|log|show|ls-files|ls-tree|status|tag|branch|diff"
    r"|cat-file|symbolic-ref|name-rev|shortlog|archive|for-each-ref)\b"
)
_CALLS = (
    rf"""["'`(\[{{]\s*git\s+{_READS}|["'`]git["'`]\s*[,)\]]\s*\.?(?:args?\()?\s*[\[(&]*\s*["'`]{_READS}"""
    r"|\bvcs\.(?:revision|time|modified)\b|debug\.ReadBuildInfo\(|enableGitInfo"
    r"|showLastUpdate(?:Time|Author)|\bvergen\b|simple-git|isomorphic-git|nodegit|pygit2|dulwich|gitpython"
    r"|\bgit\.Repo\(|\bgit2::"
)
# what a source says that asks the repository
CALLS_GIT = re.compile(_CALLS, re.IGNORECASE)
# the same of a manifest: a call, or the name of what asks
READS_GIT = re.compile(
    rf"{_CALLS}|\bgit\s+{_READS}"
    r"|\$\{?GIT_EXECUTABLE|\bvcs_tag\b|last[_-]updated[_-]by[_-]git|git-revision"
    r"|setuptools[_-]scm|setuptools[_-]git|hatch-vcs|versioneer|miniver\b|dynamic[-_]versioning|dunamai|versioningit"
    r"|\bpbr\b|vergen|shadow-rs|\bgit[-_]?version|git-rev-sync|git-describe|go-git\b|\bgit2\b"
    r"|git-commit-id|gradle-git|axion-release|jgitver|nbgv|nerdbank|minver\b|gitinfo\b"
    r"|sbt-git|flit[_-]scm|pdm.*source\s*=\s*.scm",
    re.IGNORECASE,
)
# what hands out all that lies beside the program
HANDS_OUT = re.compile(
    r"""\bstatic\(\s*(?:__dirname|process\.cwd\(\)|["']\.?/?["'])\s*[,)]|http\.Dir\(\s*["']\.?/?["']\s*\)"""
    r"""|SimpleHTTPRequestHandler|-m\s+http\.server|StaticFiles\(\s*directory\s*=\s*["']\.?/?["']"""
    r"|\bphp\s+-S\b|\bhttp-server(?:\s|$)|\bserve\s+(?:-\w+\s+)*\.(?:\s|$)|RUBYOPT=.*-run\b.*httpd"
)
# text of a build -> the directory that it makes
OUTPUTS = (
    (re.compile(r"\b(?:webpack|rollup|tsup|unbuild)\b|\b(?:vite|nest|ng|parcel|vue-cli-service)\s+build\b"), "dist"),
    (re.compile(r"\bnext\s+build\b"), ".next"),
    (re.compile(r"\bnuxt\s+build\b|\bnuxi\s+build\b"), ".output"),
    (re.compile(r"\breact-scripts\s+build\b"), "build"),
    (re.compile(r"\bcargo\s+(?:build|install)\b"), "target"),
    (re.compile(r"\bmvnw?\s[^&;]*\b(?:package|install|verify)\b"), "target"),
    (re.compile(r"\bgradlew?\s[^&;]*\b(?:build|assemble|\w*[jJ]ar)\b"), "build"),
)
OUTPUT_OPTION = re.compile(r"--out-?[dD]ir(?:[= ]+)([\w./-]+)|--outfile[= ]+([\w./-]+)/[\w.-]+")
