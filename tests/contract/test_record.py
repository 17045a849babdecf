from __future__ import annotations

import itertools
import time
from typing import Any

import pytest
from fake_sandbox import Clock, FakeEngine, Page, Port, Program, Request, site
from handmade_tree import Files, directory, image

from jettison.contract import http
from jettison.contract.model import Check, Contract, RecordOptions, Strength
from jettison.contract.observe import Target
from jettison.contract.record import record
from jettison.core.errors import ContractError, UsageError
from jettison.engine.model import Finished, Listener, ProcessFacts

OK = Finished(0, b"fine\n", b"")
FILES: Files = {"app/main.py": "x = 1\n", "tmp": directory(0o1777), "var/tmp": directory(0o1777), "data": directory()}
CONFIG: dict[str, Any] = {"WorkingDir": "/app", "Cmd": ["python", "main.py"], "ExposedPorts": {"8000/tcp": {}}}
HOME = Page('<a href="/a">a</a>')
PAGES = {"/": HOME, "/a": Page("page a")}
SERVER = Program({8000: site(PAGES)})


def recorded(clock: Clock, *programs: Program, files: Files = FILES, **more: Any) -> Contract:
    config = more.pop("config", CONFIG)
    target = Target(FakeEngine({"v0": programs}, clock), "v0", image(files, config=config))
    return record(target, RecordOptions(**more))


def refused(clock: Clock, *programs: Program, **more: Any) -> tuple[str, str]:
    """Message and hint of the refusal, which ends with exit code 4."""
    with pytest.raises(ContractError) as caught:
        recorded(clock, *programs, **more)
    assert 4 == caught.value.exit_code
    return caught.value.message, caught.value.hint


def check(contract: Contract, kind: str, what: str = "") -> Check:
    return next(each for each in contract.checks if each.kind == kind and each.what.endswith(what))


def has(contract: Contract, kind: str, what: str = "") -> bool:
    return any(each.kind == kind and each.what.endswith(what) for each in contract.checks)


def test_a_server_is_recorded_without_being_told_anything(clock: Clock) -> None:
    contract = recorded(clock, SERVER)
    assert 2 == contract.exercised  # 404 pages are checks and no proof
    assert Strength.STARTS == check(contract, "start").strength
    assert {"protocol": "tcp", "port": 8000, "reach": "any"} == check(contract, "port").expected
    assert {"uid": 0, "gid": 0, "groups": []} == check(contract, "user").expected
    assert 200 == check(contract, "http", ":8000/a").expected["status"]
    assert 404 == check(contract, "http", "cannot-exist").expected["status"]
    assert ["8000/tcp"] == check(contract, "config", "ExposedPorts").expected
    assert ("requests other than GET, pages behind a login, outgoing connections",) == contract.not_exercised
    assert ("fake", pytest.approx(0.0, abs=0.1)) == (contract.engine, contract.start_seconds)


def test_two_fresh_starts_are_made_and_each_address_is_asked_twice_in_each(clock: Clock) -> None:
    engine = FakeEngine({"v0": SERVER}, clock)
    record(Target(engine, "v0", image(FILES, config=CONFIG)), RecordOptions())
    assert ["v0", "v0"] == engine.starts
    assert [2, 2] == [sandbox.asked.count("/a") for sandbox in engine.sandboxes]


def test_thirty_addresses_with_one_body_count_once(clock: Clock) -> None:
    def same(_: Request) -> Page:
        return HOME

    everything = site({}, HOME)
    contract = recorded(clock, Program({8000: everything}))
    assert 1 == contract.exercised
    assert len([each for each in contract.checks if each.kind == "http"]) > 15


def test_an_address_that_answers_differently_each_time_is_dropped_and_told(clock: Clock) -> None:
    statuses = itertools.cycle([200, 503])

    def moody(_: Request) -> Page:
        return Page("x", status=next(statuses))

    contract = recorded(clock, Program({8000: site({**PAGES, "/status": moody})}))
    assert not has(contract, "http", "/status")
    told = "1 address that does not answer, or differently each time: http://localhost:8000/status"
    assert any(told in each and "answered 200, then 503" in each for each in contract.not_exercised)


