/** A place in T-SQL that core must not have. */
export interface Finding {
  what: string;
  line: number;
}

/**
 * Constructs that a server with the basics alone does not know, or that we do not want: by the word they begin with.
 * They belong in sql/mssql/features, each applied where the server has it.
 */
const forbidden: [string, RegExp][] = [
  ['MERGE', /\bmerge\s+(?:into\s+|top\b|[a-z_@#[])/gi],
  ['CREATE OR ALTER', /\bcreate\s+or\s+alter\b/gi],
  ['DROP IF EXISTS', /\bdrop\s+(?:table|index|procedure|view|function|type)\s+if\s+exists\b/gi],
  [
    'temporal table',
    /\b(?:system_versioning|period\s+for\s+system_time|for\s+system_time|generated\s+always)\b/gi,
  ],
  ['row-level security', /\bsecurity\s+policy\b/gi],
  ['VECTOR', /\bvector(?:_distance|_search|_normalize)?\s*\(/gi],
  ['spatial type', /\b(?:geometry|geography)(?:::|\s+not\b|\s+null\b|\s*,)/gi],
  ['columnstore', /\bcolumnstore\b/gi],
  ['ledger', /\bledger\s*=/gi],
  ['online or resumable index build', /\bwith\s*\([^)]*\b(?:online|resumable)\s*=/gi],
  ['memory-optimised table', /\bmemory_optimized\b/gi],
  ['IIF', /\biif\s*\(/gi],
  [
    'function newer than the basics',
    /\b(?:string_agg|trim|greatest|least|translate|concat_ws|date_bucket|datetrunc|generate_series|json_object|json_array|json_arrayagg|json_objectagg|approx_count_distinct|least)\s*\(/gi,
  ],
  ['IS DISTINCT FROM', /\bis\s+(?:not\s+)?distinct\s+from\b/gi],
  ['LIMIT', /\blimit\s+(?:\d|@|\$)/gi],
  ['cast by ::', /[\w)\]]::[a-z]/gi],
  ['ON CONFLICT', /\bon\s+conflict\b/gi],
  ['RETURNING', /\breturning\b/gi],
];

/** Blanks out comments, strings and bracketed names, keeping lines, so that words in them do not count. */
export function bareSql(text: string): { bare: string; open: string | null } {
  const token = /--[^\n]*|\/\*[\s\S]*?\*\/|N?'(?:[^']|'')*'|\[[^\]\n]*\]|"[^"\n]*"|\/\*|'/g;
  let open: string | null = null;
  const bare = text.replace(token, (found) => {
    if (found === '/*') open = 'a comment does not end';
    if (found === "'") open = 'a string does not end';
    return found.replace(/[^\n]/g, ' ');
  });
  return { bare, open };
}

const lineAt = (text: string, index: number): number => text.slice(0, index).split('\n').length;

/** What core T-SQL must not contain, and brackets or blocks that do not close. */
export function checkCore(text: string): Finding[] {
  const { bare, open } = bareSql(text);
  const findings: Finding[] = open === null ? [] : [{ what: open, line: 0 }];
  for (const [what, pattern] of forbidden) {
    for (const match of bare.matchAll(pattern)) findings.push({ what, line: lineAt(bare, match.index) });
  }
  return [...findings, ...unbalanced(bare)];
}

function unbalanced(bare: string): Finding[] {
  const findings: Finding[] = [];
  let first = 1;
  // A batch ends at GO on a line of its own; nothing may stay open across it.
  for (const batch of bare.split(/^[ \t]*go[ \t]*$/im)) {
    const count = (pattern: RegExp) => (batch.match(pattern) ?? []).length;
    if (count(/\(/g) !== count(/\)/g)) findings.push({ what: 'parentheses do not match', line: first });
    const blocks = count(/\bbegin\b(?!\s+tran)/gi) + count(/\bcase\b/gi);
    if (blocks !== count(/\bend\b/gi))
      findings.push({ what: 'BEGIN, CASE and END do not match', line: first });
    first += batch.split('\n').length;
  }
  return findings;
}
