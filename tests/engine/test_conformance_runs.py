"""One list of promises about containers, asked of every engine that is here: each only what its capabilities say."""

from __future__ import annotations

import os
import signal
import socket
import time

import pytest
from engine_bench import RUN, TAG, ended, get, wait_for_port

from jettison.core.errors import EngineError
from jettison.engine import namespaces
from jettison.engine.model import Phase, RunOptions

pytestmark = pytest.mark.engine


EAT = "awk 'BEGIN { s = \"0123456789abcdef\"; while (length(s) < 300000000) s = s s; print length(s) }'"


def test_memory_is_limited(bench):
    hungry = ("sh", "-c", EAT)
    with bench.start(bench.build(), command=hungry, memory=2**31) as sandbox:
        assert (0, "") == (ended(sandbox).code, ended(sandbox).error)
    with bench.start(bench.build(), command=hungry, memory=100 * 2**20) as sandbox:
        state = ended(sandbox)
        assert 0 != state.code
        if bench.engine.capabilities.limits:
            assert "it needed more memory than its limit of 104857600 bytes" == state.error


def test_the_number_of_processes_is_limited(bench):
    if not bench.engine.capabilities.limits:
        pytest.skip(bench.engine.capabilities.limits_by)
    many = ("sh", "-c", "i=0; while [ $i -lt 200 ]; do sleep 5 & i=$((i+1)); done; echo all")
    with bench.start(bench.build(), command=many, processes=100) as sandbox:
        state = ended(sandbox)
        assert 0 != state.code
        assert b"fork" in sandbox.logs()[1]


def test_a_container_that_runs_too_long_is_ended(bench):
    with bench.start(bench.build(), command=("sleep", "100"), seconds=2.0) as sandbox:
        state = ended(sandbox)
        assert (137, "ended after 2 s, which is its limit") == (state.code, state.error)


def test_a_published_port_is_a_free_one_on_loopback_alone(bench):
    if not bench.engine.capabilities.ports_published:
        with bench.start(bench.build(), publish=(8000,)) as sandbox:
            assert {} == dict(sandbox.published())
        return
    with bench.start(bench.build(), publish=(8000,)) as one, bench.start(bench.build(), publish=(8000,)) as other:
        wait_for_port(one)
        wait_for_port(other)
        ports = [dict(each.published())[8000] for each in (one, other)]
        assert 2 == len(set(ports))
        for port in ports:
            listening = [each for each in namespaces.listeners(os.getpid()) if each.port == port]
            assert [("tcp", "127.0.0.1")] == [(each.protocol, each.address) for each in listening]
            with socket.create_connection(("127.0.0.1", port), 5.0) as connection:
                connection.sendall(b"GET /page.html HTTP/1.0\r\n\r\n")
                assert connection.makefile("rb").read().endswith(b"hello\n")
        assert 0 != one.execute(["sh", "-c", "echo x | nc -w 2 192.0.2.1 80"], timeout=20).code


def test_nothing_is_published_unasked(bench):
    with bench.start(bench.build()) as sandbox:
        assert {} == dict(sandbox.published())


def test_much_on_stderr_is_kept_and_holds_nobody_up(bench):
    text = "head -c 400000 /dev/zero | tr '\\0' x >&2; echo done"
    with bench.start(bench.build(), command=("sh", "-c", text)) as sandbox:
        assert 0 == ended(sandbox).code
        out, err = sandbox.logs()
        assert (b"done\n", b"x" * 400_000) == (out, err)


def test_death_by_a_signal_is_told(bench):
    with bench.start(bench.build(), command=("sh", "-c", "sh -c 'kill -SEGV $$'; exit $?")) as sandbox:
        assert 139 == ended(sandbox).code
    with bench.start(bench.build()) as sandbox:
        wait_for_port(sandbox)
        os.kill(sandbox._main(), signal.SIGKILL)
        assert (137 if bench.engine.capabilities.signals_seen else 1) == ended(sandbox).code


