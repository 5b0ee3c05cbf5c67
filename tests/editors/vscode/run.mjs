// The packaged extension in the real VS Code, used as a person uses it: keys go in, the window and the saved file come
// out.
//
//   VSCODE_HOME=folder-of-install.sh FANGLESS_VSCODE=editors/vscode node run.mjs
//
// Needs `fangless` and `chromium` on the search path. SCREENSHOTS names a folder for pictures. Exit code 0 = passed.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkLocating } from './locating.mjs';
import { FANGLESS, poll, withSession } from './session.mjs';

const TEXT = `import pickle
import yaml


def restore(data):
    return pickle.loads(data)


settings = open("settings.yaml")
`;
const TYPED = 'config = yaml.load(settings)';
const FIXED = 'config = yaml.safe_load(settings)';

// The program of "Open an Example", without its second flaw.
const EXAMPLE = readFileSync(join(process.env.FANGLESS_VSCODE, 'media/example.py'), 'utf8');
const FLOW = EXAMPLE.slice(0, EXAMPLE.indexOf('\n\ndef load_labels'));
const [SOURCE_LINE, SINK_LINE] = [11, 13];

// What is imported in one cell is known in the others.
const cell = (...source) => ({ cell_type: 'code', execution_count: null, metadata: {}, outputs: [], source });
const CELLS = [
  cell('import yaml'),
  { cell_type: 'markdown', metadata: {}, source: ['# Settings'] },
  cell('%matplotlib inline\n', 'settings = open("settings.yaml")'),
  cell('config = yaml.load(settings)'),
];
const NOTEBOOK = { cells: CELLS, metadata: { language_info: { name: 'python' } }, nbformat: 4, nbformat_minor: 4 };

const started = Date.now();
const say = (what) => console.log(`ok    ${what} (${((Date.now() - started) / 1000).toFixed(1)} s)`);

