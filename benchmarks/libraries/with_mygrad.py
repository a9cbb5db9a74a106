"""The cases with MyGrad, which has channels first."""

from functools import partial
from typing import Any

import mygrad
import numpy as np
from mygrad.nnet.activations import relu
from mygrad.nnet.layers import conv_nd, max_pool
from mygrad.nnet.losses import softmax_crossentropy

from .. import functions
from ..cases import RATE, Arrays, Task


def _images(x: Any) -> Any:
    return np.moveaxis(x, -1, 1).copy()


def _filters(w: Any) -> Any:
    return np.moveaxis(w, (-1, -2), (0, 1)).copy()


def _filters_back(w: Any) -> Any:
    return np.moveaxis(np.asarray(w), (0, 1), (-1, -2))


def _training(loss: Any, params: list[Any]) -> Any:
    def step() -> Any:
        tensors = [mygrad.tensor(p, copy=False) for p in params]
        value = loss(tensors)
        value.backward()
        grads = [tensor.grad for tensor in tensors]
        for p, g in zip(params, grads, strict=True):
            p -= RATE * g
        return value, grads

    return step


def two_class(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The first post's network."""
    images, labels = _images(batch[0]), batch[1]

    def loss(tensors: Any) -> Any:
        filters, weights = tensors
        hidden = relu(conv_nd(images, filters, stride=1, padding=1))
        z = mygrad.matmul(hidden.reshape(len(images), -1), weights)
        return mygrad.mean(mygrad.logaddexp(np.float32(0), z) - z * labels)

    step = _training(loss, [_filters(params[0]), params[1]])
    return Task(step, lambda r: [r[0].data, _filters_back(r[1][0]), r[1][1]])


def cnn(params: Arrays, batch: Arrays, layout: str, pooled: bool) -> Task:
    """Convolutions, relu and pooling, then dense."""
    *filters, weights = params
    channels = filters[-1].shape[-1]
    pixels = len(weights) // channels
    by_channel = weights.reshape(pixels, channels, -1).swapaxes(0, 1).reshape(len(weights), -1)
    images, labels = _images(batch[0]), batch[1]
    half = filters[0].shape[0] // 2

    def loss(tensors: Any) -> Any:
        x: Any = images
        for w in tensors[:-1]:
            x = relu(conv_nd(x, w, stride=1, padding=half))
            if pooled:
                x = max_pool(x, (2, 2), 2)
        return softmax_crossentropy(mygrad.matmul(x.reshape(len(x), -1), tensors[-1]), labels)

    step = _training(loss, [*map(_filters, filters), by_channel.copy()])

    def arrays(result: Any) -> list[Any]:
        value, (*by_filters, by_weights) = result
        dense = by_weights.reshape(channels, pixels, -1).swapaxes(0, 1).reshape(len(weights), -1)
        return [value.data, *map(_filters_back, by_filters), dense]

    return Task(step, arrays)


def convolution(params: Arrays, batch: Arrays, layout: str, **options: Any) -> Task:
    """The value alone."""
    images, filters = _images(params[0]), _filters(params[1])

    def step() -> Any:
        with mygrad.no_autodiff:
            return conv_nd(images, filters, **options)

    return Task(step, lambda result: [np.moveaxis(result.data, 1, -1)])


def convolution_and_gradients(params: Arrays, batch: Arrays, layout: str, **options: Any) -> Task:
    """Both gradients."""
    images, filters = _images(params[0]), _filters(params[1])
    cotangent = _images(batch[0])

    def step() -> Any:
        x, w = mygrad.tensor(images), mygrad.tensor(filters)
        conv_nd(x, w, **options).backward(cotangent)
        return x.grad, w.grad

    return Task(step, lambda r: [np.moveaxis(r[0], 1, -1), _filters_back(r[1])])


def pooling(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The value alone."""
    images = _images(params[0])

    def step() -> Any:
        with mygrad.no_autodiff:
            return max_pool(images, (2, 2), 2)

    return Task(step, lambda result: [np.moveaxis(result.data, 1, -1)])


def pooling_and_gradient(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The gradient."""
    images, cotangent = _images(params[0]), _images(batch[0])

    def step() -> Any:
        x = mygrad.tensor(images)
        max_pool(x, (2, 2), 2).backward(cotangent)
        return x.grad

    return Task(step, lambda result: [np.moveaxis(result, 1, -1)])


def _value_and_grad(f: Any, x: Any) -> Task:
    def step() -> Any:
        variable = mygrad.tensor(x)
        value = f(variable)
        value.backward()
        return value, variable.grad

    return Task(step, lambda result: [result[0].data, result[1]])


def chain(params: Arrays, batch: Arrays, layout: str, rounds: int) -> Task:
    """Ten elementwise operations a round."""
    return _value_and_grad(lambda x: functions.chain(mygrad, x, rounds), params[0])


def rosenbrock(params: Arrays, batch: Arrays, layout: str) -> Task:
    """The gradient."""
    return _value_and_grad(partial(functions.rosenbrock, mygrad), params[0])


def ode_fit(params: Arrays, batch: Arrays, layout: str, step: float) -> Task:
    """The gradient by rates, coupling and the first counts."""
    counts = batch[0]

    def run() -> Any:
        growth, coupling, start = tensors = [mygrad.tensor(p) for p in params]
        value = functions.ode_fit(mygrad, growth, coupling, start, counts, step)
        value.backward()
        return value, [tensor.grad for tensor in tensors]

    return Task(run, lambda result: [result[0].data, *result[1]])
