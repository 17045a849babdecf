from __future__ import annotations

from typing import Any

from handmade_tree import Files, executable, symlink, tree, without

from jettison.closure.lost import Reach, lost, lost_of
from jettison.closure.python_source import imports

SITE = "usr/local/lib/python3.11/site-packages"
VENV = "opt/venv/lib/python3.11/site-packages"
STDLIB = "usr/local/lib/python3.11"
FILES: Files = {
    "usr/local/bin/python": executable("\x7fELF"),
    "usr/local/bin/gunicorn": executable("#!/usr/local/bin/python\nfrom gunicorn.app.wsgiapp import run\nrun()\n"),
    f"{STDLIB}/json/__init__.py": "from .decoder import JSONDecoder\n",
    f"{STDLIB}/json/decoder.py": "",
    f"{STDLIB}/lib-dynload/_ssl.cpython-311-x86_64-linux-gnu.so": "x",
    f"{STDLIB}/ssl.py": "import _ssl\n",
    f"{SITE}/gunicorn/__init__.py": "",
    f"{SITE}/gunicorn/app/__init__.py": "",
    f"{SITE}/gunicorn/app/wsgiapp.py": "import gunicorn.workers\n",
    f"{SITE}/gunicorn/workers.py": "try:\n    import gevent\nexcept ImportError:\n    gevent = None\n",
    f"{SITE}/gevent/__init__.py": "",
    f"{SITE}/flask/__init__.py": "from . import json\nfrom .app import Flask as Flask\n",
    f"{SITE}/flask/app.py": "from .sub.deep import x\ndef late():\n    from . import views\n",
    f"{SITE}/flask/sub/__init__.py": "import ssl\n",
    f"{SITE}/flask/sub/deep.py": "",
    f"{SITE}/flask/views.py": "",
    f"{SITE}/flask/json.py": "",
    f"{SITE}/flask/unreached.py": "",
    f"{SITE}/psycopg2/__init__.py": "",
    f"{SITE}/namespace/inner/thing.py": "",
    f"{SITE}/fast.cpython-311-x86_64-linux-gnu.so": "x",
    f"{SITE}/lonely.pyc": "x",
    f"{SITE}/mypy_types/__init__.py": "",
    "app/main.py": (
        "import os\nimport flask, fast, lonely\nfrom namespace.inner import thing\nfrom pkg import models\n"
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import mypy_types\n"
        "try:\n    import psycopg2\nexcept ImportError:\n    psycopg2 = None\n"
    ),
    "app/pkg/__init__.py": "",
    "app/pkg/models.py": "from ..secret import x\nimport importlib\nimportlib.import_module('pkg.plugin')\n",
    "app/pkg/plugin.py": "",
    "app/setup.py": "import setuptools\n",
    f"{SITE}/setuptools/__init__.py": "",
}
CONFIG: dict[str, Any] = {"WorkingDir": "/app", "Cmd": ["python", "main.py"]}


def reported(*gone: str, config: dict[str, Any] = CONFIG, files: Files = FILES) -> list[str]:
    found = lost(tree(files), tree(without(files, *gone)), config)
    return [each.evidence for each in found if each.what == "Python imports"]


def test_a_package_that_is_gone_is_told_with_who_wants_it() -> None:
    assert "flask, imported by /app/main.py" == reported(f"{SITE}/flask")[0].partition(" and ")[0]


def test_a_relative_import_is_followed() -> None:
    assert ["flask.sub.deep, imported by /" + SITE + "/flask/app.py"] == reported(f"{SITE}/flask/sub/deep.py")
    assert ["flask.json, imported by /" + SITE + "/flask/__init__.py"] == reported(f"{SITE}/flask/json.py")


def test_an_import_within_a_function_is_followed() -> None:
    assert ["flask.views, imported by /" + SITE + "/flask/app.py"] == reported(f"{SITE}/flask/views.py")


def test_the_package_above_a_module_is_run_too() -> None:
    assert [f"_ssl, imported by /{STDLIB}/ssl.py"] == reported(f"{STDLIB}/lib-dynload")


def test_a_module_that_nothing_reaches_may_go() -> None:
    assert [] == reported(f"{SITE}/flask/unreached.py")
    assert [] == reported(f"{STDLIB}/json")  # flask.json is another


def test_a_guarded_import_counts_in_the_application_and_not_in_libraries() -> None:
    assert ["psycopg2, imported by /app/main.py"] == reported(f"{SITE}/psycopg2")
    config = {"WorkingDir": "/app", "Cmd": ["gunicorn", "main:app"]}
    assert [] == reported(f"{SITE}/gevent", config=config)


def test_imports_for_type_checkers_do_not_count() -> None:
    assert [] == reported(f"{SITE}/mypy_types")


def test_a_namespace_package_is_found_and_missed() -> None:
    assert ["namespace, imported by /app/main.py and 2 more"] == reported(f"{SITE}/namespace")
    assert ["namespace, imported by /app/main.py and 2 more"] == reported(f"{SITE}/namespace/inner/thing.py")


def test_extensions_and_bare_bytecode_are_modules() -> None:
    assert ["fast, imported by /app/main.py"] == reported(f"{SITE}/fast.cpython-311-x86_64-linux-gnu.so")
    assert ["lonely, imported by /app/main.py"] == reported(f"{SITE}/lonely.pyc")


def test_an_extension_built_for_another_place_serves_as_well() -> None:
    moved = {**without(FILES, f"{SITE}/flask"), **{k.replace("site-", "dist-"): v for k, v in FILES.items()}}
    assert [] == [each.evidence for each in lost(tree(FILES), tree(moved), CONFIG) if each.what == "Python imports"]