def test_a_token_in_a_page_is_learnt_from_four_samples(clock: Clock) -> None:
    count = itertools.count()

    def form(_: Request) -> Page:
        return Page(f"<html><h1>Shop</h1><form><input value='t{next(count)}'></form><p>some more text</p></html>")

    contract = recorded(clock, Program({8000: site({"/": form})}))
    assert "mask" == check(contract, "http", ":8000/").expected["body"]["compare"]


def test_an_address_that_hangs_is_no_check_and_is_not_asked_again(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http.get, "__defaults__", (1.0,))

    def hang(_: Request) -> Any:
        yield b""
        time.sleep(1.5)

    engine = FakeEngine({"v0": Program({8000: site({**PAGES, "/status": hang})})}, clock)
    contract = record(Target(engine, "v0", image(FILES, config=CONFIG)), RecordOptions())
    assert not has(contract, "http", "/status")
    assert [1, 0] == [sandbox.asked.count("/status") for sandbox in engine.sandboxes]
    assert any("/status (no answer in time)" in each for each in contract.not_exercised)


def test_a_port_on_loopback_is_asked_from_inside_and_told(clock: Clock) -> None:
    contract = recorded(clock, Program({8000: Port(site(PAGES), address="127.0.0.1")}))
    assert {"protocol": "tcp", "port": 8000, "reach": "loopback"} == check(contract, "port").expected
    assert 200 == check(contract, "http", ":8000/a").expected["status"]
    assert any("port 8000 is bound to 127.0.0.1" in note for note in contract.notes)


def test_ports_that_move_and_sockets_of_resolvers_are_no_checks(clock: Clock) -> None:
    one = Program({8000: site(PAGES), 5001: site({})}, extra=frozenset({Listener("udp", "0.0.0.0", 45000)}))
    two = Program({8000: site(PAGES), 5002: site({})})
    contract = recorded(clock, one, two)
    assert ["tcp 8000"] == [each.what for each in contract.checks if each.kind == "port"]
    assert any("not the same port in both starts, so not checked: 5001, 5002" in note for note in contract.notes)


def test_a_health_check_is_run_at_once_and_counts(clock: Clock) -> None:
    config = {**CONFIG, "Healthcheck": {"Test": ["CMD-SHELL", "probe-me"]}}
    contract = recorded(clock, Program(commands={"probe-me": OK}), config=config)
    assert (1, ["/bin/sh", "-c", "probe-me"]) == (contract.exercised, check(contract, "health").expected["command"])


def test_a_health_check_that_fails_on_the_original_is_no_check(clock: Clock) -> None:
    config = {**CONFIG, "Healthcheck": {"Test": ["CMD", "probe-me"]}}
    contract = recorded(
        clock, Program({8000: site(PAGES)}, commands={"probe-me": Finished(1, b"", b"")}), config=config
    )
    assert not has(contract, "health")
    assert any("HEALTHCHECK fails on the original" in note for note in contract.notes)


def test_a_health_check_that_needs_a_moment_is_asked_again(clock: Clock) -> None:
    config = {**CONFIG, "Healthcheck": {"Test": ["CMD", "probe-me"]}}
    commands = {"probe-me": (Finished(1, b"", b""), OK)}
    assert has(recorded(clock, Program({8000: site(PAGES)}, commands=commands), config=config), "health")


def test_a_program_that_ends_is_known_by_its_code_and_output(clock: Clock) -> None:
    contract = recorded(clock, Program(ends=0, stdout=b"result: 42\n"))
    assert (1, 0) == (contract.exercised, check(contract, "exit").expected)
    assert "exact" == check(contract, "output", "stdout").expected["compare"]
    assert not has(contract, "start")