await checkLocating();
say('the program is looked for in the right order');
await withSession({ 'views.py': TEXT, 'labels.py': FLOW }, async ({ page, project, machineSettings }) => {
  say('VS Code runs with the packaged extension');
  const shot = async (name) => {
    if (!process.env.SCREENSHOTS) return;
    mkdirSync(process.env.SCREENSHOTS, { recursive: true });
    await page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}.png`) });
  };
  const saved = (name) => readFileSync(join(project, name), 'utf8');
  const editor = page.locator('.editor-instance .monaco-editor').first();
  const squiggles = editor.locator('.squiggly-warning, .squiggly-error');
  const problems = (rule) => page.locator('.markers-panel .monaco-list-row', { hasText: rule });
  /** VS Code draws blanks as no-break spaces. */
  const text = async (locator) => (await locator.innerText()).replaceAll('\u00a0', ' ');
  const cursorIs = (line) => page.getByText(new RegExp(`^Ln ${line}, Col `)).waitFor();

  /** Chooses a row of the list that `keys` opens. A key may be lost while the window is busy: a person presses again. */
  const choose = async (keys, words, row) => {
    const box = page.locator('.quick-input-widget');
    await poll(`the list of ${keys}`, async () => {
      await page.keyboard.press(keys);
      return box.waitFor({ timeout: 2000 }).then(() => true, () => false);
    });
    await page.keyboard.type(words);
    await box.locator('.monaco-list-row', { hasText: row }).first().waitFor();
    await page.keyboard.press('Enter');
    await box.waitFor({ state: 'hidden' });
  };
  const command = (name) => choose('F1', name, name);
  const open = async (name) => {
    await choose('Control+P', name, name);
    await page.locator('.tab.active', { hasText: name }).waitFor();
    await page.locator('.monaco-editor.focused').waitFor();
  };
  const goTo = async (line, column) => {
    await choose('Control+G', `${line}:${column}`, '');
    await page.getByText(`Ln ${line}, Col ${column}`, { exact: true }).waitFor();
    await page.locator('.monaco-editor.focused').waitFor();
  };

  const story = async () => {
    await page.getByRole('treeitem', { name: 'views.py' }).waitFor();
    await open('views.py');
    await squiggles.first().waitFor();
    say('squiggle in the opened file');
    await page.keyboard.press('Control+Shift+M');
    await problems('pickle-load').waitFor();
    assert.match(await text(problems('pickle-load')), /Ln 6,/);
    say('problem of the opened file');

    // Typing, key by key.
    await goTo(10, 1);
    await page.keyboard.type(TYPED, { delay: 20 });
    const last = Date.now();
    await problems('yaml-unsafe-load').waitFor();
    say(`problem ${Date.now() - last} ms after the last key`);
    assert.match(await text(problems('yaml-unsafe-load')), /Ln 10,/);
    await poll('two squiggles', async () => (await squiggles.count()) === 2);
    assert.equal(await problems('pickle-load').count(), 1);
    say('squiggle under what was typed, and the other finding is there');

    await goTo(10, 17);
    await command('Show or Focus Hover');
    const hover = page.locator('.monaco-hover:visible', { hasText: 'yaml-unsafe-load' }).first();
    await hover.waitFor();
    assert.match(await text(hover), /YAML has tags/);
    await shot('hover');
    await page.keyboard.press('Escape');
    say('hover with the page of the rule');

    // The wanted fix comes first, so Enter takes it.
    await page.locator('.monaco-editor.focused').waitFor();
    const fixes = page.locator('.action-widget .monaco-list-row.action');
    await poll('the list of fixes', async () => {
      await page.keyboard.press('Control+.');
      return fixes.first().waitFor({ timeout: 2000 }).then(() => true, () => false);
    });
    assert.match(await text(fixes.first()), /^Use `?yaml\.safe_load`?/);
    await shot('fixes');
    await page.keyboard.press('Enter');
    await problems('yaml-unsafe-load').waitFor({ state: 'detached' });
    const line = editor.locator('.view-line', { hasText: 'config' });
    await poll('the fix in the window', async () => (await text(line)) === FIXED);
    await page.keyboard.press('Control+S');
    await poll('the saved text', () => saved('views.py') === TEXT + FIXED);
    say('quick fix by keyboard, and the saved text is right');

    await page.keyboard.press('Control+End');
    await page.keyboard.type(`\nfirst = yaml.load(settings)\nsecond = yaml.load(settings)`, { delay: 20 });
    await poll('two problems', async () => (await problems('yaml-unsafe-load').count()) === 2);
    await page.keyboard.press('Control+S');
    const both = `${TEXT}${FIXED}\nfirst = yaml.safe_load(settings)\nsecond = yaml.safe_load(settings)`;
    await poll('the text fixed on saving', () => saved('views.py') === both);
    say('all safe fixes on saving');

    // What the command line says of the flow, the view shows.
    const [finding] = JSON.parse(
      run(['check', '--exit-zero', '--output-format', 'json', 'labels.py'], project),
    ).findings;
    assert.ok(finding.flow.length >= 2);
    await open('labels.py');
    await problems('command-injection').waitFor();
    await goTo(SINK_LINE, 8);
    await command('Fangless: Show Flow of Finding');
    const rows = page.locator('.pane', { hasText: 'Security Findings' }).locator('.monaco-list-row');
    await poll('the steps', async () => (await rows.count()) === finding.flow.length + 1);
    for (const [index, step] of finding.flow.entries()) {
      const row = await text(rows.nth(index + 1));
      assert.ok(row.startsWith(`${index + 1}. ${step.note}`), row);
    }
    await shot('flow');
    await rows.nth(1).click();
    await cursorIs(SOURCE_LINE);
    say('the steps of the flow, and a click goes to the source');

    await goTo(SINK_LINE, 8);
    await command('Fangless: Copy Path of Attack');
    const copied = await poll('the clipboard', () => page.evaluate(() => navigator.clipboard.readText()));
    const lines = copied.trimEnd().split('\n');
    assert.equal(lines.length, finding.flow.length + 1);
    assert.match(lines[0], new RegExp(`^labels\\.py:${SINK_LINE}: .*\\[command-injection\\]$`));
    assert.match(lines[1], new RegExp(`^1\\. labels\\.py:${SOURCE_LINE}: `));
    say('the path of the attack is in the clipboard');

    // The same from the list of fixes, and a comment that says why.
    const chooseFix = async (title) => {
      const fix = page.locator('.action-widget .monaco-list-row.action', { hasText: title });
      await poll(`the fix ${title}`, async () => {
        await page.keyboard.press('Control+.');
        return fix.waitFor({ timeout: 2000 }).then(() => true, () => false);
      });
      await fix.click();
    };
    await goTo(SINK_LINE, 8);
    await chooseFix('Show the flow of');
    await page.locator('.pane', { hasText: 'Security Findings' }).locator('.monaco-list-row.focused').waitFor();
    say('the flow from the list of fixes');
    await page.locator('.tab', { hasText: 'labels.py' }).click();
    await page.locator('.monaco-editor.focused').waitFor();
    await goTo(SINK_LINE, 8);
    await chooseFix('Ignore');
    const reason = page.locator('.quick-input-widget', { hasText: 'Why is it no danger here?' });
    await reason.waitFor();
    await page.keyboard.press('Enter');
    await page.getByText('A reason is needed.').first().waitFor();
    await page.keyboard.type('only our own server calls this');
    await page.getByText('A reason is needed.').first().waitFor({ state: 'hidden' });
    await shot('reason');
    await page.keyboard.press('Enter');
    await problems('command-injection').waitFor({ state: 'detached' });
    const silenced = editor.locator('.view-line', { hasText: 'subprocess.run(' });
    assert.match(
      await text(silenced),
      /shell=True\)  # fangless: ignore\[command-injection\] only our own server calls this$/,
    );
    await page.locator('.monaco-editor.focused').waitFor();
    await page.keyboard.press('Control+Z');
    await problems('command-injection').waitFor();
    say('who silences a finding is asked why');

    const pageOfRule = () =>
      poll('the page of the rule', async () => {
        const found = await Promise.all(
          page.frames().map((frame) => frame.locator('h1', { hasText: '(command-injection)' }).count().catch(() => 0)),
        );
        return found.some((count) => count > 0);
      });
    await command('Fangless: Explain Rule');
    await pageOfRule();
    await shot('page');
    await page.locator('.tab.active').hover();
    await page.keyboard.press('Control+F4');
    await page.locator('.tab', { hasText: 'labels.py' }).click();
    await goTo(SINK_LINE, 8);
    await command('Show or Focus Hover');
    await page.locator('.monaco-hover:visible a.code-link', { hasText: 'command-injection' }).click();
    await pageOfRule();
    say('the page of the rule, by command and by a click on its name');

    // The project's configuration, changed beside the editor, and the server started anew.
    await page.locator('.tab', { hasText: 'labels.py' }).click();
    await page.locator('.monaco-editor.focused').waitFor();
    const configure = (text) => writeFileSync(join(project, 'fangless.toml'), text);
    configure('ignore = ["command-injection"]\n');
    await problems('command-injection').waitFor({ state: 'detached' });
    configure('ignore = [\n  "no-such-rule",\n]\n');
    await problems('no-such-rule').waitFor();
    assert.match(await text(problems('no-such-rule')), /Ln 2,/);
    configure('');
    await problems('no-such-rule').waitFor({ state: 'detached' });
    await problems('command-injection').waitFor();
    say('a change of the configuration is seen at once, and a mistake in it is shown where it is');
    await command('Fangless: Restart Server');
    await problems('command-injection').waitFor();
    await command('Fangless: Scan Workspace');
    await page.locator('.notifications-toasts', { hasText: 'were scanned' }).waitFor();
    await page.locator('.tab', { hasText: 'labels.py' }).click();
    say('the server is started anew, and the workspace scanned');

    // A wrong path: what is wrong and what to do; and all is well again without it.
    await page.locator('.tab', { hasText: 'labels.py' }).click();
    await page.locator('.monaco-editor.focused').waitFor();
    writeFileSync(machineSettings, JSON.stringify({ 'fangless.path': '/nowhere/fangless' }));
    const notice = page.locator('.notifications-toasts', { hasText: 'names `/nowhere/fangless`' });
    await notice.getByRole('button', { name: 'Open Settings' }).waitFor();
    await problems('command-injection').waitFor({ state: 'detached' });
    await shot('wrong-path');
    writeFileSync(machineSettings, '{}');
    await problems('command-injection').waitFor();
    assert.equal(await page.locator('.notification-toast', { hasText: 'failed Error' }).count(), 0);
    say('a wrong path is told, and put right without a restart');

    await command('Fangless: Open an Example');
    await page.locator('.tab.active', { hasText: 'Untitled-1' }).waitFor();
    // Both of its flaws; the file before has one.
    await poll('the squiggles of the example', async () => (await squiggles.count()) === 2);
    say('a file without a name is checked');

    await command('Fangless: Get Started');
    for (const step of ['Have the server', 'Find a problem', 'Follow it', 'Remove it']) {
      await page.locator('.gettingStartedContainer', { hasText: step }).first().waitFor();
    }
    await shot('walkthrough');
    say('the walkthrough');
  };
  try {
    await story();
  } catch (error) {
    await shot('failed');
    throw error;
  }
});

// A notebook: its cells are one program, and the fix goes into the cell.
await withSession({ 'report.ipynb': JSON.stringify(NOTEBOOK, null, 1) }, async ({ page, project }) => {
  // Until the extensions are known to the window, a notebook opens as the text of its file.
  await poll('the cells', async () => {
    await page.getByRole('treeitem', { name: 'report.ipynb' }).dblclick();
    const opened = page.locator('.notebookOverlay .monaco-editor').first();
    if (await opened.waitFor({ timeout: 3000 }).then(() => true, () => false)) return true;
    await page.keyboard.press('Control+F4');
    return false;
  });
  const last = page.locator('.notebookOverlay .monaco-editor', { hasText: 'yaml.load' });
  await last.locator('.squiggly-warning, .squiggly-error').first().waitFor();
  await page.keyboard.press('Control+Shift+M');
  const problem = page.locator('.markers-panel .monaco-list-row', { hasText: 'yaml-unsafe-load' });
  await problem.waitFor();
  assert.match(await problem.innerText(), /Ln\s1,/);
  say('a finding in a cell, of what another one imports');
  if (process.env.SCREENSHOTS) await page.screenshot({ path: join(process.env.SCREENSHOTS, 'notebook.png') });
  await last.locator('.view-line').first().click({ position: { x: 90, y: 8 } });
  await poll('the list of commands', async () => {
    await page.keyboard.press('F1');
    return page.locator('.quick-input-widget').waitFor({ timeout: 2000 }).then(() => true, () => false);
  });
  await page.keyboard.type('Fangless: Show Flow of Finding');
  await page.locator('.quick-input-widget .monaco-list-row', { hasText: 'Show Flow' }).first().waitFor();
  await page.keyboard.press('Enter');
  const row = page.locator('.pane', { hasText: 'Security Findings' }).locator('.monaco-list-row').first();
  await poll('the finding in the view', async () => /yaml-unsafe-load, cell 4, line 1/.test(await row.innerText()));
  say('the view tells the cell');
  await last.locator('.view-line').first().click({ position: { x: 90, y: 8 } });
  const fix = page.locator('.action-widget .monaco-list-row.action').first();
  await poll('the list of fixes', async () => {
    await page.keyboard.press('Control+.');
    return fix.waitFor({ timeout: 2000 }).then(() => true, () => false);
  });
  await page.keyboard.press('Enter');
  await problem.waitFor({ state: 'detached' });
  await page.keyboard.press('Control+S');
  const sources = () =>
    JSON.parse(readFileSync(join(project, 'report.ipynb'), 'utf8')).cells.map(({ source }) => [source].flat().join(''));
  await poll('the saved notebook', () => sources().at(-1) === FIXED);
  assert.deepEqual(sources().slice(0, 3), CELLS.slice(0, 3).map(({ source }) => source.join('')));
  say('a quick fix in a cell, and the saved notebook is right');
});

// A folder of somebody else: what it names is not run until it is trusted; findings are there all the same.
const evil = '#!/bin/sh\ntouch "$(dirname "$0")/was-run"\n';
const settings = (project) => JSON.stringify({ 'fangless.path': join(project, 'evil') });
await withSession({ 'views.py': TEXT, evil, '.vscode/settings.json': '{}' }, async ({ page, project }) => {
  chmodSync(join(project, 'evil'), 0o755);
  writeFileSync(join(project, '.vscode/settings.json'), settings(project));
  await page.getByText('Restricted Mode').first().waitFor();
  await page.getByRole('treeitem', { name: 'views.py' }).dblclick();
  await page.locator('.editor-instance .squiggly-error, .editor-instance .squiggly-warning').first().waitFor();
  assert.ok(!existsSync(join(project, 'was-run')));
  await page.getByText('Manage', { exact: true }).first().click();
  await page.getByRole('button', { name: 'Trust', exact: true }).click();
  await poll('the program to be run', () => existsSync(join(project, 'was-run')));
  say('a program that a folder names is run when the folder is trusted, and not before');
}, { trusted: false });
console.log('1 passed, 0 failed');

function run(words, cwd) {
  return execFileSync(FANGLESS, words, { cwd, encoding: 'utf8' });
}
