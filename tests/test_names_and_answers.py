"""The table of names from elsewhere, and what is said of a name that is not there."""

import ast
import inspect
import operator
import pickle
import re
from pathlib import Path

import numpy as np
import pytest
import scipy.special

import tinygrad_np as tg
from tinygrad_np import Tensor, answers, names
from tinygrad_np.__main__ import main
from tinygrad_np.answers import explained

MODULE, TENSOR, COUNTERPARTS = answers._MODULE, answers._TENSOR, answers._COUNTERPARTS
ARGUMENTS, SAYINGS = answers._ARGUMENTS, answers._SAYINGS
ALL = {**MODULE, **TENSOR, **SAYINGS, **COUNTERPARTS}
T = Tensor(np.arange(1.0, 7.0).reshape(2, 3))


DATA = ["cifar10", "fashion_mnist", "garments", "minibatches", "read_idx", "select", "standardised"]
VIZ = [
    "box",
    "colour_bar",
    "confusion_matrix",
    "convolution_lab",
    "figure",
    "image",
    "learning_curves",
    "numbers",
    "save",
]


OPTIM = [name for name in tg.optim.__all__ if name not in ("Update", "schedules")]


def public_functions():
    """{as one calls it: function} of what has parameters with names."""
    found = {f"tg.{name}": getattr(tg, name) for name in tg.__all__}
    in_nn = [name for name in tg.nn.__all__ if name not in tg.__all__]
    parts = {
        "optim": OPTIM,
        "training": ["fit"],
        "optim.schedules": tg.optim.schedules.__all__,
        "data": DATA,
        "check": tg.check.__all__,
        "viz": VIZ,
        "nn": in_nn,
        "nn.init": tg.nn.init.__all__,
    }
    for part, its in parts.items():
        module = operator.attrgetter(part)(tg)
        found |= {f"tg.{part}.{name}": getattr(module, name) for name in its}
    functions = {name: value for name, value in found.items() if inspect.isfunction(value)}
    return functions | {"tg.Tensor": Tensor.__init__, "t.backward": Tensor.backward}


class TestTheTable:
    def test_a_name_has_one_answer(self):
        for parts in (
            (names.ARRAYS, names.MODULE),
            (names.ARRAYS, names.TENSOR),
            *((table,) for table in (names.ARGUMENTS, names.SAYINGS, names.COUNTERPARTS)),
        ):
            given = [name for part in parts for line in part for name in line.split()]
            assert len(given) == len(set(given))

    @pytest.mark.parametrize("answer", sorted({*ALL.values()}))
    def test_what_an_answer_names_is_there(self, answer):
        for path in re.findall(r"\b(?:tg|np|scipy|t)\.[A-Za-z_][\w.]*", answer):
            root, *rest = path.rstrip(".").split(".")
            found = {"tg": tg, "np": np, "scipy": scipy, "t": T}[root]
            for name in rest:
                found = getattr(found, name)

    def test_no_entry_shadows_a_name_of_the_package(self):
        for module in (tg, tg.nn, tg.optim, tg.tree, tg.data, tg.check, tg.viz):
            its_own = set() if module is tg else {*OPTIM, "minibatches", *tg.check.__all__}
            there = MODULE.keys() & {*dir(module)} - its_own
            called = {n for n in there if isinstance(getattr(module, n), answers.CalledModule)}
            modules = {n for n in there - called if inspect.ismodule(getattr(module, n))}
            assert there == called | modules, module.__name__

    def test_no_entry_shadows_a_name_of_a_tensor(self):
        assert TENSOR.keys() & {*dir(Tensor)} == set()

    def test_arguments_of_ours_are_those_of_a_function(self):
        there = {p for f in public_functions().values() for p in inspect.signature(f).parameters}
        there |= {"axis", "axes", "axis1", "axis2", "keepdims", "ddof", "probabilities"}
        assert {name for ours in ARGUMENTS.values() for name in ours.split()} <= there | {"1"}

    def test_a_method_for_one_function_names_one_of_ours(self):
        owners = {name.rpartition(".")[0] for name in SAYINGS if "." in name}
        assert owners == {"Estimator", "conv1d", "conv3d", "transpose"}
        there = (tg, Tensor)  # an estimator is there with scikit-learn alone
        assert all(any(hasattr(of, name) for of in there) for name in owners - {"Estimator"})


