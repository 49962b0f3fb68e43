import { createHash } from 'node:crypto';
import { v7 } from 'uuid';

/** Time-ordered UUID (RFC 9562 v7): keeps B-trees of both engines append-mostly. */
export const newId = (): string => v7();

/** Canonical JSON: keys sorted, no undefined; the text that hashes are taken of on every engine. */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const entries = Object.entries(value as Record<string, unknown>)
    .filter(([, v]) => v !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${canonicalJson(v)}`).join(',')}}`;
}

/** Hex SHA-256 of UTF-8 text. */
export const sha256Hex = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The hash an approval binds to: type, target, parameters, and the evidence they rest on. */
export const planHash = (plan: {
  type: string;
  target: string;
  parameters: unknown;
  evidence: unknown;
}): string =>
  sha256Hex(
    canonicalJson({
      type: plan.type,
      target: plan.target,
      parameters: plan.parameters,
      evidence: plan.evidence,
    }),
  );

/** Key under which an effect happens at most once. */
export const effectKey = (cycleId: string, step: string, target: string, plan: string): string =>
  sha256Hex(`${cycleId}|${step}|${target}|${plan}`);
