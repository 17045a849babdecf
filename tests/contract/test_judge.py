from __future__ import annotations

from typing import Any

import pytest
from fake_sandbox import Clock, Page, Port, Program, Request, Reset, site
from handmade_tree import directory, without
from judged_trial import APP, COMMANDS, CONFIG, FILES, OK, PAGES, SERVER, Trial, changed, failures, first

from jettison.contract import observe
from jettison.contract.http import Address, Answer, get
from jettison.contract.model import RecordOptions
from jettison.core.errors import ContractError
from jettison.engine.model import Finished, ProcessFacts, Sandbox


def test_an_equal_candidate_holds_after_one_start(clock: Clock) -> None:
    trial = Trial(clock)
    answer, contract = trial.judge(SERVER)
    assert (True, []) == (answer.held, failures(answer))
    assert ["v1"] == trial.engine.starts
    assert contract is trial.contract


def test_a_failure_that_is_repeated_while_the_original_passes_is_believed(clock: Clock) -> None:
    trial = Trial(clock)
    answer, contract = trial.judge(changed(a=Page("nothing", status=500)))
    assert not answer.held
    assert [("http", "status 500, was 200")] == failures(answer)
    assert ["v1", "v1", "v0"] == trial.engine.starts
    assert contract is trial.contract


def test_a_failure_that_a_second_start_does_not_repeat_is_dropped(clock: Clock) -> None:
    trial = Trial(clock)
    answer, contract = trial.judge(changed(a=Page("moody")), SERVER)
    assert answer.held
    assert ["v1", "v1"] == trial.engine.starts
    assert not any(check.what.endswith(":8000/a") for check in contract.checks)
    assert trial.contract.exercised - 1 == contract.exercised
    assert any("dropped as unsteady" in note and ":8000/a" in note for note in contract.notes)


def test_a_failure_that_the_original_now_shows_too_is_dropped(clock: Clock) -> None:
    other = changed(a=Page("it is Tuesday now"))
    trial = Trial(clock, later=(other,))
    answer, contract = trial.judge(other)
    assert answer.held
    assert ["v1", "v1", "v0"] == trial.engine.starts
    assert not any(check.what.endswith(":8000/a") for check in contract.checks)


def test_a_steady_failure_stays_though_an_unsteady_one_is_dropped(clock: Clock) -> None:
    one = changed(a=Page("moody"), style_css=Page("x"), _=Page("gone", status=500))
    two = changed(_=Page("gone", status=500))
    answer, contract = Trial(clock).judge(one, two)
    assert [("http", "status 500, was 200")] == failures(answer)
    assert not any(check.what.endswith(":8000/a") for check in contract.checks)


def test_nothing_steady_left_ends_the_run(clock: Clock) -> None:
    original = Program({8000: site({"/": Page("yes")})})
    trial = Trial(clock, original, config={"Cmd": ["python"]})
    with pytest.raises(ContractError) as caught:
        trial.judge(Program({8000: site({"/": Page("no")})}), original)
    assert 4 == caught.value.exit_code
    assert "the original's behaviour is not steady: http://localhost:8000/" == caught.value.message
    assert "--build-only" in caught.value.hint


DOWN = Program(ends=1, stderr=b"Killed\n")
SICK = changed(a=Page("nothing", status=500))


def test_a_start_that_fell_once_of_three_costs_the_contract_no_check(clock: Clock) -> None:
    trial = Trial(clock)
    answer, contract = trial.judge(DOWN, SERVER, SERVER)
    assert (True, ["v1", "v1", "v1"]) == (answer.held, trial.engine.starts)
    assert trial.contract.checks == contract.checks
    told = "one start of three fell, and was not counted: starts and keeps running: ended with 1: Killed"
    assert (*trial.contract.notes, told) == contract.notes


