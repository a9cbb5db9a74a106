"""Files that earlier versions wrote still load: tests/saved says what is in them."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from archives import same

import tinygrad_np as tg

SAVED = Path(__file__).parent / "saved"
_spec = importlib.util.spec_from_file_location("saved_make", SAVED / "make.py")
make = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(make)

GENERATORS = (np.random.Generator, np.random.RandomState)


def draws(x):
    """In place of a generator, what it gives next; in place of a Tensor, its value."""
    if isinstance(x, GENERATORS):
        return x.normal(size=4)
    return x.data if isinstance(x, tg.Tensor) else x


def mapped(function, x):
    if isinstance(x, dict):
        return {key: mapped(function, part) for key, part in x.items()}
    if type(x) in (list, tuple):
        return type(x)(mapped(function, part) for part in x)
    return function(x)


@pytest.mark.parametrize(
    ("name", "made"), [("everything.npz", make.everything), ("plain.safetensors", make.plain)]
)
def test_a_tree_of_everything(name, made):
    found = tg.load(SAVED / name)
    same(mapped(draws, found), mapped(draws, made()))


def test_one_generator_in_two_places_is_still_one():
    found = tg.load(SAVED / "everything.npz")
    assert found["again"] is found["generator"]
    children = [
        g.spawn(1)[0].normal() for g in (found["generator"], make.everything()["generator"])
    ]
    assert children[0] == children[1]


@pytest.mark.parametrize("ending", ["npz", "safetensors"])
def test_containers_of_the_users(ending):
    found = tg.load(SAVED / f"containers.{ending}", like=make.containers())
    assert type(found["layers"][0]) is make.Layer
    same([*found["layers"][0]], [*make.containers()["layers"][0]])


def test_a_run():
    step, state = tg.training.Checkpoint(SAVED / "run", keep=2).load()
    assert step == 3
    same(
        mapped(draws, state), {"w": np.full(3, 3.0), "rng": np.random.default_rng(3).normal(size=4)}
    )