# What the expressions among the answers mean by their names.
X = np.arange(1.0, 13.0).reshape(3, 4)
MEANT = {
    "np": np, "tg": tg, "scipy": scipy, "t": T, "x": X, "y": X + 1.0, "f": np.sin,
    "shape": (3, 2), "axis": 0, "axes": (1, 0), "dtype": np.float32, "n": 2, "k": 2,
    "low": 0.0, "high": 2.0, "mask": np.array([True, False, True]), "value": 5.0, "slope": 0.1,
    "index": 0, "indices": np.zeros((2, 3), int), "size": 2, "groups": 2, "rate": 0.5, "argnums": 0,
    "rng": np.random.default_rng(0), "images": np.ones((1, 4, 4, 1)),
    "filters": np.ones((2, 2, 1, 1)), "arrays": np.ones((4, 1)),
    "weights": np.ones((4, 2)), "bias": np.ones(2), "params": X, "grads": X, "state": None,
    "labels": np.array([0, 1, 0]), "classes": 4, "logits": X, "probabilities": np.full(3, 0.5),
    "primals": [X], "tangents": [X], "tree": {"a": X}, "leaves": [X], "columns": np.ones((1, 3, 3,
    2, 2, 1)), "limit": 1.0, "averaged": None, "mean": 0.0,
    "spread": 1.0, "scale": 1.0, "loc": 0.0, "q": 0.5, "mu": 1.0,
    "p": np.full(3, 0.2),
}  # fmt: skip
OTHERWISE = {
    "tg.fold(columns, shape)": {"shape": (1, 4, 4, 1)},
    "tg.log_loss_with_logits(logits, labels)": {"logits": np.ones(3)},
    "tg.log_loss(probabilities, labels)": {},
    "tg.nn.nll(log_probabilities, labels)": {"log_probabilities": X},
    "tg.nn.kl_divergence(log_probabilities, p)": {"log_probabilities": np.log(np.full(3, 1 / 3))},
    "np.take_along_axis(x, indices, axis)": {"indices": np.zeros((3, 4), int)},
    "np.where(mask, value, x)": {"mask": X > 2},
    "tg.hvp(f, primals, tangents)": {"f": lambda x: np.sum(x**3)},
    "tg.nn.attention(q, k, v)": {"q": X, "k": X, "v": X},
    "x @ y / (np.linalg.norm(x) * np.linalg.norm(y))": {"y": X.T},
    "tg.scipy.optimize.minimize(f, x0)": {
        "f": lambda x: np.sum(x**2), "x0": np.ones(2),
    },
    "tg.saving.from_torch(weights, layers)": {
        "weights": {"e.weight": X}, "layers": tg.saving.torch_layer("embedding", "e"),
    },
    "tg.saving.torch_layer(kind, name)": {"kind": "dense", "name": "fc"},
    "tg.saving.to_torch(tree, layers)": {
        "tree": {"weights": X}, "layers": tg.saving.torch_layer("embedding", "e"),
    },
    "tg.value_and_grad(f)": {}, "t @ y": {"y": np.ones((3, 1))}, "x @ y": {"y": X.T},
    "t * y": {"y": 2.0}, "t + y": {"y": 2.0}, "t - y": {"y": 2.0}, "t / y": {"y": 2.0},
    "t ** y": {"y": 2.0}, "t == y": {"y": 2.0}, "t != y": {"y": 2.0}, "t < y": {"y": 2.0},
    "t <= y": {"y": 2.0}, "t > y": {"y": 2.0}, "t >= y": {"y": 2.0},
    "np.linalg.det(t)": {"t": Tensor(np.eye(2))}, "np.linalg.inv(t)": {"t": Tensor(np.eye(2))},
    "np.linalg.inv(x)": {"x": np.eye(2)},
    "t[mask]": {"mask": T.data > 2}, "x[mask]": {"mask": X > 2},
    "np.broadcast_to(t, shape)": {"shape": (2, 2, 3)},
    "np.broadcast_to(x, shape)": {"shape": (2, 3, 4)},
}  # fmt: skip


