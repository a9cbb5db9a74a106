"""The cases with PyTorch, eager; `layout` is its memory format, or "compiled": by `torch.compile`.

What is compiled has channels last, which is the faster layout there.
"""

from functools import partial
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from .. import functions
from ..cases import RATE, Arrays, Task


def _images(x: Any, layout: str) -> Any:
    return torch.tensor(np.moveaxis(x, -1, 1).copy()).contiguous(
        memory_format=_format(layout, x.ndim)
    )


def _filters(w: Any, layout: str) -> Any:
    return torch.tensor(np.moveaxis(w, (-1, -2), (0, 1)).copy()).contiguous(
        memory_format=_format(layout, w.ndim)
    )


def _format(layout: str, axes: int) -> Any:
    if layout in ("channels_last", "compiled"):
        return torch.channels_last if axes == 4 else torch.channels_last_3d
    return torch.contiguous_format


def _compiled(f: Any, layout: str) -> Any:
    return torch.compile(f) if layout == "compiled" else f


def _images_back(x: Any) -> Any:
    return np.moveaxis(x.detach().numpy(), 1, -1)


def _filters_back(w: Any) -> Any:
    return np.moveaxis(w.detach().numpy(), (0, 1), (-1, -2))


def _rows_by_channel(weights: Any, channels: int) -> Any:
    """Dense weights whose rows are (row, column, channel), as (channel, row, column)."""
    pixels = len(weights) // channels
    return weights.reshape(pixels, channels, -1).swapaxes(0, 1).reshape(len(weights), -1)


def _rows_by_pixel(weights: Any, channels: int) -> Any:
    pixels = len(weights) // channels
    return weights.reshape(channels, pixels, -1).swapaxes(0, 1).reshape(len(weights), -1)


def _training(loss: Any, params: list[Any], layout: str) -> Any:
    for p in params:
        p.requires_grad_()
    loss = _compiled(loss, layout)

    def step() -> Any:
        value = loss()
        grads = torch.autograd.grad(value, params)
        with torch.no_grad():
            for p, g in zip(params, grads, strict=True):
                p.sub_(g, alpha=RATE)
        return value, grads

    return step


