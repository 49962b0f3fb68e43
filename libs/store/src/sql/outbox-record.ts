import type { MessageName } from '@hartonomous/contracts';
import type { OutboxRow } from '../port/plumbing.js';
import type { Columns } from './dialect.js';

export const outboxColumns: Columns = {
  id: 'uuid',
  tenant_id: 'uuid',
  name: 'text',
  epoch: 'int',
  refs: 'text',
  trace: 'text',
  deliver_at: 'instant',
};

export interface OutboxRecord {
  id: string;
  tenant_id: string;
  name: string;
  epoch: number;
  refs: string;
  trace: string;
  deliver_at: Date;
}

export const outboxValues = (row: OutboxRow): unknown[] => [
  row.id,
  row.tenantId,
  row.name,
  row.epoch,
  JSON.stringify(row.refs),
  JSON.stringify(row.trace),
  row.deliverAt,
];

export const readOutbox = (record: OutboxRecord): OutboxRow => ({
  id: record.id,
  tenantId: record.tenant_id,
  name: record.name as MessageName,
  epoch: record.epoch,
  refs: JSON.parse(record.refs) as Record<string, unknown>,
  trace: JSON.parse(record.trace) as Record<string, string>,
  deliverAt: record.deliver_at,
});
