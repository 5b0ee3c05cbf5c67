"""What the drivers of several pages need: servers on this machine, and a certificate that nobody has signed."""

import contextlib
import datetime
import http.server
import ipaddress
import pathlib
import ssl
import threading


class _Handler(http.server.BaseHTTPRequestHandler):
    body = b"hello"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    do_POST = do_GET

    def log_message(self, *_arguments):
        pass


@contextlib.contextmanager
def web_server(body=b"hello", certificate=None):
    """A server that answers everything with `body`; gives its port."""
    handler = type("Handler", (_Handler,), {"body": body})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_arguments: None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()


def certificate(name="localhost"):
    """A file with a key and a certificate for `name`, signed by itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    names = [x509.DNSName(name)]
    if name == "localhost":
        names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    now = datetime.datetime.now(datetime.timezone.utc)
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = pathlib.Path(f"{name}.pem").absolute()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return str(path)


def logged(name=None):
    """What is logged from now on, as a list of lines that grows."""
    import logging

    lines = []

    class Keep(logging.Handler):
        def emit(self, record):
            lines.append(self.format(record))

    logger = logging.getLogger(name)
    logger.addHandler(Keep())
    logger.setLevel(logging.DEBUG)
    return lines


def shop():
    """A database with one user in it."""
    import sqlite3

    connection = sqlite3.connect(":memory:", check_same_thread=False)
    connection.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, secret TEXT)")
    connection.execute("INSERT INTO users (name, secret) VALUES ('ann', 's1'), ('bob', 's2')")
    connection.commit()
    return connection


def django(**settings):
    """Django with these settings and a database in memory."""
    import django as package
    from django.conf import settings as configuration

    databases = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
    configuration.configure(DATABASES=databases, SECRET_KEY="of a test", **settings)
    package.setup()
