/** A wasteful scan in a plan, with the columns its conditions could have been answered by through an index. */
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
  'Index Name'?: string;
  'Index Cond'?: string;
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

/**
 * Scans of a plan (EXPLAIN FORMAT JSON, VERBOSE) that read far more than they return, costliest first: full scans,
 * and scans of an index whose leading columns the conditions leave out, which read all of it or skip through it.
 * @param indexColumns columns of each index, in order
 */
export function scansOf(
  root: PlanNode,
  indexColumns: ReadonlyMap<string, readonly string[]> = new Map(),
): PlanScan[] {
  const scans: PlanScan[] = [];
  let visited = 0;
  const visit = (node: PlanNode, joins: string[], relation: PlanNode | null): void => {
    if (++visited > nodesMax) return;
    const below = node['Hash Cond'] ? [...joins, node['Hash Cond']] : joins;
    const own = node['Relation Name'] ? node : relation;
    for (const child of node.Plans ?? []) visit(child, below, own);
    if (!own) return;
    const isFull = node['Node Type'].endsWith('Seq Scan');
    if (isFull || skipsLeadingColumns(node, indexColumns))
      scans.push(scanOf(own, node, below, root['Total Cost']));
  };
  visit(root, [], null);
  return scans.sort((a, b) => b.share - a.share);
}

/** True where a condition stands on a column of the index behind one that no condition fixes. */
function skipsLeadingColumns(node: PlanNode, indexColumns: ReadonlyMap<string, readonly string[]>): boolean {
  const columns = indexColumns.get(node['Index Name'] ?? '');
  if (!columns || !node['Index Cond']) return false;
  const fixed = new Set(conditionsOf(node['Index Cond']).map((c) => c.column));
  const gap = columns.findIndex((column) => !fixed.has(column));
  return gap >= 0 && columns.slice(gap).some((column) => fixed.has(column));
}

const conditionsOf = (text: string | undefined): Condition[] =>
  text === undefined ? [] : topLevelTerms(text).flatMap((term) => parseCondition(term) ?? []);

/** `relation` names the table (for a bitmap index scan that is the heap scan above it), `node` does the reading. */
function scanOf(relation: PlanNode, node: PlanNode, joins: string[], totalCost: number): PlanScan {
  const scan: PlanScan = {
    table: relation['Relation Name']!,
    share: totalCost > 0 ? Math.min(1, node['Total Cost'] / totalCost) : 0,
    planRows: node['Plan Rows'],
    equality: [],
    prefix: [],
    range: [],
  };
  for (const condition of [...conditionsOf(node['Index Cond']), ...conditionsOf(node.Filter)]) {
    const known = scan[condition.operator];
    if (!known.includes(condition.column)) known.push(condition.column);
  }
  const selective = [...scan.equality, ...scan.prefix, ...scan.range].some(
    (column) => column !== 'tenant_id',
  );
  // A join column helps only where the scan has no condition of its own.
  for (const join of selective ? [] : joins) {
    const match = joinCondition.exec(join);
    const column =
      match?.[1] === relation.Alias ? match?.[2] : match?.[3] === relation.Alias ? match?.[4] : undefined;
    if (column && !scan.equality.includes(column)) scan.equality.push(column);
  }
  return scan;
}
