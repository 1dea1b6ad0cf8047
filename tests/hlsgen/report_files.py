"""Reports as the vendors' compilers write them, with figures of ours."""

from __future__ import annotations

import json
from pathlib import Path


def vitis(path: Path, *, dsp: str = "DSP", latency: str = "25", version: str = "2024.1") -> Path:
    """``<top>_csynth.xml``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f"""<profile>
<ReportVersion><Version>{version}</Version></ReportVersion>
<UserAssignments>
<unit>ns</unit><ProductFamily>virtexuplus</ProductFamily><Part>xcvu13p-flga2577-2-e</Part>
<TopModelName>top</TopModelName>
<TargetClockPeriod>5.00</TargetClockPeriod><ClockUncertainty>1.35</ClockUncertainty>
</UserAssignments>
<PerformanceEstimates>
<PipelineType>dataflow</PipelineType>
<SummaryOfTimingAnalysis>
<unit>ns</unit><EstimatedClockPeriod>3.646</EstimatedClockPeriod>
</SummaryOfTimingAnalysis>
<SummaryOfOverallLatency>
<unit>clock cycles</unit>
<Best-caseLatency>21</Best-caseLatency>
<Average-caseLatency>{latency}</Average-caseLatency>
<Worst-caseLatency>{latency}</Worst-caseLatency>
<Interval-min>8</Interval-min>
<Interval-max>9</Interval-max>
</SummaryOfOverallLatency>
</PerformanceEstimates>
<AreaEstimates>
<Resources>
<BRAM_18K>3</BRAM_18K><{dsp}>73</{dsp}><FF>7969</FF><LUT>2532</LUT><URAM>1</URAM>
</Resources>
<AvailableResources>
<BRAM_18K>5376</BRAM_18K><{dsp}>12288</{dsp}><FF>3456000</FF><LUT>1728000</LUT><URAM>1280</URAM>
</AvailableResources>
</AreaEstimates>
</profile>
"""
    )
    return path


SUMMARY = [
    {
        "name": "Kernel Summary",
        "summary_type": "performanceSummary",
        "columns": ["Kernel Name", "Kernel Type", "Autorun"],
    },
    {"name": "Top", "parent": "performanceSummary", "data": ["Single work-item", "No"]},
    {
        "name": "Estimated Resource Usage",
        "summary_type": "estimatedResources",
        "columns": ["Kernel Name", "ALUTs ", "FFs  ", "RAMs ", "DSPs ", "MLABs"],
    },
    {"name": "Top", "parent": "estimatedResources", "data": [95, 82, 2, 0, 1]},
    {"name": "Total", "parent": "estimatedResources", "data": [2462, 7938, 77, 40.5, 92]},
    {
        "name": "Available",
        "parent": "estimatedResources",
        "data": ["974400", "1948800", "7110", "4510", "24360"],
    },
]
LOOPS = [
    {"name": "loop_attributes", "id": 9, "nodes": [1]},
    {"name": "Top", "id": 1, "fmax": "480.00", "type": "kernel", "children": [2, 3]},
    {"name": "Top.B0", "id": 2, "af": "480.00", "ii": "n/a", "lt": "17.000000", "type": "bb"},
    {"name": "Top.B1", "id": 3, "af": "400.00", "ii": "4", "lt": "176.000000", "type": "loop"},
]


def oneapi(folder: Path, summary: object = SUMMARY, loops: object = LOOPS) -> Path:
    """``summary.ndjson``, and ``loop_attr.ndjson`` beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in {"summary": summary, "loop_attr": loops}.items():
        (folder / f"{name}.ndjson").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return folder / "summary.ndjson"


CYCLES = """\
-- Catapult Ultra Synthesis: Report
-- Version:                  2024.1/1091966 Production Release

Processes/Blocks in Design
  Process        Real Operation(s) count Latency Throughput Reset Length II Comments
  -------------- ----------------------- ------- ---------- ------------ -- --------
  /top/dense/run                     255       2          5            2  0        ?
  Design Total:                      318      26          8            2  0

Clock Information
  Clock Signal Edge   Period Sharing Alloc (%) Uncertainty Used by Processes/Blocks
  ------------ ------ ------ ----------------- ----------- ------------------------
  clk          rising 10.000             20.00    0.000000 /top/dense/run

"""
FPGA = """\
Bill Of Materials (Datapath)
  Component Name           Area Score Area(DSP) Area(LUTs) Area(MUX_CARRYs) Delay Post Alloc
  ------------------------ ---------- --------- ---------- ---------------- ----- ----------
  [Lib: mgc_Xilinx-ZYNQ-1_beh]
  mgc_add(10,0,2,1,10)         10.000     0.000     10.000            9.000 1.565          3

  TOTAL AREA (After Assignment):                  2281.711     4.000   2157.000          255.000

"""
ASIC = """\
Bill Of Materials (Datapath)
  Component Name           Area Score Delay Post Alloc Post Assign
  ------------------------ ---------- ----- ---------- -----------
  TOTAL AREA (After Assignment):    1117.325             592.000 426.000

"""
RTL = """\
Area Scores
                    Post-Scheduling   Post-DP & FSM Post-Assignment
  ----------------- --------------- --------------- ---------------
  Total Area Score:    813.8          2280.2          2288.7
  Total Reg:             0.0             0.0             0.0

Register-to-Variable Mappings
  Register       Size(bits) Gated Register CG Opt Done Variables
  -------------- ---------- -------------- ----------- ---------------
  x:rsci.idat            64         Y           Y      x:rsci.idat

  Total:                985            976         774 (Total Gating Ratio: 0.99)

Timing Report
  Critical Path
    Max Delay:  8.245001
    Slack:      1.7549989999999998

"""


def catapult(folder: Path, cycles: str = CYCLES, rtl: str = CYCLES + FPGA + RTL) -> Path:
    """``cycle.rpt``, and ``rtl.rpt`` beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rtl.rpt").write_text(rtl)
    (folder / "cycle.rpt").write_text(cycles)
    return folder / "cycle.rpt"
