import type { ColumnType } from '../../sql/dialect.js';

/** Bytes of COPY text gathered before they are handed on. */
const chunkBytes = 256 * 1024;

const special = /[\\\n\r\t]/g;
const escapes: Record<string, string> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function field(value: unknown, type: ColumnType): string {
  if (value === null || value === undefined) return '\\N';
  switch (type) {
    case 'text': {
      const text = value as string;
      return special.test(text) ? text.replace(special, (c) => escapes[c]) : text;
    }
    case 'bytes':
      return `\\\\x${(value as Buffer).toString('hex')}`;
    case 'instant':
      return (value as Date).toISOString();
    default:
      return String(value);
  }
}

/** Rows in the text format of COPY, in chunks. */
export function* copyText(rows: Iterable<unknown[]>, types: ColumnType[]): Generator<string> {
  let chunk = '';
  for (const row of rows) {
    let line = field(row[0], types[0]);
    for (let i = 1; i < types.length; i++) line += '\t' + field(row[i], types[i]);
    chunk += line + '\n';
    if (chunk.length >= chunkBytes) {
      yield chunk;
      chunk = '';
    }
  }
  if (chunk.length > 0) yield chunk;
}
