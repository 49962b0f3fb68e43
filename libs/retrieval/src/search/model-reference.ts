import { HartoError } from '@hartonomous/contracts';
import type { ModelRow, TenantTransaction } from '@hartonomous/store';

/** Alias of the version that serves. */
export const SERVING_ALIAS = 'default';

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * The version that a reference names: an id, an alias, `name@version`, or `name@alias` when that alias names a version
 * of this model. With `asOf`, what the alias named then.
 * @throws HartoError NOT_FOUND, naming the aliases that there are
 */
export async function resolveModel(tx: TenantTransaction, reference: string, asOf?: Date): Promise<ModelRow> {
  const found = await find(tx, reference, asOf);
  if (found) return found;
  const aliases = (await tx.models.aliases()).map((row) => row.alias);
  const known = aliases.length > 0 ? `; aliases: ${aliases.slice(0, 20).join(', ')}` : '';
  const then = asOf ? ` as of ${asOf.toISOString()}` : '';
  throw new HartoError(
    'NOT_FOUND',
    `no model version or alias ${JSON.stringify(reference.slice(0, 200))}${then}${known}`,
  );
}

async function find(tx: TenantTransaction, reference: string, asOf?: Date): Promise<ModelRow | null> {
  if (uuid.test(reference)) return tx.models.get(reference.toLowerCase());
  const named = await tx.models.resolve(reference, asOf);
  if (named) return named;
  const at = reference.indexOf('@');
  if (at < 1) return null;
  const [name, which] = [reference.slice(0, at), reference.slice(at + 1)];
  if (/^\d{1,9}$/.test(which)) {
    const versions = await tx.models.list();
    return versions.find((row) => row.name === name && row.version === Number(which)) ?? null;
  }
  const aliased = await tx.models.resolve(which, asOf);
  return aliased?.name === name ? aliased : null;
}
