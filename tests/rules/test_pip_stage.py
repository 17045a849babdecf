"""What pip compiles in a stage of its own, on handmade images: the text, the prediction, and when it holds back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from handmade_python import BUILT, SITE, WHEEL, distribution, shared_object, weigh
from handmade_tree import Piece, executable, image, symlink

from jettison.align import Alignment
from jettison.dockerfile.edit import apply
from jettison.dockerfile.parse import parse
from jettison.rules.larger_base_than_needed import larger_base_than_needed
from jettison.rules.single_stage_build import single_stage_build
from jettison.subject import Subject
from jettison.synthesis.pip_packages import only_builds

STATUS = "var/lib/dpkg/status"


def package(name, depends=""):
    return f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\nDepends: {depends}\n\n"


def listing(name, *paths):
    return {f"var/lib/dpkg/info/{name}.list": "".join(f"/{path}\n" for path in paths)}


PIP = distribution("pip", {"pip/__init__.py": "p" * 900}, version="24.0", programs=("pip",))
SLIM = {
    "bin/sh": executable("ELF"),
    "tmp/keep": "",
    "usr/local/bin/python3.11": executable("ELF"),
    "usr/local/bin/python": symlink("python3.11"),
    "usr/local/bin/python3": symlink("python3.11"),
    "usr/local/lib/python3.11/os.py": "",
    "usr/lib/x86_64-linux-gnu/libc.so.6": executable("l" * 100),
    STATUS: package("libc6") + package("dash"),
    **PIP,
}
LIBPQ = {
    "usr/lib/x86_64-linux-gnu/libpq.so.5": symlink("libpq.so.5.15"),
    "usr/lib/x86_64-linux-gnu/libpq.so.5.15": executable("q" * 300_000),
    **listing("libpq5", "usr/lib/x86_64-linux-gnu/libpq.so.5", "usr/lib/x86_64-linux-gnu/libpq.so.5.15"),
}
FULL = {
    **SLIM,
    "usr/bin/gcc": executable("g" * 5_000_000),
    "usr/bin/git": executable("g" * 2_000_000),
    **LIBPQ,
    STATUS: package("libc6") + package("dash") + package("gcc") + package("libpq5", "libc6"),
}
SOURCES = {"app/app.py": "import psycopg2\n", "app/requirements.txt": "psycopg2\n"}
COMPILED = distribution(
    "psycopg2",
    {"psycopg2/__init__.py": "x", "psycopg2/_psycopg.so": shared_object("libpq.so.5", "libc.so.6")},
    tag=BUILT,
)
PLAIN = distribution("tinyc", {"tinyc.so": shared_object("libc.so.6")}, tag=BUILT, programs=("tiny",))
CACHE = {"root/.cache/pip/wheels/x.whl": "c" * 50_000}
TEXT = """\
FROM python:3.11

WORKDIR /app
COPY . .
RUN pip install -r requirements.txt
ENV PORT=8000
USER nobody
CMD ["python", "app.py"]
"""
CONFIG = {"Env": ["PATH=/usr/local/bin:/usr/bin:/bin"], "Cmd": ["python", "app.py"], "WorkingDir": "/app"}


def findings(
    text=TEXT,
    layers=(SOURCES, {**PLAIN, **CACHE}),
    *,
    full=FULL,
    slim=SLIM,
    config=CONFIG,
    rule=single_stage_build,
    **more,
):
    dockerfile = parse(text)
    stage = dockerfile.stages[-1]
    makers = [each for each in stage.instructions if each.keyword in ("RUN", "COPY")]
    assert len(makers) == len(layers)
    alignment = Alignment(True, 1, dict(enumerate(makers, 1)))
    whole = image(full, *layers, config=config)
    base = (lambda name: image(slim)) if slim is not None else (lambda name: None)
    return whole, list(rule(Subject(dockerfile, Path(), whole, alignment, stage, base=base, **more)))


def after(text=TEXT, *arguments, **more):
    _, (found,) = findings(text, *arguments, **more)
    assert not found.refusal, found.refusal
    return apply(text, found.fix.edits)


def refusal(*arguments, **more):
    _, (found,) = findings(*arguments, **more)
    assert found.fix is None
    return found.refusal


def test_what_is_compiled_is_installed_into_an_environment_that_is_copied_to_the_slim_base():
    expected = """\
FROM python:3.11 AS build

WORKDIR /app
COPY . .
RUN python -m venv --without-pip --system-site-packages /opt/venv
ENV PATH=/opt/venv/bin:$PATH PIP_PYTHON=/opt/venv/bin/python
RUN pip install -r requirements.txt

