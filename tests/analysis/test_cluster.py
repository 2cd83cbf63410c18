"""A real cluster of processes: the same bits, also when a worker dies in mid-run; nothing stays behind."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest

import sibforecast as sib

SCRIPT = """
    import os, signal, sys, threading, time
    import sibforecast as sib
    from distributed import Client, LocalCluster

    def killer(client):
        for _ in range(200):  # as soon as both workers are at work
            busy = [w for w, tasks in client.processing().items() if tasks]
            if len(busy) == 2:
                os.kill(client.run(os.getpid, workers=[busy[0]])[busy[0]], signal.SIGKILL)
                print("killed", flush=True)
                return
            time.sleep(0.05)

    if __name__ == "__main__":
        draft = sib.draft_budget(sib.load(sib.sample("nmg")), 2027)
        alone = sib.simulate(draft.assumptions, draws=400, seed=2).frame
        with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
            with Client(cluster) as client:
                thread = threading.Thread(target=killer, args=(client,))
                thread.start()
                far = sib.simulate(draft.assumptions, draws=400, seed=2, on=client.get_executor()).frame
                thread.join()
        keys = ["region", "programme", "item", "period", "quantile"]
        alone, far = (f.astype({k: str for k in keys}).sort_values(keys).reset_index(drop=True) for f in (alone, far))
        print("equal" if alone.equals(far) else "different", len(alone), flush=True)
"""


def test_a_cluster_gives_the_same_bits_though_a_worker_is_killed(tmp_path):
    pytest.importorskip("distributed")
    file = tmp_path / "run.py"
    file.write_text(textwrap.dedent(SCRIPT))
    done = subprocess.run([sys.executable, "-W", "ignore", str(file)], capture_output=True, text=True, timeout=240, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    words = done.stdout.split()
    assert words[:2] == ["killed", "equal"], done.stdout
    assert int(words[2]) > 10_000


def test_an_interrupted_run_leaves_no_file_and_no_process(tmp_path):
    """Ctrl-C in the middle: the program ends at once, and the folder it was to write is not there."""
    # a terminal's program hears Ctrl-C; one that a script started in the background would not
    hears = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    code = hears + "import sys; from sibforecast.cli.main import main; sys.exit(main(sys.argv[1:]))"
    out = tmp_path / "out"
    args = ["simulate", str(sib.sample("nmg")), "--year", "2027", "--draws", "200000", "--seed", "1", "--out", str(out)]
    process = subprocess.Popen([sys.executable, "-c", code, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path, start_new_session=True)
    time.sleep(8)
    assert process.poll() is None, process.communicate()[1][-2000:]
    os.killpg(process.pid, signal.SIGINT)
    watch = threading.Timer(60, lambda: os.killpg(process.pid, signal.SIGKILL))
    watch.start()
    process.communicate()
    watch.cancel()
    assert process.returncode not in (0, -signal.SIGKILL)
    assert not out.exists()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
