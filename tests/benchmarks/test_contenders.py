"""Seconds are taken of tools that know nothing of an earlier run."""

import json
import os
from pathlib import Path
from types import SimpleNamespace

from contenders import DA4ML, ENOUGH, OURS, RUNS, Converters
from store import Store


class Recorder:
    """An environment whose programs take a while by what they say, and leave plans behind."""

    def __init__(self, seconds):
        self.seconds, self.caches = seconds, []

    def run(self, words, **settings):
        *_, folder = words
        facts = {"seconds": self.seconds}
        (Path(folder) / "facts.json").write_text(json.dumps(facts))
        cache = Path({**os.environ, **settings}["RTLGEN_CACHE"])
        self.caches.append((cache, list(cache.iterdir())))
        (cache / "plan").touch()


def taken(folder, ours, theirs):
    """Seconds of both, each run of a case of no files."""
    made = Converters(ours, theirs, Store(folder / "store"), {"da4ml": "0"}, folder)
    case = SimpleNamespace(name="case", files=())
    return made.seconds([(OURS, case, {}), (DA4ML, case, {})])


def test_no_plan_is_known_whatever_the_environment_says(tmp_path, monkeypatch):
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans/known").touch()
    monkeypatch.setenv("RTLGEN_CACHE", f"{tmp_path / 'plans'}")
    ours, theirs = Recorder(1.0), Recorder(2.0)
    assert taken(tmp_path, ours, theirs) == [[1.0] * RUNS, [2.0] * RUNS]
    assert len({cache for cache, _ in ours.caches}) == RUNS
    assert all(not found for _, found in ours.caches)


def test_long_runs_are_taken_less_often(tmp_path):
    times = taken(tmp_path, Recorder(ENOUGH), Recorder(1.0))
    assert times == [[ENOUGH], [1.0]]
