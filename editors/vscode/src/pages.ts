// The pages of the rules, from the program itself: `fangless explain`, shown as rendered Markdown.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as vscode from 'vscode';
import { findingAtCursor } from './findings';
import type { Server } from './server';

const SCHEME = 'fangless';

export class Pages implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);

  constructor(private readonly server: Server) {}

  dispose(): void {
    this.registration.dispose();
  }

  /** The page of a named rule or of a row's, else of the cursor's finding, else of one that is chosen. */
  async show(what: unknown): Promise<void> {
    try {
      const rule = named(what) ?? findingAtCursor(vscode.window.activeTextEditor)?.rule ?? (await this.choose());
      if (rule !== undefined) {
        const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${rule}.md` });
        await vscode.commands.executeCommand('markdown.showPreview', uri);
      }
    } catch (error) {
      void vscode.window.showErrorMessage(`Fangless: ${error instanceof Error ? error.message : error}`);
    }
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    return asMarkdown(await this.ask(['explain', '--', uri.path.replace(/^\/|\.md$/g, '')]));
  }

  private async choose(): Promise<string | undefined> {
    const rules = JSON.parse(await this.ask(['rules', '--output-format', 'json'])) as { name: string; title: string }[];
    const rows = rules.map(({ name, title }) => ({ label: name, description: title }));
    const chosen = await vscode.window.showQuickPick(rows, { title: 'Explain a Rule', matchOnDescription: true });
    return chosen?.label;
  }

  private async ask(words: string[]): Promise<string> {
    if (this.server.program === undefined) {
      throw new Error('the pages come from the program `fangless`, which was not found; the log says more.');
    }
    const { stdout } = await promisify(execFile)(this.server.program, words);
    return stdout;
  }
}

function named(what: unknown): string | undefined {
  if (typeof what === 'string') {
    return what;
  }
  const rule = typeof what === 'object' && what !== null && 'rule' in what ? what.rule : undefined;
  return typeof rule === 'string' ? rule : undefined;
}

/** The page is Markdown but for its head, whose first line is the title. */
function asMarkdown(page: string): string {
  const [head, ...rest] = page.split('\n\n');
  const [title, ...facts] = head.split('\n');
  return [`# ${title}`, ...facts, ...rest].join('\n\n');
}
