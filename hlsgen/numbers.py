"""The header ``fixed.h`` of a project: a vendor's numbers where there are any, or ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path

from hlsgen.library import FOLDER

OURS = FOLDER / "fixed.h"
VENDORS = Path(__file__).parent / "vendors"
AP_TYPES, AC_TYPES = VENDORS / "ap_types.h", VENDORS / "ac_types.h"
INTEL_TYPES = VENDORS / "intel_types.h"

_INCLUDE = re.compile(r'#include "(\w+\.h)"\n')


def ours() -> str:
    """Our numbers alone, in one header."""
    return "\n".join(["#pragma once", "", *_flat(OURS, set())])


def channel() -> str:
    """Our channel alone."""
    return "\n".join(_flat(FOLDER / "channel.h", set()))


def either(vendors: Path, condition: str) -> str:
    """The vendor's numbers if a preprocessor condition holds, else ours; what both have, once."""
    theirs, own = list(_flat(vendors, set())), list(_flat(OURS, set()))
    lines = ["#pragma once", ""]
    for tag, i, j, k, m in SequenceMatcher(None, theirs, own, autojunk=False).get_opcodes():
        if tag == "equal":
            lines += theirs[i:j]
        else:
            lines += [f"#if {condition}", *theirs[i:j], "#else", *own[k:m], "#endif"]
    return "\n".join([*lines, ""])


def _flat(path: Path, known: set[str]) -> Iterator[str]:
    """The parts of a header, with those of the headers that it includes in their places."""
    known.add(path.name)
    text = path.read_text().replace("#pragma once\n", "")
    for i, part in enumerate(_INCLUDE.split(text)):
        if i % 2 == 0:
            yield part.strip("\n") + "\n"
        elif part not in known:
            folder = path.parent if (path.parent / part).is_file() else FOLDER
            yield from _flat(folder / part, known)
