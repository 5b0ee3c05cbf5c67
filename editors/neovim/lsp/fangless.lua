---@brief
---
--- Fangless finds security problems in Python while it is being typed, shows the flow, and offers the fix.
---
--- Needs `fangless` on the search path. Enable it with `vim.lsp.enable('fangless')`.

local root_markers = {
  'fangless.toml',
  'pyproject.toml',
  'setup.py',
  'setup.cfg',
  'requirements.txt',
  '.git',
}

---@type vim.lsp.Config
return {
  cmd = { 'fangless', 'server' },
  filetypes = { 'python', 'requirements', 'toml' },
  root_dir = function(buffer, start)
    local name = vim.fs.basename(vim.api.nvim_buf_get_name(buffer))
    -- Of the files in TOML only this one says what a Python project installs.
    if vim.bo[buffer].filetype ~= 'toml' or name == 'pyproject.toml' then
      start(vim.fs.root(buffer, root_markers))
    end
  end,
}