def expressions():
    for answer in sorted({*MODULE.values(), *TENSOR.values()}):
        code = answer.removeprefix("use ")
        try:
            tree = ast.parse(code, mode="eval")
        except SyntaxError:
            continue
        if not isinstance(tree.body, (ast.Attribute, ast.Name)):
            yield code


@pytest.mark.parametrize("code", list(expressions()))
def test_an_answer_that_is_code_runs(code, tmp_path):
    eval(code, MEANT | {"path": tmp_path / "a.npz"} | OTHERWISE.get(code, {}))


def test_enough_of_them_are_code():
    assert len([*expressions()]) > 90


class TestAttributes:
    @pytest.mark.parametrize("name", MODULE)
    def test_every_name_of_the_table_is_answered(self, name):
        if isinstance(getattr(tg, name, None), answers.CalledModule):
            return
        with pytest.raises(AttributeError) as caught:
            getattr(tg, name)
        message = f"module 'tinygrad_np' has no attribute {name!r}; {MODULE[name]}"
        assert str(caught.value) == message

    @pytest.mark.parametrize("name", TENSOR)
    def test_every_name_of_a_tensor_is_answered(self, name):
        with pytest.raises(AttributeError) as caught:
            getattr(T, name)
        assert str(caught.value) == f"a Tensor has no attribute {name!r}; {TENSOR[name]}"

    @pytest.mark.parametrize(
        ("get", "told"),
        [
            (lambda: tg.exp, r"'exp'; use np\.exp"),
            (lambda: tg.zeros, r"'zeros'; use np\.zeros"),
            (lambda: tg.nn.Linear, r"'tinygrad_np\.nn' has .* use tg\.dense\(x, weights, bias\)"),
            (lambda: tg.optim.Adam, r"'tinygrad_np\.optim' has .* tg\.optim\.adam\(params, grads"),
            (lambda: tg.tree.tree_map, r"use tg\.tree\.map\(f, tree\)"),
            (lambda: tg.data.DataLoader, r"use tg\.data\.minibatches\(rng, arrays, size\)"),
            (
                lambda: tg.batchnorm,
                r"use tg\.nn\.batch_norm\(x, state, training=True\)",
            ),  # also as others write it
            (lambda: tg.RELU, r"use tg\.relu\(x\)"),
            (lambda: tg.nn.Conv2d, r"use tg\.conv2d\(images, filters\)"),
            (lambda: tg.ConvTranspose1d, r"use tg\.conv_transpose1d\(signals, filters\)"),
            (lambda: tg.nn.Dropout, r"use tg\.dropout\(x, rate, rng\)"),
            (lambda: tg.nn.LogSoftmax, r"use tg\.log_softmax\(x\)"),
            (lambda: tg.maxpool, r"use tg\.max_pool\(images, size\)"),
            (lambda: tg.Dense, r"use tg\.dense\(x, weights\)"),
            (lambda: tg.nn.Tanh, r"use tg\.nn\.tanh\(x\)$"),
            (lambda: tg.mse, r"use tg\.nn\.mse\(predictions, targets\)"),
            (lambda: tg.TopK_Accuracy, r"use tg\.nn\.top_k_accuracy\(logits, labels\)"),
            (lambda: tg.nn.init.xavier_normal_, r"use tg\.nn\.init\.glorot_normal\(rng, shape\)"),
            (lambda: tg.nn.NonFinite_Error, r"use tg\.NonFiniteError$"),
            (lambda: tg.adam, r"use tg\.optim\.adam\(params, grads\)"),
            (lambda: tg.optim.AdamW, r"use tg\.optim\.adamw\(params, grads\)"),
            (lambda: tg.optim.schedules.OneCycleLR, r"'tinygrad_np\.optim\.schedules' has no"),
            (lambda: tg.optim.StepLR, r"use the function of the step in tg\.optim\.schedules"),
            (lambda: tg.check.gradcheck, r"use tg\.check\.check_function\(f, x\)"),
            (lambda: tg.check_gradient, r"use the function of that name in tg\.check"),
            (lambda: tg.solve, r"use the function of that name in np\.linalg"),
            (lambda: tg.foo, r"^module 'tinygrad_np' has no attribute 'foo'$"),
            (lambda: tg.nn.foo, r"^module 'tinygrad_np\.nn' has no attribute 'foo'$"),
            (lambda: tg._foo, r"attribute '_foo'$"),
            (lambda: T.exp(), r"'exp'; use np\.exp\(t\)"),
            (lambda: T.sort(), r"'sort'; use np\.sort\(t\)"),  # whose family is read for that
            (lambda: T.fill(0.0), r"'fill'; use t\.data\.fill"),
            (lambda: T.putmask, r"'putmask'$"),  # which NumPy has and a Tensor refuses
            (lambda: T.exp_(), r"'exp_'; a Tensor is never written into: assign a new one"),
            (lambda: T.clamp_(0.0), r"'clamp_'; use np\.clip\(t, low, high\)$"),
            (lambda: T.relu(), r"'relu'; use tg\.relu\(t\)"),
            (lambda: T.logsumexp(), r"'logsumexp'; use tg\.logsumexp\(t\)"),
            (lambda: T.foo, r"^a Tensor has no attribute 'foo'$"),
            (lambda: T.__foo__, r"^a Tensor has no attribute '__foo__'$"),
        ],
    )
    def test_other_names(self, get, told):
        with pytest.raises(AttributeError, match=told):
            get()

    def test_the_module_tensor_called_as_pytorchs_function(self):
        from tinygrad_np import tensor

        for function in (tg.tensor, tensor):
            with pytest.raises(TypeError, match=r"tg\.tensor is a module; use tg\.Tensor\(x\)"):
                function([1.0], requires_grad=True)

    def test_names_are_asked_for_without_an_error(self):
        assert not hasattr(T, "detach")
        assert getattr(tg, "no_grad", None) is None


