// The entry in the status bar: whether the server runs, and the way to its commands.

import * as vscode from 'vscode';

export class Status implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem('fangless.status', vscode.StatusBarAlignment.Right, 90);

  constructor() {
    this.item.name = 'Fangless';
    this.starting();
    this.item.show();
  }

  starting(): void {
    this.set('$(sync~spin) Fangless', 'The server is starting.', 'fangless.showLog');
  }

  running(version: string | undefined, program: string | undefined): void {
    this.set('$(shield) Fangless', `Fangless ${version ?? ''} is running: ${program}`, 'fangless.showFlow');
  }

  failed(problem: string): void {
    this.set('$(warning) Fangless', problem, 'fangless.showLog');
    this.item.backgroundColor = new vscode.ThemeColor('statusBarItem.warningBackground');
  }

  dispose(): void {
    this.item.dispose();
  }

  private set(text: string, about: string, command: string): void {
    this.item.text = text;
    this.item.command = command;
    this.item.backgroundColor = undefined;
    const tooltip = new vscode.MarkdownString(
      '\n\n[Findings](command:fangless.showFlow) · [Log](command:fangless.showLog) · ' +
        '[Restart](command:fangless.restart)',
    );
    tooltip.value = about + tooltip.value;
    tooltip.isTrusted = { enabledCommands: ['fangless.showFlow', 'fangless.showLog', 'fangless.restart'] };
    this.item.tooltip = tooltip;
  }
}
