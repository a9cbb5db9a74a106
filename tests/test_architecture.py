"""Imports go downwards only, little is loaded, and layers can be taken away."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import tinygrad_np

PACKAGE = Path(tinygrad_np.__file__).parent


# From the ground up: folders, and files beside them. What stands in one line does not import one
# another; within a folder no import goes round in a circle.
LAYERS = [
    ["closed_form"],
    ["core"],
    ["names"],
    ["answers"],
    ["rules"],
    ["nn", "scipy"],
    ["fast"],
    ["debug"],
    ["io"],
    ["saving", "export", "data", "viz", "check"],
    ["training", "atlas", "compat", "optim", "summaries", "tensor", "tree"],
    [""],
    ["__main__"],
]


HEIGHT = {name: height for height, row in enumerate(LAYERS) for name in row}


def layer_of(module: str) -> str:
    return module.split(".")[0]


def module_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> set[str]:
    """The modules of the package that a file imports, also inside functions."""
    own = module_of(path)
    package = own.split(".") if path.name == "__init__.py" else own.split(".")[:-1]
    package = [part for part in package if part]
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            if node.level:
                base = [*package[: len(package) - node.level + 1], *filter(None, [node.module])]
                base = ".".join(base)
            elif (node.module or "").split(".")[0] == "tinygrad_np":
                base = ".".join(node.module.split(".")[1:])
            else:
                continue
            for alias in node.names:
                inner = f"{base}.{alias.name}".strip(".")
                found.add(inner if inner in MODULES else base)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                parts = alias.name.split(".")
                if parts[0] == "tinygrad_np":
                    found.add(".".join(parts[1:]))
    return found


FILES = sorted(PACKAGE.rglob("*.py"))
MODULES = {module_of(path) for path in FILES}


@pytest.mark.whole
def test_every_folder_has_its_place():
    assert {layer_of(module) for module in MODULES} == set(HEIGHT)


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_imports_go_downwards_only(path):
    own = layer_of(module_of(path))
    others = {layer_of(name) for name in imports_of(path)} - {own}
    wrong = [name for name in others if HEIGHT[name] >= HEIGHT[own]]
    assert not wrong, f"{module_of(path)} imports {wrong}, which do not lie below it"


@pytest.mark.parametrize("layer", [name for name in HEIGHT if (PACKAGE / name).is_dir() and name])
def test_no_import_goes_round_in_a_circle(layer):
    edges = {
        module_of(path): {name for name in imports_of(path) if layer_of(name) == layer}
        for path in sorted((PACKAGE / layer).rglob("*.py"))
    }
    waiting = set(edges)
    # `from . import x` in a module names the folder, too: what its __init__ has is ready then.
    for module in edges:
        edges[module] -= {module, layer}
    while waiting:
        ready = {module for module in waiting if not edges[module] & waiting}
        assert ready, f"in a circle: {sorted(waiting)}"
        waiting -= ready


def test_the_core_is_read_in_the_order_of_its_docstring():
    """Each module imports only what was named before it, or beside it."""
    text = ast.get_docstring(ast.parse((PACKAGE / "core/__init__.py").read_text(encoding="utf-8")))
    steps = re.split(r"\n(?=\d\. )", text.partition("`arrays`")[0])[1:]
    place = {"hooks": 0, "arrays": 0}
    for number, step in enumerate(steps, 1):
        head = " ".join(re.findall(r"(?:^|\n) *[\d. ]*((?:`\w+`[^`:]*)+):", step))
        for name in re.findall(r"\w+", head):
            if (PACKAGE / "core" / f"{name}.py").exists():
                place[name] = number
    assert {path.stem for path in (PACKAGE / "core").glob("*.py")} - {"__init__"} == set(place)
    for name, number in place.items():
        for other in imports_of(PACKAGE / "core" / f"{name}.py"):
            part = other.rpartition(".")[2]
            assert place.get(part, 0) <= number or not number, f"{name} imports {part}"


@pytest.mark.whole
def test_an_upward_import_would_be_found():
    class Source(type(PACKAGE)):
        def read_text(self, encoding=None):
            return "from ..fast import paths\nfrom . import windows\nimport tinygrad_np.debug"

    found = imports_of(Source(PACKAGE / "core" / "table.py"))
    assert found == {"fast.paths", "core.windows", "debug"}
    assert all(HEIGHT[layer_of(name)] > HEIGHT["core"] for name in found - {"core.windows"})


CLOSED_FORM = sorted((PACKAGE / "closed_form").rglob("*.py"))


def strangers(path: Path) -> set[str]:
    """What a module of closed_form must not import: all but its like, numpy, scipy, the library."""
    found = {name for name in imports_of(path) if not name.startswith("closed_form.")}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module]
        found |= {name.split(".")[0] for name in names}
    return found - ({"numpy", "scipy"} | (sys.stdlib_module_names - {"importlib"}))


@pytest.mark.parametrize("path", CLOSED_FORM, ids=module_of)
def test_closed_form_imports_nothing_of_the_project(path):
    assert strangers(path) == set()


@pytest.mark.parametrize(
    "text",
    [
        "from ..core import windows",
        "from .. import nn",
        "import tinygrad_np",
        "from tinygrad_np.nn import conv2d",
        "import importlib",
        "import torch",
        "def f():\n    from ..core import graph",
    ],
)
def test_closed_form_importing_something_would_be_found(text):
    class Source(type(PACKAGE)):
        def read_text(self, encoding=None):
            return text

    assert strangers(Source(PACKAGE / "closed_form" / "layers.py"))


def test_closed_form_works_where_there_is_nothing_else_of_the_project(tmp_path):
    shutil.copytree(PACKAGE / "closed_form", tmp_path / "alone")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); sys.modules['tinygrad_np'] = None\n"
        "import alone, numpy as np\n"
        "params = np.ones((1, 1, 1, 1)), np.zeros((4, 1))\n"
        "print(alone.two_class(params, np.ones((1, 2, 2, 1)), np.ones((1, 1)))[1].ravel())"
    )
    assert run(code) == "[-0.5 -0.5 -0.5 -0.5]"


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def without(layer, folder):
    """What carries out code where the package has no folder `layer`, and gives what it prints."""
    ignored = shutil.ignore_patterns(layer, "__pycache__")
    shutil.copytree(PACKAGE, folder / "tinygrad_np", ignore=ignored)
    head = (
        f"import sys; sys.path.insert(0, {str(folder)!r})\n"
        # An editable installation would find the folder after all.
        "sys.meta_path[:] = [f for f in sys.meta_path if '__editable__' not in f.__module__]\n"
        "import numpy as np, tinygrad_np as tg\n"
        f"assert tg.__file__.startswith({str(folder)!r}), tg.__file__\n"
    )
    return lambda code: run(head + code)


@pytest.fixture(scope="module")
def without_debug(tmp_path_factory):
    return without("debug", tmp_path_factory.mktemp("without"))


@pytest.fixture(scope="module")
def without_fast(tmp_path_factory):
    return without("fast", tmp_path_factory.mktemp("without"))


class TestWithoutTheFolderFast:
    """Everything computes the same, by the core's plain kernels. The whole suite: ``.ci/run``."""

    def test_sums_of_products_bit_for_bit_on_integers(self, without_fast):
        code = """
rng = np.random.default_rng(0)
images = rng.integers(-4, 5, (40, 20, 20, 3)).astype(float)
filters = rng.integers(-4, 5, (3, 3, 3, 8)).astype(float)

def total(images, filters):
    found = tg.max_pool(tg.relu(tg.conv2d(images, filters, padding=1)), 2)
    return np.sum(tg.conv2d(found, np.ones((3, 3, 8, 2)), stride=2) * 3.0)

value, gradients = tg.value_and_grad(total, (0, 1))(images, filters)
import hashlib
print(value, *[hashlib.sha256(g.tobytes()).hexdigest() for g in gradients])
"""
        here = run("import numpy as np, tinygrad_np as tg" + code)
        assert len(here.split()) == 3
        assert without_fast(code) == here

    def test_jit_gives_the_function_itself(self, without_fast):
        code = (
            "f = lambda x: 2 * x\n"
            "print(tg.jit(f) is f, tg.jit(f, constants=[np.ones(1)], verify=3) is f)\n"
            "print('jit' in dir(tg), 'jit' in tg.__all__, 'JitWarning' in tg.__all__)\n"
            "print('check_jit' in tg.check.__all__)\n"
            "try:\n    tg.check.check_jit\nexcept AttributeError as error:\n    print(error)"
        )
        told = "check_jit needs the folder tinygrad_np/fast, which is not installed"
        assert without_fast(code) == f"True True\nTrue True False\nFalse\n{told}"

    @pytest.mark.parametrize("name", ["JitWarning", "fast", "release_memory"])
    def test_what_is_missing_says_so(self, without_fast, name):
        code = f"try:\n    tg.{name}\nexcept AttributeError as error:\n    print(error)"
        told = f"tg.{name} needs the folder tinygrad_np/fast, which is not installed"
        assert without_fast(code) == told
        assert without_fast(f"print({name!r} in dir(tg), {name!r} in tg.__all__)") == "False False"