@pytest.mark.parametrize("seconds", [(0.1, 9.0), (9.0, 0.1)])
def test_a_program_that_is_given_no_processor_is_not_taken_for_one_that_keeps_running(
    clock: Clock, seconds: tuple[float, float]
) -> None:
    starts = [Program(ends=0, ends_after=each, stdout=b"result: 42\n") for each in seconds]
    found = recorded(clock, *starts, starts[0], config={"Cmd": ["/app/main.py"]})
    assert (1, 0) == (found.exercised, check(found, "exit").expected)


def test_a_program_that_ends_with_one_in_both_starts_is_kept_for_its_users_check(clock: Clock) -> None:
    contract = recorded(clock, Program(ends=1, stderr=b"no database\n", commands={"true": OK}), commands=("true",))
    assert (1, 1) == (contract.exercised, check(contract, "exit").expected)
    assert Strength.EXERCISED == check(contract, "command", "true").strength


def test_a_users_probe_need_not_be_linked_from_anywhere(clock: Clock) -> None:
    pages = {**PAGES, "/hidden?x=1": Page("found")}
    contract = recorded(clock, Program({8000: site(pages)}), probes=("/hidden?x=1", "http://shop.example:8000/a"))
    made = check(contract, "probe", "/hidden?x=1")
    assert (Strength.EXERCISED, "user", "exact") == (made.strength, made.source, made.expected["body"]["compare"])
    assert "shop.example" == check(contract, "probe", "shop.example:8000/a").expected["host"]


def test_a_probe_that_answers_404_is_the_users_own_wish(clock: Clock) -> None:
    contract = recorded(clock, SERVER, probes=("/absent",))
    assert 404 == check(contract, "probe", "/absent").expected["status"]


@pytest.mark.parametrize("probe", ["https://localhost/", "http://[::1", "ftp://x/", "http://localhost:99999/"])
def test_a_probe_that_is_no_address_is_a_wrong_use(clock: Clock, probe: str) -> None:
    with pytest.raises(UsageError) as caught:
        recorded(clock, SERVER, probes=(probe,))
    assert "http://localhost:8000/path" in caught.value.hint


def test_a_path_to_probe_needs_a_port(clock: Clock) -> None:
    with pytest.raises(UsageError, match="opens no port"):
        recorded(clock, Program(ends=0, stdout=b"x"), probes=("/x",))


def test_where_the_application_writes_in_both_starts_must_stay_writable(clock: Clock) -> None:
    one = frozenset({b"/data/a.db", b"/app/__pycache__/x.pyc", b"/tmp/x", b"/var/log/app/x.log", b"/run/x.pid"})
    two = frozenset({b"/data/b.db", b"/var/log/app/x.log", b"/only/once"})
    programs = [Program({8000: site(PAGES)}, written=each) for each in (one, two)]
    contract = recorded(clock, *programs)
    assert ["/data", "/var/log/app"] == [each.what for each in contract.checks if each.kind == "written"]


def test_volumes_and_temporary_directories_that_the_user_may_write_to_are_checks(clock: Clock) -> None:
    config = {**CONFIG, "Volumes": {"/data": {}, "/absent": {}}}
    user = ProcessFacts(1000, 1000, (), "x")
    files = {**FILES, "var/tmp": directory(0o755)}
    contract = recorded(clock, Program({8000: site(PAGES)}, process=user), config=config, files=files)
    assert ["/tmp"] == [each.what for each in contract.checks if each.kind == "writable"]
    files = {**FILES, "data": directory(0o700, 1000)}
    contract = recorded(clock, Program({8000: site(PAGES)}, process=user), config=config, files=files)
    assert ["/tmp", "/var/tmp", "/data"] == [each.what for each in contract.checks if each.kind == "writable"]


def test_a_program_that_obeys_when_stopped_is_remembered_and_does_not_decide(clock: Clock) -> None:
    assert not check(recorded(clock, SERVER), "stop").decides
    assert not has(recorded(clock, Program({8000: site(PAGES)}, stop_code=137)), "stop")


def test_the_runtimes_version_explains(clock: Clock) -> None:
    commands = {"python --version": Finished(0, b"Python 3.11.7\n", b"")}
    contract = recorded(clock, Program({8000: site(PAGES)}, commands=commands))
    made = check(contract, "version")
    assert ({"command": "python", "version": "3.11"}, False) == (made.expected, made.decides)


