"""Attention and embeddings against PyTorch's, where it is installed: to 1e-10.

Over 200 random geometries each, and over the inputs that PyTorch tries its own functions and
modules with, as far as they ask for what is here: no dropout, no added keys (`add_bias_kv`,
`add_zero_attn`).
"""

import warnings

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import nn

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("expecttest", reason="PyTorch's own samples need it")

pytestmark = pytest.mark.torch

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # that it has no hypothesis
    from torch.testing._internal.common_methods_invocations import op_db
    from torch.testing._internal.common_modules import module_db

functional = torch.nn.functional


def agree(found, expected, drawn):
    assert found.shape == tuple(expected.shape), drawn
    expected = expected.detach().numpy()
    difference = np.max(np.abs(found - expected), initial=0)
    assert difference <= 1e-10 * max(1, np.max(np.abs(expected), initial=0)), (drawn, difference)


def variable(x):
    return torch.tensor(x, requires_grad=True)


def compare(ours, theirs, arrays, rng, drawn):
    """Values, and gradients by all `arrays`, for a random cotangent."""
    y, pull = tg.vjp(ours, *arrays)
    leaves = [variable(x) for x in arrays]
    expected = theirs(*leaves)
    agree(y, expected, drawn)
    u = rng.standard_normal(y.shape)
    grads = torch.autograd.grad(expected, leaves, torch.tensor(u))
    for one, other in zip(pull(u), grads, strict=True):
        agree(one, other, drawn)


@pytest.mark.parametrize("seed", range(200))
def test_attention(seed):
    rng = np.random.default_rng([1, seed])
    n, heads, queries, keys, d, e = (int(k) for k in rng.integers(1, (4, 4, 6, 6, 5, 5)))
    lead = [(), (n,), (n, heads)][rng.integers(3)]
    shapes = ((*lead, queries, d), (*lead, keys, d), (*lead, keys, e))
    arrays = [rng.standard_normal(shape) for shape in shapes]
    options = {"scale": [None, 0.4][rng.integers(2)]}
    kind = rng.integers(4)
    if kind == 0:
        options["causal"] = bool(rng.integers(2))
        compare(
            lambda *qkv: nn.attention(*qkv, **options),
            lambda *qkv: functional.scaled_dot_product_attention(
                *qkv, is_causal=options["causal"], scale=options["scale"]
            ),
            arrays,
            rng,
            (seed, shapes),
        )
        return
    of_mask = (*lead, queries, keys)
    of_mask = of_mask[rng.integers(len(of_mask) - 1) :]
    seen, added = rng.random(of_mask) < 0.6, rng.standard_normal(of_mask)
    if kind == 1:
        mask = seen  # where a query sees nothing, PyTorch gives 0, too
        compare(
            lambda *qkv: nn.attention(*qkv, mask, **options),
            lambda *qkv: functional.scaled_dot_product_attention(
                *qkv, torch.tensor(mask), **options
            ),
            arrays,
            rng,
            (seed, shapes),
        )
        return
    mask = added if kind == 2 else np.where(seen, added, -np.inf)
    # With the gradient by the mask; PyTorch's by −inf, or where nothing is seen, is nan or 0.
    is_finite = kind == 2
    compare(
        lambda *qkv: nn.attention(*qkv[:3], qkv[3] if is_finite else mask, **options),
        lambda *qkv: functional.scaled_dot_product_attention(
            *qkv[:3], qkv[3] if is_finite else torch.tensor(mask), **options
        ),
        [*arrays, mask] if is_finite else arrays,
        rng,
        (seed, shapes),
    )


@pytest.mark.parametrize("seed", range(200))
def test_embedding(seed):
    rng = np.random.default_rng([2, seed])
    n, d = (int(k) for k in rng.integers(1, 8, 2))
    indices = rng.integers(0, n, rng.integers(1, 5, rng.integers(0, 4)))
    padding = [None, int(rng.integers(-n, n))][rng.integers(2)]
    compare(
        lambda w: nn.embedding(indices, w, padding),
        lambda w: functional.embedding(torch.tensor(indices), w, padding),
        [rng.standard_normal((n, d))],
        rng,
        (seed, n, d, padding),
    )


