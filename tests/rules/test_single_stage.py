"""single-stage-build, on handmade images: the two stages it writes, what it predicts, and when it holds back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from handmade_tree import Piece, directory, executable, image, symlink

from jettison.align import Alignment
from jettison.dockerfile.edit import apply
from jettison.dockerfile.parse import parse
from jettison.image.model import Kind
from jettison.rules.single_stage_build import single_stage_build
from jettison.subject import Subject

BASE = {
    "bin/sh": executable("ELF"),
    "usr/bin/npm": executable("npm"),
    "usr/bin/node": executable("node"),
    "usr/bin/gcc": executable("g" * 5_000_000),
    "usr/bin/make": executable("make"),
    "usr/local/lib/node_modules/npm/package.json": '{"version": "10.1.0"}',
}
SLIM = {path: piece for path, piece in BASE.items() if "gcc" not in path and "make" not in path}
DISTROLESS = {"nodejs/bin/node": executable("node")}
SOURCES = {"app/package.json": "{}", "app/src/index.ts": "x" * 100}
LOCK = json.dumps({"packages": {"node_modules/typescript": {"dev": True}, "node_modules/fastify": {}}})
INSTALLED = {
    "app/node_modules/.package-lock.json": LOCK,
    "app/node_modules/typescript/tsc.js": "t" * 3_000_000,
    "app/node_modules/fastify/index.js": "f" * 1000,
    "root/.npm/_cacache/a": "c" * 2_000_000,
}
BUILT = {"app/dist/index.js": "d" * 90}
TEXT = """\
FROM node:20

WORKDIR /app
COPY . .
RUN npm install
RUN npm run build
ENV PORT=3000
USER node
CMD ["npm", "start"]
"""
CONFIG = {"Env": ["PATH=/usr/bin:/bin"], "Cmd": ["npm", "start"], "WorkingDir": "/app"}


def findings(text=TEXT, layers=(SOURCES, INSTALLED, BUILT), slim=SLIM, config=CONFIG, base=BASE):
    dockerfile = parse(text)
    stage = dockerfile.stages[-1]
    makers = [each for each in stage.instructions if each.keyword in ("RUN", "COPY")]
    alignment = Alignment(True, 1, dict(enumerate(makers, 1)))
    whole = image(base, *layers, config=config)
    brings = {"Env": CONFIG["Env"], "Entrypoint": ["/nodejs/bin/node"]}
    bases = {
        "node:20": image(base),
        "node:20-slim": image(slim),
        "gcr.io/distroless/nodejs20-debian12": image(DISTROLESS, config=brings),
    }
    subject = Subject(dockerfile, Path(), whole, alignment, stage, base=bases.get)
    return whole, list(single_stage_build(subject))


def test_what_can_move_to_a_smaller_base_by_itself_is_split_on_its_own_base():
    _, (found,) = findings()
    expected = """\
FROM node:20 AS build

WORKDIR /app
COPY . .
RUN npm install
RUN npm run build

FROM node:20
WORKDIR /app
COPY --from=build /app /app
ENV PORT=3000
USER node
CMD ["npm", "start"]
"""
    assert expected == apply(TEXT, found.fix.edits)


def test_the_prediction_is_what_the_second_stage_leaves_out():
    whole, (found,) = findings()
    left = sum(len(piece) if isinstance(piece, str) else len(piece.data) for piece in BASE.values())
    left += len("{}") + 100 + len(LOCK) + 3_000_000 + 1000 + 90
    assert whole.sizes.unpacked - left == found.predicted


def test_what_has_two_names_is_copied_once():
    """As esbuild's program, which its package links into its own folder."""
    name = "app/node_modules/esbuild/bin/esbuild"
    program = {"app/node_modules/@esbuild/linux/esbuild": executable("e" * 700_000)}
    twice = {**program, name: Piece(kind=Kind.HARDLINK, link=b"app/node_modules/@esbuild/linux/esbuild", mode=0o755)}
    one, two = (findings(layers=(SOURCES, {**INSTALLED, **more}, BUILT))[1][0] for more in (program, twice))
    assert one.predicted == two.predicted


def test_where_building_needs_what_a_smaller_base_lacks_both_are_one_step():
    text = TEXT.replace("RUN npm run build", "RUN npm run build && gcc -o dist/x x.c")
    _, (both, alone) = findings(text)
    assert "\nFROM node:20-slim\nWORKDIR" in apply(text, both.fix.edits)
    assert "\nFROM node:20\nWORKDIR" in apply(text, alone.fix.edits)
    assert 5_000_004 == both.predicted - alone.predicted


