"""Runs programs before and after their fixes: reads a list of trials as JSON, prints what does not hold.

Called with two arguments, it is one such run: the driver's kind, and where to write what came of it.
"""

import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import traceback

SECONDS = 60
# What the machine says of Python, proxies and certificates is not for the programs.
OF_THE_MACHINE = [
    "PYTHONOPTIMIZE", "PYTHONPATH", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR",
    *(name for name in os.environ if name.lower().endswith("_proxy")),
]
HERE = pathlib.Path(__file__).parent


def run_driver(kind, outcome):
    """In the trial's folder: executes the driver and writes down how it ended."""
    sys.path[:0] = [os.getcwd(), str(HERE)]
    names = {"__name__": "driver"}
    source = pathlib.Path(f"{kind}.driver").read_text(encoding="utf-8")
    ending = {"error": None, "trace": ""}
    try:
        exec(compile(source, kind, "exec"), names)
    except BaseException as error:
        ending = {"error": type(error).__name__, "trace": traceback.format_exc()}
    ending["harmed"] = bool(names["harmed"]) if "harmed" in names else None
    pathlib.Path(outcome).write_text(json.dumps(ending), encoding="utf-8")
    sys.stdout.flush()
    os._exit(0)  # Servers of the driver may still be running.


def ending_of(trial, when, kind):
    with tempfile.TemporaryDirectory(prefix="fangless-", ignore_cleanup_errors=True) as folder:
        work = pathlib.Path(folder, "work")
        work.mkdir()
        work.joinpath(trial["file"]).write_text(trial[when], encoding="utf-8")
        work.joinpath(f"{kind}.driver").write_text(trial[kind], encoding="utf-8")
        outcome = pathlib.Path(folder, "outcome.json")
        environment = {**os.environ, "NO_PROXY": "*", "PYTHONDONTWRITEBYTECODE": "1", "HOME": folder}
        for name in OF_THE_MACHINE:
            environment.pop(name, None)
        try:
            done = subprocess.run(
                [sys.executable, "-W", "ignore", str(HERE / "run.py"), kind, str(outcome)],
                cwd=work, env=environment, capture_output=True, text=True, errors="replace", timeout=SECONDS,
            )
        except subprocess.TimeoutExpired:
            return {"error": "TimeoutExpired", "trace": "", "harmed": None}
        if not outcome.exists():
            return {"error": "no outcome", "trace": done.stdout + done.stderr, "harmed": None}
        return json.loads(outcome.read_text(encoding="utf-8"))


def problems_of(trial):
    problems = []
    for when in ("before", "after"):
        ending = ending_of(trial, when, "benign")
        if ending["error"]:
            problems.append(f"benign use fails {when} the fix: {ending['trace'] or ending['error']}")
    attack = ending_of(trial, "before", "exploit")
    if attack["error"] or not attack["harmed"]:
        problems.append(f"the attack does not work before the fix: {attack['trace'] or 'no harm'}")
    attack = ending_of(trial, "after", "exploit")
    expected = trial["refused_with"]
    if expected:
        if attack["error"] != expected:
            problems.append(f"after the fix the attack ends without {expected}: {attack['trace'] or attack}")
    elif attack["error"] or attack["harmed"] is not False:
        problems.append(f"the attack after the fix: {attack['trace'] or attack}")
    return problems


def main():
    trials = json.load(sys.stdin)
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        results = list(pool.map(problems_of, trials))
    for trial, problems in zip(trials, results):
        if problems:
            print(f"--- {trial['title']}", *problems, "after the fix:", trial["after"], sep="\n")
    print(f"{len(trials)} programs run before and after their fix by Python {sys.version.split()[0]}", file=sys.stderr)
    sys.exit(any(results))


if len(sys.argv) == 3:
    run_driver(*sys.argv[1:])
main()
