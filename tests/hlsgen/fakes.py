"""Programs with the names of the vendors', which do what a test wants."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest


def program(folder: Path, name: str, body: str) -> Path:
    """A program that runs Python code; gives the folder that it is in."""
    programs = folder / "programs"
    programs.mkdir(exist_ok=True)
    path = programs / name
    path.write_text(f"#!{sys.executable}\n{body}")
    path.chmod(0o755)
    return programs


def tool(name: str) -> str:
    path = os.pathsep.join([f"{Path(sys.executable).parent}", os.environ["PATH"]])
    return shutil.which(name, path=path) or pytest.fail(f"{name} is missing: pip install {name}")


def icpx(folder: Path) -> Path:
    """A compiler that writes down its arguments, and lets g++ have those that are not Intel's.

    When it should write a report, it copies what stands in ``report`` in the folder.
    """
    body = f"""
import os, shutil, sys
from pathlib import Path

words = sys.argv[1:]
folder = Path({f"{folder}"!r})
with (folder / "icpx.log").open("a") as log:
    log.write(" ".join(words) + "\\n")
if "-fsycl-link=early" in words and (folder / "report").exists():
    prj = Path(words[words.index("-o") + 1] + ".prj")
    shutil.copytree(folder / "report", prj / "reports/resources/json")
kept = [w for w in words if not w.startswith(("-fsycl", "-fintelfpga", "-qactypes", "-Xs"))]
os.execvp("g++", ["g++", *kept])
"""
    return program(folder, "icpx", body)
