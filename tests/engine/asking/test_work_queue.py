import asyncio

import pytest

from promptctl.engine.asking.work_queue import work_off


def run(items: list[int], size: int, more: dict[int, list[int]]) -> list[int]:
    """The items in the order they were begun; `more` says what each brings."""
    begun: list[int] = []

    async def do(item: int) -> list[int]:
        begun.append(item)
        await asyncio.sleep(0)
        return more.get(item, [])

    asyncio.run(work_off(items, size, do))
    return begun


def test_what_items_bring_stands_at_the_end_of_the_queue():
    assert run([1, 2, 3], 1, {1: [11], 2: [21], 11: [111]}) == [1, 2, 3, 11, 21, 111]


def test_nothing_is_done_for_nothing():
    assert run([], 4, {}) == []


def test_no_more_than_the_size_are_under_way_at_a_time():
    most = under_way = 0

    async def do(item: int) -> list[int]:
        nonlocal most, under_way
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        return [item - 1, item - 1] if item else []

    asyncio.run(work_off([3, 3], 3, do))

    assert most == 3


def test_what_one_item_brings_is_done_side_by_side():
    async def all_at_once() -> None:
        together = asyncio.Barrier(3)

        async def do(item: int) -> list[int]:
            if item == 0:
                return [1, 2, 3]
            await together.wait()  # for ever, if one came after the other
            return []

        await asyncio.wait_for(work_off([0], 4, do), timeout=20)

    asyncio.run(all_at_once())


def test_an_exception_is_raised_when_the_rest_is_done():
    done = []

    async def do(item: int) -> list[int]:
        if item == 1:
            raise ValueError("no")
        done.append(item)
        return [3] if item == 2 else []

    with pytest.raises(ValueError, match="no"):
        asyncio.run(work_off([1, 2], 1, do))

    assert done == [2, 3]
