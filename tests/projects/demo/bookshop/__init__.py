"""A small bookshop: catalogue, accounts, covers, and the pages of the people who run it."""

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf.csrf import CSRFProtect

from . import settings

limiter = Limiter(get_remote_address, storage_uri=settings.LIMITER_STORAGE)
csrf = CSRFProtect()


def create_app():
    app = Flask(__name__)
    app.config.from_object(settings)
    csrf.init_app(app)
    limiter.init_app(app)

    from . import accounts, admin, catalogue, covers, db

    app.register_blueprint(accounts.pages)
    app.register_blueprint(admin.pages)
    app.register_blueprint(catalogue.pages)
    app.register_blueprint(covers.pages)
    app.teardown_appcontext(db.close)
    app.after_request(set_headers)
    return app


def set_headers(response):
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'self'"
    response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    return response
