"""Imports go downwards only, little is loaded, nothing is hidden."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import tinygrad_np

PACKAGE = Path(tinygrad_np.__file__).parent

# From the ground up; what stands in one line must not import one another.
LAYERS = [
    ["closed_form.geometry"],
    ["closed_form.convolutions", "closed_form.layers"],
    ["closed_form.networks"],
    ["closed_form"],
    ["names", "argnums", "hooks"], ["answers"],
    ["files", "kernels.dispatch", "kernels.geometry", "progress", "fast.paths"],
    ["fast.memory", "arrays", "tree",
     "data.dataset", "kinds"],
    ["fast.threads"], ["fast.matrices"],
    ["kernels.elementwise", "kernels.factors", "kernels.nested", "kernels.scatter",
     "kernels.shapes",
     "kernels.windows", "kernels.pooling", "data.idx", "data.garments", "data.batches",
     "data.places"],
    ["fast.tiles"], ["fast.winograd"],
    ["kernels.products", "kernels.softmax", "data.fashion_mnist", "data.cifar10"],
    ["fast.lazy"],
    ["kernels", "data"],
    ["rules.axes", "rules.plans"],
    ["rules.table"],
    ["rules.arithmetic", "rules.constants", "rules.elementary", "rules.fft", "rules.indexing",
     "rules.matrices", "rules.products", "rules.reductions", "rules.shapes"],
    ["rules.conversion", "rules.diagonals", "rules.einsum", "rules.padding", "rules.rearranging",
     "rules.records", "rules.refused", "rules.selection", "rules.stacking", "rules.strings",
     "rules.vectors"],
    ["rules.eigen", "rules.factorisations", "rules.matrix_products", "rules.networks",
     "rules.norms"],
    ["rules.linalg"],
    ["rules.applying", "rules.differences", "rules.ordering",
     "rules.polynomials", "rules.quantiles", "rules.scans", "rules.scimath", "rules.sequences",
     "rules.series", "rules.signals", "rules.statistics"],
    ["rules.histograms", "rules.missing", "rules.special"],
    ["rules"],
    ["rules.calls"],
    ["rules.methods"],
    ["at"],
    ["graph", "methods", "refusals"],
    ["tensor"],
    ["saving.structure"],
    ["saving.npz", "saving.safetensors"],
    ["saving"],
    ["training"],
    ["transforms"],
    ["fast.explaining"], ["fast"],
    ["extend", "remat"],
    ["nn"],
    ["losses", "optim"],
    ["debug.places"], ["debug.callers", "debug.cases", "debug.modes"], ["debug.diagnoses"],
    ["debug.errors"], ["debug.judge", "debug.marks"], ["debug.misfits", "debug.repeated"],
    ["debug.shapes", "debug.watch"], ["debug.blocks"],
    ["debug"],
    ["check.report", "check.differences", "viz"],
    ["check.arguments", "check.slopes"],
    ["check.hints"],
    ["check.leaves"],
    ["check.compare", "check.explain", "check.gradient"],
    ["check.backward", "check.function", "check.jacobian"],
    ["check.witnesses"],
    ["check.rule"],
    ["check"],
    ["atlas.classification", "atlas.samples.draws"],
    ["atlas.samples.arithmetic", "atlas.samples.elementary", "atlas.samples.fft",
     "atlas.samples.indexing", "atlas.samples.matrices",
     "atlas.samples.networks", "atlas.samples.products", "atlas.samples.reductions",
     "atlas.samples.shapes"],
    ["atlas.samples.applying", "atlas.samples.differences", "atlas.samples.histograms",
     "atlas.samples.missing", "atlas.samples.ordering", "atlas.samples.polynomials",
     "atlas.samples.quantiles", "atlas.samples.scans", "atlas.samples.scimath",
     "atlas.samples.sequences", "atlas.samples.series", "atlas.samples.signals",
     "atlas.samples.special", "atlas.samples.statistics"],
    ["atlas.samples.conversion", "atlas.samples.diagonals", "atlas.samples.einsum",
     "atlas.samples.padding", "atlas.samples.rearranging", "atlas.samples.selection",
     "atlas.samples.stacking", "atlas.samples.vectors"],
    ["atlas.samples.eigen", "atlas.samples.factorisations", "atlas.samples.linalg",
     "atlas.samples.matrix_products", "atlas.samples.norms"],
    ["atlas.samples"],
    ["atlas.evidence"],
    ["atlas.rule_reports"],
    ["atlas"],
    [""],
    ["__main__"],
]  # fmt: skip
HEIGHT = {module: height for height, row in enumerate(LAYERS) for module in row}


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
                found.add(inner if inner in HEIGHT else base)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                parts = alias.name.split(".")
                if parts[0] == "tinygrad_np":
                    found.add(".".join(parts[1:]))
    return found


FILES = sorted(PACKAGE.rglob("*.py"))


def test_every_module_has_its_place():
    assert {module_of(path) for path in FILES} == set(HEIGHT)


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_imports_go_downwards_only(path):
    own = module_of(path)
    wrong = [name for name in imports_of(path) if name != own and HEIGHT[name] >= HEIGHT[own]]
    assert not wrong, f"{own} imports {wrong}, which do not lie below it"


def test_an_upward_import_would_be_found(tmp_path, monkeypatch):
    fake = PACKAGE / "kernels" / "scatter.py"

    class Source(type(fake)):
        def read_text(self, encoding=None):
            return "from ..tensor import Tensor\nfrom . import windows\nimport tinygrad_np.graph"

    found = imports_of(Source(fake))
    assert found == {"tensor", "kernels.windows", "graph"}
    assert all(HEIGHT[name] >= HEIGHT["kernels.scatter"] for name in found)


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
        "from ..kernels import windows",
        "from .. import nn",
        "import tinygrad_np",
        "from tinygrad_np.nn import conv2d",
        "import importlib",
        "import torch",
        "def f():\n    from .. import graph",
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


@pytest.fixture(scope="module")
def without_debug(tmp_path_factory):
    """Carries out code where the package has no folder debug/, and gives what it prints."""
    folder = tmp_path_factory.mktemp("without")
    ignored = shutil.ignore_patterns("debug", "__pycache__")
    shutil.copytree(PACKAGE, folder / "tinygrad_np", ignore=ignored)
    head = (
        f"import sys; sys.path.insert(0, {str(folder)!r})\n"
        # An editable installation would find the folder after all.
        "sys.meta_path[:] = [f for f in sys.meta_path if '__editable__' not in f.__module__]\n"
        "import numpy as np, tinygrad_np as tg\n"
        f"assert tg.__file__.startswith({str(folder)!r}), tg.__file__\n"
    )
    return lambda code: run(head + code)


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
        " 'tinygrad_np.check',"
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
    assert ast.get_docstring(ast.parse(text))
    assert text.count("\n") <= 600
