"""What no file of this repository may hold: registry addresses, code on a load path, figures in wording, sprawl."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGES = ("agent", "tools", "prompts", "workspace", "tui")
LONGEST = 400

LONGER: dict[str, str] = {}
"""Files that may be longer, each with the reason why it reads better whole."""

REGISTRY = re.compile(
    r"https?://\S+/simple\b|https?://\S+\.(?:whl|tgz|tar\.gz)\b"
    r"|--(?:extra-)?index-url[ =]\S*://|--find-links[ =]\S*[:/]",
    re.I,
)
"""An index of packages, a package's own address, or the option that names either; known by form, whoever runs it."""


def committed() -> list[Path]:
    """Files that are or would be committed; without git, everything but what tools leave behind."""
    asked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode == 0:
        paths = [REPOSITORY / name for name in asked.stdout.split("\0") if name]
    else:
        left_behind = {".venv", ".git", "__pycache__", "build", "dist", "phasegate"}
        paths = [
            path
            for path in REPOSITORY.rglob("*")
            if not (left_behind & set(path.relative_to(REPOSITORY).parts)) and "_cache" not in str(path)
        ]
    return sorted(path for path in paths if path.is_file())


def sources() -> list[Path]:
    """Python files of the five packages."""
    return sorted(path for package in PACKAGES for path in (REPOSITORY / package).rglob("*.py"))


def named(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def trees() -> Iterator[tuple[str, ast.Module]]:
    for path in sources():
        yield named(path), ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def test_no_committed_file_holds_the_address_of_a_registry() -> None:
    held = []
    for path in committed():
        text = path.read_bytes().decode("utf-8", errors="ignore")
        held += [f"{named(path)}: {match[0]}" for match in REGISTRY.finditer(text)]
    assert held == []


def test_no_lock_holds_any_address() -> None:
    locks = sorted(REPOSITORY.glob("requirements*.lock"))
    assert len(locks) == 3
    assert [path.name for path in locks if "://" in path.read_text(encoding="utf-8")] == []


@pytest.mark.parametrize(
    "line",
    [
        "--index-url " + "https" + "://packages.example/simple",
        "url = " + "https" + "://files.example/a/b/numpy-2.0.tar" + ".gz",
        "see " + "https" + "://packages.example/simple" + "/numpy",
    ],
)
def test_the_address_of_a_registry_is_known_by_its_form(line: str) -> None:
    assert REGISTRY.search(line)


def test_no_committed_file_holds_a_path_of_a_machine() -> None:
    """The home of whoever wrote a line, or the folder it was written in, helps nobody else."""
    machine = re.compile(r"/(?:ro" + r"ot|home/[a-z]+|Users/[A-Za-z]+)/|/wo" + r"rk/(?:main|shared)")
    held = []
    for path in committed():
        if path.suffix in {".py", ".md", ".toml", ".yaml", ".yml", ".cfg", ""}:
            text = path.read_bytes().decode("utf-8", errors="ignore")
            held += [f"{named(path)}: {match[0]}" for match in machine.finditer(text)]
    assert held == []


BANNED_MODULES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "code", "pty"}
BANNED_CALLS = {"eval", "exec", "compile"}
BANNED_ATTRIBUTES = {("os", "system"), ("os", "popen"), ("subprocess", "getoutput"), ("subprocess", "getstatusoutput")}


def dangers(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Lines that could run code from data: unpicklers, evaluators, shells."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.partition(".")[0] in BANNED_MODULES:
                    yield node.lineno, f"import {alias.name}"
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            if (node.module or "").partition(".")[0] in BANNED_MODULES:
                yield node.lineno, f"from {node.module} import"
        elif isinstance(node, ast.Call):
            function = node.func
            if isinstance(function, ast.Name) and function.id in BANNED_CALLS:
                yield node.lineno, f"{function.id}()"
            if (
                isinstance(function, ast.Attribute)
                and isinstance(function.value, ast.Name)
                and (function.value.id, function.attr) in BANNED_ATTRIBUTES
            ):
                yield node.lineno, f"{function.value.id}.{function.attr}()"
            for keyword in node.keywords:
                if keyword.arg == "shell" and not (
                    isinstance(keyword.value, ast.Constant) and keyword.value.value is False
                ):
                    yield node.lineno, "shell="
                if keyword.arg == "allow_pickle" and not (
                    isinstance(keyword.value, ast.Constant) and keyword.value.value is False
                ):
                    yield node.lineno, "allow_pickle="


def test_nothing_on_a_load_path_can_run_code_from_data() -> None:
    assert [f"{name}:{line}: {what}" for name, tree in trees() for line, what in dangers(tree)] == []


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from joblib import load",
        "eval(text)",
        "exec(text)",
        "run(command, shell=True)",
        "numpy.load(path, allow_pickle=True)",
        "os.system(command)",
    ],
)
def test_the_scan_sees_code_that_runs_data(line: str) -> None:
    assert list(dangers(ast.parse(line)))


