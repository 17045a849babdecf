from __future__ import annotations

from handmade_tree import Files, symlink, tree, without

from jettison.closure.lost import Lost, lost

SITE = "usr/lib/python3/dist-packages"
FILES: Files = {
    f"{SITE}/psycopg2/__init__.py": "",
    f"{SITE}/psycopg2/_psycopg.cpython-311-x86_64-linux-gnu.so": "x",
    f"{SITE}/psycopg2/tests/test_all.py": "",
    f"{SITE}/psycopg2/__pycache__/__init__.cpython-311.pyc": "",
    f"{SITE}/psycopg2/py.typed": "",
    f"{SITE}/psycopg2/README.md": "",
    f"{SITE}/psycopg2/locale/de/LC_MESSAGES/django.mo": "",
    f"{SITE}/psycopg2-2.9.dist-info/METADATA": "",
    f"{SITE}/six.py": "",
    "app/node_modules/express/index.js": "",
    "app/node_modules/express/lib/router.js": "",
    "app/node_modules/express/lib/router.js.map": "",
    "app/node_modules/express/lib/router.d.ts": "",
    "app/node_modules/express/man/express.1": "",
    "app/node_modules/express/LICENSE": "",
    "app/node_modules/@scope/ui/dist/ui.css": "",
    "app/node_modules/@scope/ui/index.js": "",
    "app/node_modules/.bin/express": symlink("../express/index.js"),
    "app/server.py": "",
}


def reported(*gone: str, files: Files = FILES) -> list[str]:
    found = lost(tree(files), tree(without(files, *gone)), {"WorkingDir": "/nowhere"})
    return [each.evidence for each in found if each.what == "parts of packages"]


def test_a_lost_extension_is_told() -> None:
    path = f"{SITE}/psycopg2/_psycopg.cpython-311-x86_64-linux-gnu.so"
    assert [f"/{SITE}/psycopg2 lost /{path}"] == reported(path)


def test_an_asset_that_a_library_serves_is_told_though_nobody_links_to_it() -> None:
    path = "app/node_modules/@scope/ui/dist/ui.css"
    assert [f"/app/node_modules/@scope/ui lost /{path}"] == reported(path)


def test_several_files_of_a_package_are_one_sentence_and_packages_are_counted() -> None:
    files = {**FILES, "app/node_modules/express/lib/view.js": "", f"{SITE}/psycopg2/pool.py": ""}
    gone = ["app/node_modules/express/lib/router.js", "app/node_modules/express/lib/view.js"]
    lib = "/app/node_modules/express lost /app/node_modules/express/lib/router.js and 1 more"
    assert [lib] == reported(*gone, files=files)
    assert [f"{lib} and 1 more"] == reported(*gone, f"{SITE}/psycopg2/pool.py", files=files)


def test_what_no_program_reads_is_not_told() -> None:
    for path in FILES:
        harmless = ("tests/", "__pycache__", "py.typed", "README", "locale/", ".map", ".d.ts", "man/", "LICENSE")
        if any(word in path for word in harmless):
            assert [] == reported(path), path


def test_a_whole_package_that_is_gone_is_not_told() -> None:
    assert [] == reported(f"{SITE}/psycopg2", f"{SITE}/psycopg2-2.9.dist-info")
    assert [] == reported("app/node_modules/express", "app/node_modules/.bin")
    assert [] == reported(f"{SITE}/six.py")


def test_a_package_of_which_only_texts_are_left_is_gone_as_a_whole() -> None:
    gone = [f"app/node_modules/express/{name}" for name in ("index.js", "lib")]
    assert [] == reported(*gone, "app/node_modules/.bin")


def test_debian_packages_that_share_a_folder_may_go_one_by_one() -> None:
    info = "var/lib/dpkg/info/python3-zope-event:amd64"
    files = {
        f"{SITE}/zope/event/__init__.py": "",
        f"{SITE}/zope/interface/__init__.py": "",
        f"{info}.list": f"/.\n/{SITE}\n/{SITE}/zope/event\n/{SITE}/zope/event/__init__.py\n",
    }
    assert [] == reported(f"{SITE}/zope/event", f"{info}.list", files=files)
    assert 1 == len(reported(f"{SITE}/zope/event", files=files))


def test_wheels_that_share_a_folder_may_go_one_by_one() -> None:
    record = f"{SITE}/google_auth-2.0.dist-info/RECORD"
    files = {
        f"{SITE}/google/auth/__init__.py": "",
        f"{SITE}/google/cloud/__init__.py": "",
        record: "google/auth/__init__.py,sha256=abc,0\ngoogle_auth-2.0.dist-info/RECORD,,\n../../bin/x,,\n",
    }
    assert [] == reported(f"{SITE}/google/auth", record, files=files)
    assert 1 == len(reported(f"{SITE}/google/auth", files=files))


def test_what_pnpm_takes_out_of_its_bin_and_its_store_is_told_of_the_packages_that_have_it() -> None:
    store = "app/node_modules/.pnpm/express@4/node_modules"
    files = {
        "app/node_modules/.bin/tsc": "#!/bin/sh",
        "app/node_modules/.bin/express": "#!/bin/sh",
        f"{store}/express/index.js": "",
        f"{store}/express/lib.js": "",
        "app/node_modules/.prisma/client/index.js": "",
        "app/node_modules/.prisma/client/schema.prisma": "",
    }
    assert [] == reported("app/node_modules/.bin/tsc", files=files)
    assert [f"/{store}/express lost /{store}/express/lib.js"] == reported(f"{store}/express/lib.js", files=files)
    schema = "app/node_modules/.prisma/client/schema.prisma"
    assert [f"/app/node_modules/.prisma lost /{schema}"] == reported(schema, files=files)


def test_files_outside_packages_are_not_its_business() -> None:
    assert [] == reported("app/server.py")


def test_one_loss_is_one_row() -> None:
    path = "app/node_modules/express/lib/router.js"
    found = list(lost(tree(FILES), tree(without(FILES, path)), {}))
    assert [Lost("parts of packages", f"/app/node_modules/express lost /{path}")] == found


def test_of_a_wheels_metadata_only_what_programs_ask_for_is_told() -> None:
    info = f"{SITE}/flask-3.dist-info"
    files = {f"{info}/{name}": "" for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "LICENSE")}
    assert [] == reported(f"{info}/RECORD", f"{info}/WHEEL", f"{info}/LICENSE", files=files)
    assert [f"/{info} lost /{info}/METADATA"] == reported(f"{info}/METADATA", files=files)
    assert [f"/{info} lost /{info}/entry_points.txt"] == reported(f"{info}/entry_points.txt", files=files)
    assert [] == reported(info, files={**files, "x": ""})


def test_a_package_whose_name_ends_in_info_is_no_metadata() -> None:
    files = {"app/node_modules/ci-info/index.js": "", "app/node_modules/ci-info/CHANGELOG.md": ""}
    assert [] == reported("app/node_modules/ci-info/CHANGELOG.md", files=files)
