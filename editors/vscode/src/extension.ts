// The extension's entry: what is started, and which command does what.

import * as vscode from 'vscode';
import { openExample } from './example';
import { FlowView } from './flow';
import { ignoreLine } from './ignore';
import { Pages } from './pages';
import { Server } from './server';
import { Status } from './status';

let server: Server | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const log = vscode.window.createOutputChannel('Fangless', { log: true });
  const status = new Status();
  server = new Server(context.extensionPath, log, status);
  const flow = new FlowView();
  const pages = new Pages(server);
  const command = (name: string, run: (...words: never[]) => unknown) =>
    vscode.commands.registerCommand(`fangless.${name}`, run);
  context.subscriptions.push(
    log,
    status,
    flow,
    pages,
    command('restart', () => server?.restart()),
    command('showLog', () => log.show()),
    command('explain', (what?: unknown) => pages.show(what)),
    command('showFlow', (what?: unknown) => flow.reveal(what)),
    command('copyFlow', (what?: unknown) => flow.copy(what)),
    command('ignoreLine', ignoreLine),
    command('openExample', () => openExample(context.extensionUri)),
    command('getStarted', () =>
      vscode.commands.executeCommand('workbench.action.openWalkthrough', `${context.extension.id}#start`, false),
    ),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (['path', 'log', 'workspaceDiagnostics'].some((name) => change.affectsConfiguration(`fangless.${name}`))) {
        void server?.restart();
      }
    }),
    // From here on the workspace's own `fangless.path` counts.
    vscode.workspace.onDidGrantWorkspaceTrust(() => server?.restart()),
  );
  await server.restart();
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}
