import { createHash } from 'node:crypto';
import { HartoError, newId } from '@hartonomous/contracts';
import type { IngestFile } from '../port/atoms.js';
import type { MergeAtom } from '../sql/executor.js';

const filesMax = 200;
const atomsMax = 20_000;
const termLengthMax = 64;
const dimensionsMax = 16_384;

/** An atom of the call, once for equal bytes; `id` becomes the store's when the bytes are known already. */
export interface DistinctAtom extends MergeAtom {
  lengthTerms: number;
  terms: Map<string, number>;
  vector: Float32Array;
}

/** @throws HartoError INPUT_TOO_LARGE | INPUT_INVALID, naming the file; nothing is written. */
export function checkFiles(files: IngestFile[]): void {
  const atoms = files.reduce((sum, file) => sum + file.atoms.length, 0);
  if (files.length > filesMax || atoms > atomsMax) {
    throw new HartoError(
      'INPUT_TOO_LARGE',
      `at most ${filesMax} files and ${atomsMax} atoms a call, got ${files.length} and ${atoms}`,
    );
  }
  const paths = new Set<string>();
  for (const file of files) {
    if (paths.has(file.path)) throw refused(file, 'stands twice in one call');
    paths.add(file.path);
    for (const atom of file.atoms) {
      if (atom.text.includes('\u0000')) throw refused(file, 'has NUL in its text');
      if (atom.vector.length === 0 || atom.vector.length > dimensionsMax) {
        throw refused(file, `has a vector of ${atom.vector.length} dimensions`);
      }
      // Merging by a hash that is not of the bytes would hand one tenant's text to another.
      if (!createHash('sha256').update(atom.text).digest().equals(atom.contentHash)) {
        throw refused(file, 'has an atom whose hash is not the SHA-256 of its text');
      }
      for (const [term, count] of atom.terms) {
        if (
          term.length === 0 ||
          [...term].length > termLengthMax ||
          term.includes('\u0000') ||
          !(count >= 1)
        ) {
          throw refused(
            file,
            `has a term outside 1 to ${termLengthMax} characters, or counted ${count} times`,
          );
        }
      }
    }
  }
}

function refused(file: IngestFile, why: string): HartoError {
  return new HartoError('INPUT_INVALID', `${file.path} ${why}`, { details: { path: file.path } });
}

export function distinctAtoms(files: IngestFile[]): DistinctAtom[] {
  const byHash = new Map<string, DistinctAtom>();
  for (const file of files) {
    for (const atom of file.atoms) {
      const contentHash = atom.contentHash.toString('hex');
      if (byHash.has(contentHash)) continue;
      let lengthTerms = 0;
      for (const count of atom.terms.values()) lengthTerms += count;
      byHash.set(contentHash, {
        id: newId(),
        modality: atom.modality,
        text: atom.text,
        contentHash,
        lengthTerms,
        terms: atom.terms,
        vector: atom.vector,
      });
    }
  }
  return [...byHash.values()];
}
