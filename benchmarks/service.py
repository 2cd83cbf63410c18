"""How long a request to the service of the documents takes, warm: ``python benchmarks/service.py [REQUESTS]``.

The server runs in a process of its own, the client in this one; each request lays another
scenario on the draft of `nmg`, rolled up to leagues. The first ten are not counted.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import httpx

SERVICE = Path(__file__).parents[1] / "docs" / "service.py"
ADDRESS = "http://127.0.0.1:8000"


def asked(number: int) -> dict[str, object]:
    """A scenario no request before had."""
    change = {"item": "benefit_level", "programme": "enterprise_pension", "multiply": 1.01 + number / 10_000, "start": "2027-07", "decided_by": "nation"}
    return {"title": f"raise {number}", "change": [change]}


def main(requests: int) -> None:
    """Start the server, ask, print milliseconds."""
    server = subprocess.Popen([sys.executable, str(SERVICE)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with httpx.Client(base_url=ADDRESS, timeout=60) as client:
            start = time.perf_counter()
            while True:
                try:
                    client.get("/draft")
                    break
                except httpx.ConnectError:
                    if server.poll() is not None:
                        raise SystemExit("the server did not start: is the port 8000 free?") from None
                    time.sleep(0.05)
            print(f"ready after {time.perf_counter() - start:.1f} s")
            for name, verb in (("draft", "GET"), ("scenario", "POST")):
                took = []
                for number in range(requests + 10):
                    body = asked(number) if verb == "POST" else None
                    before = time.perf_counter()
                    answer = client.request(verb, "/draft", json=body)
                    took.append((time.perf_counter() - before) * 1e3)
                    answer.raise_for_status()
                took = sorted(took[10:])
                print(f"{verb:4} {name}: median {median(took):.0f} ms, 95 % within {took[int(0.95 * len(took))]:.0f} ms, "
                      f"fastest {took[0]:.0f} ms, {len(answer.content) / 1e3:,.0f} kB")
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 100)