def test_of_the_config_only_promises_decide(clock: Clock) -> None:
    config = {**CONFIG, "User": "root", "Env": ["A=1", "PATH=/bin", "PYTHON_VERSION=3.11.7"]}
    contract = recorded(clock, SERVER, config=config)
    decides = {each.what: each.decides for each in contract.checks if each.kind in ("config", "environment")}
    assert {
        "User": True, "ExposedPorts": True, "Volumes": True, "Healthcheck": True, "StopSignal": True,
        "Entrypoint": False, "Cmd": False, "WorkingDir": False, "ENV A": True, "ENV PATH": False,
    } == decides  # fmt: skip
    assert "" == check(contract, "config", "User").expected


def test_routes_of_the_sources_that_answered_404_are_told(clock: Clock) -> None:
    files = {**FILES, "app/main.py": "@app.route('/admin-only')\n@app.route('/a')\n"}
    contract = recorded(clock, SERVER, files=files)
    assert "1 route named in the sources that answered 404: /admin-only" in contract.not_exercised


def test_a_host_header_that_is_refused_is_replaced_by_an_allowed_one(clock: Clock) -> None:
    def strict(request: Request) -> Page:
        return HOME if request.headers["host"] == "shop.example:8000" else Page("bad host", status=400)

    environment = {"DJANGO_ALLOWED_HOSTS": "x.example, shop.example"}
    contract = recorded(clock, Program({8000: site({"/": strict})}), environment=environment)
    assert "shop.example" == check(contract, "http", "shop.example:8000/").expected["host"]


def test_the_environment_of_the_user_reaches_both_starts(clock: Clock) -> None:
    engine = FakeEngine({"v0": SERVER}, clock)
    target = Target(engine, "v0", image(FILES, config=CONFIG))
    contract = record(target, RecordOptions(environment={"KEY": "value"}))
    assert [{"KEY": "value"}] * 2 == [dict(sandbox.options.environment) for sandbox in engine.sandboxes]
    assert (("KEY",), {"KEY": "value"}) == (contract.environment_keys, dict(contract.environment))


def test_who_never_rests_has_no_seconds_to_start(clock: Clock) -> None:
    assert recorded(clock, Program({8000: site(PAGES)}, busy=1e9)).start_seconds is None


# The refusals: what exercises nothing would hold whatever is taken away.


def test_a_program_that_only_runs_is_refused(clock: Clock) -> None:
    message, hint = refused(clock, Program())
    assert "the original runs, and nothing it does can be seen: no port, no health check" == message
    assert "--check CMD" in hint


def test_a_server_with_only_bad_answers_is_refused(clock: Clock) -> None:
    for status in (404, 500):
        message, hint = refused(clock, Program({8000: site({}, Page("no", status=status))}, stderr=b"last words\n"))
        assert f"the original listens, and gave no good answer: status {status}" == message
        assert hint.startswith("last words: last words; ")
        assert "--probe URL" in hint


def test_a_server_that_answers_differently_each_time_is_refused_with_what_it_gives(clock: Clock) -> None:
    statuses = itertools.cycle([500, 404, 503])

    def moody(_: Request) -> Page:
        return Page("x", status=next(statuses))

    message, hint = refused(clock, Program({8000: site({"/": moody})}))
    assert "the original answers differently each time: http://localhost:8000/ gives status " in message
    assert "--probe URL" in hint


def test_a_port_that_speaks_no_http_is_refused(clock: Clock) -> None:
    def banner(_: Request) -> Any:
        yield b"220 mail\r\n"

    message, _ = refused(clock, Program({25: banner}))
    assert "the original listens, and gave no good answer: what answers there is not HTTP" == message


def test_a_shell_that_ends_and_prints_nothing_is_refused(clock: Clock) -> None:
    message, hint = refused(clock, Program(ends=0))
    assert "the original ends at once and prints nothing" == message
    assert "--check CMD" in hint


