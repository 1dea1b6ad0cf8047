"""The vendors' scripts: run by the interpreters that the vendors use, with their commands faked."""

import configparser
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from hlsgen.flows import FLOWS
from hlsgen.vendor import Vendor
from tests.hlsgen.fakes import icpx, tool
from tests.hlsgen.scripts import SCRIPTS, project, render

STUB = """
proc record {name words} { puts [list $name {*}$words] }
foreach name {%s} {
    proc $name {args} [format {record %%s $args} $name]
}
proc check {words} {
    foreach word $words {
        if {[string match *.cpp $word] && ![file exists $word]} { error "no file $word" }
    }
}
proc add_files {args} { check $args; record add_files $args }
proc solution {args} { check $args; record solution $args }
proc library {get entry args} {
    set part [lindex [split $entry /] 11]
    if {$part eq "xc0"} { return {} }
    if {[lindex $args end] eq "v"} { return mgc_Xilinx-VIRTEX-uplus-2_beh }
    return [string map {PARAMETERS/*/PARAMETERS/* PARAMETERS/VIRTEX-uplus/PARAMETERS/-2} $entry]
}
%s
source build.tcl
"""
VITIS = "open_project set_top open_solution set_part create_clock csynth_design export_design"
CATAPULT = "options project go directive"


