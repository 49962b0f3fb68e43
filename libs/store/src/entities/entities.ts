import { EntitySchema, type ColumnType as TypeOrmColumnType, type EntitySchemaColumnOptions } from 'typeorm';

/** The three kinds of column whose type differs between the engines. */
export interface EngineKinds {
  instant: TypeOrmColumnType;
  longText: TypeOrmColumnType;
  /** Undefined lets the type's own length stand. */
  longTextLength?: string;
  /** Size of a text parameter; undefined where the engine has none. The value's own would make a plan per length. */
  textLength?: string;
  /** SQL Server answers ids in upper case. */
  lowerCaseIds: boolean;
}

export interface TenantEntity {
  id: string;
  name: string;
}

export interface PrincipalEntity {
  tenantId: string;
  id: string;
  name: string;
}

export interface ApiKeyEntity {
  id: string;
  tenantId: string;
  principalId: string;
  keyHash: string;
  scopes: string;
  label: string;
  expiresAt: Date | null;
  revokedAt: Date | null;
}

export interface SettingEntity {
  tenantId: string;
  name: string;
  value: string;
  updatedBy: string;
  updatedAt: Date;
}

export interface ModelEntity {
  tenantId: string;
  id: string;
  name: string;
  architecture: string;
  parentId: string | null;
  version: number;
  status: 'ready' | 'candidate' | 'retired';
  ranking: string;
}

export interface KillSwitchEntity {
  id: number;
  isOn: boolean;
  reason: string | null;
  changedBy: string | null;
  changedAt: Date | null;
}

export interface DeadLetterEntity {
  id: string;
  queue: string;
  messageId: string | null;
  name: string | null;
  code: string;
  reason: string;
  body: string;
  createdAt: Date;
}

export interface HeartbeatEntity {
  service: string;
  instance: string;
  pid: number;
  startedAt: Date;
  seenAt: Date;
  detail: string;
}

export interface Entities {
  tenant: EntitySchema<TenantEntity>;
  principal: EntitySchema<PrincipalEntity>;
  apiKey: EntitySchema<ApiKeyEntity>;
  setting: EntitySchema<SettingEntity>;
  model: EntitySchema<ModelEntity>;
  killSwitch: EntitySchema<KillSwitchEntity>;
  deadLetter: EntitySchema<DeadLetterEntity>;
  heartbeat: EntitySchema<HeartbeatEntity>;
}

type Column = EntitySchemaColumnOptions;

const key = { primary: true };
const optional = { nullable: true };
const int = (name: string, extra: Partial<Column> = {}): Column => ({ name, type: 'int', ...extra });

function schema<T>(tableName: string, columns: Record<keyof T & string, Column>): EntitySchema<T> {
  return new EntitySchema<T>({ name: tableName, tableName, columns: columns as never });
}

function columnsOf(kinds: EngineKinds) {
  const lowerCase = {
    to: (id: string | null) => id,
    from: (id: string | null) => id?.toLowerCase() ?? null,
  };
  return {
    id: (name: string, extra: Partial<Column> = {}): Column => ({
      name,
      type: 'uuid',
      ...(kinds.lowerCaseIds ? { transformer: lowerCase } : {}),
      ...extra,
    }),
    text: (name: string, extra: Partial<Column> = {}): Column => ({
      name,
      type: String,
      ...(kinds.textLength ? { length: kinds.textLength } : {}),
      ...extra,
    }),
    long: (name: string): Column => ({
      name,
      type: kinds.longText,
      ...(kinds.longTextLength ? { length: kinds.longTextLength } : {}),
    }),
    instant: (name: string, extra: Partial<Column> = {}): Column => ({
      name,
      type: kinds.instant,
      precision: 3,
      ...extra,
    }),
  };
}

/** One declaration of the simple tables for both engines. */
export function createEntities(kinds: EngineKinds): Entities {
  return { ...accessEntities(kinds), ...plumbingEntities(kinds) };
}

function accessEntities(kinds: EngineKinds): Pick<Entities, 'tenant' | 'principal' | 'apiKey' | 'model'> {
  const { id, text, long, instant } = columnsOf(kinds);
  return {
    tenant: schema<TenantEntity>('tenant', { id: id('id', key), name: text('name') }),
    principal: schema<PrincipalEntity>('principal', {
      tenantId: id('tenant_id', key),
      id: id('id', key),
      name: text('name'),
    }),
    apiKey: schema<ApiKeyEntity>('api_key', {
      id: id('id', key),
      tenantId: id('tenant_id'),
      principalId: id('principal_id'),
      keyHash: text('key_hash'),
      scopes: text('scopes'),
      label: text('label'),
      expiresAt: instant('expires_at', optional),
      revokedAt: instant('revoked_at', optional),
    }),
    model: schema<ModelEntity>('model', {
      tenantId: id('tenant_id', key),
      id: id('id', key),
      name: text('name'),
      architecture: text('architecture'),
      parentId: id('parent_id', optional),
      version: int('version'),
      status: text('status'),
      ranking: long('ranking'),
    }),
  };
}

function plumbingEntities(
  kinds: EngineKinds,
): Pick<Entities, 'setting' | 'killSwitch' | 'deadLetter' | 'heartbeat'> {
  const { id, text, long, instant } = columnsOf(kinds);
  return {
    setting: schema<SettingEntity>('setting', {
      tenantId: id('tenant_id', key),
      name: text('name', key),
      value: long('value'),
      updatedBy: text('updated_by'),
      updatedAt: instant('updated_at'),
    }),
    killSwitch: schema<KillSwitchEntity>('kill_switch', {
      id: int('id', key),
      isOn: { name: 'is_on', type: Boolean },
      reason: text('reason', optional),
      changedBy: text('changed_by', optional),
      changedAt: instant('changed_at', optional),
    }),
    deadLetter: schema<DeadLetterEntity>('dead_letter', {
      id: id('id', key),
      queue: text('queue'),
      messageId: text('message_id', optional),
      name: text('name', optional),
      code: text('code'),
      reason: long('reason'),
      body: long('body'),
      createdAt: instant('created_at', { insert: false, update: false }),
    }),
    heartbeat: schema<HeartbeatEntity>('service_heartbeat', {
      service: text('service', key),
      instance: text('instance', key),
      pid: int('pid'),
      startedAt: instant('started_at'),
      seenAt: instant('seen_at'),
      detail: long('detail'),
    }),
  };
}
