"""The structure of a saved tree: how deep it may be, generators, keys, and what is damage in it."""

import copy
import hashlib
import json

import numpy as np
import pytest
from archives import ENDINGS, described, header, rewritten, same

import tinygrad_np as tg
from tinygrad_np.saving import DamagedFileError, structure


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("kind", ["MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64"])
def test_random_generators_go_on_where_they_were(kind, ending, tmp_path):
    rng = np.random.Generator(getattr(np.random, kind)(3))
    rng.integers(10, size=3, dtype=np.int32)  # leaves half of a number in store
    old = np.random.RandomState(4)
    old.normal(size=3)  # leaves a number in store
    tg.save(tmp_path / f"a{ending}", [rng, old])
    new_rng, new_old = tg.load(tmp_path / f"a{ending}")
    assert np.array_equal(
        rng.integers(10, size=9, dtype=np.int32), new_rng.integers(10, size=9, dtype=np.int32)
    )
    assert np.array_equal(rng.standard_normal(7), new_rng.standard_normal(7))
    assert np.array_equal(old.normal(size=7), new_old.normal(size=7))


@pytest.mark.parametrize("ending", ENDINGS)
def test_random_generators_have_the_same_children(ending, tmp_path):
    rng = np.random.default_rng([1, 2**70]).spawn(2)[1]
    rng.spawn(1)
    tg.save(tmp_path / f"a{ending}", rng)
    (new,) = tg.load(tmp_path / f"a{ending}").spawn(1)
    assert new.random() == rng.spawn(1)[0].random()


def test_a_seed_that_would_take_for_ever_is_refused():
    state = np.random.PCG64(3).state
    seed = {**np.random.SeedSequence(3).state, "pool_size": 1 << 30}
    with pytest.raises(ValueError, match="pool"):
        structure._generator("generator", "PCG64", state, seed)


def test_a_random_generator_of_another_kind_is_not_like_it(tmp_path):
    tg.save(tmp_path / "a.npz", [np.random.default_rng(0)])
    with pytest.raises(ValueError, match=r"has a Generator at \[0\], expected a RandomState"):
        tg.load(tmp_path / "a.npz", like=[np.random.RandomState(0)])


def nested(levels, make=lambda part: [part]):
    tree = np.ones(1)
    for _ in range(levels):
        tree = make(tree)
    return tree


DEEP = [lambda part: [part], lambda part: {"a": part}, lambda part: (part, 1.0)]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("make", DEEP)
def test_as_many_levels_as_are_saved_are_loaded(make, ending, tmp_path):
    tree = nested(100, make)
    tg.save(tmp_path / f"a{ending}", tree)
    assert len(tg.tree.leaves(tg.load(tmp_path / f"a{ending}", like=tree))) in (1, 101)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("levels", [101, 5000])
@pytest.mark.parametrize("make", DEEP)
def test_more_levels_are_refused(make, levels, ending, tmp_path):
    with pytest.raises(
        ValueError, match=r"save: the tree is nested more than 100 levels deep at .*; flat"
    ):
        tg.save(tmp_path / f"a{ending}", nested(levels, make))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("levels", [105, 900, 50_000])
def test_more_levels_than_are_saved_are_damage_in_a_file(levels, tmp_path):
    path = tmp_path / "a.npz"
    tg.save(path, {"w": np.arange(3.0)})
    text = '{"list": [' * levels + "1" + "]}" * levels

    def change(entries):
        content = json.loads(entries["tree.json"])
        content.update(tree="HERE", arrays={})
        del content["sha256"]
        plain = json.dumps(content, sort_keys=True).replace('"HERE"', text)
        checksum = hashlib.sha256(plain.encode()).hexdigest()
        return {"tree.json": (plain[:-1] + f', "sha256": "{checksum}"}}').encode()}

    rewritten(path, change)
    with pytest.raises(DamagedFileError, match=r"a\.npz has a (structure|description) that cannot"):
        tg.load(path)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_generator_as_deep_as_can_be(ending, tmp_path):
    tree = np.random.default_rng(3)
    for _ in range(99):
        tree = [tree]
    tg.save(tmp_path / f"a{ending}", tree)
    (found,), (rng,) = tg.tree.leaves(tg.load(tmp_path / f"a{ending}")), tg.tree.leaves(tree)
    assert found.random() == rng.random()


# What is in two places


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("make", [np.random.default_rng, np.random.RandomState])
def test_one_generator_in_two_places_is_one_again(make, ending, tmp_path):
    rng, other = make(3), make(3)
    rng.normal(size=3)
    tg.save(tmp_path / f"a{ending}", {"data": rng, "more": [other, rng], "noise": rng})
    found = tg.load(tmp_path / f"a{ending}")
    assert found["data"] is found["more"][1] is found["noise"] is not found["more"][0]
    assert [found["data"].normal(), found["noise"].normal()] == [rng.normal(), rng.normal()]
    assert found["more"][0].normal() == other.normal()
    like = {"data": make(0), "more": [make(0), make(0)], "noise": make(0)}
    found = tg.load(tmp_path / f"a{ending}", like=like)
    assert found["data"] is found["more"][1]


def test_generators_that_a_container_makes_on_demand_are_no_single_one(tmp_path):
    class Made:
        """Its parts are new objects each time, which may have the id of one that is gone."""

    def children(made):
        return [np.random.default_rng(i) for i in range(4)]

    tg.tree.register(Made, children, lambda made, parts: parts)
    tg.save(tmp_path / "a.npz", [Made(), Made()])
    found = tg.load(tmp_path / "a.npz", like=[Made(), Made()])
    assert len({id(rng) for rng in found[0] + found[1]}) == 8
    assert found[1][3].random() == np.random.default_rng(3).random()