FROM python:3.11-slim
WORKDIR /app
COPY . .
COPY --from=build /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
ENV PORT=8000
USER nobody
CMD ["python", "app.py"]
"""
    assert expected == after()


def test_debians_own_pip_beside_it_is_no_reason_not_to_try():
    text = TEXT.replace("COPY . .", "RUN apt-get update && apt-get install -y python3-pip gcc\nCOPY . .")
    debians = distribution("pip", {"pip/__init__.py": "p"}, site="usr/lib/python3/dist-packages")
    _, found = findings(text, ({**debians, "usr/bin/x": ""}, SOURCES, {**PLAIN, **CACHE}))
    (fix,) = [each.fix for each in found if each.fix is not None]
    assert apply(text, fix.edits).partition("FROM python:3.11-slim")[2].count("apt-get") == 0


def test_the_types_of_files_go_along_where_the_slim_base_has_no_list_of_them():
    types = {"etc/mime.types": "text/javascript js\n" * 100}
    line = "COPY --from=build /etc/mime.types /etc/mime.types\n"
    _, (found,) = findings(full={**FULL, **types})
    assert f"/opt/venv /opt/venv\n{line}ENV" in apply(TEXT, found.fix.edits)
    _, (without,) = findings()
    assert without.predicted == found.predicted  # the base is as much heavier as what is shipped
    assert line not in after(full={**FULL, **types}, slim={**SLIM, **types})


def test_the_prediction_is_the_base_and_the_cache():
    whole, (found,) = findings()
    left = weigh({path: each for path, each in SLIM.items() if "bin/python" not in path or "3.11" in path})
    assert whole.sizes.unpacked - left - weigh(SOURCES, PLAIN) == found.predicted


def test_a_twin_of_wheels_alone_needs_no_stage_of_its_own():
    pure = distribution("tinyc", {"tinyc.so": shared_object("libc.so.6")}, tag=WHEEL)
    assert [] == findings(layers=(SOURCES, pure))[1]


def test_slim_in_the_only_stage_is_refused_where_pip_compiles_and_offered_to_the_twin():
    _, found = findings(rule=larger_base_than_needed)
    reasons = [each.refusal for each in found if "python:3.11-slim" in each.message]
    assert ["python:3.11-slim lacks what is needed: line 5 compiles tinyc, which takes gcc"] == reasons
    wheel = distribution("tinyc", {"tinyc.so": shared_object("libc.so.6")}, tag=WHEEL)
    _, found = findings(layers=(SOURCES, wheel), rule=larger_base_than_needed)
    assert [TEXT.replace("3.11", "3.11-slim")] == [
        apply(TEXT, each.fix.edits) for each in found if "3.11-slim" in each.message
    ]


def test_slim_is_refused_where_pip_fetches_with_git_or_the_program_starts_it():
    fetched = distribution("tool", {"tool.py": ""}, direct_url='{"vcs_info": {"vcs": "git"}, "url": "https://x"}')
    _, found = findings(layers=(SOURCES, fetched), rule=larger_base_than_needed)
    assert "python:3.11-slim lacks what is needed: line 5 fetches tool, which takes git" in [
        each.refusal for each in found
    ]
    calls = {**SOURCES, "app/app.py": "import subprocess\nsubprocess.run(['git', 'log'])\n"}
    wheel = distribution("tinyc", {"tinyc.py": ""})
    _, found = findings(layers=(calls, wheel), rule=larger_base_than_needed)
    assert "python:3.11-slim lacks what is needed: git, which /app/app.py starts" in [each.refusal for each in found]


def test_a_policy_that_keeps_the_base_keeps_it():
    assert [] == findings(policy="keep")[1]


def test_a_library_that_slim_lacks_is_asked_of_apt():
    text = after(layers=(SOURCES, COMPILED))
    line = "RUN apt-get update && apt-get install -y --no-install-recommends libpq5 && rm -rf /var/lib/apt/lists/*\n"
    assert "COPY --from=build /opt/venv /opt/venv\n" + line in text


def test_the_prediction_counts_what_apt_brings():
    whole, (found,) = findings(layers=(SOURCES, COMPILED))
    left = weigh({path: each for path, each in SLIM.items() if "bin/python" not in path or "3.11" in path})
    brought = weigh({path: each for path, each in LIBPQ.items() if not path.endswith("so.5")}) + 2 * len(FULL[STATUS])
    assert whole.sizes.unpacked - left - brought - weigh(SOURCES, COMPILED) == found.predicted


def test_a_library_that_no_package_brings_is_a_reason_not_to_try():
    full = {**FULL, "usr/local/lib/libown.so": executable("o" * 100)}
    own = distribution("own", {"own.so": shared_object("libown.so")}, tag=BUILT)
    assert "which no package of the system brings" in refusal(layers=(SOURCES, own), full=full)


def test_a_library_loaded_by_its_name_is_asked_of_apt_too():
    loads = distribution("loads", {"loads.py": "import ctypes.util\nctypes.util.find_library('pq')\n"})
    sources = {**SOURCES, "app/app.py": "import loads\n"}
    assert "--no-install-recommends libpq5 &&" in after(layers=(sources, {**PLAIN, **loads}))


def test_what_the_base_itself_does_without_on_slim_is_no_lack():
    """As in the official images: tkinter is in both, its libraries in one."""
    tkinter = {"usr/local/lib/python3.11/lib-dynload/_tkinter.so": shared_object("libtk8.6.so")}
    full = {**FULL, **tkinter, "usr/lib/x86_64-linux-gnu/libtk8.6.so": executable("t" * 100)}
    assert "FROM python:3.11-slim\n" in after(full=full, slim={**SLIM, **tkinter})


APT = "RUN apt-get update && apt-get install -y gcc libpq-dev curl && rm -rf /var/lib/apt/lists/*\n"
BROUGHT = {
    "usr/bin/gcc": executable("g" * 5_000_000),
    "usr/bin/curl": executable("c" * 200_000),
    **listing("curl", "usr/bin/curl"),
    **LIBPQ,
    STATUS: "".join(map(package, ("libc6", "dash", "gcc", "libpq-dev", "libpq5", "curl"))),
}
ON_SLIM = TEXT.replace("python:3.11", "python:3.11-slim").replace("WORKDIR", APT + "WORKDIR")


def test_compilers_that_apt_brought_stay_behind_and_what_else_it_was_asked_for_is_kept():
    text = after(ON_SLIM, (BROUGHT, SOURCES, COMPILED), full=SLIM)
    assert text.startswith("FROM python:3.11-slim AS build\n")
    second = text.partition("\n\nFROM ")[2]
    expected = "RUN apt-get update && apt-get install -y libpq5 curl && rm -rf /var/lib/apt/lists/*\n"
    assert f"python:3.11-slim\n{expected}WORKDIR /app\n" == second.partition("COPY")[0]


def test_a_run_of_apt_that_only_builds_is_not_repeated():
    text = after(ON_SLIM.replace(" libpq-dev curl", ""), (BROUGHT, SOURCES, PLAIN), full=SLIM)
    assert "apt-get" not in text.partition("\n\nFROM ")[2]


def test_lists_that_a_run_of_their_own_fetches_go_with_what_needed_them():
    apt = "RUN apt-get update\nRUN apt-get install -y gcc\n"
    lists = {"var/lib/apt/lists/x": "l" * 100}
    text = after(ON_SLIM.replace(APT, apt), (lists, BROUGHT, SOURCES, PLAIN), full=SLIM)
    assert "apt-get" not in text.partition("\n\nFROM ")[2]
    text = after(ON_SLIM.replace(APT, apt.replace("gcc", "gcc curl")), (lists, BROUGHT, SOURCES, PLAIN), full=SLIM)
    assert "RUN apt-get update\nRUN apt-get install -y curl\n" in text.partition("\n\nFROM ")[2]


def test_apt_and_pip_in_one_run_leave_a_run_for_what_is_kept():
    apt = "RUN apt-get update && apt-get install -y gcc curl libpq-dev && pip install -r requirements.txt\n"
    text = TEXT.replace("python:3.11", "python:3.11-slim").replace("RUN pip install -r requirements.txt\n", apt)
    text = after(text, (SOURCES, {**BROUGHT, **COMPILED}), full=SLIM)
    line = (
        "RUN apt-get update && apt-get install -y --no-install-recommends curl libpq5 && rm -rf /var/lib/apt/lists/*\n"
    )
    assert line in text.partition("\n\nFROM ")[2]


@pytest.mark.parametrize("place", ["root/.local", "venv", "app/.venv"])
def test_packages_in_a_place_of_their_own_are_copied_as_they_stand(place):
    site = f"{place}/lib/python3.11/site-packages"
    own = distribution("tinyc", {"tinyc.so": shared_object("libc.so.6")}, tag=BUILT, site=site)
    text = after(layers=(SOURCES, own))
    assert f"COPY --from=build /{place} /{place}\nENV PORT" in text
    assert "PIP_PYTHON" not in text


def test_a_package_fetched_with_git_needs_a_stage_too():
    own = distribution("tool", {"tool.py": ""}, direct_url='{"vcs_info": {"vcs": "git"}, "url": "https://x"}')
    assert "FROM python:3.11-slim\n" in after(layers=(SOURCES, own))


@pytest.mark.parametrize(
    ("text", "layers", "reason"),
    [
        (TEXT.replace("-r requirements.txt", "-e ."),
         (SOURCES, distribution("me", direct_url='{"dir_info": {"editable": true}}') | PLAIN), "pip install -e"),
        (TEXT.replace("install -r", "install --target /app/lib -r"), (SOURCES, PLAIN), "line 5 calls pip --target"),
        (TEXT.replace("install -r", "install --prefix=/x -r"), (SOURCES, PLAIN), "line 5 calls pip --prefix=/x"),
        (TEXT.replace("RUN pip", "RUN ./configure && pip"), (SOURCES, PLAIN), "more than install packages: ./conf"),
        (TEXT, (SOURCES, {**PLAIN, "etc/own.conf": "x"}), "writes /etc/own.conf, which no package names"),
        (TEXT, (SOURCES, {**PLAIN, f"{SITE}/by_hand.pth": "x"}), "by_hand.pth, which no package names"),
        (TEXT, (SOURCES, {**PLAIN, **distribution("u", site="root/.local/lib/python3.11/site-packages")}),
         "packages are installed in several places: /root/.local"),
        (TEXT, (SOURCES, {k: Piece(v.encode(), uid=7) if isinstance(v, str) else v for k, v in PLAIN.items()}),
         "several owners"),
        (TEXT.replace('"python", "app.py"', '"/usr/local/bin/tiny"'), (SOURCES, PLAIN),
         "line 8 names /usr/local/bin/tiny, which would lie elsewhere"),
        (TEXT, ({**SOURCES, "app/start.sh": f"ls /{SITE}/tinyc.so"}, PLAIN),
         f"/app/start.sh names /{SITE}, which would lie elsewhere"),
        (TEXT, ({**SOURCES, "app/app.py": "import subprocess\nsubprocess.run(['git', 'log'])\n"}, PLAIN),
         "python:3.11-slim lacks what is needed: git, which /app/app.py starts"),
        (TEXT.replace("ENV PORT", "RUN git init x\nENV PORT"), (SOURCES, PLAIN, {"app/x/.git/HEAD": ""}),
         "line 6 calls git, which python:3.11-slim lacks"),
        (TEXT.replace("USER nobody", "HEALTHCHECK CMD git --version"), (SOURCES, PLAIN), "python:3.11-slim lacks what"),
        (ON_SLIM.replace("curl", "$MORE"), (BROUGHT, SOURCES, COMPILED), "is not all written there"),
        (ON_SLIM.replace("RUN apt-get update", "RUN useradd app && apt-get update"), (BROUGHT, SOURCES, COMPILED),
         "line 3 does more than install packages"),
    ],
    ids=["editable", "target", "prefix", "more", "elsewhere", "by hand", "places", "owners", "absolute", "file",
         "starts", "called", "health", "computed", "and more"],
)  # fmt: skip
def test_it_holds_back_where_it_is_not_known_to_be_right(text, layers, reason):
    health = {"Healthcheck": {"Test": ["CMD-SHELL", "git --version"]}} if "HEALTHCHECK" in text else {}
    command = {"Cmd": ["/usr/local/bin/tiny"]} if "local/bin/tiny" in text else {}
    assert reason in refusal(text, layers, config={**CONFIG, **health, **command})


def test_an_old_pip_cannot_install_elsewhere():
    full = {path.replace("pip-24.0", "pip-20.1"): each for path, each in FULL.items()}
    full[f"{SITE}/pip-20.1.dist-info/METADATA"] = "Name: pip\nVersion: 20.1\n"
    assert "22.3" in refusal(full=full)


def test_an_interpreter_of_its_own_is_not_known():
    full = {path: each for path, each in FULL.items() if "bin/python" not in path}
    text = TEXT.replace("WORKDIR", "RUN make install\nWORKDIR")
    assert "not the base's own" in refusal(
        text, ({"usr/local/bin/python3.11": executable("ELF")}, SOURCES, PLAIN), full=full
    )


def test_where_pip_is_told_by_a_variable_where_to_install_nothing_is_moved():
    config = {**CONFIG, "Env": [*CONFIG["Env"], "PIP_TARGET=/x"]}
    assert "PIP_TARGET tells pip where to install" == refusal(config=config)


def test_nothing_is_said_where_pip_does_not_install_or_there_are_stages_already():
    assert [] == findings(TEXT.replace("pip install", "uv sync"))[1]
    assert [] == findings(TEXT + "FROM scratch\n", ())[1]


def test_without_a_smaller_base_there_is_nothing_to_gain_from_what_the_base_compiled():
    assert [] == findings(slim=None)[1]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("gcc", True), ("gcc-12", True), ("g++", True), ("libpq-dev", True), ("build-essential", True), ("make", True),
     ("curl", False), ("git", False), ("libpq5", False), ("gccgo-runtime", False), ("python3", False)],
)  # fmt: skip
def test_packages_that_only_build(name, expected):
    assert expected == only_builds(name)


def test_comments_and_what_follows_stay():
    text = TEXT.replace("ENV PORT", "# where it listens\nENV PORT")
    assert re.search(r"ENV PATH=/opt/venv/bin:\$PATH\n# where it listens\nENV PORT=8000\n", after(text))
