"""Programs and libraries that Python sources name."""

from __future__ import annotations

import pytest

from jettison.closure.python_calls import Calls, calls


@pytest.mark.parametrize(
    ("source", "programs"),
    [
        ("import subprocess\nsubprocess.run(['git', 'log'])", ("git",)),
        ("import subprocess as s\ndef f():\n    return s.check_output(('curl', url))", ("curl",)),
        ("from subprocess import Popen as P\nP('ffmpeg')", ("ffmpeg",)),
        ("import os\nos.system('convert a b && rm a')", ("convert", "rm")),
        ("import subprocess\nsubprocess.run('tar x | gzip', shell=True)", ("tar", "gzip")),
        ("import subprocess\nsubprocess.run('tar x', shell=False)", ("tar x",)),
        ("import asyncio, subprocess\nasyncio.create_subprocess_exec('git', 'log')", ("git",)),
        ("import subprocess\nsubprocess.run([sys.executable, '-m', 'x'])", ()),
        ("import subprocess\nsubprocess.run(command)", ()),
        ("import subprocess\nprint(['git'])\nrun(['git'])", ()),
        ("# subprocess.run(['git'])", ()),
        ("import subprocess\nsubprocess.run(['git'", ()),
    ],
)
def test_programs_are_found_where_they_are_started(source, programs):
    assert Calls(programs) == calls(source)


@pytest.mark.parametrize(
    ("source", "libraries"),
    [
        ("import ctypes.util\nctypes.util.find_library('magic')", ("magic",)),
        ("from ctypes import CDLL\nCDLL('libfoo.so.2')", ("libfoo.so.2",)),
        ("import ctypes\nctypes.cdll.LoadLibrary('libbar.so')", ("libbar.so",)),
        ("import ctypes\nctypes.CDLL(None)\nctypes.CDLL(path)\nctypes.CDLL('msvcrt')", ()),
    ],
)
def test_libraries_are_found_where_they_are_loaded(source, libraries):
    assert Calls((), libraries) == calls(source)
