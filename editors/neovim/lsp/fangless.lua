---@brief
---
--- Fangless finds security problems in Python while it is being typed, shows the flow, and offers the fix.
---
--- Needs `fangless` on the search path. Enable it with `vim.lsp.enable('fangless')`.

---@type vim.lsp.Config
return {
  cmd = { 'fangless', 'server' },
  filetypes = { 'python' },
  root_markers = {
    'fangless.toml',
    'pyproject.toml',
    'setup.py',
    'setup.cfg',
    'requirements.txt',
    '.git',
  },
}
