"""The report of Vitis HLS: ``<top>_csynth.xml``.

The format is the same in Vivado HLS 2020.1 and Vitis HLS 2022.2 to 2024.1, but for the name of the
DSPs. Written after files that others published; no tool of AMD's was at hand.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from hlsgen.synthesis.figures import Synthesis
from hlsgen.synthesis.files import number, text
from sim.errors import DataError

_TIMING = "PerformanceEstimates/SummaryOfTimingAnalysis/EstimatedClockPeriod"
_LATENCY = "PerformanceEstimates/SummaryOfOverallLatency"
_AREA = "AreaEstimates/Resources"


def read(path: Path) -> Synthesis:
    """Read a report; a figure that the tool could not compute, ``undef``, is ``None``."""
    try:
        root = ET.fromstring(text(path))  # noqa: S314  # of the tool that the user has just run
    except ET.ParseError as error:
        raise DataError(f"{path}: is not XML: {error}; run the synthesis again") from error
    dsp = f"{_AREA}/DSP48E" if root.find(f"{_AREA}/DSP48E") is not None else f"{_AREA}/DSP"
    return Synthesis(
        tool=f"Vitis HLS {_text(path, root, 'ReportVersion/Version')}",
        clock_target_ns=_number(path, root, "UserAssignments/TargetClockPeriod"),
        clock_estimated_ns=_number(path, root, _TIMING),
        latency_min=_count(path, root, f"{_LATENCY}/Best-caseLatency"),
        latency_max=_count(path, root, f"{_LATENCY}/Worst-caseLatency"),
        interval_min=_count(path, root, f"{_LATENCY}/Interval-min"),
        interval_max=_count(path, root, f"{_LATENCY}/Interval-max"),
        lut=_count(path, root, f"{_AREA}/LUT"),
        ff=_count(path, root, f"{_AREA}/FF"),
        dsp=_count(path, root, dsp),
        bram=_count(path, root, f"{_AREA}/BRAM_18K"),
        uram=_count(path, root, f"{_AREA}/URAM"),
        area=None,
    )


def _text(path: Path, root: ET.Element, name: str) -> str:
    found = root.findtext(name)
    if found is None:
        raise DataError(f"{path}: has no {name!r}; is it of this version of the tool?")
    return found.strip()


def _number(path: Path, root: ET.Element, name: str) -> float:
    return number(path, name, _text(path, root, name))


def _count(path: Path, root: ET.Element, name: str) -> int | None:
    found = _text(path, root, name)
    return None if found in ("undef", "?", "-") else int(number(path, name, found))