def test_a_candidate_that_falls_in_two_starts_of_three_is_undone(clock: Clock) -> None:
    for programs in ((DOWN, SERVER, DOWN), (SICK, DOWN, DOWN)):
        trial = Trial(clock)
        answer, contract = trial.judge(*programs)
        assert ("start", "ended with 1: Killed") == first(answer)
        assert ["v1", "v1", "v1", "v0"] == trial.engine.starts
        assert contract is trial.contract


def test_a_start_that_fell_does_not_repeat_what_failed_by_chance_before(clock: Clock) -> None:
    answer, contract = Trial(clock).judge(changed(a=Page("moody")), DOWN, SERVER)
    assert answer.held
    assert [] == [check.what for check in contract.checks if check.what.endswith(":8000/a")]


def test_what_fails_in_both_starts_that_did_not_fall_is_believed(clock: Clock) -> None:
    for programs in ((DOWN, SICK, SICK), (SICK, DOWN, SICK)):
        answer, _ = Trial(clock).judge(*programs)
        assert [("http", "status 500, was 200")] == failures(answer)


def test_a_candidate_that_keeps_silent_is_not_asked_for_hours(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, str]] = []

    def hasty(sandbox: Sandbox, address: Address) -> Answer:
        asked.append((id(sandbox), address.path))
        return get(sandbox, address, 0.1 if sandbox.program is silent else 10.0)  # type: ignore[attr-defined]

    monkeypatch.setattr(observe, "get", hasty)
    names = [f"/page{number}" for number in range(40)]
    pages = {"/": Page("".join(f'<a href="{name}">' for name in names)), **{name: Page(name) for name in names}}
    trial = Trial(clock, Program({8000: site(pages)}, commands=COMMANDS))
    silent = Program({8000: Port(None)}, commands=COMMANDS)
    answer, _ = trial.judge(silent)
    told = [evidence for kind, evidence in failures(answer) if kind == "http"]
    assert (True, {"no answer in time, was 200", "no answer in time, was 404"}) == (len(told) > 40, set(told))
    mute = [id(box) for box in trial.engine.sandboxes if box.program is silent]
    assert [4, 4] == [sum(box == each for box, _ in asked) for each in mute]
    answer, contract = trial.judge(silent, trial.original, trial.original)
    assert (True, trial.contract.checks) == (answer.held, contract.checks)


def test_an_original_that_falls_once_excuses_nothing(clock: Clock) -> None:
    trial = Trial(clock, later=(DOWN, SERVER))
    answer, contract = trial.judge(SICK)
    assert [("http", "status 500, was 200")] == failures(answer)
    assert ["v1", "v1", "v0", "v0"] == trial.engine.starts
    assert contract is trial.contract


def test_an_original_that_falls_twice_is_not_steady(clock: Clock) -> None:
    with pytest.raises(ContractError):
        Trial(clock, later=(DOWN, DOWN)).judge(SICK)


def test_what_needs_no_start_needs_no_second_one(clock: Clock) -> None:
    trial = Trial(clock)
    answer, _ = trial.judge(SERVER, config={**CONFIG, "Volumes": {}})
    assert [("config", "none, was ['/data']")] == failures(answer)
    assert ["v1"] == trial.engine.starts


def test_causes_come_first_and_their_consequences_after(clock: Clock) -> None:
    answer, _ = Trial(clock).judge(Program(ends=1, stderr=b"boom\n"))
    kinds = [kind for kind, _ in failures(answer)]
    assert ["start", "port", "user", "health", "http"] == list(dict.fromkeys(kinds))
    assert ("start", "ended with 1: boom") == first(answer)


def test_the_home_page_comes_before_what_it_leads_to(clock: Clock) -> None:
    bad = Page("x", status=500)
    answer, _ = Trial(clock).judge(changed(_=bad, a=bad, style_css=bad))
    assert "http://localhost:8000/" == answer.failures[0].check.what


