import subprocess

import yaml
from flask import Flask, request

app = Flask(__name__)


@app.get("/print")
def print_labels():
    printer = request.args["printer"]
    command = f"lp -d {printer} labels.pdf"
    subprocess.run(command, shell=True)
    return "printing"


def load_labels(stream):
    return yaml.load(stream)
