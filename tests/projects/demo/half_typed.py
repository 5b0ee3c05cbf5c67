"""A file as it is while somebody types: two lines are unfinished, and every finding around them stays."""

import subprocess

import requests
import yaml
from flask import request


def load_labels(stream):
    return yaml.load(stream, Loader=yaml.UnsafeLoader)


def print_labels():
    printer = request.args["printer"]
    copies = int(request.args.get("copies", "1")
    subprocess.run(f"lp -d {printer} -n {copies} labels.pdf", shell=True)


def fetch_labels(isbn: int):
    url = f"https://labels.example.com/{isbn}
    return requests.get(url, timeout=5, verify=False)


def clean_labels():
    subprocess.run(["rm", "-f", "labels.pdf"], check=True)