def test_the_log_line_that_tells_most_is_told_with_the_first_failure(clock: Clock) -> None:
    log = b"listening on 8001\n2024-01-01 retrying\nModuleNotFoundError: No module named 'jinja2'\n"
    broken = Program({8000: site({**PAGES, "/a": Page("x", status=500)})}, commands=COMMANDS, stderr=log)
    answer, _ = Trial(clock).judge(broken)
    expected = "status 500, was 200 (log: ModuleNotFoundError: No module named 'jinja2')"
    assert [("http", expected)] == failures(answer)
    assert ("new in its log: ModuleNotFoundError: No module named 'jinja2'",) == answer.notes


def test_a_new_log_line_alone_fails_nothing(clock: Clock) -> None:
    noisy = Program({8000: site(PAGES)}, commands=COMMANDS, stderr=b"npm ERROR whatever\n")
    answer, _ = Trial(clock).judge(noisy)
    assert (True, ("new in its log: npm ERROR whatever",)) == (answer.held, answer.notes)


def test_a_log_that_differs_in_numbers_only_is_not_new(clock: Clock) -> None:
    answer, _ = Trial(clock).judge(Program({8000: site(PAGES)}, commands=COMMANDS, stdout=b"listening on 9999\n"))
    assert () == answer.notes


def test_when_the_first_failure_was_unsteady_the_next_one_gets_the_log_line(clock: Clock) -> None:
    bad = {8000: site({**PAGES, "/a": Page("x", status=500)})}
    one = Program(bad, commands={**COMMANDS, "curl -f localhost": Finished(1, b"", b"")}, stderr=b"cannot open x\n")
    two = Program(bad, commands=COMMANDS, stderr=b"cannot open x\n")
    answer, _ = Trial(clock).judge(one, two)
    assert [("http", "status 500, was 200 (log: cannot open x)")] == failures(answer)


def reset(_: Request) -> Any:
    raise Reset


def cut(_: Request) -> Any:
    yield b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 6\r\n\r\npag"


@pytest.mark.parametrize(
    ("page", "evidence"),
    [
        (Page("page b"), "line 1 is 'page b', was 'page a'"),
        (Page("page a", "text/plain"), "type text/plain, was text/html"),
        (Page("page a", more=("Set-Cookie: id=1",)), "cookies ['id'], was none"),
        (Page("page a", status=404), "status 404, was 200"),
        (reset, "connection closed without an answer, was 200"),
        (cut, "the body was whole, and is cut after 3 bytes"),
    ],
)
def test_an_answer_that_differs_is_told_as_it_differs(clock: Clock, page: Any, evidence: str) -> None:
    answer, _ = Trial(clock).judge(changed(a=page))
    assert [("http", evidence)] == failures(answer)


def test_a_redirect_elsewhere_is_told_and_its_query_is_not_compared(clock: Clock) -> None:
    def to(where: str) -> Program:
        return changed(a=Page("", "", 302, (f"Location: {where}",)))

    assert [] == failures(Trial(clock, to("/login?from=1")).judge(to("/login?from=2"))[0])
    answer, _ = Trial(clock, to("/login")).judge(to("/other"))
    assert [("http", "redirect /other, was /login")] == failures(answer)


def test_a_port_that_nobody_listens_on_is_one_cause(clock: Clock) -> None:
    answer, _ = Trial(clock).judge(Program({9000: site(PAGES)}, commands=COMMANDS))
    assert ("port", "nobody listens") == first(answer)


def test_a_quiet_program_that_opens_its_port_late_may_do_so_a_little_later(clock: Clock) -> None:
    def late(seconds: float) -> Program:
        return Program({8000: Port(site(PAGES), after=seconds)}, commands=COMMANDS)

    assert Trial(clock, late(13.0)).judge(late(17.0))[0].held


def test_a_port_that_moved_to_loopback_is_told(clock: Clock) -> None:
    answer, _ = Trial(clock).judge(Program({8000: Port(site(PAGES), address="127.0.0.1")}, commands=COMMANDS))
    assert ("port", "reached from loopback, was any") == first(answer)


def test_a_new_port_fails_nothing(clock: Clock) -> None:
    assert Trial(clock).judge(Program({8000: site(PAGES), 9000: site({})}, commands=COMMANDS))[0].held


