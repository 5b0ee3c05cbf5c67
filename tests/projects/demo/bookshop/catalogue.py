"""What customers see: the books, the search, the basket."""

import base64
import json
import pickle
import random

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from markupsafe import escape

from . import db

pages = Blueprint("catalogue", __name__)

PLACES = {"basket": "/basket", "account": "/account"}


@pages.get("/")
def front_page():
    books = db.fetch_all("SELECT id, title, price FROM books WHERE shown = ?", (1,))
    random.shuffle(books)
    return render_template("front.html", books=books[:12])


@pages.get("/books")
def list_books():
    author = request.args.get("author")
    publisher = request.args.get("publisher")
    if author:
        books = db.books_by_author(author)
    elif publisher:
        books = db.books_by_publisher(publisher)
    else:
        books = db.books_sorted(request.args.get("order", "title"))
    return render_template("books.html", books=books)


@pages.get("/books/<int:book_id>")
def show_book(book_id):
    book = db.fetch_all("SELECT * FROM books WHERE id = ?", (book_id,))
    if not book:
        abort(404)
    return render_template("book.html", book=book[0], stock=db.stock_of(book_id))


@pages.get("/search")
def search():
    words = request.args.get("q", "")
    statement = f"SELECT id, title FROM books WHERE title LIKE '%{words}%'"
    found = db.fetch_all(statement)
    if not found:
        return f"<h1>Nothing found for {words}</h1>", 404
    return render_template("books.html", books=found)


@pages.get("/search/authors")
def search_authors():
    words = request.args.get("q", "")
    found = db.fetch_all("SELECT name FROM authors WHERE name LIKE ?", (f"%{words}%",))
    if not found:
        return f"<h1>Nothing found for {escape(words)}</h1>", 404
    return render_template("authors.html", authors=found)


@pages.get("/basket")
def basket():
    cookie = request.cookies.get("basket")
    items = pickle.loads(base64.b64decode(cookie)) if cookie else []
    return render_template("basket.html", items=items)


@pages.get("/wishlist")
def wishlist():
    cookie = request.cookies.get("wishlist")
    items = json.loads(base64.b64decode(cookie)) if cookie else []
    return render_template("wishlist.html", items=items)


@pages.post("/language")
def choose_language():
    session["language"] = "fr" if request.form.get("language") == "fr" else "en"
    return redirect(request.form.get("next", "/"))


@pages.post("/currency")
def choose_currency():
    session["currency"] = "USD" if request.form.get("currency") == "USD" else "EUR"
    place = request.form.get("next", "")
    if place not in PLACES:
        return redirect(url_for("catalogue.front_page"))
    return redirect(PLACES[place])