def parameters_of(module, params):
    """The dicts of `multi_head_attention` from PyTorch's parameters, by their names."""
    if "in_proj_weight" in params:
        weights = np.split(params["in_proj_weight"], 3)
    else:
        weights = [params[f"{name}_proj_weight"] for name in "qkv"]
    weights.append(params["out_proj.weight"])
    found = [{"weights": w.T} for w in weights]
    if "in_proj_bias" in params:
        biases = [*np.split(params["in_proj_bias"], 3), params["out_proj.bias"]]
        for one, bias in zip(found, biases, strict=True):
            one["bias"] = bias
    return dict(zip(("query", "key", "value", "out"), found, strict=True))


def below_and_above(weights, zeros):
    """Weights that read one half of the channels, and others that read the other half."""
    return np.concatenate([weights, zeros]), np.concatenate([zeros, weights])


def compare_module(module, x, key, value, mask, options, rng, drawn):
    """An nn.MultiheadAttention with batch_first on (n, time, in), and all gradients.

    PyTorch's has keys and values of two arrays: here they are one context side by side, of which
    the weights read a half each.
    """
    names = [name for name, _ in module.named_parameters()]
    params = [p.detach().numpy() for p in module.parameters()]

    def ours(x, key, value, *params):
        given = parameters_of(module, dict(zip(names, params, strict=True)))
        for word, half in (("key", 0), ("value", 1)):
            weights = given[word]["weights"]
            given[word]["weights"] = below_and_above(weights, np.zeros(weights.shape))[half]
        context = np.concatenate([key, value], -1)
        return nn.multi_head_attention(x, context, heads=module.num_heads, mask=mask, **given)

    y, pull = tg.vjp(ours, x, key, value, *params)
    leaves = [variable(a) for a in (x, key, value)]
    expected, _ = module(*leaves, need_weights=False, **options)
    agree(y, expected, drawn)
    u = rng.standard_normal(y.shape)
    grads = torch.autograd.grad(expected, [*leaves, *module.parameters()], torch.tensor(u))
    for one, other in zip(pull(u), grads, strict=True):
        agree(one, other, drawn)


@pytest.mark.parametrize("seed", range(200))
def test_multi_head_attention(seed):
    rng = np.random.default_rng([3, seed])
    n, heads, d, queries, keys = (int(k) for k in rng.integers(1, (4, 4, 4, 6, 6)))
    inside = int(rng.integers(1, 6)) if rng.integers(2) else heads * d
    torch.manual_seed(seed)
    module = torch.nn.MultiheadAttention(
        heads * d, heads, bias=bool(rng.integers(3)), kdim=inside, vdim=inside, batch_first=True,
        dtype=torch.float64,
    )  # fmt: skip
    for name, p in module.named_parameters():
        if "bias" in name:  # zeros at first
            torch.nn.init.normal_(p)
    x, context = (
        rng.standard_normal((n, queries, heads * d)),
        rng.standard_normal((n, keys, inside)),
    )
    # Each query sees a key, where PyTorch's module would give nan.
    seen = rng.random((n, 1, queries, keys)) < 0.6
    padding = rng.random((n, keys)) < 0.3
    seen[..., 0], padding[:, 0] = True, False
    options, mask = {}, None
    match rng.integers(4):
        case 1:
            mask = seen[0, 0]
            options["attn_mask"] = torch.tensor(~mask)
        case 2:
            mask = ~padding[:, None, None]
            options["key_padding_mask"] = torch.tensor(padding)
        case 3:
            mask = seen & ~padding[:, None, None]
            options["attn_mask"] = torch.tensor(~np.repeat(seen[:, 0], heads, 0))
            options["key_padding_mask"] = torch.tensor(padding)
    drawn = seed, heads, d, inside, list(options)
    compare_module(module, x, context, context[:, ::-1].copy(), mask, options, rng, drawn)


def samples_of(name):
    [op] = [op for op in op_db if op.name == f"nn.functional.{name}"]
    return list(op.sample_inputs("cpu", torch.float64, requires_grad=True))


def test_pytorchs_own_samples_of_embedding():
    samples = samples_of("embedding")
    assert samples
    for sample in samples:
        weights, (indices,) = sample.input.detach().numpy(), sample.args
        padding = sample.kwargs.get("padding_idx")
        if set(sample.kwargs) <= {"padding_idx"}:
            compare(
                lambda w, indices=indices, padding=padding: nn.embedding(
                    indices.numpy(), w, padding
                ),
                lambda w, indices=indices, padding=padding: functional.embedding(
                    indices, w, padding
                ),
                [weights],
                np.random.default_rng(0),
                sample,
            )