def test_another_user_is_told(clock: Clock) -> None:
    answer, _ = Trial(clock).judge(Program({8000: site(PAGES)}, commands=COMMANDS, process=APP))
    assert ("user", "runs as uid 1000, gid 1000, groups [20]") == first(answer)


def test_the_groups_that_a_distribution_gives_root_fail_nothing_and_those_of_a_user_do(clock: Clock) -> None:
    def program(uid: int, *groups: int) -> Program:
        return Program({8000: site(PAGES)}, commands=COMMANDS, process=ProcessFacts(uid, uid, groups, "/app"))

    alpine = (0, 1, 2, 3, 4, 6, 10, 11, 20, 26, 27)
    assert Trial(clock, program(0, 0)).judge(program(0, *alpine))[0].held
    answer, _ = Trial(clock, program(1000, 20)).judge(program(1000))
    assert ("user", "runs as uid 1000, gid 1000, groups []") == first(answer)


def test_a_health_check_that_fails_is_told_with_what_it_said(clock: Clock) -> None:
    sick = {**COMMANDS, "curl -f localhost": Finished(127, b"", b"x\n/bin/sh: curl: not found\n")}
    answer, _ = Trial(clock).judge(Program({8000: site(PAGES)}, commands=sick))
    assert [("health", "ended with 127: /bin/sh: curl: not found")] == failures(answer)


def test_an_application_that_dies_of_being_asked_is_told(clock: Clock) -> None:
    answer, _ = Trial(clock).judge(Program({8000: site(PAGES)}, commands=COMMANDS, ends_when_asked="/a"))
    assert ("start", "ended with 1: it printed nothing") == first(answer)


def test_a_program_that_ended_and_now_hangs_or_says_else_is_told(clock: Clock) -> None:
    trial = Trial(clock, Program(ends=0, stdout=b"42\n"), config={"Cmd": ["python"]})
    assert [("exit", "keeps running"), ("output", "line 1 is not there, was '42'")] == failures(
        trial.judge(Program())[0]
    )
    assert [("exit", "ended with 2, was 0: 42")] == failures(trial.judge(Program(ends=2, stdout=b"42\n"))[0])
    assert [("output", "line 1 is '43', was '42'")] == failures(trial.judge(Program(ends=0, stdout=b"43\n"))[0])


def test_a_users_check_and_probe_are_replayed(clock: Clock) -> None:
    original = Program({8000: site({**PAGES, "/hidden": Page("x")})}, commands={**COMMANDS, "make test": OK})
    options = RecordOptions(commands=("make test",), probes=("/hidden",))
    failing = {**COMMANDS, "make test": Finished(1, b"", b"1 failed\n")}
    answer, _ = Trial(clock, original, options=options).judge(Program({8000: site(PAGES)}, commands=failing))
    assert [("probe", "status 404, was 200"), ("command", "ended with 1: 1 failed")] == failures(answer)


def test_a_directory_that_was_written_to_must_stay_writable_not_written(clock: Clock) -> None:
    original = Program({8000: site(PAGES)}, commands=COMMANDS, process=APP, written=frozenset({b"/data/db"}))
    quiet = Program({8000: site(PAGES)}, commands=COMMANDS, process=APP)
    trial = Trial(clock, original, config={**CONFIG, "Volumes": {}})
    assert trial.judge(quiet)[0].held
    answer, _ = trial.judge(quiet, files={**FILES, "data": directory(0o755)})
    assert [("written", "uid 1000 may not write there any more")] == failures(answer)


def test_a_temporary_directory_that_is_gone_or_closed_is_told(clock: Clock) -> None:
    program = Program({8000: site(PAGES)}, commands=COMMANDS, process=APP)
    answer, _ = Trial(clock, program).judge(program, files={**FILES, "tmp": directory(0o755)})
    assert [("writable", "uid 1000 may not write there any more")] == failures(answer)
    answer, _ = Trial(clock, program).judge(program, files=without(FILES, "tmp"))
    assert [("writable", "is gone")] == failures(answer)
