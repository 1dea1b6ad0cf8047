"""Work that several processes share gives what one would give."""

import os
import subprocess
import sys
import time
from multiprocessing import get_context
from pathlib import Path

import pytest

from rtlgen import parallel
from rtlgen.parallel import spread
from sim.errors import ConfigError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def three_cores(monkeypatch):
    monkeypatch.setattr(parallel, "cpu_count", lambda: 3)


def shifted(given, item):
    """The result, and who found it."""
    return item << given, os.getpid()


def nap(given, item):
    time.sleep(given)
    return item, os.getpid()


def refuse_seven(given, item):
    if item == 7:
        raise ValueError(given)
    return item


def die_elsewhere(given, item):
    if os.getpid() != given:
        os._exit(1)
    return item


@pytest.mark.usefixtures("three_cores")
@pytest.mark.parametrize("count", [0, 1, 2, 3, 20])
def test_results_come_in_the_order_of_the_items(count):
    made = spread(shifted, 3, list(range(count)), 3)
    assert [result for result, _ in made] == [8 * k for k in range(count)]
    assert not count or made[0][1] == os.getpid()


@pytest.mark.usefixtures("three_cores")
def test_every_process_takes_its_share():
    made = spread(nap, 0.2, list(range(12)), 3)
    assert [item for item, _ in made] == list(range(12))
    assert len({process for _, process in made}) == 3
    assert sum(process == os.getpid() for _, process in made) > 1


@pytest.mark.parametrize(("cores", "most"), [(1, 9), (4, 1), (4, 0)])
def test_one_process_where_more_are_not_there_or_not_worth_it(monkeypatch, cores, most):
    monkeypatch.setattr(parallel, "cpu_count", lambda: cores)
    monkeypatch.setattr(parallel, "ProcessPoolExecutor", None)
    assert {process for _, process in spread(shifted, 1, [1, 2, 3], most)} == {os.getpid()}


def test_the_environment_says_how_many(monkeypatch):
    monkeypatch.setattr(parallel, "ProcessPoolExecutor", None)
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    assert [item for item, _ in spread(shifted, 0, [1, 2, 3], 9)] == [1, 2, 3]
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "all")
    message = "LOKY_MAX_CPU_COUNT='all': not a number of processes; give 1 or more, or unset it"
    with pytest.raises(ConfigError, match=f"^{message}$"):
        spread(shifted, 0, [1, 2, 3], 9)


@pytest.mark.usefixtures("three_cores")
def test_no_process_stays():
    for process in {process for _, process in spread(nap, 0.1, [1, 2, 3, 4], 3)} - {os.getpid()}:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


@pytest.mark.usefixtures("three_cores")
@pytest.mark.parametrize("items", [[7, 1, 2], [1, 7, 2, 3, 4], [1, 2, 3, 4, 7]])
def test_an_error_is_raised_here_and_the_next_call_works(items):
    with pytest.raises(ValueError, match=r"^not seven$"):
        spread(refuse_seven, "not seven", items, 3)
    assert spread(refuse_seven, "", [1, 2, 3], 3) == [1, 2, 3]


@pytest.mark.usefixtures("three_cores")
def test_the_work_of_a_killed_process_is_done_here():
    assert spread(die_elsewhere, os.getpid(), [1, 2, 3, 4], 3) == [1, 2, 3, 4]


def shared_by_three(items):
    parallel.cpu_count = lambda: 3
    return spread(shifted, 0, items, 3)


def test_a_worker_of_a_pool_does_all_itself():
    with get_context("spawn").Pool(1) as pool:
        made = pool.apply(shared_by_three, [[1, 2, 3]])
    assert [item for item, _ in made] == [1, 2, 3]
    assert len({process for _, process in made}) == 1


def test_a_script_needs_no_guard(tmp_path):
    """The other processes do not run the script again, as those of multiprocessing would."""
    script = tmp_path / "script.py"
    script.write_text(
        "print('begun')\n"
        "from rtlgen import parallel\n"
        "parallel.cpu_count = lambda: 2\n"
        "def double(given, item): return given * item\n"
        "print(parallel.spread(double, 2, [1, 2, 3], 2))\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", script],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("begun\n[2, 4, 6]\n", "")
