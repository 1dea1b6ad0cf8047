"""What is kept, and what is not."""

import json
import sys
import time
from pathlib import Path

import pytest
from environment import Environment, Failed, run
from store import Store, digest, digest_of
from synthesis import Flow


def counting(calls, record):
    def make(folder):
        calls.append(folder)
        (folder / "text").write_text("made")
        return record

    return make


def test_a_result_is_made_once(tmp_path):
    calls, store = [], Store(tmp_path / "kept")
    for _ in range(2):
        entry = store.entry("kind", ["key", 1], counting(calls, {"n": 3}))
        assert entry.record == {"n": 3}
        assert (entry.folder / "text").read_text() == "made"
    store.entry("kind", ["key", 2], counting(calls, {"n": 4}))
    assert len(calls) == 2
    assert json.loads((entry.folder / "record.json").read_text())["key"] == ["key", 1]


def test_what_fails_leaves_nothing(tmp_path):
    def make(folder):
        (folder / "half").write_text("half")
        raise Failed("no")

    store = Store(tmp_path)
    with pytest.raises(Failed):
        store.entry("kind", "key", make)
    assert list((tmp_path / "kind").iterdir()) == []


def test_a_key_is_its_contents(tmp_path):
    assert digest({"a": 1, "b": [2]}) == digest({"b": [2], "a": 1})
    assert digest([1]) != digest([2])
    for place in ("one", "two"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "a.v").write_text("module")
    same = digest_of([tmp_path / "one/a.v"]), digest_of([tmp_path / "two/a.v"])
    (tmp_path / "two/a.v").write_text("modules")
    assert same[0] == same[1] != digest_of([tmp_path / "two/a.v"])


def test_a_failing_program_shows_its_end():
    with pytest.raises(Failed) as raised:
        run(["sh", "-c", "echo before; echo why >&2; exit 3"])
    text = "before\nwhy\n\nerror: sh -c echo before; echo why >&2; exit 3: failed"
    assert f"{raised.value}" == text


def test_a_slow_program_is_ended():
    with pytest.raises(Failed) as raised:
        run(["sleep", "60"], limit=0.1)
    assert f"{raised.value}" == "sleep 60: not done after 0.1 s"


def test_a_slow_program_is_ended_with_those_that_it_runs(tmp_path):
    late = tmp_path / "late"
    with pytest.raises(Failed):
        run(["sh", "-c", f"(sleep 1; touch {late}) & sleep 60"], limit=0.1)
    time.sleep(1.5)
    assert not late.exists()


def test_an_environment_runs_with_settings():
    environment = Environment(Path(sys.executable))
    assert environment.run(["-c", "import os; print(os.environ['X'])"], X="5") == "5\n"
    assert environment.versions(["numpy"]).keys() == {"numpy"}


def test_flows_that_flatten_late_map_carry_chains_first():
    assert [len(flow.commands) for flow in Flow] == [1, 5, 1, 5]
    for flow in (Flow.XHIER, Flow.ECP5H):
        first, *middle, last = flow.commands
        assert middle == ["flatten", "opt -full", "opt_clean -purge"]
        assert first.endswith("-run begin:map_ffs")
        assert last.endswith("-run map_ffs:")
