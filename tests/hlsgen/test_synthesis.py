"""The figures of the vendors' reports, and what is said of files that have none."""

import json
from dataclasses import replace

import pytest

from hlsgen import synthesis
from hlsgen.synthesis.figures import Synthesis
from hlsgen.vendor import Vendor
from sim.errors import DataError
from tests.hlsgen import report_files

VITIS = Synthesis(
    tool="Vitis HLS 2024.1",
    clock_target_ns=5.0,
    clock_estimated_ns=3.646,
    latency_min=21,
    latency_max=25,
    interval_min=8,
    interval_max=9,
    lut=2532,
    ff=7969,
    dsp=73,
    bram=3,
    uram=1,
    area=None,
)
ONEAPI = Synthesis(
    tool="oneAPI",
    clock_target_ns=None,
    clock_estimated_ns=2.5,
    latency_min=176,
    latency_max=None,
    interval_min=4,
    interval_max=None,
    lut=2462,
    ff=7938,
    dsp=40,
    bram=77,
    uram=None,
    area=None,
)
CATAPULT = Synthesis(
    tool="Catapult 2024.1/1091966",
    clock_target_ns=10.0,
    clock_estimated_ns=8.245001,
    latency_min=26,
    latency_max=26,
    interval_min=8,
    interval_max=8,
    lut=2157,
    ff=985,
    dsp=4,
    bram=None,
    uram=None,
    area=2288.7,
)


@pytest.mark.parametrize("dsp", ["DSP", "DSP48E"])
def test_vitis(tmp_path, dsp):
    path = report_files.vitis(tmp_path / "top_csynth.xml", dsp=dsp)
    assert synthesis.read(path, Vendor.VITIS) == VITIS


@pytest.mark.parametrize("latency", ["undef", "?", "-"])
def test_a_latency_that_vitis_does_not_know_is_none(tmp_path, latency):
    path = report_files.vitis(tmp_path / "top_csynth.xml", latency=latency)
    assert synthesis.read(path, Vendor.VITIS) == replace(VITIS, latency_max=None)


def test_oneapi(tmp_path):
    path = report_files.oneapi(tmp_path)
    assert synthesis.read(path, Vendor.ONEAPI) == ONEAPI


def test_oneapi_without_loops(tmp_path):
    path = report_files.oneapi(tmp_path, loops=[])
    unknown = replace(ONEAPI, clock_estimated_ns=None, latency_min=None, interval_min=None)
    assert synthesis.read(path, Vendor.ONEAPI) == unknown


def test_catapult_for_an_fpga(tmp_path):
    path = report_files.catapult(tmp_path)
    assert synthesis.read(path, Vendor.CATAPULT) == CATAPULT


def test_catapult_for_an_asic(tmp_path):
    rtl = report_files.ASIC + report_files.RTL
    path = report_files.catapult(tmp_path, rtl=rtl)
    asic = replace(CATAPULT, tool="Catapult", lut=None, dsp=None)
    assert synthesis.read(path, Vendor.CATAPULT) == asic


def test_a_latency_that_catapult_does_not_know_is_none(tmp_path):
    cycles = report_files.CYCLES.replace("318      26  ", "318      -1  ")
    path = report_files.catapult(tmp_path, cycles)
    unknown = replace(CATAPULT, latency_min=None, latency_max=None)
    assert synthesis.read(path, Vendor.CATAPULT) == unknown


def test_a_synthesis_is_json():
    assert Synthesis(**json.loads(json.dumps(VITIS.to_json()))) == VITIS


@pytest.mark.parametrize("vendor", Vendor)
def test_a_report_that_is_missing(tmp_path, vendor):
    with pytest.raises(DataError) as error:
        synthesis.read(tmp_path / "report", vendor)
    assert str(error.value) == f"{tmp_path / 'report'}: is missing; run the synthesis again"


@pytest.mark.parametrize(
    ("vendor", "name"), [(Vendor.ONEAPI, "loop_attr.ndjson"), (Vendor.CATAPULT, "rtl.rpt")]
)
def test_a_report_that_is_missing_beside_another(tmp_path, vendor, name):
    write = {Vendor.ONEAPI: report_files.oneapi, Vendor.CATAPULT: report_files.catapult}[vendor]
    path = write(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(DataError) as error:
        synthesis.read(path, vendor)
    assert str(error.value) == f"{tmp_path / name}: is missing; run the synthesis again"


OLD = "is it of this version of the tool?"


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        (
            "</profile>",
            "",
            "is not XML: no element found: line 31, column 0; run the synthesis again",
        ),
        ("<LUT>2532</LUT>", "", f"has no 'AreaEstimates/Resources/LUT'; {OLD}"),
        ("DSP>73</DSP", "X>73</X", f"has no 'AreaEstimates/Resources/DSP'; {OLD}"),
        ("<Version>2024.1</Version>", "", f"has no 'ReportVersion/Version'; {OLD}"),
        (
            "<LUT>2532<",
            "<LUT>many<",
            "'AreaEstimates/Resources/LUT' is 'many', which is not a number",
        ),
        (
            "Period>5.00<",
            "Period>undef<",
            "'UserAssignments/TargetClockPeriod' is 'undef', which is not a number",
        ),
    ],
)
def test_a_report_of_vitis_that_cannot_be_read(tmp_path, before, after, problem):
    path = report_files.vitis(tmp_path / "top_csynth.xml")
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))
    with pytest.raises(DataError) as error:
        synthesis.read(path, Vendor.VITIS)
    assert str(error.value) == f"{path}: {problem}"