def two_class(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The first post's network."""
    filters, weights = _filters(params[0], layout), torch.tensor(params[1])
    images, labels = _images(batch[0], layout), torch.tensor(batch[1])

    def loss() -> Any:
        hidden = torch.relu(functional.conv2d(images, filters, padding=1))
        logits = hidden.reshape(len(images), -1) @ weights
        return functional.binary_cross_entropy_with_logits(logits, labels)

    step = _training(loss, [filters, weights], layout)
    return Task(
        step, lambda r: [r[0].detach().numpy(), _filters_back(r[1][0]), r[1][1].detach().numpy()]
    )


def cnn(params: Arrays, batch: Arrays, layout: str, pooled: bool) -> Task:
    """Convolutions, relu and pooling, then dense."""
    *filters, weights = params
    last = filters[-1].shape[-1]
    tensors = [_filters(w, layout) for w in filters]
    tensors.append(torch.tensor(_rows_by_channel(weights, last).copy()))
    images, labels = _images(batch[0], layout), torch.tensor(batch[1])
    half = filters[0].shape[0] // 2

    def loss() -> Any:
        x = images
        for w in tensors[:-1]:
            x = torch.relu(functional.conv2d(x, w, padding=half))
            if pooled:
                x = functional.max_pool2d(x, 2)
        return functional.cross_entropy(x.flatten(1) @ tensors[-1], labels)

    step = _training(loss, tensors, layout)

    def arrays(result: Any) -> list[Any]:
        value, (*by_filters, by_weights) = result
        dense = _rows_by_pixel(by_weights.detach().numpy(), last)
        return [value.detach().numpy(), *map(_filters_back, by_filters), dense]

    return Task(step, arrays)


def resnet(params: Arrays, batch: Arrays, layout: str, strides: tuple[int, ...]) -> Task:
    """Blocks of two convolutions beside a shortcut, each normalised by the batch."""
    tensors = [_filters(p, layout) if p.ndim == 4 else torch.tensor(p) for p in params]
    images, labels = _images(batch[0], layout), torch.tensor(batch[1])

    def loss() -> Any:
        left = iter(tensors)

        def convolved(x: Any, stride: int = 1) -> Any:
            filters, scale, shift = [next(left) for _ in range(3)]
            y = functional.conv2d(x, filters, stride=stride, padding=filters.shape[-1] // 2)
            return functional.batch_norm(y, None, None, scale, shift, training=True)

        x = torch.relu(convolved(images))
        for stride in strides:
            y = convolved(torch.relu(convolved(x, stride)))
            x = torch.relu(y + (x if stride == 1 else convolved(x, stride)))
        return functional.cross_entropy(x.mean((2, 3)) @ next(left), labels)

    def arrays(result: Any) -> list[Any]:
        value, grads = result
        back = [_filters_back(g) if g.ndim == 4 else g.detach().numpy() for g in grads]
        return [value.detach().numpy(), *back]

    return Task(_training(loss, tensors, layout), arrays)


def lstm(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The last state of an LSTM, then dense; of PyTorch's two biases, one is left at 0."""
    inputs, hidden, bias, weights = map(torch.tensor, params)
    inputs, hidden = inputs.T.contiguous(), hidden.T.contiguous()  # (4h, in), (4h, h)
    rows, labels = map(torch.tensor, batch)
    start = torch.zeros(1, len(rows), hidden.shape[1])
    learned = [inputs, hidden, bias, weights]
    other = torch.zeros_like(bias)

    def loss() -> Any:
        of_lstm = [inputs, hidden, bias, other]
        _, h, _ = torch.lstm(rows, [start, start], of_lstm, True, 1, 0.0, True, False, True)
        return functional.cross_entropy(h[0] @ weights, labels)

    def arrays(result: Any) -> list[Any]:
        value, (by_inputs, by_hidden, *others) = result
        return [x.detach().numpy() for x in (value, by_inputs.T, by_hidden.T, *others)]

    return Task(_training(loss, learned, layout), arrays)


def gpt(params: Arrays, batch: Arrays, layout: str, blocks: int) -> Task:
    """A decoder-only transformer."""
    tensors = [torch.tensor(p) for p in params]
    letters, following = map(torch.tensor, batch)

    def loss() -> Any:
        left = iter(tensors)

        def norm(x: Any) -> Any:
            return functional.layer_norm(x, x.shape[-1:], next(left), next(left))

        def dense(x: Any) -> Any:
            weights, bias = next(left), next(left)
            return functional.linear(x, weights.T, bias)

        def heads(x: Any) -> Any:
            return x.unflatten(-1, (4, -1)).transpose(1, 2)

        x = functional.embedding(letters, next(left)) + next(left)
        for _ in range(blocks):
            y = norm(x)
            parts = [heads(y @ next(left)) for _ in range(3)]
            y = functional.scaled_dot_product_attention(*parts, is_causal=True)
            x = x + y.transpose(1, 2).flatten(-2) @ next(left)
            x = x + dense(functional.gelu(dense(norm(x))))
        logits = norm(x) @ next(left)
        return functional.cross_entropy(logits.flatten(0, 1), following.flatten())

    step = _training(loss, tensors, layout)
    return Task(step, lambda r: [x.detach().numpy() for x in (r[0], *r[1])])


_CONVOLUTIONS: dict[int, Any] = {3: functional.conv1d, 4: functional.conv2d, 5: functional.conv3d}
"""By the number of the images' axes."""


def convolution(params: Arrays, batch: Arrays, layout: str, **options: Any) -> Task:
    """The value alone."""
    images, filters = _images(params[0], layout), _filters(params[1], layout)
    convolved = _CONVOLUTIONS[images.ndim]

    def step() -> Any:
        with torch.no_grad():
            return convolved(images, filters, **options)

    return Task(step, lambda result: [_images_back(result)])


def convolution_and_gradients(params: Arrays, batch: Arrays, layout: str, **options: Any) -> Task:
    """Both gradients."""
    images = _images(params[0], layout).requires_grad_()
    filters = _filters(params[1], layout).requires_grad_()
    cotangent = _images(batch[0], layout)
    convolved = _CONVOLUTIONS[images.ndim]

    def step() -> Any:
        images.grad = filters.grad = None
        convolved(images, filters, **options).backward(cotangent)
        return images.grad, filters.grad

    return Task(step, lambda r: [_images_back(r[0]), _filters_back(r[1])])


def pooling(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The value alone."""
    images = _images(params[0], layout)

    def step() -> Any:
        with torch.no_grad():
            return functional.max_pool2d(images, 2)

    return Task(step, lambda result: [_images_back(result)])


def pooling_and_gradient(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The gradient."""
    images = _images(params[0], layout).requires_grad_()
    cotangent = _images(batch[0], layout)

    def step() -> Any:
        images.grad = None
        functional.max_pool2d(images, 2).backward(cotangent)
        return images.grad

    return Task(step, lambda result: [_images_back(result)])


def _value_and_grad(f: Any, params: Arrays, layout: str) -> Task:
    variables = [torch.tensor(x, requires_grad=True) for x in params]
    f = _compiled(f, layout)

    def step() -> Any:
        for variable in variables:
            variable.grad = None
        value = f(*variables)
        value.backward()
        return value, *[variable.grad for variable in variables]

    return Task(step, lambda result: [part.detach().numpy() for part in result])


def chain(params: Arrays, batch: Arrays, layout: str, rounds: int) -> Task:
    """Ten elementwise operations a round."""
    return _value_and_grad(lambda x: functions.chain(torch, x, rounds), params, layout)


def rosenbrock(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The gradient."""
    return _value_and_grad(partial(functions.rosenbrock, torch), params, layout)


def gaussian_process(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The gradient by the three parameters."""
    data = [torch.tensor(x) for x in batch]

    def solve(factor: Any, y: Any) -> Any:
        return torch.linalg.solve_triangular(factor, y[:, None], upper=False)

    def f(log_params: Any) -> Any:
        return functions.gaussian_process(torch, solve, log_params, *data)

    return _value_and_grad(f, params, layout)


def ode_fit(params: Arrays, batch: Arrays, layout: str, step: float) -> Task:
    """The gradient by rates, coupling and the first counts."""
    counts = torch.tensor(batch[0])

    def f(growth: Any, coupling: Any, start: Any) -> Any:
        return functions.ode_fit(torch, growth, coupling, start, counts, step)

    return _value_and_grad(f, params, layout)


def logistic_hessian(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The Hessian."""
    rows, signs = map(torch.tensor, batch)
    w = torch.tensor(params[0])
    zero = torch.zeros((), dtype=w.dtype)

    def f(w: Any) -> Any:
        return torch.sum(torch.logaddexp(zero, -signs * (rows @ w)))

    def step() -> Any:
        return torch.autograd.functional.hessian(f, w)

    return Task(step, lambda result: [result.numpy()])


def rosenbrock_hessian(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The Hessian."""
    f, x = partial(functions.rosenbrock, torch), torch.tensor(params[0])

    def step() -> Any:
        return torch.autograd.functional.hessian(f, x)

    return Task(step, lambda result: [result.numpy()])


def mlp_jacobian(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The Jacobian by the input."""
    layers, x = [torch.tensor(w) for w in batch], torch.tensor(params[0])

    def f(x: Any) -> Any:
        return functions.mlp(torch, x, layers)

    def step() -> Any:
        return torch.autograd.functional.jacobian(f, x, vectorize=True)

    return Task(step, lambda result: [result.numpy()])
