"""What a second stage must not lose: folders that programs write into, files that only a command or variable names."""

from __future__ import annotations

import pytest
from go_image import BASE as GO_BASE
from go_image import CACHE, SOURCES, refusal, text_of
from go_image import TEXT as GO
from go_program import go_program
from handmade_python import distribution
from handmade_tree import Piece, directory, executable, symlink
from test_pip_stage import APT, BROUGHT, COMPILED, ON_SLIM, PLAIN, SLIM
from test_pip_stage import SOURCES as MODULES
from test_pip_stage import TEXT as PIP
from test_pip_stage import after as split_of_pip
from test_pip_stage import findings as of_pip
from test_pip_stage import refusal as refused_of_pip
from test_single_stage import BUILT, INSTALLED, TEXT, findings
from test_single_stage import SOURCES as SCRIPTS

from jettison.dockerfile.edit import apply

DATA = "RUN mkdir -p /data && chown 1000 /data\n"


def split(text, *layers):
    _, (found,) = findings(text, layers)
    assert found.fix is not None, found.refusal
    return apply(text, found.fix.edits)


def reason(text, *layers):
    _, (found,) = findings(text, layers)
    assert found.fix is None, found.fix
    return found.refusal


@pytest.mark.parametrize("before", ["WORKDIR /app\n", "RUN npm run build\n", "USER node\n"])
@pytest.mark.parametrize("folder", ["data", "tmp/uploads"])
def test_a_folder_outside_that_a_run_makes_is_made_in_the_second_stage(before, folder):
    run = DATA.replace("data", folder)
    text = TEXT.replace(before, run + before)
    made = {folder: directory(uid=1000), "tmp": directory(0o1777)}
    layers = [SCRIPTS, INSTALLED, BUILT]
    layers.insert({"WORKDIR /app\n": 0, "RUN npm run build\n": 2, "USER node\n": 3}[before], made)
    assert run in split(text, *layers).partition("\n\nFROM ")[2]


def test_a_folder_whose_mode_changes_counts_and_one_that_only_leads_to_a_cache_does_not():
    text = TEXT.replace("RUN npm run build", "RUN npm run build && chmod 777 /usr/bin")
    changed = {**BUILT, "usr/bin": directory(0o777)}
    assert "line 6 writes /usr/bin, after files were copied" == reason(text, SCRIPTS, INSTALLED, changed)
    leading = {"": directory(), "root": directory(0o700), "root/.cache": directory(), "root/.cache/yarn/x": "",
               "usr": directory(), "tmp": directory(0o1777), "tmp/v8-compile-cache-0": directory()}  # fmt: skip
    assert split(TEXT, SCRIPTS, {**INSTALLED, **leading}, BUILT) == split(TEXT, SCRIPTS, INSTALLED, BUILT)


def test_a_run_that_makes_folders_on_both_sides_is_not_divided():
    text = TEXT.replace("RUN npm run build", DATA.replace("/data\n", "/data /app\n") + "RUN npm run build")
    both = {"data": directory(uid=1000), "app/src": directory(uid=1000)}
    assert "line 6 writes /data, after files were copied" == reason(text, SCRIPTS, INSTALLED, both, BUILT)


@pytest.mark.parametrize(
    ("run", "path"),
    [
        ("poetry install", "root/.cache/pypoetry/virtualenvs/app-py3.11/bin/gunicorn"),
        ("pnpm add -g pm2", "root/.local/share/pnpm/pm2-runtime"),
    ],
)
def test_programs_in_a_folder_of_caches_are_no_cache(run, path):
    text = TEXT.replace("RUN npm run build", f"RUN {run}\nRUN npm run build")
    assert f"writes /{path}, after files were copied" in reason(text, SCRIPTS, INSTALLED, {path: "x"}, BUILT)
    cache = {"root/.cache/pypoetry/artifacts/x": "x", "root/.local/share/pnpm/store/v3/x": "x", "pnpm/store/v3/x": "x"}
    assert "COPY --from=build /app /app" in split(text, SCRIPTS, INSTALLED, cache, BUILT)


