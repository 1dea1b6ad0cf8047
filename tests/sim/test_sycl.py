"""The stand-in for SYCL: tasks run in order or side by side, and who waits for ever is found."""

import subprocess
from pathlib import Path
from signal import SIGABRT

import pytest

from sim import csim, toolchain

pytestmark = pytest.mark.slow

THREADS = "-DSYCL_THREADS"
EITHER = pytest.mark.parametrize("flags", [[], [THREADS]], ids=["sequential", "threads"])

HEAD = """
#include <sycl/sycl.hpp>

#include <sycl/ext/intel/experimental/task_sequence.hpp>
#include <sycl/ext/intel/fpga_extensions.hpp>

#include <chrono>
#include <cstdio>
#include <thread>

namespace intel = sycl::ext::intel::experimental;

using given = intel::pipe<class given_pipe, int>;
using made = intel::pipe<class made_pipe, int>;
template <int Room>
using between = intel::pipe<class between_pipe, int, Room>;
using beside = intel::pipe<class beside_pipe, int, 2>;
"""
MAIN = """
struct top {
    void operator()() const { %s }
};

int main() {
    sycl::queue queue(sycl::ext::intel::fpga_emulator_selector_v);
    for (int i = 0; i < 8; ++i) given::write(queue, i);
    queue.single_task(top{});
    for (int i = 0; i < 8; ++i) std::printf("%%d ", made::read(queue));
    queue.wait();
}
"""


def run(folder: Path, tasks: str, kernel: str, flags: list[str]) -> subprocess.CompletedProcess:
    """What a program does that writes 0 to 7, launches a kernel, and prints eight results."""
    (folder / "f.cpp").write_text(HEAD + tasks + MAIN % kernel)
    command = [toolchain.compiler(), "-std=c++17", "-Wall", "-Wextra", "-Werror", "-pthread"]
    command += [f"-I{csim.INCLUDE}", *flags, "f.cpp", "-o", "f"]
    subprocess.run(command, cwd=folder, check=True)
    return subprocess.run(["./f"], cwd=folder, capture_output=True, text=True, check=False)


COPY = """
template <class To, class From, int N = 8>
void copy() {
    for (int i = 0; i < N; ++i) To::write(From::read());
}
"""


@EITHER
def test_tasks_pass_on_what_they_get(flags, tmp_path):
    kernel = """
        intel::task_sequence<copy<between<1>, given>> first;
        intel::task_sequence<copy<made, between<1>>> second;
        first.async();
        second.async();
    """
    result = run(tmp_path, COPY, kernel, flags)
    assert (result.stdout, result.stderr) == ("0 1 2 3 4 5 6 7 ", "")


@EITHER
def test_calls_of_one_task_run_one_after_the_other(flags, tmp_path):
    tasks = """
    void half(int by) {
        for (int i = 0; i < 4; ++i) made::write(by + given::read());
    }
    """
    kernel = """
        intel::task_sequence<half> task;
        task.async(10);
        task.async(20);
    """
    result = run(tmp_path, tasks, kernel, flags)
    assert (result.stdout, result.stderr) == ("10 11 12 13 24 25 26 27 ", "")


def test_who_is_slow_is_no_deadlock(tmp_path):
    tasks = """
    void slow() {
        std::this_thread::sleep_for(std::chrono::milliseconds(500));
        for (int i = 0; i < 8; ++i) between<1>::write(given::read());
    }
    """
    kernel = """
        intel::task_sequence<slow> first;
        intel::task_sequence<copy<made, between<1>>> second;
        second.async();
        first.async();
    """
    result = run(tmp_path, COPY + tasks, kernel, [THREADS])
    assert (result.stdout, result.stderr) == ("0 1 2 3 4 5 6 7 ", "")


ONE_SIDE_FIRST = """
void fork() {
    for (int i = 0; i < 8; ++i) {
        const int x = given::read();
        between<ROOM>::write(x);
        beside::write(x);
    }
}
void join() {
    int first[5];
    for (int i = 0; i < 5; ++i) first[i] = beside::read();
    for (int i = 0; i < 5; ++i) made::write(first[i] + between<ROOM>::read());
    for (int i = 5; i < 8; ++i) made::write(beside::read() + between<ROOM>::read());
}
"""
FORK_AND_JOIN = """
    intel::task_sequence<fork> first;
    intel::task_sequence<join> second;
    first.async();
    second.async();
"""


def test_a_pipe_that_is_just_large_enough(tmp_path):
    result = run(tmp_path, ONE_SIDE_FIRST, FORK_AND_JOIN, [THREADS, "-DROOM=5"])
    assert (result.stdout, result.stderr) == ("0 2 4 6 8 10 12 14 ", "")


def test_a_pipe_that_is_too_small(tmp_path):
    result = run(tmp_path, ONE_SIDE_FIRST, FORK_AND_JOIN, [THREADS, "-DROOM=4"])
    assert result.returncode == -SIGABRT
    assert result.stderr == (
        "deadlock: all that is left to do waits\n"
        "    beside_pipe is empty\n"
        "    between_pipe is full, with room for 4\n"
        "    the kernel waits for a task\n"
    )


def test_pipes_have_room_for_all_where_tasks_do_not_run_side_by_side(tmp_path):
    result = run(tmp_path, ONE_SIDE_FIRST, FORK_AND_JOIN, ["-DROOM=1"])
    assert (result.stdout, result.stderr) == ("0 2 4 6 8 10 12 14 ", "")


@EITHER
def test_a_result_that_nobody_makes(flags, tmp_path):
    kernel = """
        intel::task_sequence<copy<made, given, 7>> task;
        task.async();
    """
    result = run(tmp_path, COPY, kernel, flags)
    assert result.returncode == -SIGABRT
    assert result.stderr == "deadlock: all that is left to do waits\n    made_pipe is empty\n"


def test_a_task_that_reads_what_a_later_one_writes(tmp_path):
    """One after the other they cannot run, whatever the room."""
    kernel = """
        intel::task_sequence<copy<made, between<0>>> second;
        intel::task_sequence<copy<between<0>, given>> first;
        second.async();
        first.async();
    """
    result = run(tmp_path, COPY, kernel, [])
    assert result.returncode == -SIGABRT
    assert result.stderr == "deadlock: all that is left to do waits\n    between_pipe is empty\n"
