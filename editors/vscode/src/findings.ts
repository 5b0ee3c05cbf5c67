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

/** All findings of a document, from top to bottom; of a cell, those of its notebook. */
export function findingsOf(uri: vscode.Uri): Finding[] {
  return textsOf(uri).flatMap(findingsIn);
}

/** The document itself, or all cells of the notebook that it is a cell of. */
export function textsOf(uri: vscode.Uri): vscode.Uri[] {
  const cells = cellOf(uri)?.notebook.getCells();
  return cells?.map(({ document }) => document.uri) ?? [uri];
}

function findingsIn(uri: vscode.Uri): Finding[] {
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
  const findings = findingsIn(editor.document.uri);
  const under = findings.filter((finding) => finding.range.contains(cursor));
  const narrowest = under.find((finding) => under.every((other) => other.range.contains(finding.range)));
  const onLine = (finding: Finding) =>
    finding.range.start.line <= cursor.line && cursor.line <= finding.range.end.line;
  return narrowest ?? under[0] ?? findings.find(onLine);
}

/** As people name a line: `shop/views.py:12`, `report.ipynb:cell 3:2`. */
export function place(uri: vscode.Uri, range: vscode.Range): string {
  const cell = cellOf(uri);
  if (cell !== undefined) {
    return `${vscode.workspace.asRelativePath(cell.notebook.uri)}:cell ${cell.index + 1}:${range.start.line + 1}`;
  }
  return `${vscode.workspace.asRelativePath(uri)}:${range.start.line + 1}`;
}

/** `line 12`, `cell 3, line 2`. */
export function line(uri: vscode.Uri, range: vscode.Range): string {
  const cell = cellOf(uri);
  return `${cell === undefined ? '' : `cell ${cell.index + 1}, `}line ${range.start.line + 1}`;
}

function cellOf(uri: vscode.Uri): vscode.NotebookCell | undefined {
  const cells = vscode.workspace.notebookDocuments.flatMap((notebook) => notebook.getCells());
  return cells.find(({ document }) => document.uri.toString() === uri.toString());
}

function ruleOf(diagnostic: vscode.Diagnostic): string {
  const code = diagnostic.code;
  return String(typeof code === 'object' ? code.value : (code ?? ''));
}