# Functions that have nothing to choose.
NOT_EXPLAINED = {
    "tg.debug": "one argument",
    "tg.release_memory": "no argument",
    "tg.strong_zeros": "no argument",
    "tg.check.assert_gradient": "pytest would show the wrapper before the user's line",
}
MADE = {f"tg.nn.init.{name}" for name in tg.nn.init.__all__} - {
    f"tg.nn.init.{name}" for name in ("dense", "embedding", "gain", "multi_head_attention")
}
"""Made by one function for all of their kind."""
FREE = inspect.Parameter.VAR_KEYWORD
EXPLAINED = {
    name: function
    for name, function in public_functions().items()
    if all(p.kind is not FREE for p in inspect.signature(function).parameters.values())
    and name not in NOT_EXPLAINED
}


class TestArguments:
    @pytest.mark.parametrize("name", EXPLAINED)
    def test_every_public_function_says_which_arguments_it_has(self, name):
        function = EXPLAINED[name]
        with pytest.raises(TypeError) as caught:
            function(foo=1)
        known = [name for name in inspect.signature(function).parameters if name != "self"]
        assert str(caught.value).startswith(f"{name} has no argument 'foo'; it has '{known[0]}'")
        assert caught.value.__suppress_context__

    @pytest.mark.whole
    def test_the_others_are_few(self):
        for name, why in NOT_EXPLAINED.items():
            count = len(inspect.signature(public_functions()[name]).parameters)
            assert count == {"no": 0, "one": 1}.get(why.split()[0], count)

    @pytest.mark.parametrize(
        ("call", "told"),
        [
            (
                lambda x, w: tg.conv2d(x, w, kernel_size=3),
                "tg.conv2d has no argument 'kernel_size'; the filters' shape, (rows, columns, in, "
                "out), says it",
            ),
            (
                lambda x, w: tg.conv1d(x[0], w[0], in_channels=3),
                "tg.conv1d has no argument 'in_channels'; the filters' shape, (length, in, out), "
                "says it",
            ),
            (lambda x, w: tg.conv2d(input=x, weight=w), "it is the first one, 'images'"),
            (lambda x, w: tg.conv2d(x, weight=w), "it is 'filters' here"),
            (lambda x, w: tg.conv2d(Tensor(x), w, strides=2), "it is 'stride' here"),
            (lambda x, w: tg.max_pool(x, kernel_size=2), "it is 'size' here"),
            (lambda x, w: tg.max_pool(x, 2, strides=2), "it is 'stride' here"),
            (lambda x, w: tg.average_pool(x, 2, count_include_pad=True), "it is 'count_padding'"),
            (lambda x, w: tg.softmax(x, dim=1), "tg.softmax has no argument 'dim'; it is 'axis'"),
            (lambda x, w: tg.softmax(Tensor(x), dim=1), "tg.softmax has no argument 'dim'; it is"),
            (lambda x, w: tg.logsumexp(x, keepdim=True), "it is 'keepdims' here"),
            (lambda x, w: tg.relu(x, inplace=True), "leave it out: nothing is written into"),
            (
                lambda x, w: tg.dense(x, weight=w),
                "tg.dense has no argument 'weight'; it is 'weights'",
            ),
            (lambda x, w: tg.dense(in_features=3), "the weights' shape, (in, out), says it"),
            (
                lambda x, w: tg.flatten(x, start_dim=1),
                "tg.flatten has no argument 'start_dim'; use",
            ),
            (lambda x, w: tg.log_loss(x, x, eps=1e-7), "it is 'bound' here"),
            (lambda x, w: tg.optim.adam(x, x, eps=1e-8), "tg.optim.adam has no argument 'eps'; it"),
            (lambda x, w: tg.optim.adam(x, x, fused=True), "it only says how to compute"),
            (
                lambda x, w: tg.optim.schedules.step(1.0, step_size=3),
                "tg.optim.schedules.step has no argument 'step_size'; it is 'steps' here",
            ),
            (lambda x, w: tg.check.check_gradient(np.sum, 1, x, args=()), "one after the other"),
            (lambda x, w: tg.check.check_function(np.sum, x, eps=1e-6), "noise and step are measu"),
            (
                lambda x, w: tg.viz.image(None, x, cmap="gray"),
                "tg.viz.image has no argument 'cmap'",
            ),
            (lambda x, w: tg.load("a.npz", weights_only=True), "nothing is ever unpickled"),
            (lambda x, w: tg.relu(input=x), "it is the first one, 'x'"),
            (lambda x, w: tg.dropout(x, p=0.5), "tg.dropout has no argument 'p'; it is 'rate'"),
            (lambda x, w: tg.optim.sgd(x, x, lr=0.1), "tg.optim.sgd has no argument 'lr'; it is"),
            (lambda x, w: tg.grad(np.sum, argnum=1), "tg.grad has no argument 'argnum'; it is 'ar"),
            (lambda x, w: tg.vjp(np.sum, x, aux=True), "tg.vjp has no argument 'aux'; it is 'has"),
            (lambda x, w: tg.log_loss(x, target=x), "it is 'labels' here"),
            (lambda x, w: tg.log_loss(x, x, from_logits=True), "tg.log_loss_with_logits takes"),
            (lambda x, w: tg.log_loss(x, x, weight=x), 'use reduction="none" and multiply'),
            (
                lambda x, w: tg.cross_entropy(x, x, weight=x),
                "tg.cross_entropy has no argument 'weight'; it is 'class_weights' here",
            ),
            (lambda x, w: tg.cross_entropy(x, x, ignore_index=0), "it is 'ignored' here"),
            (
                lambda x, w: tg.nn.mse(x, y_true=x),
                "tg.nn.mse has no argument 'y_true'; it is 'targ",
            ),
            (
                lambda x, w: tg.nn.init.dense(None, in_features=3),
                "tg.nn.init.dense has no argument 'in_features'; it is 'inputs' here",
            ),
            (
                lambda x, w: tg.nn.init.conv2d(None, kernel_size=3),
                "tg.nn.init.conv2d has no argument 'kernel_size'; it is 'size' here",
            ),
            (lambda x, w: Tensor(x, requires_grad=True), "tg.Tensor has no argument 'requires_gr"),
            (lambda x, w: Tensor(x, device="cpu"), "everything runs on the CPU"),
            (lambda x, w: Tensor(x).backward(gradient=x), "it is 'cotangent' here"),
            (lambda x, w: Tensor(1.0).backward(retain_graph=True), "t.backward has no argument"),
            (lambda x, w: Tensor(x).sum(dim=0), "np.sum has no argument 'dim'; it is 'axis' here"),
            (lambda x, w: Tensor(x).mean(0, keepdim=True), "it is 'keepdims' here"),
            (lambda x, w: Tensor(x).std(unbiased=True), "use ddof=1 or ddof=0"),
            (lambda x, w: Tensor(x).cumsum(dim=0), "np.cumsum has no argument 'dim'; it is 'axis'"),
            (lambda x, w: Tensor(x).argmax(dim=0), "it is 'axis' here"),
            (lambda x, w: Tensor(x).flatten(start_dim=1), "or tg.flatten(t) for all axes but the"),
            (lambda x, w: Tensor(x).transpose(dim0=1, dim1=0), "use t.swapaxes(axis1, axis2)"),
            (lambda x, w: tg.data.minibatches(None, x, batch_size=2), "it is 'size' here"),
            (lambda x, w: tg.save(filename="a", tree=x), "it is 'path' here"),
        ],
    )
    def test_arguments_of_others(self, call, told):
        with pytest.raises(TypeError) as caught:
            call(np.ones((1, 4, 4, 1)), np.ones((3, 3, 1, 1)))
        assert told in str(caught.value)

    def test_numpys_own_errors_stay(self):
        with pytest.raises(TypeError, match="unexpected keyword argument 'dim'"):
            np.sum(T, dim=0)

    def test_an_error_from_within_stays(self):
        def broken(x):
            return tg.relu(x)(dim=1)

        with pytest.raises(TypeError, match="'Tensor' object is not callable"):
            tg.grad(broken)(1.0)
        with pytest.raises(TypeError, match=r"broken\(\) got an unexpected keyword argument 'dim'"):
            tg.grad(broken)(1.0, dim=1)


