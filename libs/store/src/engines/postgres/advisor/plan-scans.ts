/** A full scan in a plan, with the columns its conditions could have been answered by through an index. */
export interface PlanScan {
  table: string;
  /** Share of the statement's estimated cost that this scan takes, 0..1. */
  share: number;
  planRows: number;
  equality: string[];
  prefix: string[];
  range: string[];
}

export interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  Alias?: string;
  Filter?: string;
  'Hash Cond'?: string;
  'Total Cost': number;
  'Plan Rows': number;
  Plans?: PlanNode[];
}

interface Condition {
  alias: string | null;
  column: string;
  operator: 'equality' | 'prefix' | 'range';
}

const nodesMax = 500;

/** Splits `(a AND b AND c)` at its own level; an OR at that level cannot be served by one index and yields nothing. */
export function topLevelTerms(filter: string): string[] {
  const text = stripParentheses(filter.trim());
  const terms: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '(') depth++;
    else if (text[i] === ')') depth--;
    else if (depth === 0 && text.startsWith(' OR ', i)) return [];
    else if (depth === 0 && text.startsWith(' AND ', i)) {
      terms.push(text.slice(start, i));
      start = i + 5;
    }
  }
  terms.push(text.slice(start));
  return terms;
}

function stripParentheses(text: string): string {
  let inner = text;
  while (inner.startsWith('(') && closesAtEnd(inner)) inner = inner.slice(1, -1).trim();
  return inner;
}

function closesAtEnd(text: string): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '(') depth++;
    else if (text[i] === ')' && --depth === 0) return i === text.length - 1;
  }
  return false;
}

const comparison = /^\(?(?:(\w+)\.)?(\w+)\)?(?:::[\w ]+?)? (=|>=|<=|<|>|~~|\^@) (.*)$/;
const startsWith = /^starts_with\(\(?(?:(\w+)\.)?(\w+)\)?(?:::[\w ]+?)?, /;

/** A sargable condition `column op expression-without-columns`, or null. */
export function parseCondition(term: string): Condition | null {
  const text = stripParentheses(term.trim());
  const prefix = startsWith.exec(text);
  if (prefix) return { alias: prefix[1] ?? null, column: prefix[2]!, operator: 'prefix' };
  const match = comparison.exec(text);
  if (!match) return null;
  const right = match[4]!;
  if (!/\$\d|'|^\(?-?\d|current_setting/.test(right)) return null;
  const operator =
    match[3] === '=' ? 'equality' : match[3] === '~~' || match[3] === '^@' ? 'prefix' : 'range';
  return { alias: match[1] ?? null, column: match[2]!, operator };
}

const joinCondition = /^\(?(\w+)\.(\w+) = (\w+)\.(\w+)\)?$/;

/** Full scans of a plan (EXPLAIN FORMAT JSON, VERBOSE), costliest first. */
export function scansOf(root: PlanNode): PlanScan[] {
  const scans: PlanScan[] = [];
  let visited = 0;
  const visit = (node: PlanNode, joins: string[]): void => {
    if (++visited > nodesMax) return;
    const children = node.Plans ?? [];
    const below = node['Hash Cond'] ? [...joins, node['Hash Cond']] : joins;
    for (const child of children) visit(child, below);
    if (!node['Node Type'].endsWith('Seq Scan') || !node['Relation Name']) return;
    scans.push(scanOf(node, below, root['Total Cost']));
  };
  visit(root, []);
  return scans.sort((a, b) => b.share - a.share);
}

function scanOf(node: PlanNode, joins: string[], totalCost: number): PlanScan {
  const scan: PlanScan = {
    table: node['Relation Name']!,
    share: totalCost > 0 ? Math.min(1, node['Total Cost'] / totalCost) : 0,
    planRows: node['Plan Rows'],
    equality: [],
    prefix: [],
    range: [],
  };
  for (const term of node.Filter ? topLevelTerms(node.Filter) : []) {
    const condition = parseCondition(term);
    if (condition && !scan[condition.operator].includes(condition.column)) {
      scan[condition.operator].push(condition.column);
    }
  }
  for (const join of joins) {
    const match = joinCondition.exec(join);
    const column =
      match?.[1] === node.Alias ? match?.[2] : match?.[3] === node.Alias ? match?.[4] : undefined;
    if (column && !scan.equality.includes(column)) scan.equality.push(column);
  }
  return scan;
}
