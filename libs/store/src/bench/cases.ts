import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { from as copyFrom } from 'pg-copy-streams';
import { newId } from '@hartonomous/contracts';
import { copyBinary } from '../engines/postgres/copy-binary.js';
import type { ColumnType } from '../sql/dialect.js';
import type { TensorAtom } from '../port/tensors.js';
import type { BenchResult } from './index.js';
import { inTurns, tensorRows, type BenchSetting } from './setting.js';

const bareColumns: Record<string, ColumnType> = {
  tenant_id: 'uuid',
  model_id: 'uuid',
  atom_id: 'uuid',
  tensor_no: 'int',
  segment_no: 'bigint',
  x: 'float',
  y: 'float',
  z: 'float',
  importance: 'float',
  hilbert: 'bigint',
  value_min: 'float',
  value_max: 'float',
  value_norm: 'float',
};

/** A binary COPY of the rows into a table, encoded while it runs, as the store's own. */
async function copyBare(s: BenchSetting, table: string, rows: Iterable<TensorAtom>): Promise<void> {
  function* values(): Generator<unknown[]> {
    for (const r of rows) {
      yield [
        s.t.tenantId,
        s.modelId,
        r.atomId,
        r.tensorNo,
        r.segmentNo,
        r.x,
        r.y,
        r.z,
        r.importance,
        r.hilbert,
        r.valueMin,
        r.valueMax,
        r.valueNorm,
      ];
    }
  }
  const columns = Object.keys(bareColumns).join(', ');
  const sink = s.owner.query(copyFrom(`copy ${table} (${columns}) from stdin with (format binary)`));
  await pipeline(Readable.from(copyBinary(values(), Object.values(bareColumns))), sink);
}

const inTenant = (s: BenchSetting) => s.t.store.withTenant.bind(s.t.store, s.t.tenantId);

export async function loadRows(s: BenchSetting): Promise<BenchResult> {
  const { ours, bare } = await inTurns(s.rounds, {
    before: () => s.owner.query('truncate tensor_atom, bare_tensor'),
    ours: () => s.t.store.withTenant(s.t.tenantId, (tx) => tx.tensors.load(s.modelId, tensorRows(s))),
    bare: () => copyBare(s, 'bare_tensor', tensorRows(s)),
  });
  // For the cases that follow, both sides hold the same rows.
  await s.owner.query('truncate tensor_atom, bare_tensor');
  await copyBare(s, 'bare_tensor', tensorRows(s));
  await s.owner.query('insert into tensor_atom select * from bare_tensor');
  await s.owner.query('vacuum analyze tensor_atom');
  await s.owner.query('vacuum analyze bare_tensor');
  return row(s, 'load', 'binary COPY', rate(s, ours), rate(s, bare), '>=0.6');
}

const rate = (s: BenchSetting, ms: number): number => s.atoms / ms;

const row = (
  s: BenchSetting,
  name: string,
  peer: string,
  ours: number,
  peerValue: number,
  target: string,
  unit = 'rows/ms',
): BenchResult => ({ case: `${name}, ${s.atoms} tensor atoms`, ours, unit, peer, peerValue, target });

export async function updateAll(s: BenchSetting): Promise<BenchResult> {
  let shift = 0;
  const { ours, bare } = await inTurns(s.rounds, {
    before: async () => {
      shift += 0.013;
      await s.owner.query('vacuum tensor_atom');
      await s.owner.query('vacuum bare_tensor');
    },
    ours: () => inTenant(s)((tx) => tx.tensors.updateWeights(s.modelId, tensorRows(s, shift))),
    bare: async () => {
      await s.owner.query('begin; create temp table bare_stage (like bare_tensor) on commit drop');
      await copyBare(s, 'bare_stage', tensorRows(s, shift));
      await s.owner.query(
        `update bare_tensor t set x = s.x, y = s.y, z = s.z, importance = s.importance, hilbert = s.hilbert
         from bare_stage s where t.tenant_id = s.tenant_id and t.model_id = s.model_id and t.atom_id = s.atom_id
           and t.tensor_no = s.tensor_no and t.segment_no = s.segment_no`,
      );
      await s.owner.query('commit');
    },
  });
  return row(s, 'update of all', 'staged COPY + UPDATE FROM', rate(s, ours), rate(s, bare), '>=0.6');
}

const queries = 200;
const neighbours = 50;

