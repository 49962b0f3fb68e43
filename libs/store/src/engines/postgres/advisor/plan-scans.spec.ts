import { describe, expect, it } from '@jest/globals';
import { parseCondition, scansOf, topLevelTerms } from './plan-scans.js';

// Oracle: filters as PostgreSQL 18 prints them in EXPLAIN (VERBOSE), taken by hand from real plans.
describe('conditions of a full scan', () => {
  it('splits a conjunction at its own level only', () => {
    expect(
      topLevelTerms("((p.tenant_id = $1) AND (p.term = ANY ($2)) AND ((p.kind)::text = 'a AND b'::text))"),
    ).toEqual(['(p.tenant_id = $1)', '(p.term = ANY ($2))', "((p.kind)::text = 'a AND b'::text)"]);
  });

  it('takes nothing from a disjunction: no one index serves it', () => {
    expect(topLevelTerms('((a.x = $1) OR (a.y = $2))')).toEqual([]);
  });

  it.each([
    ['(p.tenant_id = $1)', 'tenant_id', 'equality'],
    ['((s.language)::text = $3)', 'language', 'equality'],
    ['(h.term = ANY ($2))', 'term', 'equality'],
    ["(s.path ~~ ($2 || '%'::text))", 'path', 'prefix'],
    ['starts_with(s.path, $2)', 'path', 'prefix'],
    ['(r.started_at >= $2)', 'started_at', 'range'],
    [
      "(tenant_id = (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid)",
      'tenant_id',
      'equality',
    ],
  ])('reads %s', (text, column, operator) => {
    expect(parseCondition(text)).toMatchObject({ column, operator });
  });

  it.each(['(a.x = b.y)', '(lower(a.x) = $1)', '(a.x IS NULL)', '(a.x <> $1)'])(
    'takes nothing from %s',
    (text) => {
      expect(parseCondition(text)).toBeNull();
    },
  );
});

describe('scans of a plan', () => {
  it('finds the scan below a parallel gather, with its share of the cost, and the join column', () => {
    const scans = scansOf({
      'Node Type': 'Hash Join',
      'Total Cost': 1000,
      'Plan Rows': 10,
      'Hash Cond': '(a.atom_id = h.atom_id)',
      Plans: [
        {
          'Node Type': 'Gather',
          'Total Cost': 820,
          'Plan Rows': 5000,
          Plans: [
            {
              'Node Type': 'Parallel Seq Scan',
              'Relation Name': 'atom_source',
              Alias: 'a',
              Filter: '(a.tenant_id = $1)',
              'Total Cost': 800,
              'Plan Rows': 5000,
            },
          ],
        },
        { 'Node Type': 'Index Scan', 'Relation Name': 'atom', Alias: 'h', 'Total Cost': 100, 'Plan Rows': 5 },
      ],
    });
    expect(scans).toEqual([
      {
        table: 'atom_source',
        share: 0.8,
        planRows: 5000,
        equality: ['tenant_id', 'atom_id'],
        prefix: [],
        range: [],
      },
    ]);
  });

  it('finds an index scan that leaves leading columns out, also below a bitmap heap scan', () => {
    const columns = new Map([['atom_term_pkey', ['tenant_id', 'atom_id', 'term']]]);
    const cond = '((atom_term.tenant_id = $1) AND (atom_term.term = ANY ($2)))';
    const direct = {
      'Node Type': 'Index Scan',
      'Relation Name': 'atom_term',
      Alias: 'atom_term',
      'Index Name': 'atom_term_pkey',
      'Index Cond': cond,
      'Total Cost': 900,
      'Plan Rows': 500,
    };
    const expected = { table: 'atom_term', equality: ['tenant_id', 'term'], prefix: [], range: [] };
    expect(scansOf({ ...direct }, columns)).toMatchObject([expected]);
    const { 'Relation Name': table, Alias, ...inner } = direct;
    const bitmap = {
      'Node Type': 'Bitmap Heap Scan',
      'Relation Name': table,
      Alias,
      'Total Cost': 950,
      'Plan Rows': 500,
      Plans: [{ ...inner, 'Node Type': 'Bitmap Index Scan' }],
    };
    expect(scansOf(bitmap, columns)).toMatchObject([expected]);
    const served = { ...direct, 'Index Cond': '((atom_term.tenant_id = $1) AND (atom_term.atom_id = $2))' };
    expect(scansOf(served, columns)).toEqual([]);
  });

  it('leaves the join column out where the scan has a condition of its own', () => {
    const scan = {
      'Node Type': 'Seq Scan',
      'Relation Name': 'source',
      Alias: 's',
      Filter: '((s.tenant_id = $1) AND (s.path >= $2))',
      'Total Cost': 90,
      'Plan Rows': 5,
    };
    const join = {
      'Node Type': 'Hash Join',
      'Hash Cond': '(a.source_id = s.id)',
      'Total Cost': 100,
      'Plan Rows': 5,
      Plans: [scan],
    };
    expect(scansOf(join)).toMatchObject([{ table: 'source', equality: ['tenant_id'], range: ['path'] }]);
  });
});
