// A small program with two flaws, for those who want to see what happens before they have a file of their own.

import * as vscode from 'vscode';

const TEXT = `import subprocess

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
`;

export async function openExample(): Promise<void> {
  const document = await vscode.workspace.openTextDocument({ language: 'python', content: TEXT });
  await vscode.window.showTextDocument(document);
}
