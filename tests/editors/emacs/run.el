;;; run.el --- The server in the real Emacs, through Eglot  -*- lexical-binding: t; -*-

;;   FANGLESS_EMACS=editors/emacs emacs --batch -l run.el
;;
;; A finding of the opened file, a typed line and its finding, the fix, and the finding gone.  Needs `fangless' on the
;; search path, and Emacs 29 or the package of Eglot.  Exit code 0 = passed.

(require 'package)
(package-initialize)
(require 'cl-lib)
(require 'python)
(load (expand-file-name "fangless.el" (getenv "FANGLESS_EMACS")) nil t)

(defconst run-timeout 30)

(defconst run-text
  (string-join
   '("import pickle" "import yaml" "" "" "def restore(data):"
     "    return pickle.loads(data)" "" "" "settings = open(\"settings.yaml\")" "")
   "\n"))

(defun run-fail (what)
  (message "FAILED %s\nbuffer:\n%s\ndiagnostics: %S" what (buffer-string) (run-diagnostics))
  (message "0 passed, 1 failed")
  (kill-emacs 1))

(defun run-diagnostics ()
  "Line and text of each diagnostic of the buffer."
  (mapcar (lambda (it) (cons (line-number-at-pos (flymake-diagnostic-beg it)) (flymake-diagnostic-text it)))
          (flymake-diagnostics)))

(defun run-lines (rule)
  "The lines on which RULE reports; Eglot puts the code of a diagnostic into its text."
  (cl-loop for (line . text) in (run-diagnostics)
           when (string-match-p (regexp-quote rule) text) collect line))

(defun run-wait (what condition)
  "Wait until CONDITION holds, reading what the server says meanwhile."
  (let ((end (+ (float-time) run-timeout)))
    (while (not (funcall condition))
      (when (> (float-time) end) (run-fail (concat "timed out waiting for: " what)))
      (accept-process-output nil 0.02))
    (message "ok    %s" what)))

(defun run-check (what holds)
  (unless holds (run-fail what))
  (message "ok    %s" what))

(defun run-press (keys)
  "Type KEYS into the buffer one by one, and tell the server after each."
  (dolist (key (append keys nil))
    (insert key)
    (run-tell)))

(defun run-tell ()
  ;; In batch mode no idle timer runs, so Eglot does not notice an edit by itself.
  (eglot--signal-textDocument/didChange))

(defun run-quick-fix (words)
  "Choose the code action whose title holds WORDS."
  (cl-letf (((symbol-function 'completing-read)
             (lambda (_prompt table &rest _)
               (let ((titles (all-completions "" table)))
                 (message "      offered: %S" titles)
                 (or (cl-find-if (lambda (title) (string-match-p (regexp-quote words) title)) titles)
                     (run-fail "the fix is not offered"))))))
    ;; Emacs takes an event that is nil for a mouse click, and would open a menu.
    (let ((last-nonmenu-event t)) (call-interactively #'eglot-code-actions))))

(let* ((folder (make-temp-file "fangless" t))
       (file (expand-file-name "views.py" folder))
       (eglot-sync-connect t)
       (eglot-autoshutdown nil)
       (eglot-confirm-server-initiated-edits nil)
       (eglot-confirm-server-edits nil))
  (unwind-protect
      (progn
        (write-region run-text nil file)
        (make-directory (expand-file-name ".git" folder))
        (find-file file)
        (call-interactively #'eglot)
        (run-check "server attached" (eglot-current-server))
        (flymake-start)
        (run-wait "diagnostic of the opened file" (lambda () (equal (run-lines "pickle-load") '(6))))

        (goto-char (point-max))
        (run-press "config = yaml.load(settings")
        (run-press ")")
        (run-wait "diagnostic after typing" (lambda () (equal (run-lines "yaml-unsafe-load") '(10))))
        (run-check "the other finding is there" (equal (run-lines "pickle-load") '(6)))

        (search-backward "load")
        (run-quick-fix "safe_load")
        (run-wait "fix applied"
                  (lambda () (equal (buffer-string) (concat run-text "config = yaml.safe_load(settings)"))))
        (run-tell)
        (run-wait "diagnostic gone" (lambda () (null (run-lines "yaml-unsafe-load"))))

        ;; A second line shows that the server has seen all that came before.
        (goto-char (point-max))
        (run-press "\nhalf = (\nagain = yaml.load(settings)")
        (run-wait "diagnostic below an open bracket" (lambda () (equal (run-lines "yaml-unsafe-load") '(12))))
        (run-check "the first finding is there still" (equal (run-lines "pickle-load") '(6)))

        ;; The project's configuration, changed beside the editor: it counts from the next saving on, at the latest.
        (let ((configuration (expand-file-name "fangless.toml" folder)))
          (write-region "ignore = [\"pickle-load\"]\n" nil configuration)
          (save-buffer)
          (run-wait "the rule is off" (lambda () (null (run-lines "pickle-load"))))
          (delete-file configuration)
          (set-buffer-modified-p t)
          (save-buffer)
          (run-wait "the rule is on again" (lambda () (equal (run-lines "pickle-load") '(6)))))

        (let ((process (jsonrpc--process (eglot-current-server))))
          (eglot-shutdown (eglot-current-server))
          (run-wait "server stopped" (lambda () (not (process-live-p process))))))
    (set-buffer-modified-p nil)
    (delete-directory folder t)))
(message "1 passed, 0 failed")
;;; run.el ends here
