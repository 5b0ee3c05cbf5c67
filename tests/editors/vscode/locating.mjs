// Which program the extension takes for the server, asked of the extension's own code without the editor around it: the
// editor gives its extensions a search path of its own.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

export async function checkLocating() {
  const source = resolve(process.env.FANGLESS_VSCODE, 'src/locate.ts');
  const { locate } = await import(pathToFileURL(source).href);
  const folder = mkdtempSync(join(tmpdir(), 'fangless-locate-'));
  const put = (place, mode = 0o755) => {
    mkdirSync(join(folder, place), { recursive: true });
    const program = join(folder, place, 'fangless');
    writeFileSync(program, '', { mode });
    return program;
  };
  const searchPath = process.env.PATH;
  try {
    const extension = join(folder, 'extension');
    process.env.PATH = join(folder, 'empty');
    assert.match(locate('', extension).problem, /cargo install .* `fangless\.path`/);

    // What cannot be run is passed over.
    put('plain', 0o644);
    const found = put('bin');
    process.env.PATH = [join(folder, 'plain'), join(folder, 'bin')].join(delimiter);
    assert.equal(locate('', extension).program, found);

    const bundled = put('extension/server');
    assert.equal(locate('', extension).program, bundled);

    const named = put('own');
    assert.equal(locate(named, extension).program, named);
    // A setting that leads nowhere is told; nothing else takes its place.
    assert.match(locate(join(folder, 'gone'), extension).problem, /no program there/);
    assert.match(locate('fangless', extension).problem, /whole path/);
  } finally {
    process.env.PATH = searchPath;
    rmSync(folder, { recursive: true });
  }
}