def test_certificates_go_along_to_a_base_of_the_second_stage_that_has_none():
    base = {**BASE, "etc/ssl/certs/ca-certificates.crt": "PEM" * 1000}
    text = TEXT.replace("RUN npm run build", "RUN npm run build && gcc -o dist/x x.c")
    text = text.replace('CMD ["npm", "start"]', 'CMD ["node", "--use-openssl-ca", "dist/index.js"]')
    config = {**CONFIG, "Cmd": ["node", "--use-openssl-ca", "dist/index.js"]}
    calls = {**BUILT, "app/dist/index.js": "require('https').get('https://example.org')\n"}
    _, (*others, alone) = findings(text, (SOURCES, INSTALLED, calls), config=config, base=base)
    (both,) = [each for each in others if "node:20-slim" in each.fix.title]
    copied = "COPY --from=build /app /app\nCOPY --from=node:20 /etc/ssl/certs /etc/ssl/certs\n"
    assert f"\nFROM node:20-slim\nWORKDIR /app\n{copied}" in apply(text, both.fix.edits)
    assert both.fix.title.endswith("; certificates taken along")
    assert "certificates" not in alone.fix.title
    assert 5_000_004 == both.predicted - alone.predicted


def test_an_addon_that_npm_compiled_needs_a_compiler_that_no_line_names():
    compiled = {
        **INSTALLED,
        "app/node_modules/sum/build/config.gypi": "# Do not edit.",
        "usr/local/lib/node_modules/npm/gyp/__pycache__/a.cpython-311.pyc": "bytecode of what node-gyp is written in",
    }
    _, (both, _) = findings(layers=(SOURCES, compiled, BUILT))
    assert "\nFROM node:20-slim\nWORKDIR" in apply(TEXT, both.fix.edits)
    fetched = {**INSTALLED, "app/node_modules/sum/build/Release/sum.node": "ELF"}
    _, (alone,) = findings(layers=(SOURCES, fetched, BUILT))
    assert "\nFROM node:20\nWORKDIR" in apply(TEXT, alone.fix.edits)


def test_where_the_application_itself_needs_the_full_base_it_stays():
    text = TEXT.replace("RUN npm run build", "RUN npm run build && gcc -o dist/x x.c")
    text = text.replace('CMD ["npm", "start"]', 'HEALTHCHECK CMD gcc --version\nCMD ["npm", "start"]')
    config = {**CONFIG, "Healthcheck": {"Test": ["CMD-SHELL", "gcc --version"]}}
    _, (found,) = findings(text, config=config)
    assert "\nFROM node:20\nWORKDIR" in apply(text, found.fix.edits)


STARTS = {**SOURCES, "app/package.json": '{"scripts": {"start": "node dist/index.js"}}'}


def test_a_base_without_a_shell_is_the_same_step_only_where_a_stage_alone_is_not_enough():
    text = TEXT.replace("FROM node:20", "FROM node:20-slim").replace("USER node\n", "")
    _, (without, alone) = findings(text, (STARTS, INSTALLED, BUILT))
    assert ("single-stage-build", "") == (without.after, alone.after)
    expected = """
FROM gcr.io/distroless/nodejs20-debian12
WORKDIR /app
COPY --from=build /app /app
ENV PORT=3000
"""
    assert expected in apply(text, without.fix.edits)
    assert '["npm", "start"]' not in apply(text, without.fix.edits)
    assert "freed from npm start" in without.fix.title
    sizes = [sum(len(piece.data if isinstance(piece, Piece) else piece) for piece in BASE.values()), len("node")]
    assert sizes[0] - sizes[1] == without.predicted - alone.predicted


@pytest.mark.parametrize("install", ["yarn", "yarn install --frozen-lockfile", "pnpm i", "npm clean-install"])
def test_whoever_installs_the_stage_can_be_split(install):
    text = TEXT.replace("npm install", install)
    (found,) = findings(text)[1]
    assert f"RUN {install}\n" in apply(text, found.fix.edits).partition("\nFROM")[0]


def test_set_up_needs_a_shell():
    text = TEXT.replace("FROM node:20", "FROM node:20-slim").replace("USER node\n", "")
    text = text.replace("WORKDIR /app\n", "RUN useradd app\nWORKDIR /app\n")
    _, (alone,) = findings(text, ({"etc/passwd": "app"}, STARTS, INSTALLED, BUILT))
    assert "\nFROM node:20-slim\nRUN useradd app\n" in apply(text, alone.fix.edits)


COMPILER = {"usr/bin/g++": executable("+" * 4_000_000)}
APT = "RUN apt-get update && apt-get install -y g++ && rm -rf /var/lib/apt/lists/*\n"


