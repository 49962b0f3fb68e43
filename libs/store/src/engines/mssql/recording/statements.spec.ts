import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { sweepCases } from '../../../contract/sweep-cases.js';
import { methodsOf } from '../../../contract/tenant-sweep.js';
import type { TenantTransaction } from '../../../port/store.js';
import { coreMigrations } from '../../../sql/migration-files.js';
import { textIds } from '../executor.js';
import { openMssqlStore } from '../mssql-store.js';
import { recordedStore, recordedTenant, recordStatements, type Recording } from './record.js';
import { statementsFile } from './registry.js';
import { Recorder } from './silent-server.js';
import { systemCases } from './system-cases.js';

/** Methods whose caller counts on one round trip beside begin, tenant and commit. */
const oneTrip = [
  'inbox.receive',
  'outbox.add',
  'cycles.advance',
  'cache.find',
  'cache.drawArms',
  'map.nearest',
  'map.positions',
  'corpus.bm25',
  'atoms.read',
  'actions.saveProgress',
  'tensors.nearest',
  'tensors.prune',
  'tensors.restore',
  'computations.move',
  'settings.get',
  'models.resolve',
  'system: plumbing.claimOutbox',
  'system: plumbing.acquireLease',
  'system: plumbing.killSwitch',
  'system: plumbing.beat',
  'system: spans.write',
];

describe('what the SQL Server adapter sends', () => {
  let recording: Recording;
  beforeAll(async () => {
    recording = await recordStatements();
  });

  const parametersOf = (send: string): string[] => send.slice(send.indexOf('(') + 1, -1).split(', ');

  it('is recorded for every method of the port', async () => {
    const recorder = new Recorder();
    const store = await openMssqlStore(recordedStore, recorder.driver());
    const tenant = await store.withTenant(recordedTenant, (tx) => Promise.resolve(methodsOf(tx)));
    const system = await store.withSystem('test', (tx) =>
      Promise.resolve(methodsOf(tx as unknown as TenantTransaction)),
    );
    await store.close();
    expect(Object.keys(sweepCases).sort()).toEqual(tenant.sort());
    expect(Object.keys(systemCases).sort()).toEqual(system.sort());
  });

  it('is what sql/mssql/statements.json says; npm run tsql:record writes it', async () => {
    expect(recording).toEqual(JSON.parse(await readFile(statementsFile, 'utf8')));
  });

  it('goes in one round trip where that is promised', () => {
    const trips = Object.fromEntries(oneTrip.map((name) => [name, recording.methods[name].trips]));
    expect(trips).toEqual(Object.fromEntries(oneTrip.map((name) => [name, 1])));
  });

  it('sets the tenant first and takes it out last in every transaction', () => {
    for (const [name, { sends }] of Object.entries(recording.methods)) {
      const first = recording.statements[sends[0].slice(0, 16)];
      expect([name, first]).toEqual([
        name,
        `exec sp_set_session_context @key = N'tenant', @value = @tenant;`,
      ]);
      expect(parametersOf(sends[0])).toEqual(['tenant nvarchar(36)']);
    }
  });

  it('compares ids as ids', () => {
    const wrong: string[] = [];
    for (const [name, { sends }] of Object.entries(recording.methods)) {
      for (const send of sends) {
        const types = new Map(
          parametersOf(send).map((p) => [p.split(' ')[0], p.split(' ').slice(1).join(' ')]),
        );
        const text = recording.statements[send.slice(0, 16)] ?? '';
        for (const [, column, parameter] of text.matchAll(/\b(\w*_id|id) = @(p\d+)\b/g)) {
          // A message's id is text in the inbox and an id in the outbox: one parameter serves both.
          const alsoText = [...textIds].some((id) => text.includes(`${id} = @${parameter}`));
          const isText = textIds.has(column) || alsoText || types.get(parameter) === 'int';
          if (!isText && types.get(parameter) !== 'uniqueidentifier')
            wrong.push(`${name}: ${column} = ${parameter}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('sends rows in no shape that core has no table type for', async () => {
    const core = (await coreMigrations('mssql')).map((file) => file.text).join('\n');
    const shapes = new Set(
      Object.values(recording.methods).flatMap(({ sends }) =>
        sends.flatMap((send) => [...send.matchAll(/dbo\.(rows_\w+) readonly/g)].map((m) => m[1])),
      ),
    );
    expect(shapes.size).toBeGreaterThan(30);
    expect([...shapes].filter((shape) => !core.includes(`create type ${shape} as table`))).toEqual([]);
  });

  it('bounds what is bounded', () => {
    // Contents of any length go by bulk copy and in table types, never as a parameter of a statement.
    const long = Object.entries(recording.methods).flatMap(([name, { sends }]) =>
      sends.some((send) => send.includes('(max)') && !send.startsWith('insert bulk')) ? [name] : [],
    );
    expect(long).toEqual([]);
    const sizes = Object.values(recording.methods).flatMap((m) => m.sends.flatMap(parametersOf));
    const types = new Set(
      sizes.map((p) =>
        p
          .split(' ')
          .slice(1)
          .join(' ')
          .replace(/^dbo\.rows_\w+ readonly$/, 'rows'),
      ),
    );
    expect([...types].sort()).toEqual(
      [
        '',
        'bigint',
        'bit',
        'datetimeoffset(3)',
        'float',
        'int',
        'nvarchar(36)',
        'nvarchar(4000)',
        'nvarchar(max)',
      ]
        .concat(['rows', 'uniqueidentifier', 'varbinary(8000)', 'varbinary(max)'])
        .sort(),
    );
  });
});

it('knows which columns named like ids are none', async () => {
  const text = new Set<string>();
  for (const file of await coreMigrations('mssql')) {
    for (const [, column, type] of file.text.matchAll(/^ +(\w+_id|id) (\w+)/gm)) {
      if (type === 'nvarchar') text.add(column);
    }
  }
  expect([...text].sort()).toEqual([...textIds].sort());
});
