"""Which points of area against latency are measured, and which stay what they are."""

import json
from dataclasses import asdict
from types import SimpleNamespace

import pytest
from contenders import DA4ML, OURS, TERNARY
from sweep import Point, Sweep, _known

VERSIONS = {"da4ml": "1", "alkaid": "2"}


class Counted(Sweep):
    """A design has as many stages as it is asked for; of clocks, 7 or 8."""

    def _point(self, contender, asked, options):
        stages = options.get("cutoff") or options.get("stages") or 7 + (options["clock_hz"] > 3e8)
        return Point(contender.name, asked, stages, 1.0, 10, 10, 10)


def stages(tools, known=()):
    """By tool, those of all points."""
    found = {}
    for point in Counted(SimpleNamespace(tools=frozenset(tools)), None, known).points():
        found.setdefault(point.tool, []).append(point.stages)
    return found


def test_ours_has_as_many_stages_as_the_peers_have():
    peers = [1, 2, 3, 5, 8, 12]
    assert stages({"da4ml", "alkaid", "ours"}) == {
        DA4ML.name: peers,
        TERNARY.name: peers,
        OURS.name: [*peers, 7, 8],
    }


def test_what_is_not_measured_stays():
    known = [Point(DA4ML.name, "", 4, 2.0, 9, 9, 9), Point(OURS.name, "", 6, 2.0, 9, 9, 9)]
    assert stages({"ours"}, known) == {DA4ML.name: [4], OURS.name: [4, 7, 8]}
    assert stages({"alkaid"}, known)[DA4ML.name] == [4]
    assert stages({"alkaid"}, known)[OURS.name] == [6]
    assert stages({"ours"})[OURS.name] == [1, 2, 3, 5, 8, 12, 7, 8]


@pytest.mark.parametrize("versions", [VERSIONS, VERSIONS | {"alkaid": "3"}])
def test_points_of_other_versions_are_forgotten(tmp_path, versions):
    path, point = tmp_path / "case.json", Point(DA4ML.name, "", 4, 2.0, 9, 9, 9)
    assert _known(path, VERSIONS) == []
    path.write_text(json.dumps({"versions": versions, "points": [asdict(point)]}))
    assert _known(path, VERSIONS) == ([point] if versions == VERSIONS else [])
