"""Modules of folders that are no packages: the scripts, and what the tests share."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path += [f"{HERE}", f"{HERE.parents[1] / 'benchmarks'}"]
