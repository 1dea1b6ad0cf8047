"""The README is true: its session runs, and its commands are those of CI."""

import doctest
import re
from pathlib import Path

import pytest

from rtlgen import generate

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_the_session_runs(tmp_path, monkeypatch):
    pytest.importorskip("sklearn", reason="the session reads scikit-learn's digits")
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    session = re.search(r"```python\n(.*?)```", README, re.DOTALL)[1]
    test = doctest.DocTestParser().get_doctest(session, {}, "README.md", "README.md", 0)
    report = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(test, out=report.append)
    assert runner.failures == 0, "".join(report)
    assert (tmp_path / "build/digits/top.v").is_file()


def test_what_the_command_prints_is_what_it_says():
    shown = re.search(r"```text\n(.*?)```", README, re.DOTALL)[1].split("\n\n")[0].splitlines()
    printed = str(generate(ROOT / "examples/digits_mlp.onnx").report()).splitlines()
    assert set(shown) <= {line.rstrip() for line in printed}


def test_what_the_command_proves_is_what_it_says():
    shown = re.search(r"```text\n(.*?)```", README, re.DOTALL)[1].splitlines()
    assert generate(ROOT / "examples/digits_mlp.onnx").proof().text() in shown


def test_the_commands_come_first_and_are_those_of_ci():
    commands = re.findall(r"```\n(.*?)\n```", README, re.DOTALL)[:2]
    assert README.index(commands[1]) < README.index("```python")
    first, second = (command.rpartition(" && ") for command in commands)
    assert first[2] == "python -m rtlgen examples/digits_mlp.onnx -o build/digits"
    run = (ROOT / ".ci/run").read_text()
    assert run.rstrip().endswith(f"\n{second[2]}")
    assert re.search(r"\$\(command -v sudo\) sh -c '.*?'", second[0])[0] in run
    assert re.search(r"pip install -q -e '.*?'", second[0])[0] in run


def test_every_option_is_a_row_of_the_table():
    from rtlgen.cli import _parser

    shown = set(re.findall(r"^\| `(--[a-z-]+)", README, re.MULTILINE))
    small = {"--help", "--out", "--version", "--samples", "--seed", "--limit"}  # told by --help
    options = {o for a in _parser()._actions for o in a.option_strings if o.startswith("--")}
    assert shown == options - small


def test_every_option_of_hlsgen_is_on_its_page():
    from hlsgen.cli import _parser

    page = (ROOT / "hlsgen/README.md").read_text()
    shown = set(re.findall(r"`(--[a-z-]+)", page))
    options = {o for a in _parser()._actions for o in a.option_strings if o.startswith("--")}
    assert options - shown == {"--help", "--out", "--version"}


@pytest.mark.slow
def test_what_hlsgen_prints_is_what_it_says(tmp_path, capsys, monkeypatch):
    from hlsgen.cli import main

    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (command,) = re.findall(r"```\npython -m hlsgen (.*)\n```", README)
    assert main(command.split()) == 0
    shown = re.findall(r"```text\n(.*?)```", README, re.DOTALL)[1].splitlines()
    assert capsys.readouterr().out.splitlines()[-2:] == shown


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), f"{target} is not there"


@pytest.mark.parametrize("package", ["sim", "rtlgen", "hlsgen"])
def test_every_module_stands_in_the_page_of_its_package(package):
    page = (ROOT / package / "README.md").read_text()
    modules = {path.name for path in (ROOT / package).glob("[!_]*.py")}
    assert {name for name in modules if f"`{name}`" not in page} == set()