class TestWithoutTheFolderDebug:
    """Everything computes the same, and says less where something fails."""

    NETWORK = """
rng = np.random.default_rng(0)
images, labels = rng.normal(size=(2, 6, 6, 3)), np.eye(2)
given = rng.normal(size=(3, 3, 3, 4)), rng.normal(size=(36, 2))

def loss(filters, weights):
    found = tg.max_pool(tg.relu(tg.conv2d(images, filters, padding="same")), 2)
    return tg.cross_entropy(tg.dense(tg.flatten(found), weights), labels)

def numbers(tree):
    return [x.tobytes().hex() for x in tg.tree.leaves(tree)]

variables = [tg.Tensor(x) for x in given]
loss(*variables).backward()
print(numbers([x.grad for x in variables]))
print(numbers(tg.value_and_grad(loss, (0, 1))(*given)))
print(numbers(tg.hvp(lambda w: loss(given[0], w), [given[1]], [given[1]])))
"""

    def test_a_networks_gradient(self, without_debug):
        here = run("import numpy as np, tinygrad_np as tg" + self.NETWORK)
        assert here.count("[") == 3
        assert without_debug(self.NETWORK) == here

    def test_a_graph_has_no_lines(self, without_debug, tmp_path):
        code = (
            "g = tg.graph(lambda x, w: np.sum(tg.conv2d(x, w)), np.ones((1, 3, 3, 1)), "
            "np.ones((2, 2, 1, 1)))\n"
            f"g.save({str(tmp_path / 'graph.html')!r})\n"
            "print(g.values[-1], g.cotangents[1].ravel(), set(g.lines), g.groups)"
        )
        assert without_debug(code) == "16.0 [4. 4. 4. 4.] {None} []"
        assert (tmp_path / "graph.html").stat().st_size > 20_000

    def test_remat(self, without_debug):
        code = "print(tg.grad(tg.remat(lambda x: np.sum(np.exp(x) * x)))(np.arange(2.0)))"
        assert without_debug(code) == "[1.         5.43656366]"

    @pytest.mark.parametrize(
        ("call", "told"),
        [
            ("tg.Tensor(np.ones((2, 3))) + np.ones(4)", "shapes (2,3) (4,)"),
            ("tg.Tensor(np.ones((2, 3))) == np.ones(4)", "shapes (2,3) (4,)"),
            ("np.concatenate([tg.Tensor(np.ones(2)), np.ones((2, 2))])", "number of dimensions"),
            ("tg.dense(tg.Tensor(np.ones((2, 3))), np.ones((4, 2)))", "dense: "),
            ("float(tg.Tensor(1.0))", "float(t) would lose the gradient"),
            ("np.asarray(tg.Tensor(1.0))", "its gradient would be lost"),
            ("tg.debug", "tg.debug needs the folder tinygrad_np/debug, which is not installed"),
            ("tg.strong_zeros", "tg.strong_zeros needs the folder tinygrad_np/debug"),
            ("tg.check.explain_nonfinite", "explain_nonfinite needs the folder"),
        ],
    )
    def test_what_fails_is_told_in_plainer_words(self, without_debug, call, told):
        text = without_debug(f"try:\n    {call}\nexcept Exception as error:\n    print(error)")
        assert told in text

    def test_the_layers_above_are_there(self, without_debug):
        code = (
            "from tinygrad_np import *\n"
            "f, claimed = lambda x: np.sum(x**2), lambda x: 2 * x\n"
            "print(check.check_gradient(f, claimed, np.ones(1)).verdict)"
        )
        assert without_debug(code) == "right"