def test_pytorchs_own_samples_of_attention():
    samples = [s for s in samples_of("scaled_dot_product_attention") if not s.kwargs["dropout_p"]]
    assert len(samples) >= 12
    for sample in samples:
        arrays = [x.detach().numpy() for x in (sample.input, *sample.args)]
        mask = sample.kwargs.get("attn_mask")
        options = {**sample.kwargs}
        causal = options["is_causal"]
        ours = None if mask is None else mask.detach().numpy()
        compare(
            lambda *qkv, ours=ours, causal=causal: nn.attention(*qkv, ours, causal=causal),
            lambda *qkv, options=options: functional.scaled_dot_product_attention(*qkv, **options),
            arrays,
            np.random.default_rng(0),
            sample,
        )


@pytest.mark.parametrize("training", [True, False])
def test_pytorchs_own_samples_of_multi_head_attention(training):
    [info] = [info for info in module_db if info.module_cls is torch.nn.MultiheadAttention]
    samples = info.module_inputs_func(
        info, device="cpu", dtype=torch.float64, requires_grad=False, training=training
    )
    tried = 0
    for sample in samples:
        options = sample.constructor_input.kwargs
        if options.get("add_bias_kv") or options.get("add_zero_attn"):
            continue
        torch.manual_seed(tried)
        module = torch.nn.MultiheadAttention(
            **{**options, "batch_first": True}, dtype=torch.float64
        )
        inputs = sample.forward_input.args
        given = {k: v for k, v in sample.forward_input.kwargs.items() if v is not None}
        if inputs[0].ndim == 2:  # (time, in), without a batch; nor have the masks of padding one
            inputs = [x[None] for x in inputs]
            if "key_padding_mask" in given:
                given["key_padding_mask"] = given["key_padding_mask"][None]
        elif not options["batch_first"]:
            inputs = [x.transpose(0, 1) for x in inputs]
        masks = []
        if "attn_mask" in given:
            mask = ~given["attn_mask"].numpy()
            heads = options["num_heads"]
            masks.append(mask.reshape(-1, heads, *mask.shape[1:]) if mask.ndim == 3 else mask)
        if "key_padding_mask" in given:
            masks.append(~given["key_padding_mask"].numpy()[:, None, None])
        mask = np.logical_and(masks[0], masks[-1]) if masks else None
        if mask is not None and not np.broadcast_to(mask.any(-1), mask.shape[:-1]).all():
            continue  # a query that sees no key: nan in PyTorch's module, 0 here
        arrays = [x.numpy().copy() for x in inputs]
        compare_module(module, *arrays, mask, given, np.random.default_rng(0), sample)
        tried += 1
    assert tried >= 8


def test_a_query_that_sees_no_key_gives_0_in_pytorch_too():
    q = np.random.default_rng(0).standard_normal((2, 3))
    mask = np.array([[False, False], [True, False]])
    tq = variable(q)
    expected = functional.scaled_dot_product_attention(tq, tq, tq, torch.tensor(mask))
    assert not expected[0].any()
    agree(nn.attention(q, q, q, mask), expected, mask)


@pytest.mark.parametrize("causal", [False, True])
def test_second_order_of_attention(causal):
    rng = np.random.default_rng(4)
    arrays = [rng.standard_normal(shape) for shape in ((2, 3, 2), (2, 4, 2), (2, 4, 3))]
    v = rng.standard_normal((2, 3, 2))

    def along(*qkv):
        """The derivative of Σ y³ along v, by the queries."""
        gradient = tg.grad(lambda q: np.sum(nn.attention(q, *qkv[1:], causal=causal) ** 3))(qkv[0])
        return np.sum(gradient * v)

    found = tg.grad(along, (0, 1, 2))(*arrays)
    leaves = [variable(x) for x in arrays]
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        y = functional.scaled_dot_product_attention(*leaves, is_causal=causal)
        (gradient,) = torch.autograd.grad((y**3).sum(), leaves[0], create_graph=True)
        expected = torch.autograd.grad((gradient * torch.tensor(v)).sum(), leaves)
    for one, other in zip(found, expected, strict=True):
        agree(one, other, causal)
