"""Pictures of the editors that live in a terminal, for the documentation: the real editor with what is in `editors/`, in
a private tmux, its screen drawn by Chromium.

    NVIM_BIN=nvim HELIX_BIN=hx EMACS_BIN=emacs python3 picture.py FOLDER

Writes FOLDER/neovim.png, helix.png and emacs.png, as far as the editors are named. Needs tmux, Chromium and `fangless` on
the search path.
"""

import html
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COLUMNS, ROWS = 110, 26
TEXT = (ROOT / "editors/vscode/media/example.py").read_text()
# Part of what must stand on the screen before it is drawn.
FOUND = re.compile("read by a shell|builds whatever")

BASIC = ["#000000", "#c4384b", "#2e8b57", "#a87b00", "#2f6fd0", "#a347ba", "#1f8a94", "#d0d0d0",
         "#7f7f7f", "#ff6e6e", "#5fd787", "#ffd75f", "#6fa8ff", "#ff87ff", "#5fd7d7", "#ffffff"]
FOREGROUND, BACKGROUND = "#e6e6e6", "#1e1f26"


def indexed(number):
    if number < 16:
        return BASIC[number]
    if number >= 232:
        grey = 8 + 10 * (number - 232)
        return f"#{grey:02x}{grey:02x}{grey:02x}"
    number -= 16
    levels = [0, 95, 135, 175, 215, 255]
    return "#{:02x}{:02x}{:02x}".format(levels[number // 36], levels[number // 6 % 6], levels[number % 6])


def style(state, codes):
    """What a sequence of SGR codes makes of the state."""
    codes = [int(code or 0) for code in codes]
    while codes:
        code = codes.pop(0)
        if code in (38, 48, 58):
            kind = codes.pop(0)
            if kind == 5:
                colour = indexed(codes.pop(0))
            else:
                colour = "#{:02x}{:02x}{:02x}".format(*codes[:3])
                del codes[:3]
            state[{38: "fg", 48: "bg", 58: "line"}[code]] = colour
        elif code == 0:
            state.clear()
        elif code in (1, 3, 4, 7):
            state[code] = True
        elif code in (22, 23, 24, 27):
            state.pop(code - 20 if code != 22 else 1, None)
        elif 30 <= code <= 37 or 90 <= code <= 97:
            state["fg"] = BASIC[code - 30 if code < 40 else code - 82]
        elif 40 <= code <= 47 or 100 <= code <= 107:
            state["bg"] = BASIC[code - 40 if code < 50 else code - 92]
        elif code in (39, 49, 59):
            state.pop({39: "fg", 49: "bg", 59: "line"}[code], None)


def css(state, common):
    foreground, background = state.get("fg", FOREGROUND), state.get("bg", common)
    if 7 in state:
        foreground, background = background, foreground
    rules = [f"color:{foreground}", f"background:{background}"]
    if 1 in state:
        rules.append("font-weight:bold")
    if 3 in state:
        rules.append("font-style:italic")
    if 4 in state:
        rules.append(f"text-decoration:underline wavy 1px {state.get('line', foreground)}")
    return ";".join(rules)


def page(screen):
    # What lies behind most of the text lies behind all: programs leave the rest of a line to the terminal.
    state, parts, weights = {}, [], {BACKGROUND: 1}
    for piece in re.split(r"(\x1b\[[0-9;:]*m)", screen):
        match = re.fullmatch(r"\x1b\[([0-9;:]*)m", piece)
        if match:
            # Kinds of underline: any of them is one.
            codes = re.sub(r"\b4:0\b", "24", match[1])
            codes = re.sub(r"\b4:\d", "4", codes)
            style(state, re.split("[;:]+", codes))
        elif piece:
            parts.append((dict(state), piece))
            background = state.get("bg", BACKGROUND)
            weights[background] = weights.get(background, 0) + len(piece.strip())
    common = max(weights, key=weights.get)
    spans = (f'<span style="{css(state, common)}">{html.escape(piece)}</span>' for state, piece in parts)
    return (f'<meta charset="utf-8"><body style="margin:0;background:{common}"><pre style="margin:12px;'
            f'font:14px/18px DejaVu Sans Mono,monospace;color:{FOREGROUND}">{"".join(spans)}</pre>')


def draw(name, command, environment, keys, target):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        project = folder / "project"
        project.mkdir()
        (project / "pyproject.toml").write_text("")
        (project / "labels.py").write_text(TEXT)
        socket = str(folder / "tmux")

        def tmux(*words):
            run = subprocess.run(["tmux", "-f", "/dev/null", "-S", socket, *words], check=True, capture_output=True,
                                 text=True)
            return run.stdout

        variables = [word for pair in environment(folder).items() for word in ("-e", "=".join(pair))]
        tmux("new-session", "-d", "-x", str(COLUMNS), "-y", str(ROWS), "-c", str(project), *variables,
             "env", "COLORTERM=truecolor", "TERM=tmux-256color", *command)
        tmux("set", "-g", "status", "off")
        try:
            end = time.monotonic() + 30
            for key in keys:
                time.sleep(1)
                tmux("send-keys", key)
            while not FOUND.search(tmux("capture-pane", "-p")):
                if time.monotonic() > end:
                    sys.exit(f"{name} shows no finding:\n{tmux('capture-pane', '-p')}")
                time.sleep(0.2)
            time.sleep(1)
            screen = tmux("capture-pane", "-e", "-p")
        finally:
            tmux("kill-server")
        (folder / "screen.html").write_text(page(screen))
        size = f"{COLUMNS * 8.43 + 24:.0f},{ROWS * 18 + 24}"
        subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--window-size={size}",
                        "--hide-scrollbars", f"--screenshot={target}", f"file://{folder}/screen.html"],
                       check=True, capture_output=True)
        print(f"{target} is written")


