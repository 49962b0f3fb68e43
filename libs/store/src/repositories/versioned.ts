import type { Versioned } from '../sql/dialect.js';

/** Places and coefficients that a version moved. */
export const coefficientTable: Versioned = {
  table: 'tensor_atom_coefficient',
  keys: ['tenant_id', 'model_id', 'atom_id', 'tensor_no', 'segment_no'],
  values: ['x', 'y', 'z', 'hilbert', 'coefficient'],
  since: 'updated_at',
};

/** Which version an alias names, by whom and why. */
export const aliasTable: Versioned = {
  table: 'model_alias',
  keys: ['tenant_id', 'alias'],
  values: ['model_id', 'previous_model_id', 'changed_by', 'why'],
  since: 'changed_at',
};

/** Tables whose old rows are kept, and dropped when their retention has passed. */
export const systemVersioned: readonly Versioned[] = [coefficientTable, aliasTable];

/** Now: the current rows. Then: those that were already true, and the replaced ones that still were. */
export function rowsAt({ table, keys, values, since }: Versioned, asOf: string | null): string {
  const columns = [...keys, ...values].join(', ');
  if (asOf === null) return `(select ${columns} from ${table})`;
  return `(select ${columns} from ${table} where ${since} <= ${asOf}
    union all select ${columns} from ${table}_history where valid_from <= ${asOf} and valid_to > ${asOf})`;
}
