"""The parts that are known by name, and designs for each family."""

import pytest

from rtlgen import Options, generate
from rtlgen.devices import FAMILIES, find
from rtlgen.operations import Ternary
from sim.errors import ConfigError
from tests.rtlgen.models import tiny


@pytest.mark.parametrize(
    ("part", "family", "luts", "inputs", "arity"),
    [
        ("xcvu13p", "UltraScale+", 1_728_000, 6, 3),
        ("xcvu13p-flga2577-2-e", "UltraScale+", 1_728_000, 6, 3),
        ("XCKU15P-ffva1156-2-e", "UltraScale+", 522_720, 6, 3),
        ("xczu9eg-ffvb1156-2-e", "UltraScale+", 274_080, 6, 3),
        ("xc7a35ticsg324-1L", "7 series", 20_800, 6, 3),
        ("xc7vx690tffg1927-2", "7 series", 433_200, 6, 3),
        ("XC7Z007S-1CLG225C", "7 series", 14_400, 6, 3),
        ("xc7z045ffg900-2", "7 series", 218_600, 6, 3),
        ("agf014", "Agilex 7", 974_400, 5, 2),
        ("AGFB014R24B2E2V", "Agilex 7", 974_400, 5, 2),
        ("AGID023R18A1E1V", "Agilex 7", 1_564_800, 5, 2),
        ("lfe5u-45f", "ECP5", 43_848, 4, 2),
        ("LFE5UM5G-85F-8BG381", "ECP5", 83_640, 4, 2),
        ("iCE40HX8K-CT256", "iCE40", 7_680, 4, 2),
        ("ice40up5k-sg48", "iCE40", 5_280, 4, 2),
    ],
)
def test_parts(part, family, luts, inputs, arity):
    target = find(part)
    assert (target.name, target.family, target.luts) == (part, family, luts)
    assert (target.lut_inputs, target.arity) == (inputs, arity)


@pytest.mark.parametrize(
    "parts",
    [
        [f"xcku5p-ffvb676-{grade}-e" for grade in (1, 2, 3)],
        [f"xc7k325tffg900-{grade}" for grade in (1, 2, 3)],
        [f"xc7a100tcsg324-{grade}" for grade in (1, 2, 3)],
        [f"lfe5u-25f-{grade}bg256c" for grade in (6, 7, 8)],
        [f"AGFB014R24B2E{grade}V" for grade in (4, 3, 2, 1)],
        ["ice40up5k", "ice40lp8k", "ice40hx8k"],
    ],
)
def test_every_delay_of_a_faster_part_is_shorter(parts):
    targets = [find(part) for part in parts]
    for name in ("net_ns", "lut_ns", "chain_ns", "carry_ns", "register_ns"):
        delays = [getattr(target, name) for target in targets]
        assert sorted(set(delays), reverse=True) == delays, name


@pytest.mark.parametrize(
    ("part", "graded"),
    [
        ("xcku5p", "xcku5p-ffvb676-2-e"),
        ("xc7k325t", "xc7k325tffg900-2"),
        ("xc7a100t", "xc7a100tcsg324-1"),
        ("lfe5u-25f", "lfe5u-25f-6bg256c"),
        ("agf014", "AGFB014R24B2E2V"),
    ],
)
def test_the_grade_that_is_taken_if_a_part_names_none(part, graded):
    assert find(part).net_ns == find(graded).net_ns


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ("xcvu99p", "part 'xcvu99p' is not known; did you mean 'xcvu9p'?"),
        ("xc7a35", "part 'xc7a35' is not known; did you mean 'xc7a35t'?"),
        ("ice40hx", "part 'ice40hx' is not known; did you mean 'ice40hx8k'?"),
        (
            "xcku5p-ffvb676-7-e",
            "part 'xcku5p-ffvb676-7-e': speed grade 7 is not known; known are 1, 2, 3",
        ),
        (
            "AGFB014R24B2E9V",
            "part 'AGFB014R24B2E9V': speed grade 9 is not known; known are 1, 2, 3, 4",
        ),
    ],
)
def test_unknown_parts(part, message):
    with pytest.raises(ConfigError) as error:
        find(part)
    assert str(error.value) == message


def test_no_name_stands_for_two_devices():
    names = [device for family in FAMILIES for device in family.devices]
    assert len(set(names)) == len(names)
    for name in names:
        luts = next(family.devices[name] for family in FAMILIES if name in family.devices)
        assert find(name).luts == luts


@pytest.mark.parametrize("part", ["xcvu13p", "xc7a35t", "agf014", "lfe5u-85f", "ice40up5k"])
def test_designs_for_every_family_are_proved_and_meet_a_clock(part):
    design = generate(tiny(), Options(target=part, clock_hz=20e6))
    assert not design.proof().unproved
    assert design.report().fastest_mhz >= 20
    ternary = any(isinstance(op, Ternary) for op in design.flow.ops)
    assert not ternary or find(part).arity == 3