def run(folder: Path, commands: str, extra: str = "", **environ: str) -> tuple[int, list[str]]:
    """What the commands of a script were, and how it ended."""
    tclsh = shutil.which("tclsh") or pytest.fail("tclsh is missing; try: apt-get install tcl")
    (folder / "stub.tcl").write_text(STUB % (commands, extra))
    result = subprocess.run(
        [tclsh, "stub.tcl"],
        cwd=folder,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stderr == ""
    return result.returncode, result.stdout.splitlines()


@pytest.mark.slow
def test_vitis(tmp_path):
    folder = project(tmp_path, Vendor.VITIS, sources=["top.cpp", "other.cpp"])
    assert run(folder, VITIS) == (
        0,
        [
            "open_project -reset top_prj",
            "set_top top",
            "add_files top.cpp -cflags -std=c++14",
            "add_files other.cpp -cflags -std=c++14",
            "add_files -tb bridge.cpp -cflags -std=c++14",
            "add_files -tb testbench.cpp -cflags -std=c++14",
            "add_files -tb vectors.bin",
            "open_solution -reset solution1 -flow_target vivado",
            "set_part xcvu13p-flga2577-2-e",
            "create_clock -period 5.0 -name default",
            "csynth_design",
        ],
    )


@pytest.mark.slow
def test_vitis_exports_an_ip_if_it_should(tmp_path):
    code, commands = run(project(tmp_path, Vendor.VITIS), VITIS, EXPORT="1")
    assert (code, commands[-1]) == (0, "export_design -format ip_catalog")


@pytest.mark.slow
def test_vitis_simulates_if_it_should(tmp_path):
    folder = project(tmp_path, Vendor.VITIS)
    code, commands = run(folder, f"{VITIS} csim_design cosim_design", CSIM="1", COSIM="1")
    assert (code, commands[-3:]) == (0, ["csim_design", "csynth_design", "cosim_design"])


LIBRARY = (
    "mgc_Xilinx-VIRTEX-uplus-2_beh -- -rtlsyntool Vivado -vendor Xilinx -family VIRTEX-uplus "
    "-speed -2 -part xcvu13p-flga2577-2-e"
)


@pytest.mark.slow
def test_catapult_for_an_fpga(tmp_path):
    folder = project(tmp_path, Vendor.CATAPULT, sources=["top.cpp", "other.cpp"])
    assert run(folder, CATAPULT) == (
        0,
        [
            "options set Input/CppStandard c++17",
            "project new -name top_prj",
            "solution file add top.cpp -type C++",
            "solution file add other.cpp -type C++",
            "options set Output/OutputVerilog true",
            "options set Output/OutputVHDL false",
            "go analyze",
            "go compile",
            f"solution library add {LIBRARY}",
            "solution library add Xilinx_RAMS",
            "solution library add Xilinx_ROMS",
            "solution library add Xilinx_FIFO",
            "go libraries",
            "directive set -CLOCKS {clk {-CLOCK_PERIOD 5.0}}",
            "go assembly",
            "directive set /top/fc1_out:cns -FIFO_DEPTH 16",
            "directive set /top/fc2_out:cns -FIFO_DEPTH 2",
            "go architect",
            "go allocate",
            "go extract",
            "project save",
        ],
    )


@pytest.mark.slow
def test_catapult_for_an_asic(tmp_path):
    folder = project(tmp_path, Vendor.CATAPULT, part="nangate-45nm_beh", fifos=[])
    code, commands = run(folder, CATAPULT)
    libraries = ["nangate-45nm_beh", "ccs_sample_mem", "ccs_sample_rom"]
    assert code == 0
    assert commands[7:] == [
        *(f"solution library add {library}" for library in libraries),
        "go libraries",
        "directive set -CLOCKS {clk {-CLOCK_PERIOD 5.0}}",
        *("go assembly", "go architect", "go allocate", "go extract"),
        "project save",
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("vendor", "extra", "told"),
    [
        (Vendor.VITIS, "proc csynth_design {} { error bad }", "ERROR: bad"),
        (Vendor.VITIS, "file delete top.cpp", "ERROR: no file top.cpp"),
        (Vendor.VITIS, "rename set_top {}", 'ERROR: invalid command name "set_top"'),
        (Vendor.CATAPULT, "proc go {state} { error $state }", "Error: analyze"),
        (Vendor.CATAPULT, "file delete top.cpp", "Error: no file top.cpp"),
    ],
)
def test_a_failure_is_told_and_ends_the_script(tmp_path, vendor, extra, told):
    commands = {Vendor.VITIS: VITIS, Vendor.CATAPULT: CATAPULT}[vendor]
    code, lines = run(project(tmp_path, vendor), commands, extra)
    assert (code, lines[-1]) == (1, told)


@pytest.mark.slow
def test_a_part_that_catapult_does_not_know(tmp_path):
    code, lines = run(project(tmp_path, Vendor.CATAPULT, part="xc0"), CATAPULT)
    assert (code, lines[-1]) == (1, "Error: Catapult knows no part xc0")


def test_the_configuration_of_vitis():
    """As its documentation has it: the part in front of the section."""
    text = render(Vendor.VITIS, "hls_config.cfg", sources=["a.cpp", "b.cpp"])
    head, section = text.split("[hls]\n")
    assert head.splitlines()[-2:] == ["part=xcvu13p-flga2577-2-e", ""]
    parser = configparser.ConfigParser(strict=False)
    parser.read_string(f"[hls]\n{section}")
    assert dict(parser["hls"]) == {
        "clock": "5.0ns",
        "syn.top": "top",
        "syn.file": "b.cpp",
        "syn.cflags": "-std=c++14",
    }
    assert section.count("syn.file=") == 2


@pytest.fixture(scope="module")
def configured(tmp_path_factory):
    """A project of oneAPI, configured by CMake with a compiler that only looks like Intel's."""
    folder = project(tmp_path_factory.mktemp("oneapi"), Vendor.ONEAPI, part="Agilex7")
    environ = {**os.environ, "PATH": f"{icpx(folder)}{os.pathsep}{os.environ['PATH']}"}
    cmake = tool("cmake")
    subprocess.run([cmake, "-S", ".", "-B", "build"], cwd=folder, env=environ, check=True)
    return folder, environ, cmake


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "compile_", "link"),
    [
        ("fpga_emu", "-DFPGA_EMULATOR", ["-qactypes"]),
        (
            "report",
            "-DFPGA_HARDWARE",
            ["-Xshardware", "-Xstarget=Agilex7", "-Xsclock=5.0ns", "-fsycl-link=early"],
        ),
        (
            "fpga_sim",
            "-DFPGA_SIMULATOR",
            ["-qactypes", "-Xssimulation", "-Xsghdl", "-Xstarget=Agilex7", "-Xsclock=5.0ns"],
        ),
        (
            "fpga",
            "-DFPGA_HARDWARE",
            ["-qactypes", "-Xshardware", "-Xstarget=Agilex7", "-Xsclock=5.0ns"],
        ),
    ],
)
def test_oneapi(configured, target, compile_, link):
    folder, environ, cmake = configured
    log = folder / "icpx.log"
    log.unlink(missing_ok=True)
    subprocess.run(
        [cmake, "--build", "build", "--target", target], cwd=folder, env=environ, check=True
    )
    compiled, linked = (line.split() for line in log.read_text().splitlines())
    assert {compile_, "-fsycl", "-fintelfpga", "-qactypes", "-std=gnu++17"} <= set(compiled)
    assert compiled[-1] == f"{folder.resolve() / 'top.cpp'}"
    assert {"-fsycl", "-fintelfpga", *link} <= set(linked)
    assert linked[linked.index("-o") + 1] == f"top.{target}"


@pytest.mark.parametrize("vendor", Vendor)
@pytest.mark.parametrize("io", ["stream", "parallel"])
def test_a_readme_has_the_commands_of_the_flow(vendor, io):
    text = render(vendor, "README.md", io=io)
    commands = [command for way in FLOWS[vendor].ways for command in way.commands]
    for command in commands:
        assert " ".join(command.words[1:]).format(top="top") in text
    assert ("`#pragma" in text) == (vendor is Vendor.CATAPULT)
    assert max(map(len, text.splitlines())) < 120


@pytest.mark.parametrize("vendor", Vendor)
def test_a_script_leaves_no_blanks_behind(vendor):
    for name in SCRIPTS[vendor]:
        text = render(vendor, name)
        assert text.endswith("\n")
        assert not text.endswith("\n\n")
        assert "\n\n\n" not in text
        assert " \n" not in text
