"""The database: one connection a request, and the queries that more than one page needs."""

import sqlite3

from flask import g

from .settings import DATABASE

SORT_COLUMNS = {"title": "title", "price": "price", "newest": "published DESC"}


def connection():
    if "connection" not in g:
        g.connection = sqlite3.connect(DATABASE)
        g.connection.row_factory = sqlite3.Row
    return g.connection


def close(_error=None):
    open_connection = g.pop("connection", None)
    if open_connection is not None:
        open_connection.close()


def fetch_all(statement, parameters=()):
    """Rows of a statement; values belong into `parameters`."""
    return connection().execute(statement, parameters).fetchall()


def books_by_author(author):
    cursor = connection().cursor()
    cursor.execute("SELECT id, title, price FROM books WHERE author = '" + author + "'")
    return cursor.fetchall()


def books_by_publisher(publisher):
    cursor = connection().cursor()
    cursor.execute("SELECT id, title, price FROM books WHERE publisher = ?", (publisher,))
    return cursor.fetchall()


def books_sorted(order):
    """Books in one of the orders that the shop offers; any other one is the order of titles."""
    column = SORT_COLUMNS.get(order, "title")
    return connection().execute(f"SELECT id, title, price FROM books ORDER BY {column}").fetchall()


def stock_of(book_id: int):
    return connection().execute(f"SELECT amount FROM stock WHERE book = {book_id}").fetchone()


def user_by_email(email):
    return connection().execute("SELECT * FROM users WHERE email = ?", (email,)).fetchone()
