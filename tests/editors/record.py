#!/usr/bin/env python3
"""Stands between an editor and the server, and writes down what each says, in the order in which it is said.

  record.py TRACE PROGRAM [ARGUMENT ...]

TRACE gets one JSON object a line: who speaks, and the message as it was sent, byte for byte. Of several servers that an
editor starts one after the other each gets a file of its own: TRACE, TRACE.1, and so on.
"""
import json
import os
import subprocess
import sys
import threading


def messages(stream):
    """The bodies of the messages of a stream, each with its headers."""
    while True:
        headers = b""
        while not headers.endswith(b"\r\n\r\n"):
            byte = stream.read(1)
            if not byte:
                return
            headers += byte
        length = next(
            int(line.split(b":")[1]) for line in headers.split(b"\r\n") if line.lower().startswith(b"content-length")
        )
        yield headers, stream.read(length)


def main():
    trace, command = sys.argv[1], sys.argv[2:]
    number = 0
    while os.path.exists(trace + (f".{number}" if number else "")):
        number += 1
    record = open(trace + (f".{number}" if number else ""), "w", encoding="utf-8")
    lock = threading.Lock()
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def pass_on(speaker, source, target):
        for headers, body in messages(source):
            # Written down before it is passed on: an answer never stands before its question.
            with lock:
                record.write(json.dumps({"from": speaker, "message": body.decode()}, ensure_ascii=False) + "\n")
                record.flush()
            try:
                target.write(headers + body)
                target.flush()
            except BrokenPipeError:
                return

    def from_client():
        pass_on("client", sys.stdin.buffer, server.stdin)
        server.stdin.close()

    threading.Thread(target=from_client, daemon=True).start()
    pass_on("server", server.stdout, sys.stdout.buffer)
    sys.exit(server.wait())


if __name__ == "__main__":
    main()