ROWS = report_files.SUMMARY


@pytest.mark.parametrize(
    ("summary", "problem"),
    [
        (ROWS[:2], f"has no 'columns' of 'estimatedResources'; {OLD}"),
        (ROWS[:4], f"has no 'data' of 'Total'; {OLD}"),
        ([*ROWS[:4], {**ROWS[4], "data": [1, 2]}], f"has no 'DSPs'; {OLD}"),
        (
            [*ROWS[:4], {**ROWS[4], "data": [1, 2, 3, "many", 5]}],
            "'DSPs' is 'many', which is not a number",
        ),
    ],
)
def test_a_summary_of_oneapi_that_cannot_be_read(tmp_path, summary, problem):
    path = report_files.oneapi(tmp_path, summary)
    with pytest.raises(DataError) as error:
        synthesis.read(path, Vendor.ONEAPI)
    assert str(error.value) == f"{path}: {problem}"


def test_a_summary_of_oneapi_that_is_not_json(tmp_path):
    path = report_files.oneapi(tmp_path)
    path.write_text('{"name": "Total"}\n<html>\n')
    with pytest.raises(DataError) as error:
        synthesis.read(path, Vendor.ONEAPI)
    assert str(error.value) == (
        f"{path}: line 2 is not JSON: Expecting value: line 1 column 1 (char 0)"
    )


@pytest.mark.parametrize(
    ("name", "before"),
    [
        ("cycle.rpt", "Design Total"),
        ("cycle.rpt", "Clock Information"),
        ("rtl.rpt", "Total Area Score"),
    ],
)
def test_a_report_of_catapult_that_cannot_be_read(tmp_path, name, before):
    path = report_files.catapult(tmp_path)
    report = tmp_path / name
    report.write_text(report.read_text().replace(before, "?"))
    with pytest.raises(DataError) as error:
        synthesis.read(path, Vendor.CATAPULT)
    assert str(error.value) == f"{report}: has no {before!r}; {OLD}"


def test_hls4ml_reads_the_same_from_the_file_of_vitis(tmp_path):
    """So the file that our test writes is like those of the tool."""
    from hls4ml.report.vivado_report import parse_vivado_report

    report_files.vitis(tmp_path / "top_prj/solution1/syn/report/top_csynth.xml")
    (tmp_path / "project.tcl").write_text('set project_name "top"\nset backend "vitis"\n')
    solutions = '<project><solutions><solution name="solution1"/></solutions></project>'
    (tmp_path / "top_prj/hls.app").write_text(solutions)
    told = parse_vivado_report(f"{tmp_path}")["CSynthesisReport"]
    figures = {
        "TargetClockPeriod": VITIS.clock_target_ns,
        "EstimatedClockPeriod": VITIS.clock_estimated_ns,
        "BestLatency": VITIS.latency_min,
        "WorstLatency": VITIS.latency_max,
        "IntervalMin": VITIS.interval_min,
        "IntervalMax": VITIS.interval_max,
        "LUT": VITIS.lut,
        "FF": VITIS.ff,
        "DSP": VITIS.dsp,
        "BRAM_18K": VITIS.bram,
        "URAM": VITIS.uram,
    }
    assert {name: float(told[name]) for name in figures} == figures


def test_hls4ml_reads_the_same_from_the_files_of_oneapi(tmp_path):
    from hls4ml.report.oneapi_report import _parse_single_report

    folder = tmp_path / "top.report.prj/reports/resources/json"
    report_files.oneapi(folder)
    (folder / "quartus.ndjson").write_text("{}")
    told = _parse_single_report(f"{tmp_path / 'top.report.prj'}")
    assert told["HLS"]["total"]["alut"] == ONEAPI.lut
    assert told["HLS"]["total"]["reg"] == ONEAPI.ff
    assert told["HLS"]["total"]["ram"] == ONEAPI.bram
    assert told["Loop"] == {"worstFrequency": "400.0", "worstII": "4", "worstLatency": "176.0"}
