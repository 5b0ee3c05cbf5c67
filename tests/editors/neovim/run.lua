-- The server in the real Neovim, used as a person uses it.
--
--   NVIM_BIN=nvim FANGLESS_NEOVIM=editors/neovim nvim --headless --clean -l run.lua
--
-- This script is the person. It starts a second Neovim and presses keys in it, one by one, so that the editor's own
-- event loop, autocommands and debouncing run between two keys. Needs Neovim 0.11 and `fangless` on the search path.
-- Exit code 0 = passed.

local TIMEOUT = tonumber(vim.env.TIMEOUT_MS or '30000')
local NVIM = assert(vim.env.NVIM_BIN, 'NVIM_BIN names the editor')
local CONFIG = assert(vim.env.FANGLESS_NEOVIM, 'FANGLESS_NEOVIM is the folder that holds lsp/fangless.lua')

-- The text that is opened. Its finding must stay while other lines are half typed.
local KEPT = { code = 'pickle-load', line = 6 }
local TEXT = [[
import pickle
import yaml


def restore(data):
    return pickle.loads(data)


settings = open("settings.yaml")
]]

local function say(...) io.stdout:write(string.format(...) .. '\n') end

-- A folder of its own for everything the editor reads or writes.
local home = vim.fn.tempname()
local project = home .. '/project'
vim.fn.mkdir(project, 'p')
vim.fn.writefile({}, project .. '/pyproject.toml')
local path = project .. '/views.py'
vim.fn.writefile(vim.split(TEXT, '\n', { plain = true, trimempty = true }), path)

local editor = vim.fn.jobstart({ NVIM, '--embed', '--headless', '--clean' }, {
  rpc = true,
  cwd = project,
  env = {
    XDG_CONFIG_HOME = home .. '/config',
    XDG_DATA_HOME = home .. '/data',
    XDG_STATE_HOME = home .. '/state',
    XDG_CACHE_HOME = home .. '/cache',
  },
})
assert(editor > 0, 'the editor does not start: ' .. NVIM)

local function ask(method, ...) return vim.rpcrequest(editor, method, ...) end
local function lua(code, ...) return ask('nvim_exec_lua', code, { ... }) end

local function text() return table.concat(ask('nvim_buf_get_lines', 0, 0, -1, false), '\n') .. '\n' end

local function diagnostics()
  return lua([[return vim.tbl_map(function(d)
    return { code = tostring(d.code), line = d.lnum + 1, message = d.message }
  end, vim.diagnostic.get(0))]])
end

-- How many diagnostics have this code, on this line where one is given.
local function count(code, line)
  local found = 0
  for _, d in ipairs(diagnostics()) do
    if d.code == code and (line == nil or d.line == line) then found = found + 1 end
  end
  return found
end

local function fail(what)
  say('FAILED %s', what)
  say('buffer:\n%s', text())
  say('diagnostics: %s', vim.inspect(diagnostics()))
  say('messages: %s', lua([[return vim.fn.execute('messages')]]))
  say('0 passed, 1 failed')
  vim.fn.jobstop(editor)
  os.exit(1)
end

local function wait(what, condition)
  local start = vim.uv.hrtime()
  if not vim.wait(TIMEOUT, condition, 5) then fail('timed out waiting for: ' .. what) end
  say('ok    %-56s %5d ms', what, (vim.uv.hrtime() - start) / 1e6)
end

local function check(what, condition)
  if not condition then fail(what) end
  say('ok    %s', what)
end

-- Presses keys one by one; the answer to `nvim_get_mode` comes after the editor has taken the key.
local function press(keys)
  for key in keys:gmatch('.') do
    ask('nvim_input', key == '<' and '<lt>' or key)
    ask('nvim_get_mode')
  end
end

local function escape()
  ask('nvim_input', '<Esc>')
  if not vim.wait(TIMEOUT, function() return ask('nvim_get_mode').mode == 'n' end, 5) then fail('insert mode does not end') end
end

-- Runs the one quick fix whose title holds the words, without a menu. Returns nothing; the edit comes later.
local function quick_fix(words)
  lua([[
    local words = ...
    _G.offered = {}
    vim.lsp.buf.code_action({
      apply = true,
      filter = function(action)
        table.insert(_G.offered, action.title)
        return action.title:find(words, 1, true) ~= nil and (action.kind or ''):find('^quickfix') ~= nil
      end,
    })
  ]], words)
end

-- 1. The configuration that users copy, enabled as they enable it.
lua([[
  vim.opt.runtimepath:prepend(...)
  vim.lsp.enable('fangless')
]], CONFIG)
ask('nvim_cmd', { cmd = 'edit', args = { path } }, {})
wait('server attached', function()
  return lua([[
    local client = vim.lsp.get_clients({ bufnr = 0, name = 'fangless' })[1]
    return client ~= nil and client.initialized == true
  ]])
end)
say('      %s', lua([[
  local client = vim.lsp.get_clients({ bufnr = 0, name = 'fangless' })[1]
  return ('encoding %s, pull %s'):format(client.offset_encoding,
    tostring(client:supports_method('textDocument/diagnostic')))
]]))