@pytest.mark.parametrize("number", [0, 1, -1, True, None, "0", 1e9, 2**70, [0]])
def test_a_generator_again_that_was_not_there_is_damage(number, tmp_path):
    path = tmp_path / "a.npz"
    tg.save(path, {"w": 1})
    rewritten(path, lambda e: described(e, lambda c: c.update(tree={"again": number})))
    with pytest.raises(DamagedFileError, match="a structure that cannot be read"):
        tg.load(path)


def test_one_array_in_two_places_is_two(tmp_path):
    array = np.ones(2)
    tg.save(tmp_path / "a.npz", [array, array])
    found = tg.load(tmp_path / "a.npz")
    assert not np.shares_memory(*found)


@pytest.mark.parametrize(
    "tree",
    [{"dict": [["a", 1], ["a", 2]]}, {"dict": [[1, 1], [True, 2]]}, {"list": "abc"},
     {"tuple": {"a": 1}}, {"dict": {"ab": 1}}],
)  # fmt: skip
def test_structures_that_save_does_not_write_are_damage(tree, tmp_path):
    path = tmp_path / "a.npz"
    tg.save(path, {"w": 1})
    rewritten(path, lambda e: described(e, lambda c: c.update(tree=tree)))
    with pytest.raises(DamagedFileError, match="a structure that cannot be read"):
        tg.load(path)


def test_keys_that_are_no_number(tmp_path):
    tree = {float("nan"): 1, float("-nan"): 2}
    tg.save(tmp_path / "a.npz", tree)
    assert list(tg.load(tmp_path / "a.npz").values()) == [1, 2]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("name", ["__metadata__", "tree.json", "array", "~2", "array~2"])
def test_no_key_is_in_the_way_of_a_format(name, ending, tmp_path):
    tree = {name: np.ones(2), "é": np.zeros(3), "array": np.full(1, 2.0)}
    tg.save(tmp_path / f"a{ending}", tree)
    same(tg.load(tmp_path / f"a{ending}"), tree)


def test_an_array_of_another_class_is_refused_with_a_remedy(tmp_path):
    array = np.memmap(tmp_path / "m", float, "w+", shape=(3,))
    with pytest.raises(TypeError, match=r"an array of memmap.*; .* np\.array\(x\)"):
        tg.save(tmp_path / "a.npz", {"w": array})


@pytest.mark.parametrize("shape", ["()", "(3,)", "(4611686018427387904,)", "(0,)"])
@pytest.mark.parametrize("dtype", ["|S0", "<U0"])
def test_elements_of_no_bytes_are_damage(shape, dtype, tmp_path):
    path = tmp_path / "a.npz"
    tg.save(path, {"w": np.arange(3.0)})
    rewritten(path, lambda e: {**e, "w.npy": header(shape, dtype)})
    with pytest.raises(DamagedFileError, match="which is none"):
        tg.load(path)


@pytest.mark.parametrize("ending", ENDINGS)
def test_texts_of_length_0_are_refused(ending, tmp_path):
    array = np.zeros(3, [("text", "S0"), ("n", "i4")])["text"]
    assert array.dtype.itemsize == 0
    with pytest.raises(TypeError, match=r"save: an array of .S0 cannot be saved"):
        tg.save(tmp_path / f"a{ending}", array)


# A generator's state is an index into its memory


@pytest.mark.parametrize("old", [False, True], ids=["Generator", "RandomState"])
@pytest.mark.parametrize(
    ("name", "key", "place"),
    [("MT19937", "pos", 625), ("MT19937", "pos", -7), ("MT19937", "pos", 1 << 20),
     ("Philox", "buffer_pos", -5000), ("Philox", "buffer_pos", 5), ("Philox", "buffer_pos", None)],
)  # fmt: skip
def test_a_generator_that_would_read_beyond_its_memory_is_refused(old, name, key, place, tmp_path):
    made = getattr(np.random, name)(0)
    path = tmp_path / "a.npz"
    tg.save(path, np.random.RandomState(made) if old else np.random.Generator(made))

    def moved(content):
        pairs = content["tree"]["state"]["dict"]
        inner = dict(pairs)["state"]["dict"]
        (pair,) = [pair for pair in (*pairs, *inner) if pair[0] == key]
        pair[1] = place

    rewritten(path, lambda e: described(e, moved))
    with pytest.raises(DamagedFileError, match=f"a {name} has the place {place}"):
        tg.load(path)


def test_every_place_that_a_generator_can_have_is_read(tmp_path):
    rng = np.random.Generator(np.random.Philox(0))
    for _ in range(6):
        rng.integers(1 << 62)
        tg.save(tmp_path / "a.npz", rng)
        expected = copy.deepcopy(rng).integers(1 << 62, size=9)
        assert np.array_equal(tg.load(tmp_path / "a.npz").integers(1 << 62, size=9), expected)
    for drawn in (0, 1, 623, 624):  # of 32 bits each
        rng = np.random.RandomState(0)
        rng.bytes(4 * drawn)
        tg.save(tmp_path / "a.npz", rng)
        assert tg.load(tmp_path / "a.npz").bytes(9) == rng.bytes(9)
