"""Fits on shards whose processes, files or links fail: the same bits, or an error that says what to do."""

import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path

import cloudpickle
import pytest
import scipy.sparse as sp
from conftest import SMALL
from numpy.testing import assert_array_equal

import sklearn_etm
from sklearn_etm import LNTMTransformer
from sklearn_etm.datasets import make_topics_corpus
from sklearn_etm.distributed import Dask, Processes, fit_shards

pytestmark = pytest.mark.slow

REASON = "Dask is not installed: pip install sklearn-etm[dask]"
TESTS = Path(__file__).parent
PATHS = [str(Path(sklearn_etm.__file__).parents[1]), str(TESTS)]  # of the package and of this module
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(PATHS)}
PARAMETERS = {**SMALL, "em_iter": 2}
SECOND_ROUND = 4  # reading of a shard, after totals, sample and a round
fit = partial(fit_shards, sample_size=150)


@pytest.fixture(scope="module")
def shards():
    X = sp.csr_array(make_topics_corpus(300, 3, 40, doc_length=30, random_state=0).data)
    return [X[:90], X[90:200], X[200:]]


@pytest.fixture
def files(shards, tmp_path):
    for i, shard in enumerate(shards):
        sp.save_npz(tmp_path / f"part-{i}.npz", shard)
    return sorted(tmp_path.glob("part-*.npz"))


@pytest.fixture(scope="module")
def expected(shards):
    """Topics of a fit that nothing has happened to."""
    return fit(LNTMTransformer(**PARAMETERS), shards).components_


@pytest.fixture
def distributed():
    return pytest.importorskip("distributed", reason=REASON)


@pytest.fixture
def cluster(distributed):
    """A client of two workers that are processes, and started again when they die."""
    with distributed.Client(n_workers=2, threads_per_worker=1, dashboard_address=":0") as client:
        yield client


@pytest.fixture
def engine(request):
    return Processes(2) if request.param == "processes" else request.getfixturevalue("cluster")


on_each_engine = pytest.mark.parametrize("engine", ["processes", "dask"], indirect=True)


def acting(file, marks, n, act, n_times=1):
    """A shard whose reader does something in its n-th reading and some after it."""
    marks.mkdir(exist_ok=True)

    def load():
        (marks / str(time.monotonic_ns())).touch()
        if n <= len(list(marks.iterdir())) < n + n_times:
            act()
        return sp.load_npz(file)

    return load


def becomes_true(condition, seconds=30):
    """Whether a condition holds now or a little later."""
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.05)
    return condition()


def die():
    os.kill(os.getpid(), signal.SIGKILL)


@on_each_engine
def test_a_worker_that_is_killed_in_the_second_round_changes_nothing(engine, files, expected, tmp_path):
    some = [files[0], acting(files[1], tmp_path / "marks", SECOND_ROUND, die), files[2]]
    model = fit(LNTMTransformer(**PARAMETERS), some, map_reduce=engine)
    assert_array_equal(model.components_, expected)
    assert len(list((tmp_path / "marks").iterdir())) == SECOND_ROUND + 1


@on_each_engine
def test_a_file_that_is_damaged_in_the_second_round_is_named_or_left_out(engine, files, shards, tmp_path):
    def damage():
        files[1].write_bytes(files[1].read_bytes()[:200])

    some = [files[0], acting(files[1], tmp_path / "marks", SECOND_ROUND, damage), files[2]]
    share = shards[1].sum() / sum(shard.sum() for shard in shards)
    model = LNTMTransformer(**PARAMETERS)
    with pytest.warns(
        UserWarning, match=f"1 of 3 shards were left out, with {share:.2%} of the tokens: shard 1 .*BadZip"
    ):
        fit(model, some, map_reduce=engine, on_error="skip")
    assert model.n_shards_skipped_ == 1
    model = LNTMTransformer(**PARAMETERS)
    with pytest.raises(ValueError, match=r"Shard 1 \(.*part-1\.npz\) cannot be used \(BadZipFile"):
        fit(model, files, map_reduce=engine)
    assert not hasattr(model, "components_")


def test_a_shard_that_kills_its_workers_is_named(cluster, files, tmp_path):
    some = [files[0], acting(files[1], tmp_path / "marks", SECOND_ROUND, die, 99), files[2]]
    model = LNTMTransformer(**PARAMETERS)
    with pytest.raises(RuntimeError, match="died again and again while they computed shard 1"):
        fit(model, some, map_reduce=cluster)
    assert not hasattr(model, "components_")
    assert becomes_true(lambda: not cluster.futures)


@contextmanager
def processes(*commands):
    """Processes that are killed at the end, with all that they have started."""
    with ExitStack() as stack:
        started = []
        for command in commands:
            process = subprocess.Popen(command, env=ENVIRONMENT, cwd=TESTS, start_new_session=True)
            stack.callback(process.wait)
            stack.callback(kill_group, process)
            started.append(process)
        yield started


def kill_group(process):
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def scheduler_at(host, port):
    return [
        sys.executable,
        "-m",
        "distributed.cli.dask_scheduler",
        f"--host={host}",
        f"--port={port}",
        "--no-dashboard",
    ]


def worker_of(address):
    of_one_thread = ["--nthreads=1", "--no-nanny", "--no-dashboard", "--local-directory=/tmp"]
    return [sys.executable, "-m", "distributed.cli.dask_worker", address, *of_one_thread]