-- 2. A finding of the opened file, and from here on a witness: how often was it gone after a change of diagnostics?
wait('diagnostic of the opened file', function() return count(KEPT.code, KEPT.line) == 1 end)
check('nothing else is reported', #diagnostics() == 1)
lua([[
  local code = ...
  _G.changes, _G.lost = 0, 0
  vim.api.nvim_create_autocmd('DiagnosticChanged', {
    callback = function()
      local here = vim.iter(vim.diagnostic.get(0)):any(function(d) return tostring(d.code) == code end)
      _G.changes = _G.changes + 1
      if not here then _G.lost = _G.lost + 1 end
    end,
  })
]], KEPT.code)

-- 3. Typing the dangerous line, key by key; the diagnostic comes while still in insert mode.
press('Go')
press('config = yaml.load(settings')
-- Half typed: the bracket is open.
check('the bracket is still open', text() == TEXT .. 'config = yaml.load(settings\n')
press(')')
wait('diagnostic while typing', function() return count('yaml-unsafe-load', 10) == 1 end)
check('still in insert mode', ask('nvim_get_mode').mode == 'i')
check('the other finding is there', count(KEPT.code, KEPT.line) == 1)

-- 4. The fix.
escape()
press('F.')
quick_fix('safe_load')
wait('fix applied', function() return text() == TEXT .. 'config = yaml.safe_load(settings)\n' end)
say('      offered: %s', table.concat(lua('return _G.offered'), ' | '))
wait('diagnostic gone', function() return count('yaml-unsafe-load') == 0 end)

-- 5. Typing on: a second line brings a second diagnostic, and the first one stays away.
press('o')
press('again = yaml.load(settings)')
wait('diagnostic on the next line', function() return count('yaml-unsafe-load', 11) == 1 end)
check('and on that line only', count('yaml-unsafe-load') == 1)

-- 6. A person mends it by hand: `load` becomes `safe_load` and the diagnostic goes.
escape()
press('Fli')
press('safe_')
wait('diagnostic gone while typing', function() return count('yaml-unsafe-load') == 0 end)
escape()

-- 7. An open quote and an open bracket at the end of the file harm nothing above.
press('Go')
press('half = "unfinished')
escape()
press('o')
press('print(open(')
escape()
press('3GO')
press('first = yaml.load(open("first.yaml"))')
-- The answer to this change shows that the server has seen all those before it.
wait('diagnostic above the half-typed lines', function() return count('yaml-unsafe-load', 3) == 1 end)
check('the first finding is there, one line further down', count(KEPT.code, KEPT.line + 1) == 1)
escape()

local changes, lost = lua('return _G.changes'), lua('return _G.lost')
check(('the first finding was there after each of %d changes'):format(changes), changes > 0 and lost == 0)

-- 8. The project's configuration, changed beside the editor: it counts from the next saving on. The text is saved first,
-- so that the first saving is not what makes the difference.
ask('nvim_cmd', { cmd = 'write' }, {})
check('saving alone changes nothing', count(KEPT.code) == 1)
vim.fn.writefile({ ('ignore = ["%s"]'):format(KEPT.code) }, project .. '/fangless.toml')
ask('nvim_cmd', { cmd = 'write' }, {})
wait('the rule is off', function() return count(KEPT.code) == 0 end)
vim.fn.writefile({ 'ignore = [' }, project .. '/fangless.toml')
ask('nvim_cmd', { cmd = 'write' }, {})
wait('a mistake is shown in the configuration', function()
  return lua([[
    local buffer = vim.fn.bufnr(...)
    return buffer ~= -1 and #vim.diagnostic.get(buffer) == 1
  ]], project .. '/fangless.toml')
end)
vim.fn.delete(project .. '/fangless.toml')
ask('nvim_cmd', { cmd = 'write' }, {})
wait('the rule is on again', function() return count(KEPT.code) == 1 end)

-- 9. What the project installs, while it is typed.
ask('nvim_cmd', { cmd = 'edit', args = { project .. '/requirements.txt' } }, {})
press('i--index-url http://packages.example.com/simple')
wait('diagnostic in the requirements', function() return count('insecure-package-index', 1) == 1 end)
escape()
ask('nvim_cmd', { cmd = 'edit', args = { project .. '/pyproject.toml' }, bang = true }, {})
press('i[[tool.uv.index]]')
ask('nvim_input', '<CR>')
press('url = "http://packages.example.com/simple"')
wait('diagnostic in pyproject.toml', function() return count('insecure-package-index', 2) == 1 end)
escape()

-- 10. A clean stop.
lua([[vim.lsp.get_clients({ name = 'fangless' })[1]:stop()]])
wait('server stopped', function() return lua([[return #vim.lsp.get_clients({ name = 'fangless' })]]) == 0 end)
vim.rpcnotify(editor, 'nvim_command', 'qall!')
vim.fn.jobwait({ editor }, TIMEOUT)
vim.fn.delete(home, 'rf')
say('1 passed, 0 failed')