def test_packages_for_building_stay_behind_where_nothing_that_ships_needs_them():
    text = TEXT.replace("WORKDIR /app\n", APT + "WORKDIR /app\n")
    bare, lean, with_them = findings(text, (COMPILER, STARTS, INSTALLED, BUILT))[1]
    assert "FROM gcr.io/distroless" in apply(text, bare.fix.edits)
    assert ["single-stage-build", "", ""] == [each.after for each in (bare, lean, with_them)]
    assert (1, 2) == tuple(apply(text, each.fix.edits).count(APT) for each in (lean, with_them))
    assert 4_000_000 == lean.predicted - with_them.predicted
    assert "what is set up for building stays there" in lean.fix.title


def test_they_are_done_in_both_stages_where_something_needs_them():
    text = TEXT.replace("WORKDIR /app\n", APT + "WORKDIR /app\n")
    text = text.replace("CMD", "HEALTHCHECK CMD g++ --version\nCMD")
    config = {**CONFIG, "Healthcheck": {"Test": ["CMD-SHELL", "g++ --version"]}}
    (only,) = findings(text, (COMPILER, STARTS, INSTALLED, BUILT), config=config)[1]
    assert 2 == apply(text, only.fix.edits).count(APT)


MODULES = "usr/local/lib/node_modules"
PNPM = {
    f"{MODULES}/pnpm/bin/pnpm.cjs": executable("p" * 7_000_000),
    "usr/local/bin/pnpm": symlink("../lib/node_modules/pnpm/bin/pnpm.cjs"),
    "root/.npm/_cacache/p": "p" * 1000,
}
SETS_UP = "RUN npm install -g pnpm@9\n"


def test_a_package_manager_stays_behind_and_the_base_may_have_no_shell():
    text = TEXT.replace("FROM node:20", "FROM node:20-slim").replace("USER node\n", "")
    text = text.replace("WORKDIR /app\n", SETS_UP + "WORKDIR /app\n").replace("npm install\n", "pnpm install\n")
    bare, lean, with_it = findings(text, (PNPM, STARTS, INSTALLED, BUILT))[1]
    assert "FROM gcr.io/distroless" in apply(text, bare.fix.edits)
    assert (1, 1, 2) == tuple(apply(text, each.fix.edits).count(SETS_UP) for each in (bare, lean, with_it))
    assert 7_001_000 == lean.predicted - with_it.predicted


def test_it_stays_behind_where_one_run_brings_it_and_installs():
    text = TEXT.replace("npm install\n", "npm install -g pnpm@9 && pnpm install\n")
    (found,) = findings(text, (SOURCES, {**INSTALLED, **PNPM}, BUILT))[1]
    assert 1 == apply(text, found.fix.edits).count("pnpm install")


@pytest.mark.parametrize(
    ("script", "stays"),
    [("node dist/index.js", True), ("nest start", False), ("npm run other", False), ("pnpm other", False)],
)
def test_what_a_script_of_package_json_calls_goes_along(script, stays):
    nest = {f"{MODULES}/@nestjs/cli/nest.js": executable("n" * 5_000_000),
            "usr/bin/nest": symlink("../lib/node_modules/@nestjs/cli/nest.js")}  # fmt: skip
    nest["usr/lib/node_modules/@nestjs/cli/nest.js"] = nest.pop(f"{MODULES}/@nestjs/cli/nest.js")
    brings = "RUN npm install -g @nestjs/cli\n"
    text = TEXT.replace("WORKDIR /app\n", brings + "WORKDIR /app\n").replace('"start"', '"run", "prod"')
    scripts = {"scripts": {"prod": script, "other": "nest start --watch"}}
    layers = (nest, {**SOURCES, "app/package.json": json.dumps(scripts)}, INSTALLED, BUILT)
    found = findings(text, layers, config={**CONFIG, "Cmd": ["npm", "run", "prod"]})[1]
    own = [
        apply(text, each.fix.edits).count(brings) for each in found if "FROM node:20\n" in apply(text, each.fix.edits)
    ]
    assert ([1, 2] if stays else [2]) == own


def test_npm_that_is_upgraded_where_it_installs_stays_behind():
    newer = {f"{MODULES}/npm/package.json": "{}", f"{MODULES}/npm/lib/new.js": "n" * 1000}
    text = TEXT.replace("npm install\n", "npm install -g npm@latest && npm install\n")
    (found,) = findings(text, (SOURCES, {**INSTALLED, **newer}, BUILT))[1]
    assert 1 == apply(text, found.fix.edits).count("npm@latest")