def test_importing_loads_neither_scipy_nor_matplotlib():
    loaded = run(
        "import sys, tinygrad_np\n"
        "print([m for m in ('scipy', 'matplotlib', 'pooch', 'tqdm', 'numpy.random',"
        " 'tinygrad_np.io', 'tinygrad_np.check', 'tinygrad_np.fast.jit',"
        " 'tinygrad_np.closed_form', 'tinygrad_np.data', 'tinygrad_np.viz') if m in sys.modules])"
    )
    assert loaded == "[]"


def test_training_a_network_loads_neither():
    code = (
        "import sys, numpy as np, tinygrad_np as tg\n"
        "f = lambda w, x, y: tg.log_loss_with_logits(tg.relu(tg.conv2d(x, w)).reshape(2, -1), y)\n"
        "tg.value_and_grad(f)(np.ones((2, 2, 1, 1)), np.ones((2, 2, 2, 1)), np.ones((2, 1)))\n"
        "print([m for m in ('scipy', 'matplotlib') if m in sys.modules])"
    )
    assert run(code) == "[]"


def test_the_rest_loads_when_it_is_first_used():
    assert run("import tinygrad_np as tg; print(tg.closed_form.two_class.__name__)") == "two_class"
    assert "check" in dir(tinygrad_np)
    with pytest.raises(AttributeError, match="has no attribute 'foo'"):
        tinygrad_np.foo  # noqa: B018