export async function nearestNeighbours(s: BenchSetting): Promise<BenchResult> {
  const definition = { name: 'earned_tensor_place', table: 'tensor_atom', columns: ['x', 'y', 'z'] };
  await s.t.store.maintenance.createIndex({ ...definition, method: 'spatial' }, { lockTimeoutMs: 10_000 });
  await s.owner.query('create index bare_place on bare_tensor using gist (cube(array[x, y, z]))');
  await s.t.store.maintenance.refreshStatistics(['tensor_atom']);
  await s.owner.query('vacuum analyze bare_tensor');
  const points = Array.from({ length: queries }, (_, i): [number, number, number] => [
    (i * 61.8) % 100,
    (i * 38.1) % 100,
    ((i * 7.3) % 20) - 10,
  ]);
  const { ours, bare } = await inTurns(s.rounds + 2, {
    ours: () =>
      inTenant(s)(async (tx) => {
        for (const point of points) await tx.tensors.nearest(s.modelId, point, neighbours);
      }),
    bare: async () => {
      for (const point of points) {
        await s.owner.query({
          name: 'bare nearest',
          text: `select atom_id, tensor_no, segment_no, x, y, z, hilbert from bare_tensor
            order by cube(array[x, y, z]) <-> cube(array[$1::float8, $2::float8, $3::float8]) limit ${neighbours}`,
          values: point,
        });
      }
    },
  });
  return row(s, `k-NN k=${neighbours}`, 'bare indexed query', ours / queries, bare / queries, '<=1.2', 'ms');
}

export async function pruneTenth(s: BenchSetting): Promise<BenchResult> {
  let pruneId = newId();
  const columns = [...Object.keys(bareColumns), 'last_used_at'].join(', ');
  const { ours, bare } = await inTurns(s.rounds, {
    before: async () => {
      await inTenant(s)((tx) => tx.tensors.restore(pruneId));
      await s.owner.query(
        `with back as (delete from bare_archive returning ${columns})
         insert into bare_tensor (${columns}) select ${columns} from back`,
      );
      for (const table of ['tensor_atom', 'tensor_atom_archive', 'bare_tensor', 'bare_archive']) {
        await s.owner.query(`vacuum analyze ${table}`);
      }
      pruneId = newId();
    },
    ours: () => inTenant(s)((tx) => tx.tensors.prune(s.modelId, pruneId, 0.1)),
    bare: () =>
      s.owner.query(
        `with gone as (delete from bare_tensor where importance < 0.1 returning ${columns})
         insert into bare_archive (prune_id, ${columns}) select '${pruneId}'::uuid, ${columns} from gone`,
      ),
  });
  return row(s, 'prune of 10 %', 'DELETE into an archive', ours, bare, '<=2', 'ms');
}

const batch = 10_000;

export async function mergeByHash(s: BenchSetting): Promise<BenchResult> {
  const texts = Math.max(1_000, Math.trunc(s.atoms / 10));
  let round = 0;
  /** Half of them new in each round. */
  const batchOf = (start: number) =>
    Array.from({ length: Math.min(batch, texts - start) }, (_, i) => {
      const n = start + i;
      return n % 2 === 0 ? `known text number ${n}` : `text number ${n} of round ${round}`;
    });
  const each = async (merge: (bodies: string[]) => Promise<unknown>) => {
    for (let start = 0; start < texts; start += batch) await merge(batchOf(start));
  };
  const ours = () =>
    inTenant(s)((tx) =>
      each((bodies) => tx.atoms.merge(bodies.map((text) => ({ modality: 'text' as const, text })))),
    );
  const bare = async () => {
    await s.owner.query('begin');
    await each((bodies) =>
      s.owner.query(
        `insert into bare_atom (id, content_hash, modality, text, size_bytes, reference_count)
         select uuidv7(), sha256(convert_to(b, 'UTF8')), 'text', b, octet_length(b), 1 from unnest($1::text[]) as b
         on conflict (content_hash) do update set reference_count = bare_atom.reference_count + 1`,
        [bodies],
      ),
    );
    await s.owner.query('commit');
  };
  const times = await inTurns(s.rounds, { before: () => Promise.resolve(round++), ours, bare });
  const rates = [texts / times.ours, texts / times.bare] as const;
  return {
    ...row(s, 'merge by hash', 'INSERT ON CONFLICT', ...rates, '>=0.5'),
    case: `merge by hash, ${texts} texts`,
  };
}