def test_what_starts_the_application_and_would_stay_behind_is_the_reason():
    text = TEXT.replace("npm install\n", "npm install -g pnpm && npm install\n").replace(
        '"npm", "start"', '"pnpm", "a"'
    )
    config = {**CONFIG, "Env": ["PATH=/usr/local/bin:/usr/bin:/bin"], "Cmd": ["pnpm", "a"]}
    (found,) = findings(text, (SOURCES, {**INSTALLED, **PNPM}, BUILT), config=config)[1]
    assert (None, True) == (found.fix, found.refusal.startswith("what starts the application is brought by the RUN"))


def test_compilers_stay_behind_where_a_package_manager_does_not():
    text = TEXT.replace("WORKDIR /app\n", APT + SETS_UP + "WORKDIR /app\n").replace('"npm", "start"', '"pnpm", "a"')
    config = {**CONFIG, "Env": ["PATH=/usr/local/bin:/usr/bin:/bin"], "Cmd": ["pnpm", "a"]}
    lean, whole = findings(text, (COMPILER, PNPM, STARTS, INSTALLED, BUILT), config=config)[1]
    assert [(1, 2), (2, 2)] == [
        tuple(apply(text, each.fix.edits).count(line) for line in (APT, SETS_UP)) for each in (lean, whole)
    ]


def test_a_run_that_brings_a_tool_and_makes_the_folder_is_done_in_both_stages():
    made = "RUN npm install -g pnpm && mkdir -p /app && chown node:node /app\n"
    text = TEXT.replace("WORKDIR /app\n", made + "WORKDIR /app\n")
    layers = [{**PNPM, "app": directory(uid=1000, gid=1000)}, *(
        {path: Piece(each.encode() if isinstance(each, str) else each.data, uid=1000, gid=1000)
         for path, each in files.items()} for files in (SOURCES, INSTALLED, BUILT))]  # fmt: skip
    for each in findings(text, layers)[1]:
        assert 2 == apply(text, each.fix.edits).count(made)


@pytest.mark.parametrize("tool", ["pm2", "@scope/pnpm", "pnpm-other"])
def test_other_global_packages_do_not(tool):
    brought = {
        f"{MODULES}/{tool}/x.js": executable("p"),
        "usr/local/bin/x": symlink(f"../lib/node_modules/{tool}/x.js"),
    }
    text = TEXT.replace("npm install\n", f"npm install -g {tool} && npm install\n")
    (found,) = findings(text, (SOURCES, {**INSTALLED, **brought}, BUILT))[1]
    assert (None, True) == (found.fix, "after files were copied" in found.refusal)


def test_a_package_manager_that_starts_the_application_goes_along_or_is_seen_through():
    text = TEXT.replace("FROM node:20", "FROM node:20-slim").replace("USER node\n", "")
    text = text.replace("WORKDIR /app\n", SETS_UP + "WORKDIR /app\n").replace('"npm", "start"', '"pnpm", "start"')
    text = text.replace("npm install\n", "pnpm install\n")
    manifest = {**SOURCES, "app/package.json": json.dumps({"scripts": {"start": "node dist/index.js"}})}
    config = {**CONFIG, "Env": ["PATH=/usr/local/bin:/usr/bin:/bin"], "Cmd": ["pnpm", "start"]}
    freed, with_it = findings(text, (PNPM, manifest, INSTALLED, BUILT), config=config)[1]
    assert "freed from pnpm start" in freed.fix.title
    assert 'CMD ["dist/index.js"]' in apply(text, freed.fix.edits)
    assert 2 == apply(text, with_it.fix.edits).count(SETS_UP)


@pytest.mark.parametrize(
    "other",
    [APT.replace("apt-get update", "useradd app"), APT.replace("g++", "g++ fonts-dejavu")],
    ids=["user", "fonts"],
)
def test_what_is_not_known_to_be_for_building_is_done_in_both_stages(other):
    text = TEXT.replace("WORKDIR /app\n", other + "WORKDIR /app\n")
    (only,) = findings(text, (COMPILER, STARTS, INSTALLED, BUILT))[1]
    assert 2 == apply(text, only.fix.edits).count(other)


def test_the_stage_that_ships_keeps_its_name_and_comments():
    text = TEXT.replace("FROM node:20", "FROM node:20 AS api").replace("USER node", "# nobody is root\nUSER node")
    _, (found,) = findings(text)
    assert "\nFROM node:20 AS api\nWORKDIR" in apply(text, found.fix.edits)
    assert "ENV PORT=3000\n# nobody is root\nUSER node\n" in apply(text, found.fix.edits)


