"""The command: ``python -m benchmarks.size`` prints how large the package is, and where.

Lines by folder; files above 500 lines; rules by length, with the helpers that their module has for
them; names that are defined more than once; and how many lines training the posts' networks
executes. It is a mirror: a figure here says where to look, not what is wrong.
"""

from __future__ import annotations

import argparse
import ast
import collections
import io
import statistics
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

PACKAGE = Path(__file__).parent.parent / "tinygrad_np"
_KINDS = ("pointwise", "linear", "bilinear", "general", "composed", "constant")


class Lines(NamedTuple):
    """So many lines of each kind."""

    code: int
    docstring: int
    comment: int
    blank: int

    @property
    def all(self) -> int:
        """All of them."""
        return sum(self)


def lines(path: Path) -> Lines:
    """The lines of a file by kind."""
    text = path.read_text()
    tree = ast.parse(text)
    documented: set[int] = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            for part in body:
                if (
                    isinstance(part, ast.Expr)
                    and isinstance(part.value, ast.Constant)
                    and isinstance(part.value.value, str)
                ):
                    documented |= set(range(part.lineno, (part.end_lineno or part.lineno) + 1))
    commented = {
        token.start[0]
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT and not token.line[: token.start[1]].strip()
    }
    rows = text.splitlines()
    blank = {i for i, row in enumerate(rows, 1) if not row.strip()} - documented
    code = len(rows) - len(documented) - len(commented) - len(blank)
    return Lines(code, len(documented), len(commented), len(blank))


def rules(path: Path) -> Iterator[tuple[int, str, str]]:
    """(lines, kind, function) of each row that a module declares, with its helpers there.

    A row's length is that of its declaration and of all functions of the module that it names,
    directly or through another one; rows that are made in one loop count as one. Array functions
    are no helpers: they have rows of their own.
    """
    module = ast.parse(path.read_text())
    functions = {
        node.name: node
        for node in module.body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
        and "array_function" not in map(ast.unparse, node.decorator_list)
    }
    bodies = [node for node in module.body if not isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    for declared in [inner for node in bodies for inner in ast.walk(node)]:
        if not isinstance(declared, ast.Call) or _called(declared) not in _KINDS:
            continue
        helpers: set[str] = set()
        reached = [declared]
        while reached:
            names = {n.id for n in ast.walk(reached.pop()) if isinstance(n, ast.Name)}
            new = (names & functions.keys()) - helpers
            helpers |= new
            reached += [functions[name] for name in new]  # type: ignore[misc]
        length = sum(map(_length, [declared, *(functions[name] for name in helpers)]))
        name = ast.unparse(declared.args[0]) if declared.args else "?"
        yield length, str(_called(declared)), name


def _called(call: ast.Call) -> str | None:
    return call.func.id if isinstance(call.func, ast.Name) else None


def _length(node: Any) -> int:
    return int(node.end_lineno - node.lineno + 1)


def executed() -> tuple[int, int]:
    """Lines that training both posts' networks executes, and the files that they are in."""
    import numpy as np

    import tinygrad_np as tg

    seen: set[tuple[str, int]] = set()
    folder = str(PACKAGE)

    def trace(frame: Any, event: str, argument: Any) -> Any:
        if not frame.f_code.co_filename.startswith(folder):
            return None
        seen.add((frame.f_code.co_filename, frame.f_lineno))
        return trace

    rng = np.random.default_rng(0)
    images = rng.normal(size=(8, 12, 12, 1))

    def two_classes(params: Any) -> Any:
        hidden = tg.relu(tg.conv2d(images, params[0], padding=1))
        return tg.log_loss(tg.sigmoid(hidden.reshape(8, -1) @ params[1]), np.ones((8, 1)))

    def ten_classes(params: Any) -> Any:
        hidden = tg.max_pool(tg.relu(tg.conv2d(images, params[0], padding="same")), 2)
        return tg.cross_entropy(tg.dense(tg.flatten(hidden), params[1]), np.arange(8))

    sys.settrace(trace)
    try:
        for loss, shapes in (
            (two_classes, [(3, 3, 1, 1), (144, 1)]),
            (ten_classes, [(3, 3, 1, 4), (144, 10)]),
        ):
            params = [rng.normal(0, 0.1, shape) for shape in shapes]
            _, gradient = tg.value_and_grad(loss)(params)
            tg.optim.sgd(params, gradient, rate=0.1)
            loss([tg.Tensor(p) for p in params]).backward()
    finally:
        sys.settrace(None)
    return len(seen), len({file for file, _ in seen})


def report() -> None:
    """Print all figures."""
    files = {path.relative_to(PACKAGE): lines(path) for path in sorted(PACKAGE.rglob("*.py"))}
    folders: dict[str, list[Lines]] = collections.defaultdict(list)
    for path, found in files.items():
        folders[str(path.parent) + "/"].append(found)
    print(f"{'folder':<28}{'files':>6}{'lines':>8}{'code':>8}{'doc':>8}{'comment':>9}{'blank':>7}")
    for folder, several in [*sorted(folders.items()), ("all", list(files.values()))]:
        total = Lines(*map(sum, zip(*several, strict=True)))
        print(
            f"{folder:<28}{len(several):>6}{total.all:>8}{total.code:>8}{total.docstring:>8}"
            f"{total.comment:>9}{total.blank:>7}"
        )
    long = [f"{path} {found.all}" for path, found in files.items() if found.all > 500]
    print(f"\nfiles above 500 lines: {', '.join(long) or 'none'}")

    declared = sorted((row for path in files for row in rules(PACKAGE / path)), reverse=True)
    lengths = [length for length, _, _ in declared]
    print(
        f"\nrows: {len(declared)} declarations; median {statistics.median(lengths):.0f} lines with "
        f"their helpers, {sum(n > 30 for n in lengths)} above 30, {sum(n > 60 for n in lengths)} "
        "above 60"
    )
    for kind in _KINDS:
        of_kind = [length for length, what, _ in declared if what == kind]
        if of_kind:
            print(f"    {kind:<10}{len(of_kind):>5}   median {statistics.median(of_kind):.0f}")
    print("    longest: " + ", ".join(f"{name} {length}" for length, _, name in declared[:12]))

    print("\ndefined more than once:")
    modules = collections.Counter(path.name for path in files if path.name != "__init__.py")
    print("    modules: " + _several(modules))
    public: collections.Counter[str] = collections.Counter()
    private: collections.Counter[str] = collections.Counter()
    untyped = annotated = 0
    for path in files:
        tree = ast.parse((PACKAGE / path).read_text())
        for node in tree.body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                (private if node.name.startswith("_") else public)[node.name] += 1
        for argument in (node for node in ast.walk(tree) if isinstance(node, ast.arg)):
            if argument.annotation is not None:
                annotated += 1
                untyped += ast.unparse(argument.annotation) == "Any"
    print("    public names: " + _several(public))
    print("    private names: " + _several(private))
    print(f"\nparameters annotated with Any: {untyped} of {annotated}")
    count, in_files = executed()
    print(f"training the posts' networks executes {count} lines in {in_files} files")


def _several(counts: collections.Counter[str]) -> str:
    names = [f"{name} ({count})" for name, count in counts.most_common() if count > 1]
    return ", ".join(names) or "none"


if __name__ == "__main__":
    argparse.ArgumentParser(
        prog="python -m benchmarks.size", description=__doc__.split("\n\n")[0]
    ).parse_args()
    report()
