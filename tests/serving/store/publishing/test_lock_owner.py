"""Tests of telling living processes from dead ones."""

import subprocess
import sys

import pytest

from serving.store.publishing.lock_owner import is_dead, name_process

WAIT = [sys.executable, "-c", "input()"]


def test_this_process_lives() -> None:
    assert name_process()
    assert not is_dead(name_process())


def test_a_process_is_dead_once_killed_even_if_nobody_has_waited() -> None:
    with subprocess.Popen(WAIT, stdin=subprocess.PIPE) as child:
        name = name_process(child.pid)
        assert not is_dead(name)
        child.kill()
        while not is_dead(name):
            pass
        child.wait(timeout=10)
    assert is_dead(name)


def test_another_process_with_the_same_number_does_not_count() -> None:
    machine, pid, started = name_process().rsplit(" ", 2)
    assert is_dead(f"{machine} {pid} {int(started) + 1}")


@pytest.mark.parametrize("name", ["", "x", "elsewhere/boot/pid:[1] 1 1", "a b"])
def test_of_processes_elsewhere_nothing_is_known(name: str) -> None:
    assert not is_dead(name)