def test_every_public_name_is_there():
    assert all(hasattr(tinygrad_np, name) for name in tinygrad_np.__all__)


def test_the_package_is_typed():
    assert (PACKAGE / "py.typed").exists()


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_modules_open_with_what_one_can_do_there_and_stay_small(path):
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert ast.get_docstring(tree)
    # Not of the docstrings, whose sections take a line a parameter.
    have_one = (ast.Module, ast.ClassDef, ast.FunctionDef)
    first = [x.body[0] for x in ast.walk(tree) if isinstance(x, have_one) and ast.get_docstring(x)]
    told = sum([x.end_lineno - x.lineno + 1 for x in first])
    assert text.count("\n") - told <= 520


def test_the_data_import_nothing_that_they_do_not_need():
    program = (
        "import sys, tinygrad_np.data; "
        "print({'scipy', 'matplotlib', 'pooch', 'tqdm', 'requests'} & set(sys.modules))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "set()"


# Test files about more than a module or folder; the others are called as what they test.
WHOLE = {
    "architecture": "which layer imports which",
    "benchmarks": "benchmarks: cases and the command",
    "benchmarks_beside": "benchmarks/beside and its page",
    "benchmarks_figure": "benchmarks/ratios.py and figure.py",
    "benchmarks_profiling": "benchmarks/profiling.py",
    "benchmarks_scaling": "python -m benchmarks.scaling",
    "ci": ".ci",
    "coming_from": "docs/coming_from, beside the libraries that one comes from",
    "commands": "every command that is shown",
    "complex": "complex numbers, in every row",
    "convolutions_grid": "three paths of the convolution, over all geometries",
    "docs": "README and docs",
    "docs_site": "the site: its build, its checker, its pages",
    "docstrings": "the public docstrings, beside the signatures",
    "every_axis": "all that has an axis",
    "every_ufunc": "all of NumPy's ufuncs",
    "examples": "examples",
    "examples_hand_over": "an example, of several libraries",
    "examples_networks": "examples, of training",
    "examples_scipy": "examples, of SciPy's functions",
    "files_from_strangers": "what is read from files, damaged by chance",
    "garbage_collector": "what is left to it: nothing",
    "narrow_dtypes": "counts that float16 cannot hold, wherever something is counted",
    "overview": "python -m tinygrad_np",
    "policies": "docs/policies.md, in other libraries, too",
    "programs": "plain NumPy programs",
    "public_functions": "every public function, with arguments that nobody would give it",
    "scan": "the accuracy of elementwise rules",
    "thread_safety": "training in several threads",
    "torch": "convolutions of random geometries, in PyTorch",
    "torch_activations": "activations beside PyTorch's",
    "torch_normalisation": "normalisations beside PyTorch's",
    "torch_resizing": "resizing and global pooling beside PyTorch's",
    "torch_losses": "losses and initialisers beside PyTorch's",
    "torch_modules": "activations and normalisations beside PyTorch's modules",
    "torch_recurrent": "recurrent layers beside PyTorch's",
    "torch_transformers": "attention and embeddings beside PyTorch's",
    "torch_networks": "the networks of the examples beside PyTorch's, over fifty steps",
    "torch_optimisers": "optimisers and schedules beside PyTorch's, over whole runs",
    "tutorials": "docs/tutorials and examples/gallery",
}


def test_a_test_is_called_as_what_it_tests():
    files = {path.stem.removeprefix("test_") for path in Path(__file__).parent.glob("test_*.py")}
    away = set(HEIGHT) - {layer_of(module) for module in MODULES}  # a layer may be
    modules = tuple([f"{name.replace('.', '_')}_" for name in MODULES | away if name])
    assert {file for file in files if not f"{file}_".startswith(modules)} == set(WHOLE)
