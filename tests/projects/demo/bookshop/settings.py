"""What differs between one shop and the next."""

import os
from datetime import timedelta
from pathlib import Path

DATABASE = os.environ.get("BOOKSHOP_DATABASE", "bookshop.sqlite")
COVERS = Path(os.environ.get("BOOKSHOP_COVERS", "covers")).resolve()
LIMITER_STORAGE = os.environ.get("BOOKSHOP_LIMITER", "redis://localhost:6379")

# Signs the session cookie.
SECRET_KEY = "correct-horse-battery-staple-42"

# The payment service; its key never stands here.
PAYMENT_URL = "https://payments.example.com/v2"
PAYMENT_API_KEY = os.environ.get("PAYMENT_API_KEY", "")
PAYMENT_KEY_HEADER = "X-Api-Key"

# Names of form fields, not passwords.
PASSWORD_FIELD = "password"
PASSWORD_HINT = "At least twelve characters"

SUPPLIER_URL = "https://supplier.example.com"
SUPPLIER_CA = "/etc/ssl/certs/supplier.pem"

SESSION_COOKIE_SECURE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
PERMANENT_SESSION_LIFETIME = timedelta(hours=1)
MAX_CONTENT_LENGTH = 4 * 1024 * 1024
