// Writes what the package carries beside its sources: the bundled code and the text of the two licences.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const here = import.meta.dirname;

await build({
  absWorkingDir: here,
  entryPoints: ['src/extension.ts'],
  outfile: 'dist/extension.js',
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  external: ['vscode'],
  minify: true,
  legalComments: 'inline',
});

const licence = (name) => readFileSync(join(here, '../..', `LICENSE-${name}`), 'utf8');
writeFileSync(
  join(here, 'LICENSE.txt'),
  `Licensed under either of the two licences below, as you like.\n\n${licence('MIT')}\n\n${licence('APACHE')}`,
);
