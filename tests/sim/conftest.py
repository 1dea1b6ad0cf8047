"""Folders for designs: those of the same Verilog share one, so that each is built once."""

from zlib import crc32

import pytest


@pytest.fixture(scope="session")
def place(tmp_path_factory):
    """What writes a design, and returns its folder."""
    root = tmp_path_factory.mktemp("designs")
    return lambda design: design.write(root / f"{crc32(design.verilog.encode()):08x}")
