"""The parts that are known by name: the family, the speed grade and the LUTs of each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from rtlgen.families import AGILEX_7, ARTIX_7, ECP5, ICE40_HX, KINTEX_7, ULTRASCALE_PLUS
from rtlgen.targets import Target
from sim.errors import ConfigError, nearest


@dataclass(frozen=True)
class Family:
    """Devices with the same logic."""

    target: Target
    """Without a name, at the speed grade that is taken if a part names none: the first."""
    grades: Mapping[int, float]
    """Delay of each speed grade, relative to the first."""
    devices: Mapping[str, int]
    """How many LUTs each has."""
    grade: str = r"-([1-9])(?![0-9])"
    """Where the rest of a part's name, behind the device, has its speed grade."""

    def part(self, name: str, device: str, rest: str) -> Target:
        """Of this device; the rest of the name may have a speed grade."""
        found = re.findall(self.grade, rest)
        grade = int(found[-1]) if found else next(iter(self.grades))
        if grade not in self.grades:
            known = ", ".join(map(str, sorted(self.grades)))
            raise ConfigError(f"part {name!r}: speed grade {grade} is not known; known are {known}")
        faster = self.target.slower(self.grades[grade])
        return replace(faster, name=name, luts=self.devices[device])


def find(part: str) -> Target:
    """The part with this name: a device, with or without package and speed grade.

    Raises :class:`ConfigError` if device or grade are not known.
    """
    name = part.lower()
    for family in FAMILIES:
        for device in family.devices:
            if match := re.fullmatch(rf"{device}(?![0-9])(.*)", _plain(name)):
                return family.part(part, device, match[1])
    known = [device for family in FAMILIES for device in family.devices]
    raise ConfigError(f"part {part!r} is not known{nearest(name, known)}")


def _plain(name: str) -> str:
    """Without the letter that tells Agilex devices with a processor from those without."""
    return re.sub(r"^(ag[fim])[a-d](?=\d)", r"\1", name)


FAMILIES = (
    Family(
        ULTRASCALE_PLUS,
        {2: 1.0, 1: 1.15, 3: 0.9},
        {
            "xcvu3p": 394_080,
            "xcvu5p": 600_577,
            "xcvu7p": 788_160,
            "xcvu9p": 1_182_240,
            "xcvu11p": 1_296_000,
            "xcvu13p": 1_728_000,
            "xcvu19p": 4_085_760,
            "xcvu29p": 1_728_000,
            "xcvu31p": 439_680,
            "xcvu33p": 439_680,
            "xcvu35p": 871_680,
            "xcvu37p": 1_303_680,
            "xcku3p": 162_720,
            "xcku5p": 216_960,
            "xcku9p": 274_080,
            "xcku11p": 298_560,
            "xcku13p": 341_280,
            "xcku15p": 522_720,
            "xczu2": 47_232,
            "xczu3": 70_560,
            "xczu4": 87_840,
            "xczu5": 117_120,
            "xczu6": 214_604,
            "xczu7": 230_400,
            "xczu9": 274_080,
            "xczu11": 298_560,
            "xczu15": 341_280,
            "xczu17": 423_403,
            "xczu19": 522_720,
            "xczu28": 425_280,
            "xczu48": 425_280,
            "xcu200": 1_182_240,
            "xcu250": 1_728_000,
            "xcu280": 1_303_680,
        },
    ),
    Family(
        KINTEX_7,
        {2: 1.0, 1: 1.2, 3: 0.87},
        {
            "xc7k70t": 41_000,
            "xc7k160t": 101_400,
            "xc7k325t": 203_800,
            "xc7k355t": 222_600,
            "xc7k410t": 254_200,
            "xc7k420t": 260_600,
            "xc7k480t": 298_600,
            "xc7v585t": 364_200,
            "xc7v2000t": 1_221_600,
            "xc7vx330t": 204_000,
            "xc7vx415t": 257_600,
            "xc7vx485t": 303_600,
            "xc7vx550t": 346_400,
            "xc7vx690t": 433_200,
            "xc7vx980t": 612_000,
            "xc7vx1140t": 712_000,
            "xc7z030": 78_600,
            "xc7z035": 171_900,
            "xc7z045": 218_600,
            "xc7z100": 277_400,
        },
    ),
    Family(
        ARTIX_7,
        {1: 1.0, 2: 0.85, 3: 0.77},
        {
            "xc7a12t": 8_000,
            "xc7a15t": 10_400,
            "xc7a25t": 14_600,
            "xc7a35t": 20_800,
            "xc7a50t": 32_600,
            "xc7a75t": 47_200,
            "xc7a100t": 63_400,
            "xc7a200t": 134_600,
            "xc7s6": 3_752,
            "xc7s15": 8_000,
            "xc7s25": 14_600,
            "xc7s50": 32_600,
            "xc7s75": 48_000,
            "xc7s100": 64_000,
            "xc7z007s": 14_400,
            "xc7z010": 17_600,
            "xc7z012s": 34_400,
            "xc7z014s": 40_600,
            "xc7z015": 46_200,
            "xc7z020": 53_200,
        },
    ),
    Family(
        AGILEX_7,
        {2: 1.0, 1: 0.9, 3: 1.15, 4: 1.3},
        {
            "agf006": 388_800,
            "agf008": 518_400,
            "agf012": 799_000,
            "agf014": 974_400,
            "agf019": 1_301_000,
            "agf022": 1_497_000,
            "agf023": 1_564_800,
            "agf027": 1_825_600,
            "agi019": 1_301_000,
            "agi022": 1_497_000,
            "agi023": 1_564_800,
            "agi027": 1_825_600,
            "agi035": 2_400_000,
            "agi040": 2_744_000,
            "agi041": 2_712_320,
        },
        grade=r"[ceix]([1-9])[vx]",
    ),
    Family(
        ECP5,
        {6: 1.0, 7: 0.9, 8: 0.8},
        {
            "lfe5u-12f": 24_288,
            "lfe5u-25f": 24_288,
            "lfe5u-45f": 43_848,
            "lfe5u-85f": 83_640,
            "lfe5um-25f": 24_288,
            "lfe5um-45f": 43_848,
            "lfe5um-85f": 83_640,
            "lfe5um5g-25f": 24_288,
            "lfe5um5g-45f": 43_848,
            "lfe5um5g-85f": 83_640,
        },
    ),
    Family(ICE40_HX, {0: 1.0}, {"ice40hx1k": 1_280, "ice40hx4k": 3_520, "ice40hx8k": 7_680}),
    Family(
        ICE40_HX.slower(1.45),
        {0: 1.0},
        {"ice40lp384": 384, "ice40lp1k": 1_280, "ice40lp4k": 3_520, "ice40lp8k": 7_680},
    ),
    Family(ICE40_HX.slower(2.5), {0: 1.0}, {"ice40up3k": 2_800, "ice40up5k": 5_280}),
)
"""LUTs of each device are from the vendors' product tables."""
