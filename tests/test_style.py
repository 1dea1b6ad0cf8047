"""Formatting, lint rules and types: the checks that need no test of their own."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CHECKS = ["ruff format --check .", "ruff check .", "mypy"]


@pytest.mark.parametrize("check", CHECKS)
def test_the_tree_is_clean(check):
    command = [sys.executable, "-m", *check.split()]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
