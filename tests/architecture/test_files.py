"""What no file of the repository may hold: registry hosts, paths of one machine, swallowed errors, skipped tests."""

import ast
import re

from tests.architecture.source import PRODUCT, PROJECT, modules, tracked_files

# Put together here, so that this file does not hold what it forbids.
REGISTRY_HOSTS = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("repo1", "maven", "org"),
        ("repo", "maven", "apache", "org"),
        ("maven", "google", "com"),
        ("repos", "spark-packages", "org"),
        ("registry", "npmjs", "org"),
        ("registry", "yarnpkg", "com"),
        ("proxy", "golang", "org"),
        ("sum", "golang", "org"),
        ("deb", "debian", "org"),
        ("conda", "anaconda", "org"),
    )
)
MACHINE_PATHS = re.compile("|".join(("/" + "root/", "/" + "home/", "/" + "work/", "/" + "Users/")))
NEIGHBOURS = "../" + "shared"
LICENCE_AND_LOCKS = {"LICENSE", "requirements.lock", "jars.sha256"}
BINARY = {".png", ".jpg", ".xlsx", ".parquet", ".gz", ".ico", ".jar"}


def test_no_file_names_a_package_registry() -> None:
    found = [f"{name}: {host}" for name, text in texts() for host in REGISTRY_HOSTS if host in text]
    assert found == [], (
        "registries are the user's choice (pip's and Ivy's configuration): name the package, not the host"
    )


def test_no_file_names_a_path_of_one_machine() -> None:
    found = [f"{name}: {match.group()}" for name, text in texts() if (match := MACHINE_PATHS.search(text))]
    assert found == [], "take the folder as an argument, or start from Path(__file__)"


def test_no_code_or_test_reaches_outside_the_project() -> None:
    found = [name for name, text in texts() if NEIGHBOURS in text]
    assert found == [], "nothing of the project needs files beside it: take the folder as an argument"


def test_no_file_holds_the_marks_of_a_merge() -> None:
    marks = tuple(sign * 7 + " " for sign in "<>")
    found = [name for name, text in texts() if any(line.startswith(marks) for line in text.splitlines())]
    assert found == [], "decide what both sides wanted, and take the marks out"


def test_no_error_is_swallowed() -> None:
    swallowed = [
        f"{module.path}:{handler.lineno}"
        for module in modules()
        for handler in module.nodes
        if isinstance(handler, ast.ExceptHandler) and all(isinstance(step, ast.Pass) for step in handler.body)
    ]
    assert swallowed == [], (
        "turn the error into a recorded outcome, or let it rise; contextlib.suppress says it is meant"
    )


def test_no_test_is_skipped() -> None:
    skip = re.compile(r"pytest\.(?:mark\.)?(?:skip|skipif|xfail|importorskip)\b")
    skipped = [module.path for module in modules("tests") if skip.search(module.text)]
    assert skipped == [], "a test that cannot run here belongs in tests/tools, or is deleted"


def test_schemas_are_given_and_never_inferred() -> None:
    found = [module.path for module in modules(*PRODUCT) if "inferSchema" in module.text]
    assert found == [], "give the schema: an inferred one changes with the first odd file"


def texts() -> list[tuple[str, str]]:
    """(name, text) of every text file of the repository."""
    files = [path for path in tracked_files() if path.suffix not in BINARY and path.name not in LICENCE_AND_LOCKS]
    return [(str(path.relative_to(PROJECT)), path.read_text(errors="replace")) for path in files]
