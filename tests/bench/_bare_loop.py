"""The yardstick: what anyone writes first, a loop of the SDK's own `chat.completions.create`.

python tests/bench/_bare_loop.py URL CALLS CONCURRENCY
"""

import asyncio
import sys

import openai


async def ask(url: str, calls: int, concurrency: int) -> None:
    """Asks so many questions, so many of them at a time."""
    left = iter(range(calls))
    said = []
    async with openai.AsyncOpenAI(api_key="none", base_url=url) as client:

        async def work() -> None:
            for number in left:
                answer = await client.chat.completions.create(
                    model="bench",
                    temperature=0,
                    messages=[
                        {
                            "role": "system",
                            "content": "You sort tickets of a shop by what the customer wants.",
                        },
                        {
                            "role": "user",
                            "content": f"Ticket {number}: where is my money? Answer in one word.",
                        },
                    ],
                )
                said.append(answer.choices[0].message.content)

        await asyncio.gather(*(work() for _ in range(concurrency)))
    if len(said) != calls:
        sys.exit(f"{len(said)} answers to {calls} calls")


if __name__ == "__main__":
    asyncio.run(ask(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
