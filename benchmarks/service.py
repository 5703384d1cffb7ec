"""Load on the service of `examples/service` over loopback: requests a second, their times, and memory of a worker.

    python examples/service/train.py && python benchmarks/service.py topics.skops

Clients are threads of this process, on the same processors as the server, and each sends its next request when the last
is answered. `/healthz` does nothing: what it takes are HTTP, the framework and the clients.
"""

import argparse
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from sklearn_etm.datasets import load_docstrings

SERVICE = Path(__file__).parents[1] / "examples" / "service"
CLIENTS = [1, 4, 16]


@contextmanager
def served(model: Path, workers: int):
    """The server's process and its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "--app-dir", SERVICE, "app:app", "--no-access-log"]
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [*command, "--port", str(port), "--workers", str(workers)],
            env={**os.environ, "TOPICS_MODEL": str(model)},
            stderr=log,
        )
        try:
            while os.pread(log.fileno(), 1 << 20, 0).count(b"startup complete") < workers:
                if process.poll() is not None:
                    raise SystemExit(os.pread(log.fileno(), 1 << 20, 0).decode())
                time.sleep(0.1)
            yield process, port
        finally:
            process.terminate()
            process.wait()


def load(port: int, path: str, bodies: list[bytes], n_clients: int, seconds: float) -> tuple[int, np.ndarray]:
    """Requests a second, and milliseconds of each."""
    begun = time.perf_counter()

    def client(i: int) -> list[float]:
        connection, took = http.client.HTTPConnection("127.0.0.1", port), []
        method = "POST" if bodies else "GET"
        while (start := time.perf_counter()) < begun + seconds:
            body = bodies[(i + n_clients * len(took)) % len(bodies)] if bodies else None
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{path} answered {answer.status}")
            took.append(1000 * (time.perf_counter() - start))
        return took

    with ThreadPoolExecutor(n_clients) as clients:
        took = np.concatenate(list(clients.map(client, range(n_clients))))
    return round(len(took) / (time.perf_counter() - begun)), took


def memory(process: subprocess.Popen, workers: int) -> list[tuple[int, int]]:
    """Resident memory in MB, and what of it is the process's own, of each worker; from Linux's /proc."""
    pids = [process.pid]
    if workers > 1:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        pids = [pid for pid in children if "resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_text()]
    rollups = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in pids]
    kilobytes = [
        [int(re.search(rf"^{what}: +(\d+)", rollup, re.M)[1]) for what in ("Rss", "Private_Dirty")]
        for rollup in rollups
    ]
    return [(resident // 1024, own // 1024) for resident, own in kilobytes]


def main(model: Path, seconds: float, workers: int) -> None:
    texts = load_docstrings().data[:500]
    one = [json.dumps({"texts": text}).encode() for text in texts]
    many = [json.dumps({"texts": texts[i : i + 50]}).encode() for i in range(0, 500, 50)]
    requests = {"/healthz": [], "/topics": one, "/label": one, "/topics, 50 texts": many}
    with served(model, workers) as (process, port):
        print(f"memory of each worker, MB (resident, of these its own): {memory(process, workers)} at start")
        print("\n| | clients | requests/s | p50, ms | p99, ms |\n|---|---|---|---|---|")
        for name, bodies in requests.items():
            path = name.partition(",")[0]
            load(port, path, bodies, 4, 0.2)
            for n_clients in CLIENTS:
                rate, took = load(port, path, bodies, n_clients, seconds)
                p50, p99 = np.percentile(took, [50, 99])
                print(f"| {name} | {n_clients} | {rate} | {p50:.1f} | {p99:.1f} |", flush=True)
        print(f"\nmemory of each worker, MB: {memory(process, workers)} at the end")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement")
    parser.add_argument("--workers", type=int, default=1)
    arguments = parser.parse_args()
    main(arguments.model, arguments.seconds, arguments.workers)
