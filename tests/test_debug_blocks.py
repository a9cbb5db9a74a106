"""Blocks of debug mode and strong zeros: opened again, within each other, in threads and tasks."""

import asyncio
import contextvars
import threading

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np.core import hooks
from tinygrad_np.debug import watch


class TestWhatHappens:
    @pytest.mark.parametrize("word", ["ignore", "Warn", None, 3, ["warn"]])
    def test_another_word(self, word):
        with pytest.raises(ValueError, match="on_nonfinite is 'raise', 'warn' or a function"):
            tg.debug(on_nonfinite=word)

    def test_it_ends_with_the_block(self):
        with pytest.raises(tg.NonFiniteError), tg.debug():
            np.log(tg.Tensor(0.0))
        assert not hooks.opened
        with np.errstate(all="ignore"):
            assert np.isneginf(np.log(tg.Tensor(0.0)).data)

    def test_blocks_in_blocks(self):
        outer, inner = [], []
        with tg.debug(on_nonfinite=outer.append):
            with tg.debug(on_nonfinite=inner.append):
                np.log(tg.Tensor(0.0))
            np.log(tg.Tensor(0.0))
        assert (len(outer), len(inner)) == (1, 1)

    def test_as_a_decorator(self):
        @tg.debug()
        def step():
            return np.log(tg.Tensor(0.0))

        for _ in range(2):
            with pytest.raises(tg.NonFiniteError):
                step()


class TestThreads:
    def test_another_thread_sees_nothing_of_it(self):
        inside, done = threading.Event(), threading.Event()
        results = []

        def other():
            inside.wait(10)
            with np.errstate(all="ignore"):
                y = np.log(tg.Tensor([0.0, 1.0]))
                y.sum().backward()
            results.append((y.data.copy(), hasattr(y._source, "record")))
            done.set()

        thread = threading.Thread(target=other)
        thread.start()
        with tg.debug():
            inside.set()
            done.wait(10)
            with pytest.raises(tg.NonFiniteError):
                np.log(tg.Tensor([0.0]))
        thread.join()
        ((value, has_record),) = results
        assert np.isneginf(value[0])
        assert not has_record

    def test_another_task_sees_nothing_of_it(self):
        async def careful():
            with tg.debug():
                for _ in range(3):
                    await asyncio.sleep(0)
                    with pytest.raises(tg.NonFiniteError):
                        np.log(tg.Tensor(0.0))

        async def careless():
            values = []
            for _ in range(6):
                await asyncio.sleep(0)
                with np.errstate(all="ignore"):
                    values.append(np.log(tg.Tensor(0.0)).item())
            return values

        async def both():
            return await asyncio.gather(careful(), careless())

        assert asyncio.run(both())[1] == [-np.inf] * 6

    def test_many_threads_open_and_close_it(self):
        problems = []

        def work(number):
            found = []
            for _ in range(50):
                with tg.debug(on_nonfinite=found.append):
                    np.log(tg.Tensor(0.0 if number % 2 else 1.0))
            if len(found) != (50 if number % 2 else 0):
                problems.append(number)

        threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not problems
        assert not hooks.opened