def test_an_image_whose_name_is_taken_away_can_still_be_started(bench):
    built = bench.build(version="fleeting", use_cache=False)
    with bench.start(built) as sandbox:
        wait_for_port(sandbox)
        bench.engine.remove_images([f"{TAG}:fleeting"])
        assert get(sandbox, "/page.html").endswith(b"hello\n")


def test_an_image_that_is_gone_is_told_to_be(bench):
    with pytest.raises(EngineError, match="is gone"):
        bench.engine.start("0123456789abcdef" * 4, RunOptions(label=RUN))


def test_an_application_runs_as_the_image_says_and_answers(bench):
    with bench.start(bench.build()) as sandbox:
        wait_for_port(sandbox)
        assert get(sandbox, "/page.html").endswith(b"hello\n")
        assert 1234 == sandbox.process().uid
        assert Phase.RUNNING is sandbox.state().phase
        assert sandbox.cpu_seconds() is not None


def test_a_command_runs_beside_it_with_its_user_and_environment(bench):
    with bench.start(bench.build(), environment={"MORE": "yes"}) as sandbox:
        wait_for_port(sandbox)
        ended = sandbox.execute(["sh", "-c", "id -u; echo $GREETING $MORE; pwd; echo x > /data/x; exit 5"], timeout=20)
        assert (5, b"1234\nhello yes\n/www\n") == (ended.code, ended.stdout)
        assert b"/data/x" in sandbox.written()


def test_a_command_that_is_too_slow_is_given_up(bench):
    with bench.start(bench.build()) as sandbox:
        wait_for_port(sandbox)
        assert sandbox.execute(["sleep", "30"], timeout=1).timed_out
        assert sandbox.execute(["sh", "-c", "while sleep 0.1; do echo x; done"], timeout=1).timed_out


@pytest.mark.parametrize(
    ("command", "code"), [(("sh", "-c", "exit 7"), 7), (("nosuch",), 127), (("/etc/passwd",), 126)]
)
def test_how_a_program_ended_is_told(bench, command, code):
    with bench.start(bench.build(), command=command) as sandbox:
        for _ in range(200):
            if sandbox.state().phase is Phase.EXITED:
                break
            time.sleep(0.05)
        assert code == sandbox.state().code


def test_output_is_kept_apart(bench):
    with bench.start(bench.build(), command=("sh", "-c", "echo out; echo err >&2")) as sandbox:
        while sandbox.state().phase is Phase.RUNNING:
            time.sleep(0.05)
        assert (b"out\n", b"err\n") == sandbox.logs()


def test_a_port_on_loopback_is_reached_from_inside_only(bench):
    command = ("httpd", "-f", "-p", "127.0.0.1:8000", "-h", "/www")
    with bench.start(bench.build(), command=command) as sandbox:
        wait_for_port(sandbox)
        with pytest.raises(OSError, match="refused"):
            sandbox.connect(8000, 2.0)
        sandbox.connect(8000, 2.0, loopback=True).close()


def test_there_is_no_way_out_of_a_container(bench):
    with bench.start(bench.build()) as sandbox:
        wait_for_port(sandbox)
        ended = sandbox.execute(["sh", "-c", "echo x | nc -w 2 192.0.2.1 80"], timeout=20)
        assert 0 != ended.code


def test_stopping_ends_an_application_that_obeys(bench):
    command = ("sh", "-c", "trap 'exit 9' TERM; httpd -p 8000 -h /www; while :; do sleep 0.1; done")
    with bench.start(bench.build(), command=command) as sandbox:
        wait_for_port(sandbox)
        assert 9 == sandbox.stop(4.0).code


def test_the_main_process_is_not_ended_by_a_signal_that_it_does_not_catch(bench):
    with bench.start(bench.build()) as sandbox:  # httpd has no handler, and is process 1
        wait_for_port(sandbox)
        assert 137 == sandbox.stop(1.5).code


def test_nothing_is_left_after_a_sweep(bench):
    built = bench.build(version="left")
    sandbox = bench.start(built)
    removed = bench.engine.sweep(f"{TAG}:")
    assert sandbox.name in removed
    assert not bench.engine.image_exists(f"{TAG}:left")
    sandbox.close()
