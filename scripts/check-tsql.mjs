// The T-SQL step of `npm run check`, without any server. Every batch of sql/mssql and every statement that the adapter
// sends (sql/mssql/statements.json) must parse as T-SQL, but for those that sql/mssql/unparsed.json names. Every core
// file and statement must have been carried out by a server or stand as pending in sql/mssql/executed.json.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Dialect, init, parse } from '@polyglot-sql/sdk';

const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));
const nameCharacters = 16;

/** Batches of the files and the recorded statements, by a name that stands still while the text does. */
export function piecesOf(folder) {
  const pieces = [];
  for (const part of ['core', 'features']) {
    const names = readdirSync(join(folder, part)).filter((name) => name.endsWith('.sql'));
    for (const name of names.sort()) {
      const text = readFileSync(join(folder, part, name), 'utf8').replaceAll('\r\n', '\n');
      const batches = text.split(/^\s*go\s*$/im).filter((batch) => batch.trim().length > 0);
      batches.forEach((batch, i) => pieces.push({ name: `${part}/${name} batch ${i + 1}`, text: batch }));
    }
  }
  const { statements } = readJson(join(folder, 'statements.json'));
  for (const text of Object.values(statements)) {
    pieces.push({ name: `statement ${sha256(text).slice(0, nameCharacters)}`, text });
  }
  return pieces;
}

/** What the grammar does not know, in words that it does, so that what stands around it is read all the same. */
const rewritings = [
  [/\bcreate type (\w+) as table\b/gi, 'create table $1'],
  [/\balter procedure\b/gi, 'create procedure'],
  [/(@\w+ \w+) readonly\b/gi, '$1'],
  [/\bupdate (\w+) with \((?:updlock|holdlock|, )+\)/gi, 'update $1'],
];

const known = (text) => rewritings.reduce((sql, [from, to]) => sql.replace(from, to), text);

/** What the grammar passes over unread. */
const opaque = (node) =>
  typeof node === 'object' &&
  node !== null &&
  (Object.keys(node).some((key) => key === 'raw' || key === 'command') || Object.values(node).some(opaque));

/** Why a text is no T-SQL to the grammar, or null. `init` must have been called. */
export function fault(text) {
  try {
    const result = parse(known(text), Dialect.TSQL);
    if (!result.success) return result.error;
    return opaque(result.ast) ? 'the grammar passes over it' : null;
  } catch (error) {
    return error.message;
  }
}

/** Findings about what parses, against the list of what is known not to. */
export function checkGrammar(pieces, unparsed, faultOf = fault) {
  const findings = [];
  const names = new Set(pieces.map((piece) => piece.name));
  let parsed = 0;
  for (const { name, text } of pieces) {
    const why = faultOf(text);
    if (why === null) parsed++;
    if (why !== null && !(name in unparsed)) findings.push(`${name} does not parse: ${why}`);
    if (why === null && name in unparsed) findings.push(`${name} parses: take it off unparsed.json`);
  }
  for (const name of Object.keys(unparsed)) {
    if (!names.has(name)) findings.push(`${name} is no longer there: take it off unparsed.json`);
  }
  return { parsed, findings };
}

/** Findings about what no server has carried out and nobody has listed as pending. */
export function checkExecuted(folder, executed) {
  const pending = new Set(executed.pending);
  const carriedOut = new Set(executed.statements);
  const findings = [];
  for (const name of readdirSync(join(folder, 'core')).sort()) {
    const checksum = sha256(readFileSync(join(folder, 'core', name), 'utf8').replaceAll('\r\n', '\n'));
    if (executed.files[name] !== checksum && !pending.has(name))
      findings.push(`core/${name} is neither executed nor pending`);
  }
  const { statements } = readJson(join(folder, 'statements.json'));
  for (const text of Object.values(statements)) {
    const hash = sha256(text);
    if (carriedOut.has(hash) || pending.has(hash)) continue;
    findings.push(`neither executed nor pending: ${hash.slice(0, nameCharacters)} ${text.slice(0, 100)}`);
  }
  return findings;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'sql', 'mssql');
  await init();
  const executed = readJson(join(folder, 'executed.json'));
  const { parsed, findings } = checkGrammar(piecesOf(folder), readJson(join(folder, 'unparsed.json')));
  findings.push(...checkExecuted(folder, executed));
  const { files, statements, pending } = executed.counts;
  console.log(
    `T-SQL: ${parsed} pieces parse; a server has carried out ${statements} statements and ${files} core files; ${pending} pending`,
  );
  if (findings.length > 0) {
    console.error(findings.join('\n'));
    console.error(
      'npm run build && npm run tsql:record brings statements.json and the pending list up to date',
    );
    process.exit(1);
  }
}
