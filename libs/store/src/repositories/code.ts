import { HartoError } from '@hartonomous/contracts';
import type { CloneGroup, CodeRepository, CodeShape } from '../port/code.js';
import type { Columns } from '../sql/dialect.js';
import { idsMax, type TenantContext } from './context.js';

const shapeColumns: Columns = {
  atom_id: 'uuid',
  path: 'text',
  symbol: 'text',
  language: 'text',
  ast_signature: 'text',
  minhash: 'bytes',
};
const fields = `c.atom_id as "atomId", c.path as "path", c.symbol as "symbol", c.language as "language",
  c.ast_signature as "astSignature", c.minhash as "minhash"`;

export function codeRepository(context: TenantContext): CodeRepository {
  return { ...shapes(context), ...shaping(context), ...clones(context) };
}

function shapes({ tenantId, db, sql }: TenantContext): Pick<CodeRepository, 'put' | 'of'> {
  return {
    async put(rows) {
      if (rows.length === 0) return 0;
      if (rows.length > idsMax) throw new HartoError('INPUT_TOO_LARGE', `at most ${idsMax} shapes a call`);
      const last = new Map(rows.map((r) => [r.atomId, r]));
      const staged = [...last.values()].map((r) => [
        r.atomId,
        r.path,
        r.symbol,
        r.language,
        r.astSignature,
        r.minhash,
      ]);
      await db.stage('stage_code', shapeColumns, staged);
      const names = Object.keys(shapeColumns);
      const from = `(select ${sql.cast('$1', 'uuid')} as tenant_id, s.* from ${sql.staged('stage_code')} s
        join tenant_atom t on t.tenant_id = ${sql.cast('$1', 'uuid')} and t.atom_id = s.atom_id) r`;
      return db.run(
        sql.upsert({
          table: 'code_atom',
          keys: ['tenant_id', 'atom_id'],
          columns: ['tenant_id', ...names],
          from,
          update: Object.fromEntries(names.slice(1).map((n) => [n, `excluded.${n}`])),
        }),
        [tenantId],
      );
    },

    async of(atomIds) {
      if (atomIds.length === 0) return [];
      const params: unknown[] = [tenantId];
      const wanted = sql.anyOf('c.atom_id', 'uuid', atomIds, params);
      return db.rows<CodeShape>(
        `select ${fields} from code_atom c where c.tenant_id = $1 and ${wanted} order by ${sql.idText('c.atom_id')}`,
        params,
      );
    },
  };
}

type Shaping = Pick<CodeRepository, 'unshaped' | 'sizes' | 'minhashes'>;

function shaping({ tenantId, db, sql }: TenantContext): Shaping {
  const codeAtoms = `tenant_atom t join atom a on a.id = t.atom_id
    where t.tenant_id = $1 and a.modality = 'code' and a.size_bytes >= $2`;
  return {
    async unshaped(bytesMin, limit) {
      const rows = await db.rows<{ id: string }>(
        `select t.atom_id as "id" from ${codeAtoms} and not exists (
           select 1 from code_atom c where c.tenant_id = t.tenant_id and c.atom_id = t.atom_id)
         order by ${sql.idText('t.atom_id')} offset 0 rows fetch next $3 rows only`,
        [tenantId, bytesMin, limit],
      );
      return rows.map((row) => row.id);
    },

    async sizes(bytesMin) {
      const [row] = await db.rows<{ atoms: string | number; shaped: string | number }>(
        `select (select count(*) from ${codeAtoms}) as "atoms",
           (select count(*) from code_atom c where c.tenant_id = $1) as "shaped"`,
        [tenantId, bytesMin],
      );
      return { atoms: Number(row!.atoms), shaped: Number(row!.shaped) };
    },

    minhashes(after, limit) {
      const params: unknown[] = [tenantId, limit];
      const later = after === null ? '' : `and ${sql.idText('c.atom_id')} > $${params.push(after)}`;
      return db.rows<Omit<CodeShape, 'path' | 'symbol'>>(
        `select c.atom_id as "atomId", c.language as "language", c.ast_signature as "astSignature",
           c.minhash as "minhash"
         from code_atom c where c.tenant_id = $1 ${later}
         order by ${sql.idText('c.atom_id')} offset 0 rows fetch next $2 rows only`,
        params,
      );
    },
  };
}

function clones({ tenantId, db, sql }: TenantContext): Pick<CodeRepository, 'clones' | 'withSignature'> {
  return {
    async clones(atomsMin, limit) {
      const rows = await db.rows<Omit<CloneGroup, 'atoms'> & { atoms: string | number }>(
        `select language as "language", ast_signature as "astSignature", count(*) as "atoms" from code_atom
         where tenant_id = $1 group by language, ast_signature having count(*) >= $2
         order by count(*) desc, language, ast_signature offset 0 rows fetch next $3 rows only`,
        [tenantId, atomsMin, limit],
      );
      return rows.map((r) => ({ ...r, atoms: Number(r.atoms) }));
    },

    withSignature: (astSignature, limit) =>
      db.rows<CodeShape>(
        `select ${fields} from code_atom c where c.tenant_id = $1 and c.ast_signature = $2
         order by c.path, c.symbol, ${sql.idText('c.atom_id')} offset 0 rows fetch next $3 rows only`,
        [tenantId, astSignature, limit],
      ),
  };
}
