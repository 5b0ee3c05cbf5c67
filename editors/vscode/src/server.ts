// The server: starting, restarting, stopping it, and telling the user when it cannot be.

import * as vscode from 'vscode';
import { LanguageClient, State, type ServerOptions } from 'vscode-languageclient/node';
import { locate } from './locate';
import type { Status } from './status';

export class Server {
  private client: LanguageClient | undefined;
  /** Starts and stops happen one after the other, whoever asks for them. */
  private turn: Promise<void> = Promise.resolve();
  /** The program that runs, or ran last. */
  program: string | undefined;

  constructor(
    private readonly extensionPath: string,
    private readonly log: vscode.LogOutputChannel,
    private readonly status: Status,
  ) {}

  restart(): Promise<void> {
    return this.next(async () => {
      await this.end();
      await this.begin();
    });
  }

  stop(): Promise<void> {
    return this.next(() => this.end());
  }

  private next(work: () => Promise<void>): Promise<void> {
    this.turn = this.turn.then(work).catch((error) => this.log.error(String(error)));
    return this.turn;
  }

  private async begin(): Promise<void> {
    const settings = vscode.workspace.getConfiguration('fangless');
    const located = locate(settings.get('path', '').trim(), this.extensionPath);
    if ('problem' in located) {
      this.program = undefined;
      this.fail(located.problem);
      return;
    }
    this.log.info(`Starting ${located.program} (${located.origin}).`);
    this.program = located.program;
    const server: ServerOptions = {
      command: located.program,
      args: ['server'],
      options: { env: { ...process.env, FANGLESS_LOG: settings.get('log', 'warn') } },
    };
    const client = new LanguageClient('fangless', 'Fangless', server, {
      documentSelector: [
        { scheme: 'file', language: 'python' },
        { scheme: 'untitled', language: 'python' },
        { notebook: 'jupyter-notebook', language: 'python' },
        // What the project installs. Their languages have other names in every installation.
        { scheme: 'file', pattern: '**/pyproject.toml' },
        { scheme: 'file', pattern: '**/*{requirements,constraints}*.{txt,in}' },
        { scheme: 'file', pattern: '**/requirements/*.{txt,in}' },
      ],
      outputChannel: this.log,
      initializationOptions: {
        workspaceDiagnostics: settings.get('workspaceDiagnostics', false),
        // Actions may name these; no capability of the protocol says that a client knows them.
        clientCommands: ['fangless.ignoreLine', 'fangless.showFlow'],
        // The pages come with the server: a click on the name of a rule needs no network.
        rulePages: 'fangless:/{rule}.md',
      },
      middleware: {
        workspace: {
          didChangeConfiguration: async (sections, next) => {
            // Some settings start the server anew; then this one is gone, and the next asks for all of them.
            await this.turn;
            if (this.client === client) {
              await next(sections);
            }
          },
        },
        executeCommand: async (command, words, next) => {
          const result: unknown = await next(command, words);
          if (command === 'fangless.scanWorkspace') {
            tellScan(result);
          }
          return result;
        },
      },
    });
    this.client = client;
    client.onDidChangeState(({ newState }) => {
      if (this.client === client) {
        this.show(newState);
      }
    });
    try {
      await client.start();
    } catch (error) {
      this.client = undefined;
      this.fail(`\`${located.program}\` (${located.origin}) does not start as a server: ${reason(error)}`);
    }
  }

  private async end(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    if (client?.state === State.Running) {
      await client.stop();
    }
    void vscode.commands.executeCommand('setContext', 'fangless.running', false);
  }

  private show(state: State): void {
    if (state === State.Running) {
      this.status.running(this.client?.initializeResult?.serverInfo?.version, this.program);
    } else if (state === State.Stopped) {
      this.status.failed('The server stopped; the log says why.');
    } else {
      this.status.starting();
    }
    void vscode.commands.executeCommand('setContext', 'fangless.running', state === State.Running);
  }

  /** Says what is wrong without holding anything up: nobody may ever answer. */
  private fail(problem: string): void {
    this.log.error(problem);
    this.status.failed(problem);
    const settings = 'Open Settings';
    const log = 'Show Log';
    void vscode.window.showErrorMessage(`Fangless: ${problem}`, settings, log).then((chosen) => {
      if (chosen === settings) {
        void vscode.commands.executeCommand('workbench.action.openSettings', 'fangless.path');
      } else if (chosen === log) {
        this.log.show();
      }
    });
  }
}

/** What a scan of the workspace came to; nothing where it was cancelled. */
function tellScan(result: unknown): void {
  const scan = result as { findings?: number; files?: number; scanned?: number } | undefined;
  if (scan?.findings !== undefined) {
    const found = scan.findings === 0 ? 'Nothing found' : `${scan.findings} findings in ${scan.files} files`;
    void vscode.window.showInformationMessage(`Fangless: ${found}; ${scan.scanned} files that are not open were scanned.`);
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
