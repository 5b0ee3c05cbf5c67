// Silencing a finding on its line. The server says where the comment belongs and what it is; why, only a person can say.

import * as vscode from 'vscode';

/** What the server hands over with its action. */
interface Comment {
  uri: string;
  version: number;
  position: { line: number; character: number };
  text: string;
  rule: string;
}

export async function ignoreLine(comment: Comment): Promise<void> {
  const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(comment.uri, true));
  const reason = await vscode.window.showInputBox({
    title: `Ignore ${comment.rule} on this line`,
    prompt: 'Why is it no danger here? The reason stands in the comment, for whoever reads it next.',
    placeHolder: 'only our own build server can reach this',
    ignoreFocusOut: true,
    validateInput: (text) => (text.trim() === '' ? 'A reason is needed.' : undefined),
  });
  if (reason === undefined) {
    return;
  }
  if (document.version !== comment.version) {
    void vscode.window.showWarningMessage('Fangless: the file has changed in the meantime. Nothing was done; try again.');
    return;
  }
  const { line, character } = comment.position;
  const edit = new vscode.WorkspaceEdit();
  edit.insert(document.uri, new vscode.Position(line, character), `${comment.text} ${reason.trim()}`);
  await vscode.workspace.applyEdit(edit);
}
