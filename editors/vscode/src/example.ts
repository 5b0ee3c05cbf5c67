// A small program with two flaws, for those who want to see what happens before they have a file of their own.

import * as vscode from 'vscode';

export async function openExample(extension: vscode.Uri): Promise<void> {
  const bytes = await vscode.workspace.fs.readFile(vscode.Uri.joinPath(extension, 'media/example.py'));
  const document = await vscode.workspace.openTextDocument({
    language: 'python',
    content: new TextDecoder().decode(bytes),
  });
  await vscode.window.showTextDocument(document);
}