def test_a_run_that_makes_the_folder_itself_is_done_in_both_stages():
    made = "RUN mkdir -p /app/node_modules && chown -R node:node /app\n"
    text = TEXT.replace("WORKDIR /app\n", made + "WORKDIR /app\n")
    own = {"app": directory(uid=1000), "app/node_modules": directory(uid=1000)}
    layers = [{path: Piece(each.encode(), uid=1000) for path, each in files.items()}
              for files in (SCRIPTS, INSTALLED, BUILT)]  # fmt: skip
    second = split(text, own, *layers).partition("\n\nFROM ")[2]
    assert f"node:20\n{made}WORKDIR /app\nCOPY --from=build --chown=1000:0 /app /app\n" in second
    later = TEXT.replace("RUN npm run build\n", f"{made}RUN npm run build\n")
    assert "/app itself has an owner or a mode" in reason(later, layers[0], layers[1], own, layers[2])


# Go


def test_a_program_in_a_folder_that_is_a_link_is_started_by_its_own_path():
    base = {path: each for path, each in GO_BASE.items() if not path.startswith("bin/")}
    base |= {"bin": symlink("usr/bin"), "usr/bin/sh": Piece(b"ELF", 0o755)}
    text = GO.replace("-o server", "-o /bin/server").replace("./server", "/bin/server")
    found = text_of(text, base=base, built={"usr/bin/server": go_program(), **CACHE})
    assert "COPY --from=build /usr/bin/server /usr/bin/server\n" in found
    assert 'CMD ["/usr/bin/server"]' in found


@pytest.mark.parametrize(
    ("more", "path"),
    [("mkdir -p /data", "makes the folder /data"), ("echo a > /etc/app.conf", "writes /etc/app.conf")],
)
def test_what_is_made_beside_an_installation_of_packages_is_not_forgotten(more, path):
    install = "RUN apt-get update && apt-get install -y ca-certificates"
    text = GO.replace("COPY", f"{install} && {more}\nCOPY")
    made = {"etc/app.conf": "a"} if "echo" in more else {"data": directory()}
    assert f"line 4 {path}" in refusal(text, setup=made)
    assert "FROM scratch" in text_of(GO.replace("COPY", f"{install}\nCOPY"), setup={"var/lib/dpkg/x": "x"})


NAMED = {
    "an argument": ('CMD ["./server", "-dir=./docs"]', {"Cmd": ["./server", "-dir=./docs"]}),
    "a variable": ('ENV DOCS=/app/docs\nCMD ["./server"]', {"Env": ["DOCS=/app/docs"]}),
    "a health check": (
        'HEALTHCHECK CMD ["./server", "docs/a.md"]\nCMD ["./server"]',
        {"Healthcheck": {"Test": ["CMD", "./server", "docs/a.md"]}},
    ),
}


@pytest.mark.parametrize(("lines", "config"), NAMED.values(), ids=NAMED)
def test_documentation_that_the_dockerfile_names_ships(lines, config):
    text = GO.replace('CMD ["./server"]', lines)
    found = text_of(text, sources={**SOURCES, "app/docs/a.md": "d"}, config=config)
    assert "COPY --from=build /app/docs /app/docs\n" in found


@pytest.mark.parametrize(("settings", "ships"), [("pages: docs", True), ("b: 1", False)])
def test_documentation_that_a_file_of_settings_names_ships(settings, ships):
    found = text_of(sources={**SOURCES, "app/docs/a.md": "d", "app/config.yaml": settings})
    assert ships == ("/app/docs" in found)


@pytest.mark.parametrize("variable", [True, False])
def test_an_embedded_folder_that_a_variable_names_ships_as_well(variable):
    sources = {**SOURCES, "app/main.go": "package main\n//go:embed static\nvar files embed.FS\n"}
    text = GO.replace("CMD", "ENV STATIC=/app/static\nCMD") if variable else GO
    config = {"Env": ["STATIC=/app/static"]} if variable else {}
    assert variable == ("COPY --from=build /app/static /app/static" in text_of(text, sources=sources, config=config))