class TestExplained:
    """What `explained` makes is as the function that it is given."""

    @pytest.mark.parametrize("name", [n for n, f in EXPLAINED.items() if f is not Tensor.__init__])
    def test_a_function_is_found_as_before(self, name):
        function = EXPLAINED[name]
        assert all("_unknown" not in p for p in inspect.signature(function).parameters)
        if name not in MADE:
            assert inspect.getsource(function).count(f"def {function.__name__}(") == 1
        assert function.__doc__
        assert pickle.loads(pickle.dumps(function)) is function

    def plain(x, y, z=3, *, w, v=5):  # noqa: N805
        return x, y, z, w, v

    def several(x, *rest, v=5):  # noqa: N805
        return x, rest, v

    @pytest.mark.parametrize("function", [plain, several])
    @pytest.mark.parametrize("args", [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)])
    @pytest.mark.parametrize(
        "kwargs", [{}, {"w": 4}, {"v": 6}, {"w": 4, "v": 6}, {"v": 4, "x": 1}, {"y": 2, "w": 4}]
    )
    def test_every_call_ends_as_before(self, function, args, kwargs):
        ends = []
        for called in (function, explained(function)):
            try:
                ends.append(called(*args, **kwargs))
            except TypeError as error:
                ends.append(str(error))
        assert ends[0] == ends[1]

    def test_an_array_as_an_argument_is_not_compared(self):
        with pytest.raises(TypeError, match="missing 1 required positional argument: 'filters'"):
            tg.conv2d(np.ones((1, 4, 4, 1)))


