"""The server in the real Helix: keys go in through tmux, the screen and the saved file come out.

    HELIX_BIN=hx FANGLESS_HELIX=editors/helix python3 run.py

Helix has no headless mode. Needs tmux 3, and `fangless` on the search path. Exit code 0 = passed.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

TIMEOUT = 30.0
HELIX = os.environ["HELIX_BIN"]
SETTINGS = pathlib.Path(os.environ["FANGLESS_HELIX"])

TEXT = """\
import pickle
import yaml


def restore(data):
    return pickle.loads(data)


settings = open("settings.yaml")
"""
TYPED = "config = yaml.load(settings)\n"
FIXED = "config = yaml.safe_load(settings)\n"

# The text of every finding stands on its line.
CONFIG = """
[editor]
auto-pairs = false
end-of-line-diagnostics = "disable"

[editor.inline-diagnostics]
cursor-line = "hint"
other-lines = "hint"
"""


class Screen:
    """A program in a terminal of its own."""

    def __init__(self, folder, environment, command):
        self.socket = str(folder / "tmux")
        self.environment = {**os.environ, **environment, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
        # escape-time 0: an Escape is not held back as the beginning of another key.
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", "160", "-y", "40", "-c", str(folder / "project"), *command,
                  ";", "set", "-s", "escape-time", "0", ";", "set", "-g", "status", "off", ";", "set", "-g", "remain-on-exit", "on")

    def tmux(self, *words):
        return subprocess.run(["tmux", "-u", "-S", self.socket, *words], env=self.environment, check=True,
                              capture_output=True, text=True).stdout

    def read(self):
        return self.tmux("capture-pane", "-p")

    def keys(self, *names):
        self.tmux("send-keys", *names)

    def type(self, text):
        for character in text:
            self.tmux("send-keys", "-l", "--", character)

    def close(self):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], capture_output=True, check=False)


def fail(screen, what):
    print(f"FAILED {what}\n{screen.read()}\n0 passed, 1 failed")
    sys.exit(1)


def wait(screen, what, condition):
    end = time.monotonic() + TIMEOUT
    while not condition():
        if time.monotonic() > end:
            fail(screen, f"timed out waiting for: {what}")
        time.sleep(0.05)
    print(f"ok    {what}", flush=True)


def messages(file):
    """The beginning of each finding's message, by rule, as the command line says it of the same text."""
    run = subprocess.run(["fangless", "check", "--output-format", "sarif", str(file)], capture_output=True, text=True, check=False)
    results = json.loads(run.stdout)["runs"][0]["results"]
    # Short enough to stand on one row of the screen.
    return {result["ruleId"]: result["message"]["text"][:30] for result in results}


def saved(file):
    try:
        return file.read_text()
    except FileNotFoundError:
        # Helix saves by renaming.
        return None


def run(folder):
    config = folder / "config" / "helix"
    config.mkdir(parents=True)
    shutil.copy(SETTINGS / "languages.toml", config / "languages.toml")
    (config / "config.toml").write_text(CONFIG)
    (folder / "project" / ".git").mkdir(parents=True)
    file = folder / "project" / "views.py"
    file.write_text(TEXT + TYPED)
    said = messages(file)
    kept, unsafe = said["pickle-load"], said["yaml-unsafe-load"]
    file.write_text(TEXT)

    environment = {"XDG_CONFIG_HOME": str(folder / "config"), "XDG_CACHE_HOME": str(folder / "cache")}
    screen = Screen(folder, environment, [HELIX, str(file)])
    try:
        wait(screen, "diagnostic of the opened file", lambda: kept in screen.read())

        screen.keys("g", "e", "o")
        wait(screen, "insert mode", lambda: re.search(r"(?m)^ INS ", screen.read()))
        screen.type(TYPED.rstrip("\n"))
        wait(screen, "diagnostic while typing", lambda: unsafe in screen.read() and " INS " in screen.read())
        if kept not in screen.read():
            fail(screen, "the other finding is gone")

        screen.keys("Escape")
        wait(screen, "normal mode", lambda: re.search(r"(?m)^ NOR ", screen.read()))
        # To the middle of the call, then the menu of fixes; the wanted one comes first and is selected.
        screen.keys("g", "h", "f", "l")
        mentioned = screen.read().count("safe_load")
        screen.keys("Space", "a")
        wait(screen, "the fix is offered", lambda: screen.read().count("safe_load") > mentioned)
        screen.keys("Enter")
        wait(screen, "fix applied", lambda: "yaml.safe_load(settings)" in screen.read())
        wait(screen, "diagnostic gone", lambda: unsafe not in screen.read())
        screen.type(":write")
        screen.keys("Enter")
        wait(screen, "the saved text is right", lambda: saved(file) == TEXT + FIXED)
        if kept not in screen.read():
            fail(screen, "the other finding is gone")

        # The project's configuration, changed beside the editor: it counts from the next saving on.
        configuration = folder / "project" / "fangless.toml"
        configuration.write_text('ignore = ["pickle-load"]\n')
        screen.type(":write!")
        screen.keys("Enter")
        wait(screen, "the rule is off", lambda: kept not in screen.read())
        configuration.unlink()
        screen.type(":write!")
        screen.keys("Enter")
        wait(screen, "the rule is on again", lambda: kept in screen.read())

        screen.type(":quit")
        screen.keys("Enter")
        wait(screen, "Helix ended", lambda: screen.tmux("display-message", "-p", "#{pane_dead}").strip() == "1")
    finally:
        screen.close()


with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
    run(pathlib.Path(place))
print("1 passed, 0 failed")
