// Which program is the server.

import { accessSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';

const PROGRAM = process.platform === 'win32' ? 'fangless.exe' : 'fangless';

/** The program and where it was found, or why there is none. */
export type Located = { program: string; origin: string } | { problem: string };

/** The setting wins, then the program in the package, then the search path. */
export function locate(setting: string, extensionPath: string): Located {
  if (setting !== '') {
    return configured(setting);
  }
  const bundled = join(extensionPath, 'server', PROGRAM);
  if (runs(bundled)) {
    return { program: bundled, origin: 'came with the extension' };
  }
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const found = folders.map((folder) => join(folder, PROGRAM)).find(runs);
  if (found !== undefined) {
    return { program: found, origin: 'found on the search path' };
  }
  return {
    problem:
      `there is no \`${PROGRAM}\` on the search path. Install it (\`cargo install --path crates/fangless\` in its ` +
      'repository) and restart VS Code, or name the program in the setting `fangless.path`.',
  };
}

/** A setting that names no program is an error: another program in its place would surprise. */
function configured(setting: string): Located {
  const program = /^~[/\\]/.test(setting) ? join(homedir(), setting.slice(2)) : setting;
  if (!isAbsolute(program)) {
    return { problem: `the setting \`fangless.path\` must be a whole path, and \`${setting}\` is none.` };
  }
  if (!runs(program)) {
    return {
      problem: `the setting \`fangless.path\` names \`${program}\`, and there is no program there. Correct it, or empty it.`,
    };
  }
  return { program, origin: 'named by the setting `fangless.path`' };
}

function runs(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