def test_an_earlier_name_is_answered_with_the_new_one():
    for name, now in (("unwindows", "tg.fold"), ("takes", "tg.signature")):
        with pytest.raises(AttributeError, match=f"has no attribute '{name}'; use {now}$"):
            getattr(tg, name)


def test_jit_by_the_names_of_others():
    with pytest.raises(AttributeError, match=r"has no attribute 'compile'; use tg.jit\(f\)$"):
        tg.compile  # noqa: B018
    if hasattr(tg, "fast"):
        with pytest.raises(TypeError, match="what is no array is static"):
            tg.jit(np.sin, static_argnums=0)


def test_the_page_is_the_table(capsys):
    page = Path(tg.__file__).parents[1] / "docs" / "names.md"
    if not page.exists():
        pytest.skip("an installed package has no docs")
    assert main(["names"]) == 0
    printed = capsys.readouterr().out
    assert page.read_text(encoding="utf-8") == printed, "run python -m tinygrad_np names"


def test_methods_of_scipys_sparse_arrays_are_not_answered_by_themselves():
    for name in ("csr_array", "csr_array.multiply", "coo_matrix"):
        assert "csr_array((a.data * t" in answers.answer_to_call(f"scipy.sparse.{name}")
    assert "tg.linear" in answers.answer_to_call("scipy.sparse.linalg.LinearOperator.matvec")