@pytest.mark.parametrize(("line", "ships"), [('os.ReadFile("testdata/a.json")', True), ("", False)])
def test_test_data_that_a_source_mentions_ships(line, ships):
    sources = {**SOURCES, "app/main.go": f"package main\n{line}\n", "app/testdata/a.json": "1"}
    sources["app/main_test.go"] = 'package main\nos.ReadFile("testdata/a.json")\n'
    assert ships == ("/app/testdata" in text_of(sources=sources))


def test_a_program_that_asks_for_its_home_takes_the_accounts_along():
    assert "/etc/passwd /etc/passwd" in text_of(program=go_program(functions=["os.UserHomeDir"]))


# Python


def test_a_run_between_two_that_install_is_not_put_ahead_of_both():
    text = PIP.replace("ENV PORT", "RUN python manage.py collectstatic\nRUN pip install gunicorn\nENV PORT")
    server = distribution("gunicorn", programs=("gunicorn",))
    layers = (MODULES, PLAIN, {"app/static/x": "1"}, server)
    assert "line 6 stands between RUNs that install, and may need what they installed" == refused_of_pip(text, layers)
    text = text.replace("python manage.py collectstatic", "mkdir -p /data")
    assert "RUN mkdir -p /data\nCOPY --from=build" in split_of_pip(
        text, (MODULES, PLAIN, {"data": directory()}, server)
    )


def test_a_comment_stays_with_the_run_that_installs():
    made = split_of_pip(PIP.replace("RUN pip", "# what it needs\nRUN pip"))
    assert "PIP_PYTHON=/opt/venv/bin/python\n# what it needs\nRUN pip install" in made


@pytest.mark.parametrize(("word", "moves"), [("/usr/local/bin/python", False), ("python", True)])
def test_who_names_the_interpreter_by_its_path_would_not_find_the_packages(word, moves):
    sources = {**MODULES, "app/crontab": f"* * * * * {word} /app/job.py\n"}
    _, (found,) = of_pip(layers=(sources, PLAIN))
    told = "/app/crontab names /usr/local/bin/python, whose packages would lie elsewhere"
    assert (moves, "" if moves else told) == (found.fix is not None, found.refusal)


@pytest.mark.parametrize("more", ["mkdir -p /data", "echo a > /etc/app.conf"])
def test_what_is_made_beside_packages_for_building_is_not_left_behind(more):
    text = ON_SLIM.replace("apt-get update", f"apt-get update && {more}")
    made = {"data": directory()} if "mkdir" in more else {"etc/app.conf": "a"}
    layers = ({**BROUGHT, **made}, MODULES, COMPILED)
    assert "line 3 does more than install packages" == refused_of_pip(text, layers, full=SLIM)
    text = PIP.replace("RUN pip install", f"RUN {more} && pip install")
    assert "line 5 does more than install packages" in refused_of_pip(text, (MODULES, {**PLAIN, **made}))


@pytest.mark.parametrize("wanted", ["curl", "gcc curl"])
@pytest.mark.parametrize(("update", "splits"), [("", False), ("apt-get update && ", True)])
def test_package_lists_that_a_line_for_building_fetches_are_needed_by_the_next(wanted, update, splits):
    lines = f"RUN apt-get update && apt-get install -y gcc\nRUN {update}apt-get install -y {wanted}\n"
    layers = (BROUGHT, {"var/lib/apt/x": "x"}, MODULES, PLAIN)
    _, (found,) = of_pip(ON_SLIM.replace(APT, lines), layers, full=SLIM)
    told = "line 4 installs from package lists that a line for building fetches"
    assert (splits, "" if splits else told) == (found.fix is not None, found.refusal)


LIST = """\
RUN apt-get update && apt-get install -y \\
    # what the service calls
    curl \\
    # what compiles
    gcc \\
    libpq-dev
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_last_words_of_a_list_with_comments_take_no_instruction_along(end):
    text = ON_SLIM.replace(APT, LIST).replace("\n", end)
    made = split_of_pip(text, ({**BROUGHT, "usr/bin/curl": executable("c")}, MODULES, PLAIN), full=SLIM)
    expected = f"apt-get install -y \\{end}    # what the service calls{end}    curl{end}WORKDIR /app{end}"
    assert expected in made.rpartition("FROM ")[2]
