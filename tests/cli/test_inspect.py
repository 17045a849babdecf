"""`jettison inspect` on archives made by hand, every byte of which is known."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import subprocess
import sys
import tarfile
import unicodedata
from pathlib import Path
from typing import Any

import pytest
import second_way
from jsonschema import Draft202012Validator

from jettison.cli.main import main
from jettison.documents.image import Asked, inspect_image
from jettison.documents.provenance import provenance_of
from jettison.documents.schemas import schema
from jettison.image.open import open_image
from jettison.report.image_text import inspection_text

HOSTILE = "etc/\x1b[2J\u202e|<script>alert(1)</script>\n::error::"
TOKEN = "ghp_" + "a" * 36
HISTORY = [
    {"created_by": "/bin/sh -c #(nop) ADD file:0123 in / "},
    {"created_by": '/bin/sh -c #(nop)  CMD ["sh"]', "empty_layer": True},
    {"created_by": f"RUN |1 NPM_TOKEN={TOKEN} /bin/sh -c npm install \t&&  npm test # buildkit"},
    {"created_by": "/bin/sh -c chown -R 1000 /app \x1b[31m"},
    {"created_by": "COPY dir:4567 in /srv # buildkit"},
]


Member = tuple[tarfile.TarInfo, bytes]


def member(name: str | bytes, content: bytes = b"", *, link: str = "") -> Member:
    """A regular file, or a hard link."""
    found = tarfile.TarInfo(name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else name)
    found.type, found.size, found.linkname = tarfile.LNKTYPE if link else tarfile.REGTYPE, len(content), link
    return found, content


LAYERS = [
    [
        member("bin/sh", b"s" * 5000),
        member("bin/ash", link="bin/sh"),
        member("etc/empty"),
        member("var/lists/Packages", b"p" * 4000),
        member("app/data", b"d" * 3000),
        member("opt/old/one", b"1" * 700),
        member("opt/old/two", b"2" * 300),
        member("etc/motd", b"hello"),
    ],
    [
        member("var/.wh.lists"),
        member(HOSTILE, b"h" * 2000),
        member(b"etc/\xff\\x", b"n" * 1000),
    ],
    [member("app/data", b"d" * 3000), member("etc/motd", b"hullo")],
    [
        member("opt/old/.wh..wh..opq"),
        member("opt/old/new", b"3" * 50),
        member(HOSTILE, b"H" * 10),
        member("srv/twice", b"a" * 60),
        member("srv/twice", b"b" * 70),
    ],
]
WASTE = {  # (path, bytes): (cause, layer, by_layer)
    (b"var/lists/Packages", 4000): ("deleted-later", 0, 1),
    (b"app/data", 3000): ("metadata-only", 0, 2),
    (b"etc/motd", 5): ("overwritten-later", 0, 2),
    (b"opt/old/one", 700): ("opaque-directory", 0, 3),
    (b"opt/old/two", 300): ("opaque-directory", 0, 3),
    (HOSTILE.encode(), 2000): ("overwritten-later", 1, 3),
    (b"srv/twice", 60): ("replaced-in-same-layer", 3, 3),
}
UNPACKED = [5000 + 4000 + 3000 + 700 + 300 + 5, 3000, 3005, 190]
DEAD = 4000 + 3000 + 5 + 700 + 300 + 2000 + 60


def tar(members: list[Member]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT, errors="surrogateescape") as archive:
        for each, content in members:
            archive.addfile(each, io.BytesIO(content))
    return out.getvalue()


def sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def config(history: list[dict[str, Any]]) -> bytes:
    ids = [sha256(tar(members)) for members in LAYERS]
    document = {"os": "linux", "architecture": "arm64", "variant": "v8", "config": {"Cmd": ["sh"]}}
    return json.dumps(document | {"rootfs": {"type": "layers", "diff_ids": ids}, "history": history}).encode()


def docker_archive(path: Path, history: list[dict[str, Any]] = HISTORY) -> Path:
    data = config(history)
    name = hashlib.sha256(data).hexdigest() + ".json"
    layers = [f"{number}/layer.tar" for number in range(len(LAYERS))]
    manifest = [{"Config": name, "RepoTags": ["shop:1"], "Layers": layers}]
    members = [member(layer, tar(each)) for layer, each in zip(layers, LAYERS, strict=True)]
    path.write_bytes(tar([*members, member(name, data), member("manifest.json", json.dumps(manifest).encode())]))
    return path


def oci_layout(path: Path) -> tuple[Path, int]:
    """The same image with gzipped layers; and the bytes of its blobs, the manifest left out."""
    blobs = path / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def put(data: bytes, media_type: str) -> dict[str, Any]:
        (blobs / sha256(data).partition(":")[2]).write_bytes(data)
        return {"mediaType": f"application/vnd.oci.image.{media_type}", "digest": sha256(data), "size": len(data)}

    layers = [put(gzip.compress(tar(each), mtime=0), "layer.v1.tar+gzip") for each in LAYERS]
    about = put(config(HISTORY), "config.v1+json")
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json"}
    index = put(json.dumps(manifest | {"config": about, "layers": layers}).encode(), "manifest.v1+json")
    (path / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (path / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [index]}))
    return path, sum(each["size"] for each in (*layers, about))


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return docker_archive(tmp_path / "shop.tar")


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    code = main(["inspect", *map(str, arguments)])
    out, err = capsys.readouterr()
    assert (0, "") == (code, err)
    return out


def document(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(capsys, *arguments, "--format", "json"))
    Draft202012Validator(schema("inspection")).validate(found)
    return found


def test_the_sizes_are_right_to_the_byte(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    expected = {"unpacked": sum(UNPACKED), "effective": sum(UNPACKED) - DEAD, "waste": DEAD}
    sizes = document(capsys, archive)["sizes"]
    assert expected == {key: sizes[key] for key in expected}
    assert (None, None, None) == (sizes["transfer"], sizes["unique"], sizes["daemon"])


def test_a_second_way_finds_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layout, stored = oci_layout(tmp_path / "layout")
    sizes = document(capsys, f"oci:{layout}")["sizes"]
    expected = second_way.unpacked(layout), second_way.effective(layout), stored
    assert expected == (sizes["unpacked"], sizes["effective"], sizes["transfer"])


def test_every_dead_byte_is_one_row(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, archive)
    rows = {(row["path"], row["bytes"]): (row["cause"], row["layer"], row["by_layer"]) for row in found["waste"]}
    assert {("/" + path.decode(), size): why for (path, size), why in WASTE.items()} == rows
    assert found["sizes"]["waste"] == sum(row["bytes"] for row in found["waste"])


def test_causes_add_up(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    expected = {"deleted-later": 4000, "metadata-only": 3000, "overwritten-later": 2005, "opaque-directory": 1000}
    assert expected | {"replaced-in-same-layer": 60} == document(capsys, archive)["causes"]


def test_layers_carry_their_history_without_its_secrets(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = run(capsys, archive, "--format", "json")
    layers = json.loads(text)["layers"]
    assert UNPACKED == [layer["unpacked"] for layer in layers]
    assert [7, 2, 2, 4] == [layer["files"] for layer in layers]
    assert HISTORY[0]["created_by"] == layers[0]["created_by"]
    assert TOKEN not in text
    assert "NPM_TOKEN=***" in layers[1]["created_by"]


def test_overhead_is_what_the_tar_holds_besides(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lengths = [len(tar(members)) for members in LAYERS]
    assert lengths == [layer["unpacked"] + layer["overhead"] for layer in document(capsys, archive)["layers"]]


def test_instructions_read_as_they_were_written(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = run(capsys, archive).splitlines()
    start = next(number for number, line in enumerate(lines) if "layers  the lowest first" in line)
    expected = ["ADD file:0123 in /", "RUN npm install && npm test", "RUN chown -R 1000 /app \\e[31m"]
    assert [*expected, "COPY dir:4567 in /srv"] == [line.split("  ")[-1] for line in lines[start + 1 : start + 5]]


def test_a_history_that_does_not_match_is_not_guessed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = docker_archive(tmp_path / "squashed.tar", HISTORY[:2])
    assert [None] * 4 == [layer["created_by"] for layer in document(capsys, path)["layers"]]
    assert 4 == run(capsys, path).count("(the history does not say)")


def test_the_biggest_files_are_those_that_are_seen(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    largest = document(capsys, archive, "--top", 3)["largest"]
    expected = [("/bin/ash", 5000, 0), ("/app/data", 3000, 2), ("/etc/\\xff\\\\x", 1000, 1)]
    assert expected == [(each["path"], each["bytes"], each["layer"]) for each in largest]
    assert "ZXRjL/9ceA==" == largest[2]["path_base64"]


def test_top_bounds_the_text_and_not_the_document(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = run(capsys, archive, "--top", 1)
    text = text.partition("  next\n")[0]
    assert (1, 0, 1) == (text.count("/var/lists/Packages"), text.count("/opt/old/"), text.count("/bin/ash"))
    assert len(WASTE) == len(document(capsys, archive, "--top", 1)["waste"])


def test_what_is_not_shown_is_counted(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = run(capsys, archive, "--top", 4)
    assert re.search(r"1.0 kB  opaque-directory +2 files.*\n +700 B    /opt/old/one .*\n +and 1 more, 300 B\n", text)


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_a_hostile_name_moves_nothing(archive: Path, capsys: pytest.CaptureFixture[str], form: str) -> None:
    text = run(capsys, archive, "--format", form)
    moving = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert [] == [c for c in text if c != "\n" and unicodedata.category(c) in moving]
    assert "::error::" not in [line.strip() for line in text.splitlines()]
    assert "u202e" in text


def test_markdown_has_no_tag_and_no_column_of_an_image(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = run(capsys, archive, "--format", "markdown")
    assert "<" not in text
    row = next(line for line in text.splitlines() if "script" in line)
    assert 6 == row.count("|")


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_report_fits(
    archive: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    lines = [line for line in run(capsys, archive).splitlines() if not line.startswith("    jettison ")]
    assert [] == [line for line in lines if len(line) > width]


def test_colour_changes_no_letter(archive: Path) -> None:
    image = open_image(str(archive))
    inspection = inspect_image(image, provenance_of(image), Asked(top=4))
    plain = inspection_text(inspection, width=80, top=4, colour=False)
    coloured = inspection_text(inspection, width=80, top=4, colour=True)
    assert "\x1b" in coloured
    assert plain == re.sub(r"\x1b\[[0-9]+m", "", coloured)


def test_the_report_goes_to_a_file(archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = run(capsys, archive, "--format", "markdown")
    assert "" == run(capsys, archive, "--format", "markdown", "-o", tmp_path / "report.md")
    assert shown == (tmp_path / "report.md").read_text()


def test_the_report_goes_to_a_device_as_to_a_file(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "" == run(capsys, archive, "-o", "/dev/null")
    for place, why in (("/dev/full", "No space left on device"), (tmp_path, "Is a directory")):
        assert 3 == main(["inspect", str(archive), "-o", str(place)])
        assert why in capsys.readouterr().err
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize("words", [["inspect"], ["ls", "-R"], ["export"]])
def test_standard_output_on_a_full_disk_is_exit_3(archive: Path, words: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "jettison", *words, archive],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    told = "jettison: cannot write: No space left on device\nhint: free some space and run again\n"
    assert (3, told) == (ended.returncode, ended.stderr)


def test_an_archive_on_standard_input_is_read(archive: Path) -> None:
    command = [sys.executable, "-m", "jettison", "inspect", "-", "--format", "json"]
    with archive.open("rb") as stream:
        done = subprocess.run(command, stdin=stream, capture_output=True, check=True, timeout=60)
    assert (sum(UNPACKED), b"") == (json.loads(done.stdout)["sizes"]["unpacked"], done.stderr)


def test_a_reader_that_stops_early_is_no_error(archive: Path) -> None:
    command = f"{sys.executable} -m jettison inspect {archive} --format json | head -c 10"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True, timeout=60)
    assert ('{\n  "schem', "") == (done.stdout, done.stderr)


def test_an_image_that_is_not_there_is_exit_3_with_a_hint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["inspect", f"oci:{tmp_path}/nothing"])
    out, err = capsys.readouterr()
    assert (3, "") == (code, out)
    assert "hint: " in err


def test_a_truncated_archive_is_exit_3(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive.write_bytes(archive.read_bytes()[:3000])
    assert 3 == main(["inspect", str(archive)])
    assert "" == capsys.readouterr().out


def test_an_image_without_waste_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[__name__], "LAYERS", [[member("bin/sh", b"s" * 5000)]])
    text = run(capsys, docker_archive(tmp_path / "clean.tar", HISTORY[:1]))
    assert "waste 0 B nothing ships that cannot be seen" in " ".join(text.split())
    assert "waste:" not in text