def test_the_scan_lets_honest_code_pass() -> None:
    honest = "import re\nre.compile('a')\nmodel.eval()\nnumpy.load(path, allow_pickle=False)\nrun(command, shell=False)"
    assert list(dangers(ast.parse(honest))) == []


def literal_text(node: ast.expr) -> Iterator[tuple[int, str]]:
    """Every string constant of an expression that stands for the text itself, f-string parts and both branches too."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            yield node.lineno, node.value
    elif isinstance(node, ast.JoinedStr):
        for part in node.values:
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                yield part.lineno, part.value
    elif isinstance(node, ast.BinOp):
        yield from literal_text(node.left)
        yield from literal_text(node.right)
    elif isinstance(node, ast.IfExp):
        yield from literal_text(node.body)
        yield from literal_text(node.orelse)


def templates(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The template of each `say(…)`, `Sentence(template=…)` and each `Rule(reason=…)`."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        keywords = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
        found: list[ast.expr] = []
        if name == "say":
            found = node.args[:1]
        elif name == "Sentence" and "template" in keywords:
            found = [keywords["template"]]
        elif name == "Rule":
            found = [keywords["reason"]] if "reason" in keywords else node.args[6:7]
        for expression in found:
            yield from literal_text(expression)


SLOT = re.compile(r"\{[A-Za-z0-9_.]+(?:\|[a-z]+)?\}")
NAMES = re.compile(r"\b(?:F1|UTF-8|SHA-256|p50|p95|p99)\b")
"""Names that hold a digit and state no quantity."""


def with_figures(tree: ast.Module) -> list[tuple[int, str]]:
    """Templates that hold a digit outside their slots and the listed names."""
    return [(line, text) for line, text in templates(tree) if re.search(r"\d", NAMES.sub("", SLOT.sub("", text)))]


def test_no_wording_template_holds_a_figure() -> None:
    assert [f"{name}:{line}: {text}" for name, tree in trees() for line, text in with_figures(tree)] == []


@pytest.mark.parametrize(
    "line",
    [
        'say("3 rows")',
        'say("no rows" if empty else "at least 2 rows")',
        'wording.say("rows: " "100")',
        'Rule(id="a", question="q", guidance="1.2", when=w, choose=c, reason="under 30 positives")',
        'Sentence(template="95 %", facts={})',
    ],
)
def test_the_scan_sees_a_figure_in_a_template(line: str) -> None:
    assert with_figures(ast.parse(line))


def test_the_scan_lets_slots_and_facts_pass() -> None:
    honest = 'say("{rows|int} rows, macro F1 {f1|num}", rows=3, f1=0.5)\nRule(reason="{p95|ms} is slow")'
    assert with_figures(ast.parse(honest)) == []


def test_no_file_is_too_long_to_own_one_thing() -> None:
    lengths = {named(path): len(path.read_text(encoding="utf-8").splitlines()) for path in sources()}
    assert {name: length for name, length in lengths.items() if length > LONGEST and name not in LONGER} == {}
    assert [name for name in LONGER if lengths.get(name, 0) <= LONGEST] == [], "no longer in need of an exception"


def test_each_file_says_which_one_thing_it_owns() -> None:
    assert [name for name, tree in trees() if tree.body and not ast.get_docstring(tree)] == []


def test_no_module_has_a_name_that_could_hold_anything() -> None:
    anything = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}
    assert [named(path) for path in sources() if path.stem in anything] == []