def test_a_package_that_lost_its_init_is_no_package_any_more() -> None:
    assert ["pkg, imported by /app/main.py"] == reported("app/pkg/__init__.py")


def test_a_name_given_to_import_module_is_followed() -> None:
    assert ["pkg.plugin, imported by /app/pkg/models.py"] == reported("app/pkg/plugin.py")


def test_setup_and_tests_in_the_working_directory_are_not_run() -> None:
    assert [] == reported(f"{SITE}/setuptools")


def test_a_script_without_an_ending_is_known_by_its_interpreter() -> None:
    config = {"Cmd": ["gunicorn", "main:app"], "WorkingDir": "/app"}
    expected = "gunicorn.app.wsgiapp, imported by /usr/local/bin/gunicorn"
    assert [expected] == reported(f"{SITE}/gunicorn/app/wsgiapp.py", config=config)


def test_an_application_named_as_module_and_object_is_an_entry() -> None:
    files = {**without(FILES, "app/main.py"), "app/shop/__init__.py": "", "app/shop/web.py": "import flask\n"}
    for cmd in (["gunicorn", "shop.web:app"], ["python", "-m", "shop.web"], ["/bin/sh", "-c", "python -m shop.web"]):
        config = {"WorkingDir": "/app", "Cmd": cmd}
        told = reported(f"{SITE}/flask/json.py", config=config, files=files)
        assert [f"flask.json, imported by /{SITE}/flask/__init__.py"] == told, cmd


def test_the_module_of_the_command_itself_is_missed() -> None:
    config = {"WorkingDir": "/app", "Cmd": ["python", "-m", "pkg"]}
    files = {**FILES, "app/pkg/__main__.py": ""}
    assert ["pkg.__main__, which the command names"] == reported("app/pkg/__main__.py", config=config, files=files)


def test_an_extension_that_the_command_names_is_missed() -> None:
    config = {"WorkingDir": "/app", "Cmd": ["python", "-m", "fast"]}
    gone = f"{SITE}/fast.cpython-311-x86_64-linux-gnu.so"
    assert ["fast, which the command names"] == reported(gone, config=config, files=without(FILES, "app/main.py"))


def test_the_entry_script_is_looked_through() -> None:
    start = executable("#!/bin/sh\ncd /srv\nexec python /srv/run.py\n")
    files = {**FILES, "bin/sh": executable("x"), "start.sh": start, "srv/run.py": "import psycopg2\n"}
    told = reported(f"{SITE}/psycopg2", config={"Entrypoint": ["/start.sh"]}, files=files)
    assert ["psycopg2, imported by /srv/run.py"] == told


def test_pythonpath_is_looked_at() -> None:
    files = {**FILES, "opt/own/helpers.py": "", "app/main.py": "import helpers\n"}
    config = {**CONFIG, "Env": ["PYTHONPATH=/opt/own"]}
    assert ["helpers, imported by /app/main.py"] == reported("opt/own/helpers.py", config=config, files=files)


def test_a_working_directory_behind_a_link_is_found() -> None:
    files = {**FILES, "code": symlink("/app")}
    config = {"WorkingDir": "/code", "Cmd": ["python", "main.py"]}
    assert ["psycopg2, imported by /app/main.py"] == reported(f"{SITE}/psycopg2", config=config, files=files)


def test_sources_that_do_not_parse_are_passed_over() -> None:
    assert () == imports("def (", guarded=True)
    assert () == imports("\0", guarded=True)
    assert () == imports("(" * 5000, guarded=True)


def test_a_relative_import_above_the_top_leads_nowhere() -> None:
    assert () == imports("from ... import x\n", guarded=True, package="a")
    assert ["a", "a.b", "a.b.x"] == sorted(imports("from .b import x\n", guarded=True, package="a"))


def test_a_try_with_finally_alone_guards_nothing() -> None:
    assert ("x",) == imports("try:\n    import x\nfinally:\n    pass\n", guarded=False)


def test_what_a_library_imports_only_as_a_script_does_not_count() -> None:
    files = {
        **FILES,
        f"{STDLIB}/ssl.py": "import _ssl\nif __name__ == '__main__':\n    import doctest\n",
        f"{STDLIB}/doctest.py": "",
    }
    assert [] == reported(f"{STDLIB}/doctest.py", files=files)
    assert ("doctest",) == imports("if __name__ == '__main__':\n    import doctest\n", guarded=True)


def test_what_a_librarys_own_tests_import_does_not_count() -> None:
    files = {
        **FILES,
        f"{STDLIB}/ssl.py": "def check():\n    from test import support\n",
        f"{STDLIB}/test/__init__.py": "",
        f"{STDLIB}/test/support.py": "import distutils\n",
        f"{STDLIB}/distutils/__init__.py": "",
    }
    assert [] == reported(f"{STDLIB}/distutils", files=files)


def test_what_moved_into_a_virtual_environment_is_not_lost() -> None:
    """The program is found on the candidate's own PATH, its modules below another folder."""
    moved = {path.replace("usr/local/bin/gunicorn", "opt/venv/bin/gunicorn").replace(SITE, VENV): each
             for path, each in FILES.items()}  # fmt: skip
    config = {"Env": ["PATH=/usr/local/bin:/usr/bin"], "Cmd": ["gunicorn", "main:app"], "WorkingDir": "/app"}
    after = {**config, "Env": ["PATH=/opt/venv/bin:/usr/local/bin:/usr/bin"]}
    assert [] == list(lost_of(Reach(tree(FILES), config), tree(moved), after))
    gone = {path: each for path, each in moved.items() if "bin/gunicorn" not in path}
    (found,) = lost_of(Reach(tree(FILES), config), tree(gone), after)
    assert ("what the entry point calls", "gunicorn is gone") == (found.what, found.evidence)
