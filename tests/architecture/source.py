"""The project's own files, for tests that state laws about them."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PRODUCT = ("lakehouse", "pipelines", "features", "quality", "activation", "models", "report", "orchestration")
FOLDERS = (*PRODUCT, "synthetic", "benchmarks", "scripts", "tests")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One Python file of the project."""

    path: str
    text: str

    @property
    def lines(self) -> int:
        """Number of its lines."""
        return len(self.text.splitlines())

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of its syntax tree."""
        return tuple(ast.walk(ast.parse(self.text, filename=self.path)))

    def functions(self) -> Iterator[Function]:
        """Every function and method in it, nested ones too."""
        return (node for node in self.nodes if isinstance(node, Function))

    def imports(self) -> Iterator[tuple[str, int]]:
        """(module, line) of every import in it, wherever it stands."""
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module, node.lineno


def modules(*folders: str) -> list[Module]:
    """The Python files of these folders, of all by default."""
    found = [path for folder in folders or FOLDERS for path in sorted((PROJECT / folder).rglob("*.py"))]
    return [_module(path) for path in found]


@cache
def _module(path: Path) -> Module:
    """Read and parsed once for all laws."""
    return Module(str(path.relative_to(PROJECT)), path.read_text())


def tracked_files() -> list[Path]:
    """Every file that git tracks or would add; without git, every file outside the set-up's folders."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return [path for name in done.stdout.split("\0") if name and (path := PROJECT / name).is_file()]
    hidden = {".git", ".venv", ".boot", ".java", ".jars", "out"}
    return [path for path in PROJECT.rglob("*") if path.is_file() and not hidden & set(path.relative_to(PROJECT).parts)]
