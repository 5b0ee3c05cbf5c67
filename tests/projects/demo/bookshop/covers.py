"""Pictures of books: stored ones, and those that suppliers have."""

from urllib.parse import urlsplit

import requests
from flask import Blueprint, Response, abort, request, send_file, send_from_directory

from .settings import COVERS, SUPPLIER_CA, SUPPLIER_URL

pages = Blueprint("covers", __name__, url_prefix="/covers")

PICTURE_HOSTS = {"images.example.com", "covers.example.org"}


@pages.get("/stored")
def stored_cover():
    return send_file(COVERS / request.args["name"])


@pages.get("/stored/<name>")
def stored_cover_by_name(name):
    return send_from_directory(COVERS, name)


@pages.get("/large")
def large_cover():
    path = (COVERS / "large" / request.args["name"]).resolve()
    if not path.is_relative_to(COVERS):
        abort(404)
    return send_file(path)


@pages.get("/preview")
def preview():
    """Shows a picture of another shop before it is taken over."""
    answer = requests.get(request.args["url"], timeout=5)
    return Response(answer.content, mimetype="image/jpeg")


@pages.get("/partner")
def partner_cover():
    url = request.args["url"]
    if urlsplit(url).hostname not in PICTURE_HOSTS:
        abort(400)
    answer = requests.get(url, timeout=5, allow_redirects=False)
    return Response(answer.content, mimetype="image/jpeg")


def supplier_stock(isbn: int):
    answer = requests.get(f"{SUPPLIER_URL}/stock/{isbn}", timeout=10, verify=False)
    return answer.json()


def supplier_price(isbn: int):
    answer = requests.get(f"{SUPPLIER_URL}/price/{isbn}", timeout=10, verify=SUPPLIER_CA)
    return answer.json()
