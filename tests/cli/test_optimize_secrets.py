"""Secrets given to `jettison optimize`: printed by the build and the application, and in nothing that we write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from scripted_run import APPLICATION, JUNK, TEXT, make_project, optimize, replacing, use_rules

from jettison.rule import Finding, Rule
from jettison.subject import Subject

Patch = pytest.MonkeyPatch
Capture = pytest.CaptureFixture[str]
CANARY = "tr0ub4dor&3-canary"
pytestmark = pytest.mark.usefixtures("engine")


def telling(subject: Subject) -> Iterator[Finding]:
    """A proposal that says what a build argument holds."""
    yield Finding("telling", "told", None, 0, None, proposal=f"it is built with {subject.build_args['COLOUR']}")


TELLING = Rule("telling", "JT000", "telling: a rule of a test.", telling)


def secret_project(tmp_path: Path, last: str = "sleep 1") -> tuple[Path, list[str]]:
    """An application and a build that print every secret that they are given; the flags that give them."""
    text = TEXT.replace(
        "RUN write /usr/lib/needed 3000",
        f"ARG COLOUR\nRUN write /usr/lib/needed 3000 && secret key && echo $COLOUR && {last}",
    )
    project = make_project(tmp_path / "secret", text, "tell SHAPE\ntell API_TOKEN\n" + APPLICATION)
    (tmp_path / "key").write_text(f"{CANARY}-of-the-file\n")
    (tmp_path / "env").write_text(f"API_TOKEN={CANARY}-of-the-env-file\n")
    flags = ["--secret", f"id=key,src={tmp_path}/key", "--build-arg", f"COLOUR={CANARY}-of-the-build"]
    return project, [*flags, "--env-file", f"{tmp_path}/env", "--env", f"SHAPE={CANARY}-of-the-env"]


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_no_secret_is_in_anything_that_is_written(
    tmp_path: Path, monkeypatch: Patch, capsys: Capture, form: str
) -> None:
    project, flags = secret_project(tmp_path)
    broken = replacing("loud", "RUN write /usr/share/doc 20000", "RUN rm /usr/lib/needed", 20000)
    failing = replacing("failing", "write /usr/share/locale 10000", "secret key && fail $COLOUR is wrong", 10000)
    use_rules(monkeypatch, JUNK, broken, failing, TELLING)
    contract, page = tmp_path / "contract.json", tmp_path / "ledger.html"
    outputs = ("--diff", "--contract-out", str(contract), "--report", str(page))
    assert 0 == optimize(project, "-v", "--format", form, *outputs, *flags)
    out, err = capsys.readouterr()
    written = [path for path in (tmp_path / "state").rglob("*") if path.is_file()]
    assert any(path.name == "journal" for path in written)
    texts = {str(path): path.read_text() for path in [*written, contract, page]} | {"stdout": out, "stderr": err}
    assert {} == {
        name: text[max(0, text.find("canary") - 200) :][:300] for name, text in texts.items() if "canary" in text
    }
    assert (True, True) == ("broke-contract" in out, "is wrong" in out)


def test_no_secret_is_in_the_error_of_an_original_that_does_not_build(tmp_path: Path, capsys: Capture) -> None:
    project, flags = secret_project(tmp_path, "fail bad $COLOUR")
    assert 3 == optimize(project, *flags)
    err = capsys.readouterr().err
    assert (True, False) == ("bad ***" in err, "canary" in err)


def test_no_secret_is_in_a_refusal(tmp_path: Path, capsys: Capture) -> None:
    project, flags = secret_project(tmp_path)
    (project / "main").write_text("tell SHAPE\nneed /nothing\n")
    assert 4 == optimize(project, *flags, "--check", "test -e /there")
    assert "canary" not in capsys.readouterr().err


def test_words_that_are_no_secrets_stay_readable(project: Path, monkeypatch: Patch, capsys: Capture) -> None:
    (project / "main").write_text("tell NODE_ENV\n" + APPLICATION)
    use_rules(monkeypatch, replacing("bad", "write /usr/share/doc 20000", "fail production needs 8080", 20000))
    assert 0 == optimize(project, "-q", "--env", "NODE_ENV=production", "--env", "PORT=8080")
    assert "production needs 8080" in capsys.readouterr().out


def test_an_env_file_that_is_no_text_is_refused_without_showing_it(
    tmp_path: Path, project: Path, capsys: Capture
) -> None:
    (tmp_path / "env").write_bytes(b"SECRET=hunter\xff2\n")
    assert 2 == optimize(project, "--env-file", str(tmp_path / "env"))
    err = capsys.readouterr().err
    assert (True, False) == ("is not UTF-8" in err, "hunter" in err)


def test_no_secret_is_in_the_error_of_a_plan_or_in_the_plan(
    tmp_path: Path, monkeypatch: Patch, capsys: Capture
) -> None:
    project, flags = secret_project(tmp_path, "fail bad $COLOUR")
    assert 3 == optimize(project, "--plan", *flags)
    err = capsys.readouterr().err
    assert (True, False) == ("bad ***" in err, "canary" in err)
    project.joinpath("Dockerfile").write_text(TEXT.replace("RUN write /usr/lib", "ARG COLOUR\nRUN write /usr/lib"))
    use_rules(monkeypatch, JUNK, TELLING)
    assert 0 == optimize(project, "--plan", *flags)
    out = capsys.readouterr().out
    assert (True, False) == ("it is built with ***" in out, "canary" in out)