def test_without_any_worker_left_there_is_an_error(distributed, files, tmp_path):
    some = [files[0], acting(files[1], tmp_path / "marks", SECOND_ROUND, die, 99), files[2]]
    model = LNTMTransformer(**PARAMETERS)
    with (
        distributed.LocalCluster(n_workers=0, dashboard_address=":0") as scheduler,
        distributed.Client(scheduler) as client,
        processes(*[worker_of(scheduler.scheduler_address)] * 2) as workers,
    ):
        with pytest.raises(RuntimeError, match="has had no worker"):
            fit(model, some, map_reduce=Dask(client, patience=3))
        assert [worker.wait(10) for worker in workers] == [-signal.SIGKILL] * 2
        assert not hasattr(model, "components_")
        assert becomes_true(lambda: not client.futures)


def test_without_a_scheduler_there_is_an_error(distributed, files, tmp_path):
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    with processes(scheduler_at("127.0.0.1", port), worker_of(address)) as (scheduler, _):
        kill = partial(os.kill, scheduler.pid, signal.SIGKILL)
        some = [files[0], acting(files[1], tmp_path / "marks", SECOND_ROUND, kill), files[2]]
        model = LNTMTransformer(**PARAMETERS)
        with distributed.Client(address, timeout=60) as client, pytest.raises(RuntimeError, match="scheduler"):
            fit(model, some, map_reduce=Dask(client, patience=3))
        assert not hasattr(model, "components_")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


INTERRUPTED = """
import pickle, sys
if __name__ == "__main__":
    fit, model, shards, good = pickle.load(open(sys.argv[1], "rb"))
    before = vars(model).copy()
    try:
        fit(model, shards)
        raise SystemExit("it was not interrupted")
    except KeyboardInterrupt:
        assert vars(model) == before
    pickle.dump(fit(model, good).components_, open(sys.argv[1], "wb"))
"""


@pytest.mark.parametrize("who", ["the caller", "all, as by Ctrl-C"])
def test_an_interrupt_ends_what_processes_do(who, files, expected, tmp_path):
    (script := tmp_path / "script.py").write_text(INTERRUPTED)
    (marks := tmp_path / "marks").mkdir()
    some = [files[0], acting(files[1], marks, SECOND_ROUND, partial(time.sleep, 1000)), files[2]]
    call = partial(fit, map_reduce=Processes(2)), LNTMTransformer(**PARAMETERS), some, files
    (argument := tmp_path / "argument.pkl").write_bytes(cloudpickle.dumps(call))
    with processes([sys.executable, str(script), str(argument)]) as (process,):
        assert becomes_true(lambda: len(list(marks.iterdir())) == SECOND_ROUND, 200)
        (os.kill if who == "the caller" else os.killpg)(process.pid, signal.SIGINT)
        assert process.wait(200) == 0
        assert_array_equal(pickle.loads(argument.read_bytes()), expected)
        assert becomes_true(lambda: not processes_of(process.pid))


def processes_of(session):
    """Those that are left of a session, by Linux."""
    states = [stat.read_text().rpartition(")")[2].split() for stat in Path("/proc").glob("[0-9]*/stat")]
    return [state for state in states if int(state[3]) == session and state[0] != "Z"]


SUBNET = "10.203.77"  # of the two namespaces alone
LINKED = """
import pickle, sys
from distributed import Client
from sklearn_etm.distributed import Dask
if __name__ == "__main__":
    fit, model, shards = pickle.load(open(sys.argv[1], "rb"))
    with Client(sys.argv[2], timeout=60) as client:
        try:
            result = fit(model, shards, map_reduce=Dask(client, patience=5)).components_
        except RuntimeError as error:
            assert not hasattr(model, "components_")
            result = str(error)
    pickle.dump(result, open(sys.argv[1], "wb"))
"""


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@pytest.fixture
def hosts():
    """Two network namespaces with a link between them, whose ends have their names."""
    names = [f"etm{os.getpid()}{side}" for side in "ab"]
    with ExitStack() as stack:
        try:
            for name in names:
                ip("netns", "add", name)
                stack.callback(ip, "netns", "del", name)
            ip("link", "add", names[0], "netns", names[0], "type", "veth", "peer", names[1], "netns", names[1])
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("ip netns is not permitted")
        for i, name in enumerate(names):
            ip("-n", name, "address", "add", f"{SUBNET}.{i + 1}/24", "dev", name)
            ip("-n", name, "link", "set", name, "up")
            ip("-n", name, "link", "set", "lo", "up")
        yield names


@pytest.mark.parametrize("is_restored", [True, False])
def test_a_link_between_hosts_that_is_cut_in_a_round(is_restored, distributed, hosts, files, expected, tmp_path):
    (script := tmp_path / "script.py").write_text(LINKED)
    (marks := tmp_path / "marks").mkdir()
    some = [files[0], acting(files[1], marks, SECOND_ROUND, partial(time.sleep, 3)), files[2]]
    (argument := tmp_path / "argument.pkl").write_bytes(cloudpickle.dumps((fit, LNTMTransformer(**PARAMETERS), some)))
    on_a, on_b = (["ip", "netns", "exec", host] for host in hosts)
    address = f"tcp://{SUBNET}.1:8786"
    driver = [*on_a, sys.executable, str(script), str(argument), address]
    commands = [*on_a, *scheduler_at(f"{SUBNET}.1", 8786)], [*on_b, *worker_of(address)], driver
    with processes(*commands) as (_, _, process):
        assert becomes_true(lambda: len(list(marks.iterdir())) == SECOND_ROUND, 200)
        ip("-n", hosts[1], "link", "set", hosts[1], "down")
        if is_restored:
            time.sleep(5)
            ip("-n", hosts[1], "link", "set", hosts[1], "up")
        assert process.wait(60) == 0
    result = pickle.loads(argument.read_bytes())
    if is_restored:
        assert_array_equal(result, expected)
    else:
        assert "has had no worker" in result
