;;; fangless.el --- Security findings in Python while typing, through Eglot  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: MIT OR Apache-2.0

;;; Commentary:

;; Tells Eglot to start `fangless server' for Python, and for requirements of pip where the package
;; `pip-requirements' has given them a mode.  Eglot runs one server a buffer: with this file loaded it is Fangless,
;; instead of another Python server.  Emacs 29 and later have Eglot built in.

;;; Code:

(require 'eglot)

(add-to-list 'eglot-server-programs '((python-mode python-ts-mode pip-requirements-mode) . ("fangless" "server")))

(provide 'fangless)
;;; fangless.el ends here
