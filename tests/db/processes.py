"""Python processes that run at once."""

import asyncio
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


async def at_once(code: str, *arguments: str, count: int = 3) -> list[tuple[int, str]]:
    """Run the code in several processes; exit code and output of each."""
    running = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", code, *arguments),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        for _ in range(count)
    ]
    outputs = await asyncio.gather(*(process.communicate() for process in running))
    return [
        (process.returncode or 0, output.decode())
        for process, (output, _) in zip(running, outputs, strict=True)
    ]