@pytest.mark.parametrize("complaint", [b"usage: app [-h]\n", b"Error: no command\n", b"app: file not found\n"])
def test_a_program_that_only_complains_is_refused(clock: Clock, complaint: bytes) -> None:
    message, _ = refused(clock, Program(ends=0, stderr=complaint))
    assert f"the original ends at once and only prints a complaint: {complaint.decode().strip()}" == message


def test_a_program_that_prints_something_else_each_time_is_refused(clock: Clock) -> None:
    message, _ = refused(clock, Program(ends=0, stdout=b"a b c d e"), Program(ends=0, stdout=b"v w x y z v w"))
    assert message.startswith("the original ends at once and prints something else each time: ")


def test_a_program_that_fails_in_both_starts_is_refused_with_its_last_line(clock: Clock) -> None:
    message, hint = refused(clock, Program(ends=3, stderr=b"starting\nKeyError: 'SECRET'\n"))
    assert "the original ends with 3 when it is started: KeyError: 'SECRET'" == message
    assert "--env K=V" in hint


def test_a_program_that_cannot_be_started_is_refused_with_the_engines_word(clock: Clock) -> None:
    message, _ = refused(clock, Program(ends=127, error="exec: main.py: not found"))
    assert "the original ends with 127 when it is started: exec: main.py: not found" == message


@pytest.mark.parametrize(
    "line",
    [
        "psycopg2.OperationalError: could not connect", "Error: connect ECONNREFUSED 127.0.0.1:6379",
        "getaddrinfo ENOTFOUND db", "Waiting for redis...", "Temporary failure in name resolution",
        "nc: bad address 'db'", "connect: Network is unreachable", "getaddrinfo: Name does not resolve",
    ],
)  # fmt: skip
def test_a_program_that_needs_another_service_is_told_so_with_its_line(clock: Clock, line: str) -> None:
    message, hint = refused(clock, Program(ends=1, stderr=f"boot\n{line}\nbye\n".encode()))
    assert f"the original needs another service, which is not here: {line}" == message
    assert "--env K=V with an address that it can do without" in hint


def test_two_starts_that_differ_are_refused_and_both_are_shown(clock: Clock) -> None:
    message, hint = refused(clock, SERVER, Program(ends=1, stderr=b"unlucky\n"))
    assert "two starts of the original differ: it kept running, then it ended with 1" == message
    assert hint.startswith("last words: unlucky; ")
    message, _ = refused(clock, Program(ends=0, stdout=b"x"), Program(ends=2, stdout=b"x"))
    assert "two starts of the original differ: it ended with 0, then it ended with 2" == message


def test_an_original_that_dies_of_being_asked_in_one_start_is_refused(clock: Clock) -> None:
    fatal = Program({8000: site(PAGES)}, ends_when_asked="/metrics")
    message, _ = refused(clock, SERVER, fatal)
    assert "the original ended while it was asked, in one of two starts" == message


def test_a_check_that_the_original_fails_is_refused(clock: Clock) -> None:
    commands = {"make test": Finished(2, b"1 failed\n", b"")}
    message, hint = refused(clock, Program({8000: site(PAGES)}, commands=commands), commands=("make test",))
    assert "--check 'make test' ends with 2 on the original: 1 failed" == message
    assert "must exit 0" in hint
    slow = {"make test": Finished(124, b"", b"", timed_out=True)}
    message, _ = refused(clock, Program({8000: site(PAGES)}, commands=slow), commands=("make test",))
    assert "--check 'make test' did not end in time on the original: it printed nothing" == message


def test_a_probe_that_shows_nothing_is_refused(clock: Clock) -> None:
    pages = {**PAGES, "/broken": Page("oops", status=500)}
    message, hint = refused(clock, Program({8000: site(pages)}), probes=("/broken",))
    assert "--probe http://localhost:8000/broken shows nothing on the original: status 500" == message
    assert "below 500" in hint
    message, _ = refused(clock, SERVER, probes=("http://localhost:9999/",))
    assert "--probe http://localhost:9999/ shows nothing on the original: connection refused" == message
