"""Programs that the shop runs beside itself."""

import os
import shlex
import subprocess
import tempfile

EXPORTS = "/var/lib/bookshop/exports"


def archive_exports(name):
    """Packs the exports of the day into one file that carries the name."""
    command = "tar czf /var/backups/" + name + ".tgz " + EXPORTS
    subprocess.run(command, shell=True, check=True)


def size_of_folder(folder):
    command = f"du -sh {shlex.quote(folder)}"
    return subprocess.run(command, shell=True, check=True, capture_output=True, text=True).stdout


def restart_worker():
    os.system("systemctl restart bookshop-worker")


def report_path():
    """A new place for a report."""
    return tempfile.mktemp(suffix=".csv")


def report_file():
    return tempfile.NamedTemporaryFile("w", suffix=".csv", delete=False)
