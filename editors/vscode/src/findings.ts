// The findings of a document, as VS Code keeps them. The server is not asked again: what is shown here is what is
// underlined in the editor.

import * as vscode from 'vscode';

/** The name under which the server reports. */
const SOURCE = 'fangless';

export interface Finding {
  uri: vscode.Uri;
  rule: string;
  message: string;
  range: vscode.Range;
  severity: vscode.DiagnosticSeverity;
  /** From where the danger comes in to where it does harm; empty where there is no such way. */
  steps: readonly vscode.DiagnosticRelatedInformation[];
}

/** All findings of a document, from top to bottom. */
export function findingsOf(uri: vscode.Uri): Finding[] {
  return vscode.languages
    .getDiagnostics(uri)
    .filter((diagnostic) => diagnostic.source === SOURCE)
    .map((diagnostic) => ({
      uri,
      rule: ruleOf(diagnostic),
      message: diagnostic.message,
      range: diagnostic.range,
      severity: diagnostic.severity,
      steps: diagnostic.relatedInformation ?? [],
    }))
    .sort((one, other) => one.range.start.compareTo(other.range.start));
}

/** The finding that the cursor means: the narrowest one under it, else the first one on its line. */
export function findingAtCursor(editor: vscode.TextEditor | undefined): Finding | undefined {
  if (editor === undefined) {
    return undefined;
  }
  const cursor = editor.selection.active;
  const findings = findingsOf(editor.document.uri);
  const under = findings.filter((finding) => finding.range.contains(cursor));
  const narrowest = under.find((finding) => under.every((other) => other.range.contains(finding.range)));
  const onLine = (finding: Finding) =>
    finding.range.start.line <= cursor.line && cursor.line <= finding.range.end.line;
  return narrowest ?? under[0] ?? findings.find(onLine);
}

/** As people name a line: `shop/views.py:12`, `report.ipynb:cell 3:2`. */
export function place(uri: vscode.Uri, range: vscode.Range): string {
  for (const notebook of vscode.workspace.notebookDocuments) {
    const cell = notebook.getCells().findIndex(({ document }) => document.uri.toString() === uri.toString());
    if (cell >= 0) {
      return `${vscode.workspace.asRelativePath(notebook.uri)}:cell ${cell + 1}:${range.start.line + 1}`;
    }
  }
  return `${vscode.workspace.asRelativePath(uri)}:${range.start.line + 1}`;
}

function ruleOf(diagnostic: vscode.Diagnostic): string {
  const code = diagnostic.code;
  return String(typeof code === 'object' ? code.value : (code ?? ''));
}