def neovim(folder):
    config = folder / "nvim"
    (config / "lsp").mkdir(parents=True)
    (config / "lsp/fangless.lua").write_text((ROOT / "editors/neovim/lsp/fangless.lua").read_text())
    (config / "init.lua").write_text(
        "vim.lsp.enable('fangless')\nvim.diagnostic.config({ virtual_text = true, virtual_lines = false })\n"
        "vim.o.number = true\nvim.o.swapfile = false\nvim.o.shadafile = 'NONE'\nvim.o.termguicolors = true\n")
    return {"XDG_CONFIG_HOME": str(folder), "XDG_STATE_HOME": str(folder / "state")}


def helix(folder):
    config = folder / "helix"
    config.mkdir()
    (config / "languages.toml").write_text((ROOT / "editors/helix/languages.toml").read_text())
    (config / "config.toml").write_text(
        '[editor.inline-diagnostics]\ncursor-line = "hint"\nother-lines = "hint"\n[editor]\ntrue-color = true\n')
    return {"XDG_CONFIG_HOME": str(folder)}


def emacs(folder):
    (folder / "init.el").write_text(
        "(require 'package)\n(package-initialize)\n(require 'fangless)\n(add-hook 'python-mode-hook #'eglot-ensure)\n(menu-bar-mode -1)\n"
        "(setq inhibit-startup-screen t ring-bell-function 'ignore)\n"
        "(add-hook 'eglot-managed-mode-hook (lambda () (run-at-time 2 nil #'flymake-show-buffer-diagnostics)))\n")
    return {"HOME": str(folder)}


def main():
    target = Path(sys.argv[1]).resolve()
    editors = {
        "neovim": ("NVIM_BIN", ["labels.py", "+13"], neovim, []),
        "helix": ("HELIX_BIN", ["labels.py:13"], helix, []),
        "emacs": ("EMACS_BIN", ["-nw", "-q", "--no-splash", "-L", str(ROOT / "editors/emacs"), "-l", "../init.el", "+13", "labels.py"],
                  emacs, []),
    }
    for name, (variable, words, environment, keys) in editors.items():
        if variable in os.environ:
            command = [*shlex.split(os.environ[variable]), *words]
            draw(name, command, environment, keys, target / f"{name}.png")


main()
