"""A newcomer reads one file, top to bottom: files and functions stay small."""

from tests.architecture.source import Function, modules

MODULE_LINES = 400
FUNCTION_LINES = 40


def test_no_module_is_longer_than_400_lines() -> None:
    long = [f"{module.path} has {module.lines} lines" for module in modules() if module.lines > MODULE_LINES]
    assert long == [], f"a module holds one public idea in at most {MODULE_LINES} lines: split it by idea, not by size"


def test_no_function_is_longer_than_40_lines() -> None:
    long = [
        f"{module.path}:{function.lineno} {function.name} has {length(function)} lines"
        for module in modules()
        for function in module.functions()
        if length(function) > FUNCTION_LINES
    ]
    assert long == [], f"a function has at most {FUNCTION_LINES} lines: give its steps names of their own"


def length(function: Function) -> int:
    """Lines of a function from `def` to its end, docstring included."""
    return (function.end_lineno or function.lineno) - function.lineno + 1
