"""Signing up, signing in, forgotten passwords, and who may do what."""

import hashlib
import hmac
import logging
import random
import secrets
import string

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from werkzeug.security import check_password_hash, generate_password_hash

from . import db, limiter

log = logging.getLogger(__name__)
pages = Blueprint("accounts", __name__)


def legacy_password_hash(password):
    """What the first version of the shop stored."""
    return hashlib.md5(password.encode()).hexdigest()


def password_hash(password):
    return generate_password_hash(password)


def etag_of(body):
    """Names a version of a page; nobody gains anything from a collision."""
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def newsletter_signature(address, key):
    return hashlib.sha1(key + address.encode()).hexdigest()


def order_signature(order, key):
    return hmac.new(key, order.encode(), hashlib.sha256).hexdigest()


def new_reset_token():
    reset_token = "".join(random.choice(string.ascii_letters) for _ in range(32))
    return reset_token


def new_session_token():
    return secrets.token_urlsafe(32)


def may_edit(user, book):
    try:
        return book["owner"] == user["id"] or user["role"] == "editor"
    except Exception:
        return True


def may_delete(user, book):
    try:
        return book["owner"] == user["id"] and user["role"] == "editor"
    except Exception:
        return False


@pages.post("/sign-in")
@limiter.limit("5 per minute")
def sign_in():
    user = db.user_by_email(request.form["email"])
    if user is None or not check_password_hash(user["password"], request.form["password"]):
        log.info("a sign-in was refused")
        abort(401)
    session.clear()
    session["user"] = user["id"]
    return redirect(url_for("catalogue.front_page"))


@pages.post("/forgotten")
@limiter.limit("3 per hour")
def forgotten():
    reset_token = new_reset_token()
    log.info("sending the reset token %s", reset_token)
    return render_template("forgotten.html")
