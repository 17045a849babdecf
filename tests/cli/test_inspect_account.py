"""What `inspect` says besides sizes and waste: base and own, lines, classes, folders, packages, engines, dive."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import tarfile
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from jettison.cli import inspect
from jettison.cli.main import main
from jettison.documents.schemas import schema

DOCKERFILE = """FROM debian:12
ENV A=1
COPY app /app
RUN make
RUN rm -rf /var/cache/apt /srv/big
CMD ["/app/run"]
"""
HISTORY = [
    {"created_by": "/bin/sh -c #(nop) ADD file:1 in / "},
    {"created_by": '/bin/sh -c #(nop) CMD ["bash"]', "empty_layer": True},
    {"created_by": "/bin/sh -c #(nop) ENV A=1", "empty_layer": True},
    {"created_by": "/bin/sh -c #(nop) COPY dir:2 in /app "},
    {"created_by": "/bin/sh -c make"},
    {"created_by": "/bin/sh -c rm -rf /var/cache/apt /srv/big"},
    {"created_by": '/bin/sh -c #(nop) CMD ["/app/run"]', "empty_layer": True},
]
BASE = {"bin/sh": b"s" * 9000, "bin/ls -> sh": b"", "srv/big": b"b" * 6000, "etc/passwd": b"root"}
APP = {
    "app/run": b"r" * 5000,
    "app/copy": b"r" * 5000,
    "app/.git/pack": b"g" * 700,
    "var/cache/apt/x.deb": b"d" * 300,
    "app/node_modules/.package-lock.json": b'{"packages": {"node_modules/jest": {"dev": true}}}',
    "app/node_modules/jest/index.js": b"j" * 40,
    "app/package.json": b"{}",
    "lib/apk/db/installed": b"P:sh\nV:1\nF:bin\nR:sh\n",
}
LAYERS: list[dict[str, bytes]] = [BASE, APP, {"bin/sh": b"S" * 9000}, {"var/cache/.wh.apt": b"", "srv/.wh.big": b""}]
SHIPPED = sum(len(data) for layer in LAYERS for data in layer.values())


def tar(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files.items():
            path, _, link = name.partition(" -> ")
            info = tarfile.TarInfo(path)
            info.mode, info.size, info.linkname = 0o755, len(data), link
            info.type = tarfile.SYMTYPE if link else tarfile.REGTYPE
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def layout(path: Path, layers: list[dict[str, bytes]], history: list[dict[str, Any]], *, plain: bool = False) -> Path:
    """An OCI layout, its layers gzipped unless plain ones are asked for."""
    blobs = path / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def put(data: bytes, kind: str) -> dict[str, Any]:
        digest = hashlib.sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": f"sha256:{digest}", "size": len(data)}

    tars = [tar(each) for each in layers]
    ids = ["sha256:" + hashlib.sha256(each).hexdigest() for each in tars]
    config = {"os": "linux", "architecture": "amd64", "config": {"Env": ["PATH=/bin:/app"]}, "history": history}
    about = put(json.dumps(config | {"rootfs": {"type": "layers", "diff_ids": ids}}).encode(), "config.v1+json")
    if plain:
        stored = [put(each, "layer.v1.tar") for each in tars]
    else:
        stored = [put(gzip.compress(each, mtime=0), "layer.v1.tar+gzip") for each in tars]
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json"}
    index = put(json.dumps(manifest | {"config": about, "layers": stored}).encode(), "manifest.v1+json")
    (path / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (path / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [index]}))
    return path


@pytest.fixture
def image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    return layout(tmp_path / "image", LAYERS, HISTORY)


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    code = main(["inspect", *map(str, arguments)])
    out, err = capsys.readouterr()
    assert (0, "") == (code, err)
    return out


def document(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(capsys, *arguments, "--format", "json"))
    Draft202012Validator(schema("inspection")).validate(found)
    return found


def said(text: str) -> str:
    return " ".join(text.split())


def test_base_and_own_add_up(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, image)
    base, sizes = found["base"], found["sizes"]
    assert ("guessed", None, 1) == (base["known"], base["name"], base["layers"])
    for key in ("unpacked", "waste"):
        assert sizes[key] == base["totals"][key] + base["own"][key]
    assert sum(len(data) for data in BASE.values()) == base["totals"]["unpacked"]
    assert [True, False, False, False] == [layer["base"] for layer in found["layers"]]
    assert "15.3 kB, 15.3 kB by your instructions" in run(capsys, image)
    assert "on a base (a guess): 1 layer, 15.0 kB; 20.1 kB its own" in said(run(capsys, image))


def test_a_base_that_is_given_is_known(image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base = layout(tmp_path / "base", LAYERS[:2], HISTORY[:4])
    found = document(capsys, image, "--base-image", base)["base"]
    assert ("known", str(base), 2) == (found["known"], found["name"], found["layers"])
    other = layout(tmp_path / "other", LAYERS[1:2], HISTORY[3:4])
    assert "guessed" == document(capsys, image, "--base-image", other)["base"]["known"]


def test_a_base_that_is_in_this_users_store_is_known(
    image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jettison.image.transports.siblings.graph_root", lambda: tmp_path / "graph")
    assert "guessed" == document(capsys, image)["base"]["known"]
    digest = "sha256:" + hashlib.sha256(tar(LAYERS[0])).hexdigest()
    for name, told in (
        ("overlay-layers/layers.json", [{"id": "l", "diff-digest": digest}]),
        ("overlay-images/images.json", [{"id": "i", "names": ["localhost/base:1"], "layer": "l"}]),
    ):
        (tmp_path / "graph" / name).parent.mkdir(parents=True)
        (tmp_path / "graph" / name).write_text(json.dumps(told))
    found = document(capsys, image)
    assert ("known", "localhost/base:1", 1) == tuple(found["base"][key] for key in ("known", "name", "layers"))
    assert None is found["sizes"]["unique"]


def test_lines_of_the_dockerfile_are_told(image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, image, "-f", tmp_path)
    assert [None, 3, 4, 5] == [layer["line"] for layer in found["layers"]]
    assert {"/srv/big": (None, 5), "/var/cache/apt/x.deb": (3, 5), "/bin/sh": (None, 4)} == {
        row["path"]: (row["line"], row["by_line"]) for row in found["waste"]
    }
    assert ("guessed", "debian:12", 1) == tuple(found["base"][key] for key in ("known", "name", "layers"))
    text = run(capsys, image, "-f", tmp_path)
    assert 3 == len(re.findall(r"Dockerfile:[345]  ", text))
    assert "line 3, by 5" in text
    assert "on debian:12 (by its Dockerfile)" in said(text)
    assert "-f Dockerfile" not in text


def test_lines_that_are_not_known_are_told_as_such(
    image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Dockerfile").write_text(DOCKERFILE.replace("RUN make\n", "RUN make\nUSER 1\n"))
    found = document(capsys, image, "-f", tmp_path)
    assert [None] * 4 == [layer["line"] for layer in found["layers"]]
    assert "no lines are known: line 2 is ENV, its history row CMD" in said(run(capsys, image, "-f", tmp_path))


def test_one_layer_of_many_lines_is_told_with_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    rows = [
        *HISTORY[:2],
        *({**row, "empty_layer": True} for row in HISTORY[2:6]),
        {"created_by": HISTORY[6]["created_by"]},
    ]
    made = layout(tmp_path / "image", [BASE, APP], rows)
    found = document(capsys, made, "-f", tmp_path)
    assert [(None, None), (None, [3, 5])] == [(layer["line"], layer["lines"]) for layer in found["layers"]]
    assert "Dockerfile:3-5" in run(capsys, made, "-f", tmp_path)
    assert "your 5 instructions are one layer, by --layers=false or --squash" in said(run(capsys, made))


def test_every_byte_is_dead_classed_or_neither(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, image)
    assert SHIPPED == found["sizes"]["unpacked"]
    assert found["sizes"]["waste"] == sum(row["bytes"] for row in found["waste"]) == sum(found["causes"].values())
    expected = {
        "vcs": {"bytes": 700, "files": 1},
        "dev-dependencies": {"bytes": 40, "files": 1},
        "duplicate-content": {"bytes": 5000, "files": 1},
    }
    assert expected == {name: {key: each[key] for key in ("bytes", "files")} for name, each in found["classes"].items()}
    assert list(expected) == list(found["classes"])
    assert "5.0 kB ████████ duplicate-content 1 file /app" in said(run(capsys, image))


@pytest.mark.parametrize(("option", "method"), [("--top=10", "proportional"), ("--measure", "measured")])
def test_compressed_cost_is_an_estimate(
    image: Path, capsys: pytest.CaptureFixture[str], option: str, method: str
) -> None:
    found = document(capsys, image, option)
    assert {"method": method, "waste": sum(row["transfer"] for row in found["waste"])} == found["estimate"]
    assert 0 < found["estimate"]["waste"] < found["sizes"]["transfer"]
    assert "of a pull" in run(capsys, image, option)


def test_packages_are_weighed_when_asked(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert None is document(capsys, image)["packages"]
    found = document(capsys, image, "--packages")
    row = {"type": "apk", "name": "sh", "version": "1", "layer": 2, "bytes": 9000, "files": 1}
    assert [row] == found["packages"]["packages"]
    assert found["sizes"]["effective"] == 9000 + found["packages"]["rest"]
    assert "9.0 kB ████████ sh apk 1" in said(run(capsys, image, "--packages"))
    assert "| 9.0 kB | sh | 1 | apk | 1 |" in run(capsys, image, "--packages", "--format", "markdown")


def test_folders_and_programs_are_counted(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, image)
    assert found["sizes"]["effective"] == found["folders"][0]["bytes"]
    assert "/" == found["folders"][0]["path"]
    assert {"in_path": 4, "all": 9} == found["executables"]
    assert "4 executables in PATH" in run(capsys, image)


def test_what_engines_say_is_told_with_the_reason(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, image)
    tars = [tar(each) for each in LAYERS]
    blocks = sum(-(-len(data) // 4096) for layer in LAYERS for data in layer.values())
    assert {
        "docker": SHIPPED + len("sh"),
        "containerd": found["sizes"]["transfer"] + blocks * 4096,
        "podman": sum(map(len, tars)),
    } == found["engines"]
    assert "`docker images` says 35.1 kB (symbolic links counted)" in said(run(capsys, image))


def test_the_rows_of_the_history_are_explained(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    expected = "2 of your 5 instructions add files; the history has 7 rows, because 2 are the base's, 2 only change "
    assert expected + "the config (ENV, CMD), 1 makes a layer of 0 B" in said(run(capsys, image))


def test_dives_numbers_stand_beside_the_exact_one(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, image)
    shipped, twice = SHIPPED, 18000 + 6000
    assert twice == found["dive"]["wasted_bytes"]
    own = shipped - sum(len(data) for data in BASE.values())
    assert pytest.approx(twice / own * 100) == found["dive"]["user_wasted_percent"]
    assert pytest.approx((shipped - 9000 - 6000) / shipped) == found["dive"]["efficiency"]
    assert "24.0 kB wasted" in run(capsys, image)
    assert "exactly, 15.3 kB are" in said(run(capsys, image))


def test_what_dive_divides_by_nothing_is_null(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = layout(tmp_path / "one", LAYERS[:1], HISTORY[:2])
    assert None is document(capsys, made)["dive"]["user_wasted_percent"]
    assert "NaN of user bytes" in run(capsys, made)


def test_the_next_steps_can_be_typed(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = run(capsys, image)
    commands = [line.split() for line in text.splitlines() if line.startswith("    jettison ")]
    assert [["why", f"oci:{image}", "/bin/sh"], ["optimize", "."], ["inspect", f"oci:{image}", "-f", "Dockerfile"]] == [
        command[1:] for command in commands
    ]
    assert 0 == main(commands[0][1:])


def test_an_image_without_anything_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = layout(tmp_path / "empty", [{}], [{"created_by": "COPY x"}])
    found = document(capsys, made)
    assert (0, {}, []) == (found["sizes"]["effective"], found["classes"], found["folders"])
    text = run(capsys, made)
    assert "nothing ships that cannot be seen" in text
    assert "where it lies" not in text


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--target", "x"], 2, "--target names a stage"),
        (["--platform", "linux/s390x"], 3, "s390x"),
        (["--base-image", "oci:/nowhere"], 3, "nowhere"),
        (["-f", "/nowhere/Dockerfile"], 2, "/nowhere/Dockerfile does not exist"),
    ],
)
def test_wrong_use_is_told(
    image: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, words: str
) -> None:
    assert code == main(["inspect", str(image), *arguments])
    out, err = capsys.readouterr()
    assert ("", True) == (out, words in err)


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_hostile_packages_folders_and_bases_move_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    evil = "\x1b[2J\u202e|<b>::error::"
    files = {
        "lib/apk/db/installed": f"P:{evil}\nV:{evil}\nF:bin\nR:sh\n".encode(),
        "bin/sh": b"s" * 9000,
        f"usr/share/doc/{evil}/x": b"d" * 5000,
        f"tmp/{evil}": b"t",
    }
    history = [{"created_by": evil}, {"created_by": evil, "comment": f"FROM {evil}"}, {"created_by": "x"}]
    made = layout(tmp_path / "image", [files, {"bin/sh": b"S"}, {}], history)
    text = run(capsys, made, "--packages", "--format", form)
    assert [] == [
        c for c in text if c != "\n" and unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    ]
    assert ("\\e[2J" if form == "text" else "&#92;e\\[2J") in text
    assert form == "text" or "<b>" not in text
    Draft202012Validator(schema("inspection")).validate(json.loads(run(capsys, made, "--packages", "--format", "json")))


def test_a_report_is_known_until_something_that_it_is_made_of_changes(
    image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run(capsys, image)
    looked: list[str] = []
    inspected = inspect._inspected
    monkeypatch.setattr(inspect, "_inspected", lambda *told: looked.append("again") or inspected(*told))
    assert (first, []) == (run(capsys, image), looked)
    with_lines = ["-f", tmp_path]  # whose context may have changed: looked at each time
    changed = [with_lines, with_lines, ["--top", 1], ["--packages"], ["--measure"], ["--format", "json"]]
    for options in changed:
        run(capsys, image, *options)
    monkeypatch.setenv("COLUMNS", "60")
    run(capsys, image)
    assert ["again"] * (len(changed) + 1) == looked
    monkeypatch.setenv("JETTISON_CACHE_SIZE", "0")
    run(capsys, image)
    assert len(changed) + 2 == len(looked)


def test_the_whole_report_in_80_columns(
    image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    layout(tmp_path / "plain", LAYERS, HISTORY, plain=True)  # gzips differ from machine to machine
    monkeypatch.chdir(tmp_path)
    expected = (Path(__file__).parent / "inspection_80_columns.txt").read_text()
    assert expected == run(capsys, "plain", "-f", "Dockerfile", "--packages")
