// The view of the open file's findings. Each opens into the steps that lead to it; a click goes to a step.

import * as vscode from 'vscode';
import { findingAtCursor, findingsOf, line, place, textsOf, type Finding } from './findings';

interface Step {
  parent: Finding;
  index: number;
}
type Node = Finding | Step;

/** How an action of the server names a finding. */
interface Place {
  uri: string;
  rule: string;
  range: { start: { line: number; character: number } };
}

export class FlowView implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.changed.event;
  /** What is shown. The view knows its rows by identity, so they are made once for each change. */
  private findings: Finding[] = [];
  private readonly view: vscode.TreeView<Node>;
  private readonly subscriptions: vscode.Disposable[];

  constructor() {
    this.view = vscode.window.createTreeView<Node>('fangless.flow', { treeDataProvider: this, showCollapseAll: true });
    this.subscriptions = [
      this.changed,
      this.view,
      vscode.window.onDidChangeActiveTextEditor(() => this.refresh()),
      vscode.languages.onDidChangeDiagnostics(({ uris }) => {
        const open = vscode.window.activeTextEditor?.document.uri;
        const shown = new Set(open && textsOf(open).map(String));
        if (uris.some((uri) => shown.has(uri.toString()))) {
          this.refresh();
        }
      }),
      vscode.window.onDidChangeTextEditorSelection(() => this.follow()),
    ];
    this.refresh();
  }

  dispose(): void {
    vscode.Disposable.from(...this.subscriptions).dispose();
  }

  getChildren(node?: Node): Node[] {
    if (node === undefined) {
      return this.findings;
    }
    return isStep(node) ? [] : node.steps.map((_, index) => ({ parent: node, index }));
  }

  getParent(node: Node): Node | undefined {
    return isStep(node) ? node.parent : undefined;
  }

  getTreeItem(node: Node): vscode.TreeItem {
    return isStep(node) ? stepItem(node) : findingItem(node);
  }

  /** Opens the view at the finding that an action of the server names, else at the cursor's. */
  async reveal(what?: unknown): Promise<void> {
    const finding = this.named(what) ?? this.atCursor();
    await vscode.commands.executeCommand('fangless.flow.focus');
    if (finding !== undefined) {
      await this.view.reveal(finding, { select: true, focus: true, expand: true });
    }
  }

  /** Copies the way of an attack as text: of a row of the view, else of the cursor's finding. */
  async copy(what: unknown): Promise<void> {
    const finding = this.findings.find((known) => known === what) ?? this.atCursor();
    if (finding === undefined) {
      void vscode.window.showInformationMessage('Fangless: there is no finding at the cursor.');
      return;
    }
    await vscode.env.clipboard.writeText(asText(finding));
  }

  private refresh(): void {
    const editor = vscode.window.activeTextEditor;
    if (editor !== undefined) {
      const { uri, languageId } = editor.document;
      const findings = findingsOf(uri);
      const isShown = this.findings.some((finding) => finding.uri.toString() === uri.toString());
      // The focus in the output or in a page of a rule leaves the file's findings where they are.
      if (languageId !== 'python' && findings.length === 0 && !isShown) {
        return;
      }
      this.findings = findings;
    }
    this.changed.fire();
    this.follow();
  }

  /** Selects the cursor's finding, if the view can be seen. */
  private follow(): void {
    const finding = this.view.visible ? this.atCursor() : undefined;
    if (finding !== undefined) {
      void this.view.reveal(finding, { select: true, focus: false, expand: true });
    }
  }

  /** The row of the finding that an action of the server names. */
  private named(what: unknown): Finding | undefined {
    const place = what as Place | undefined;
    return this.findings.find(
      (finding) =>
        finding.uri.toString() === vscode.Uri.parse(place?.uri ?? '').toString() &&
        finding.rule === place?.rule &&
        finding.range.start.isEqual(new vscode.Position(place.range.start.line, place.range.start.character)),
    );
  }

  /** The row of the cursor's finding. */
  private atCursor(): Finding | undefined {
    const wanted = findingAtCursor(vscode.window.activeTextEditor);
    return wanted && this.findings.find(
      (finding) =>
        finding.uri.toString() === wanted.uri.toString() &&
        finding.rule === wanted.rule &&
        finding.range.isEqual(wanted.range),
    );
  }
}

function isStep(node: Node): node is Step {
  return 'parent' in node;
}

function findingItem(finding: Finding): vscode.TreeItem {
  const hasFlow = finding.steps.length > 0;
  const item = new vscode.TreeItem(
    finding.message,
    hasFlow ? vscode.TreeItemCollapsibleState.Collapsed : vscode.TreeItemCollapsibleState.None,
  );
  item.description = `${finding.rule}, ${line(finding.uri, finding.range)}`;
  item.tooltip = finding.message;
  item.iconPath = icon(finding.severity);
  item.contextValue = hasFlow ? 'finding.flow' : 'finding';
  item.command = go(finding.uri, finding.range);
  return item;
}

function stepItem({ parent, index }: Step): vscode.TreeItem {
  const step = parent.steps[index];
  const item = new vscode.TreeItem(`${index + 1}. ${step.message}`);
  item.description = place(step.location.uri, step.location.range);
  item.tooltip = step.message;
  item.contextValue = 'step';
  item.command = go(step.location.uri, step.location.range);
  return item;
}

function icon(severity: vscode.DiagnosticSeverity): vscode.ThemeIcon {
  const [name, colour] =
    severity === vscode.DiagnosticSeverity.Error
      ? ['error', 'problemsErrorIcon.foreground']
      : severity === vscode.DiagnosticSeverity.Warning
        ? ['warning', 'problemsWarningIcon.foreground']
        : ['info', 'problemsInfoIcon.foreground'];
  return new vscode.ThemeIcon(name, new vscode.ThemeColor(colour));
}

/** The focus stays in the view, so that one can go on step by step. */
function go(uri: vscode.Uri, selection: vscode.Range): vscode.Command {
  return { command: 'vscode.open', title: 'Go There', arguments: [uri, { selection, preserveFocus: true }] };
}

function asText(finding: Finding): string {
  const head = `${place(finding.uri, finding.range)}: ${finding.message} [${finding.rule}]`;
  const steps = finding.steps.map(
    (step, index) => `${index + 1}. ${place(step.location.uri, step.location.range)}: ${step.message}`,
  );
  return `${[head, ...steps].join('\n')}\n`;
}
