"""The compilers that a project can be for."""

from __future__ import annotations

from enum import StrEnum


class Vendor(StrEnum):
    VITIS = "vitis"
    """AMD Vitis HLS, 2022.2 and newer."""
    ONEAPI = "oneapi"
    """Intel oneAPI for FPGAs, up to 2025.0, the last one that has them."""
    CATAPULT = "catapult"
    """Siemens Catapult."""