class TestBlocks:
    """What ``debug()`` and ``strong_zeros()`` give: blocks that can be opened again."""

    def bad(self):
        return np.log(tg.Tensor(0.0))

    def masked(self):
        return float(tg.grad(lambda x: np.where(x > 0, np.sqrt(x), 0))(0.0))

    def test_one_object_for_several_blocks(self):
        careful, strong = tg.debug(), tg.strong_zeros()
        for _ in range(3):
            with pytest.raises(tg.NonFiniteError), careful:
                self.bad()
            with strong:
                assert self.masked() == 0
            assert np.isnan(self.masked())
        assert not hooks.opened
        assert watch.current() == watch.Mode()

    def test_one_object_within_itself(self):
        found = []
        block, strong = tg.debug(on_nonfinite=found.append), tg.strong_zeros()
        with block, strong:
            with block, strong:
                self.bad()
            with strong:
                pass
            self.bad()
            assert self.masked() == 0
        assert len(found) == 2
        with np.errstate(all="ignore"):
            self.bad()
        assert len(found) == 2
        assert watch.current() == watch.Mode()

    def test_numpys_warnings_come_back(self):
        block = tg.debug()
        before = np.geterr()
        with block:
            with block:
                pass
            assert np.geterr()["divide"] == "ignore"
        assert np.geterr() == before

    def test_one_object_in_many_threads(self):
        found, problems = [], []
        block = tg.debug(on_nonfinite=found.append)

        def work():
            try:
                for _ in range(50):
                    with block, block:
                        self.bad()
            except Exception as error:
                problems.append(error)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not problems
        assert len(found) == 400
        assert not hooks.opened

    def test_one_object_in_interleaved_tasks(self):
        found = []
        block = tg.debug(on_nonfinite=found.append)

        async def work(turns):
            for _ in range(5):
                with block:
                    for _ in range(turns):
                        await asyncio.sleep(0)
                    self.bad()

        async def all_of_them():
            await asyncio.gather(*[work(i) for i in range(4)])

        asyncio.run(all_of_them())
        assert len(found) == 20
        assert not hooks.opened

    def test_a_task_that_outlives_the_block_in_which_it_began(self):
        """It has the mode while that is open, and whether another block is open does not matter."""
        found = []

        async def work(ended):
            self.bad()
            await ended.wait()
            with np.errstate(all="ignore"):
                self.bad()

        async def main():
            ended = asyncio.Event()
            with tg.debug(on_nonfinite=found.append):
                task = asyncio.create_task(work(ended))
                await asyncio.sleep(0)
            ended.set()
            with tg.debug():  # here, and not for the task
                await task

        asyncio.run(main())
        assert len(found) == 1

    def test_generators_that_end_in_another_order(self):
        def values():
            with tg.debug():
                yield 1
                yield 2

        one = values()
        next(one)
        with tg.strong_zeros():
            one.close()
            assert self.masked() == 0
        assert np.isnan(self.masked())
        assert watch.current() == watch.Mode()
        assert not hooks.opened

    def test_an_end_in_another_context(self):
        def values():
            with tg.debug():
                yield 1

        one = values()
        contextvars.copy_context().run(next, one)
        with pytest.raises(RuntimeError, match="in another thread or task"):
            one.close()
        assert not hooks.opened

    def test_an_end_without_a_beginning(self):
        for block in (tg.debug(), tg.strong_zeros()):
            with pytest.raises(RuntimeError, match="ends where it did not begin"):
                block.__exit__(None, None, None)
        assert not hooks.opened

    def test_a_decorated_function_as_often_as_one_likes(self):
        @tg.debug()
        def step(x, depth=0):
            """A step."""
            if depth:
                return step(x, depth=depth - 1)
            return np.log(x)

        for _ in range(3):
            with pytest.raises(tg.NonFiniteError):
                step(tg.Tensor(0.0), depth=2)
            assert step(tg.Tensor(1.0), depth=3).item() == 0
        assert (step.__name__, step.__doc__) == ("step", "A step.")
        assert not hooks.opened

    def test_a_decorated_coroutine_is_refused(self):
        with pytest.raises(TypeError, match="step is a coroutine: put the block inside of it"):

            @tg.debug()
            async def step():
                return self.bad()

    def test_a_decorated_generator_is_refused(self):
        def values():
            yield 1

        with pytest.raises(TypeError, match="values is a generator: put the block inside of it"):
            tg.debug()(values)

    def test_a_decorated_class_is_refused(self):
        with pytest.raises(TypeError, match="Model is a class: decorate its methods"):

            @tg.debug()
            class Model:
                pass

    def test_a_decorated_method(self):
        class Model:
            @tg.debug()
            def loss(self, x):
                return np.log(x)

        for _ in range(2):
            with pytest.raises(tg.NonFiniteError):
                Model().loss(tg.Tensor(0.0))

    def test_a_decorator_without_parentheses_is_told(self):
        @tg.debug
        def step(x):
            return x

        with pytest.raises(TypeError, match=r"@debug\(\)"):
            step(tg.Tensor(1.0))
        with pytest.raises(TypeError, match=r"@debug\(\)"):
            step()

    def test_strong_zeros_as_a_decorator(self):
        @tg.strong_zeros()
        def of(x):
            return self.masked()

        assert [of(1), of(1)] == [0, 0]

        with pytest.raises(TypeError, match="takes 0 positional arguments"):
            tg.strong_zeros(of)
