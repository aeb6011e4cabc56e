"""A server on loopback that answers every request with 10 kB of JSON, after a while.

python slow_server.py SECONDS     prints its port
"""

import asyncio
import json
import sys

BODY = json.dumps({"name": "x", "files": ["y" * 100] * 100}).encode()
HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n" % len(BODY)
)


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        try:
            await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()
            return
        await asyncio.sleep(float(sys.argv[1]))
        writer.write(HEAD + BODY)
        await writer.drain()


async def main() -> None:
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
