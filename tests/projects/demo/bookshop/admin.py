"""The pages of the people who run the shop."""

import ast

import yaml
from flask import Blueprint, abort, jsonify, request, session

from . import db, tools

pages = Blueprint("admin", __name__, url_prefix="/admin")


@pages.before_request
def only_staff():
    if session.get("role") != "staff":
        abort(403)


@pages.post("/archive")
def archive():
    tools.archive_exports(request.form["name"])
    return jsonify(done=True)


@pages.get("/usage")
def usage():
    return jsonify(size=tools.size_of_folder(request.args["folder"]))


@pages.post("/price-rule")
def try_price_rule():
    """Tries a rule such as `price * 0.9` on a price."""
    rule = request.form["rule"]
    price = float(request.form["price"])
    return jsonify(price=eval(rule, {"price": price}))


@pages.post("/price-table")
def price_table():
    table = ast.literal_eval(request.form["table"])
    return jsonify(rows=len(table))


@pages.post("/import/books")
def import_books():
    books = yaml.load(request.files["books"].stream, Loader=yaml.Loader)
    return jsonify(count=len(books))


@pages.post("/import/authors")
def import_authors():
    authors = yaml.load(request.files["authors"].stream, Loader=yaml.SafeLoader)
    return jsonify(count=len(authors))


@pages.get("/report")
def report():
    path = tools.report_path()
    with open(path, "w") as out:
        for row in db.fetch_all("SELECT title, sold FROM sales"):
            out.write(f"{row['title']},{row['sold']}\n")
    return jsonify(report=path)
