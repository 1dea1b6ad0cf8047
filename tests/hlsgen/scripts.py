"""The vendors' scripts, rendered as a project has them."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from hlsgen.vendor import Vendor

VALUES = {
    "top": "top",
    "part": "xcvu13p-flga2577-2-e",
    "clock_ns": 5.0,
    "sources": ["top.cpp"],
    "io": "stream",
    "fifos": [("fc1_out", 16), ("fc2_out", 2)],
}
SCRIPTS = {
    Vendor.VITIS: ("build.tcl", "hls_config.cfg", "README.md"),
    Vendor.ONEAPI: ("CMakeLists.txt", "README.md"),
    Vendor.CATAPULT: ("build.tcl", "README.md"),
}


def render(vendor: Vendor, name: str, **values: object) -> str:
    templates = Path(__file__).parents[2] / "hlsgen/vendors" / vendor
    environment = Environment(
        loader=FileSystemLoader(templates),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    return environment.get_template(f"{name}.j2").render({**VALUES, **values})


def project(folder: Path, vendor: Vendor, **values: object) -> Path:
    """A folder with the scripts of a vendor, and the sources that they name."""
    for name in SCRIPTS[vendor]:
        (folder / name).write_text(render(vendor, name, **values))
    for name in (*{**VALUES, **values}["sources"], "bridge.cpp", "testbench.cpp", "vectors.bin"):
        (folder / name).write_text("int main() { return 0; }\n")
    return folder