def test_set_up_before_the_first_copy_is_done_in_both_stages():
    text = TEXT.replace("WORKDIR /app\n", "RUN useradd app\nWORKDIR /app\n")
    _, (found,) = findings(text, ({"etc/passwd": "app"}, SOURCES, INSTALLED, BUILT))
    assert 2 == apply(text, found.fix.edits).count("RUN useradd app\n")


@pytest.mark.parametrize(
    ("run", "made", "times"),
    [
        ("mkdir -p /app", directory(), 1),
        ("mkdir /app && mkdir -p /app", directory(), 1),
        ("mkdir -p /app", directory(0o700), 2),
        ("mkdir -p -m 755 /app", directory(), 2),
        ("mkdir -p /app && chown 1000 /app", directory(uid=1000), 2),
        ("mkdir -p /app /data", directory(), 2),
    ],
)
def test_a_folder_that_the_workdir_makes_anyway_needs_no_run_of_its_own(run, made, times):
    text = TEXT.replace("WORKDIR /app\n", f"RUN {run}\nWORKDIR /app\n")
    more = {"data": directory()} if "/data" in run else {}
    _, found = findings(text, ({"app": made, **more}, SOURCES, INSTALLED, BUILT))
    fixes = [each.fix for each in found if each.fix is not None]
    assert [times] == [apply(text, fix.edits).count(f"RUN {run}\n") for fix in fixes]


def test_files_keep_an_owner_that_is_not_root():
    layers = [
        {path: Piece(data.encode(), uid=1000, gid=1000) for path, data in each.items()}
        for each in (SOURCES, INSTALLED, BUILT)
    ]
    _, (found,) = findings(layers=layers)
    assert "COPY --from=build --chown=1000:1000 /app /app\n" in apply(TEXT, found.fix.edits)


@pytest.mark.parametrize(
    ("text", "layers", "reason"),
    [
        (TEXT, (SOURCES, {**INSTALLED, "etc/late": "x"}, BUILT), "line 5 writes /etc/late, after files were copied"),
        (TEXT, ({**SOURCES, "srv/x": "x"}, INSTALLED, BUILT), "line 4 copies /srv/x, which is not below the WORKDIR"),
        (TEXT, (SOURCES, {**INSTALLED, "app/x": Piece(b"x", uid=7)}, BUILT), "several owners"),
        (TEXT, (SOURCES, {**INSTALLED, "app/data": directory(uid=7)}, BUILT), "several owners"),
        (TEXT, (SOURCES, {**INSTALLED, "app": directory(uid=7)}, BUILT), "/app itself has an owner"),
        (TEXT, (SOURCES, {**INSTALLED, "app": directory(0o1777)}, BUILT), "/app itself has an owner or a mode"),
        (TEXT, (SOURCES, {**INSTALLED, "root/.cache/puppeteer/chrome": "x"}, BUILT), "/root/.cache/puppeteer/chrome"),
        (TEXT.replace("/app", "/"), (SOURCES, INSTALLED, BUILT), "no WORKDIR"),
        (TEXT.replace("FROM node:20", "FROM node:20 AS build"), (SOURCES, INSTALLED, BUILT), "is called build"),
    ],
    ids=["late", "elsewhere", "owners", "folders", "own", "mode", "browser", "root", "named"],
)
def test_it_holds_back_where_more_than_one_folder_ships(text, layers, reason):
    _, found = findings(text, layers, config={**CONFIG, "WorkingDir": "/"} if "WORKDIR /\n" in text else CONFIG)
    assert [None] == [each.fix for each in found]
    assert reason in found[0].refusal


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/root/.npm/_cacache/a", ["/app/node_modules/a leads to /root/.npm/_cacache/a, which stays behind"]),
        ("/app/node_modules/fastify/index.js", [""]),
        ("/nowhere", [""]),
    ],
)
def test_a_link_to_what_stays_behind_is_a_reason_not_to_try(target, expected):
    _, found = findings(layers=(SOURCES, {**INSTALLED, "app/node_modules/a": symlink(target)}, BUILT))
    assert expected == [each.refusal for each in found]


def test_a_stage_that_others_are_built_from_stays_as_it_is():
    _, found = findings(TEXT + "ONBUILD RUN true\n")
    assert ["the stage has ONBUILD triggers"] == [each.refusal for each in found]


@pytest.mark.parametrize("text", [TEXT.replace("npm", "make"), TEXT + "FROM scratch\n"])
def test_nothing_is_said_of_what_is_not_built_with_npm_or_has_stages_already(text):
    assert [] == findings(text)[1]
