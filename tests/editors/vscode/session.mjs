// A throw-away VS Code with the packaged extension in it, and a page of a headless browser for its window.

import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';

export const TIMEOUT = Number(process.env.TIMEOUT_MS ?? 30_000);

// Where install.sh put everything.
const HOME = process.env.VSCODE_HOME;
const { chromium } = createRequire(join(HOME, 'packages/index.js'))('playwright-core');

const onSearchPath = (program) =>
  process.env.PATH.split(delimiter).map((folder) => join(folder, program)).find(existsSync);

/** The program that the package carries. */
export const FANGLESS = onSearchPath('fangless');

const SETTINGS = {
  'editor.codeActionsOnSave': { 'source.fixAll.fangless': 'explicit' },
  // Only what the test does may save, type, or cover the page.
  'files.autoSave': 'off',
  'editor.autoClosingBrackets': 'never',
  'editor.quickSuggestions': { other: 'off' },
  'editor.parameterHints.enabled': false,
  'editor.accessibilitySupport': 'off',
  'editor.minimap.enabled': false,
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'chat.disableAIFeatures': true,
  'extensions.ignoreRecommendations': true,
  'extensions.autoCheckUpdates': false,
  'telemetry.telemetryLevel': 'off',
  'security.workspace.trust.startupPrompt': 'never',
};

export async function poll(what, probe) {
  const end = Date.now() + TIMEOUT;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (Date.now() > end) throw new Error(`timed out waiting for: ${what}`);
    await new Promise((wake) => setTimeout(wake, 50));
  }
}

let extension;

/** The extension, packaged once and gone with this process. */
function packaged() {
  if (extension === undefined) {
    const folder = mkdtempSync(join(tmpdir(), 'fangless-package-'));
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
    extension = makePackage(folder);
  }
  return extension;
}

/** Packages a copy of the extension, with the server in it: the sources' own folder stays as it is. */
function makePackage(folder) {
  const copy = join(folder, 'repository/editors/vscode');
  const left = new Set(['node_modules', 'dist', 'server']);
  cpSync(process.env.FANGLESS_VSCODE, copy, { recursive: true, filter: (path) => !left.has(basename(path)) });
  for (const licence of ['LICENSE-MIT', 'LICENSE-APACHE']) {
    copyFileSync(join(process.env.FANGLESS_VSCODE, '../..', licence), join(folder, 'repository', licence));
  }
  mkdirSync(join(copy, 'server'));
  copyFileSync(FANGLESS, join(copy, 'server/fangless'));
  const npm = (...words) =>
    execFileSync(join(HOME, 'bin/npm'), words, {
      cwd: copy,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, PATH: `${join(HOME, 'bin')}${delimiter}${process.env.PATH}` },
    });
  npm('ci', '--silent', '--prefer-offline', '--no-audit', '--no-fund');
  npm('run', '--silent', 'package');
  return join(copy, 'dist/fangless.vsix');
}

/** Starts everything, hands it to `use`, and cleans up whatever happens. */
export async function withSession(files, use, { trusted = true } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'fangless-vscode-'));
  const project = join(folder, 'project');
  const machineSettings = join(folder, 'user/Machine/settings.json');
  let server;
  let browser;
  try {
    for (const each of [project, join(folder, 'user/User'), join(folder, 'user/Machine')]) {
      mkdirSync(each, { recursive: true });
    }
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(project, name)), { recursive: true });
      writeFileSync(join(project, name), text);
    }
    writeFileSync(join(folder, 'user/User/settings.json'), JSON.stringify(SETTINGS));
    writeFileSync(join(folder, 'config.yaml'), '');
    const program = join(HOME, 'bin/code-server');
    const places = ['--config', join(folder, 'config.yaml'), '--user-data-dir', join(folder, 'user'),
      '--extensions-dir', join(folder, 'extensions')];
    execFileSync(program, [...places, '--install-extension', packaged()], { stdio: 'ignore' });

    server = spawn(
      program,
      [...places, '--auth', 'none', '--bind-addr', '127.0.0.1:0', '--disable-telemetry', '--disable-update-check',
        ...(trusted ? ['--disable-workspace-trust'] : []), '--disable-getting-started-override', project],
      // Without a gallery no extension is looked up anywhere. A group of its own, so that all of it can be ended.
      { stdio: ['ignore', 'pipe', 'pipe'], detached: true, env: { ...process.env, EXTENSIONS_GALLERY: '{"serviceUrl":""}' } },
    );
    let said = '';
    for (const stream of [server.stdout, server.stderr]) stream.on('data', (data) => (said += data));
    const url = await poll('VS Code listens', () => /listening on (http:\S+)/.exec(said)?.[1]);

    browser = await chromium.launch({
      executablePath: onSearchPath('chromium'),
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--disable-background-networking',
        '--disable-component-update', '--disable-sync'],
    });
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const page = await context.newPage();
    page.setDefaultTimeout(TIMEOUT);
    await page.goto(`${url}?folder=${encodeURIComponent(project)}`);
    await use({ page, project, machineSettings });
  } finally {
    await browser?.close();
    if (server?.exitCode === null) process.kill(-server.pid);
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}
