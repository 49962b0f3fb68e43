import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface PlantedCorpus {
  folder: string;
  /** Questions that each have a paragraph as their answer. */
  queries: string[];
}

const words = ['lease', 'evidence', 'index', 'queue', 'trace', 'cache', 'plan', 'verdict'];

/** Two subjects, each told over and over in nearly the same words: dense groups of atoms. */
const groups = [
  'The glaze of the kiln melts while the potter watches the cone bend in the fire',
  'The keel of the sloop lifts while the sailor trims the jib against the tide',
];
const groupSize = 45;

/** A corpus of real files whose causes for the loop are known, because the test puts them there. */
export function writePlantedCorpus(paragraphs: number): PlantedCorpus {
  const folder = mkdtempSync(join(tmpdir(), 'harto-corpus-'));
  const docs = join(folder, 'docs');
  mkdirSync(docs);
  const queries = Array.from({ length: paragraphs }, (_, i) => {
    const query = `${words[i % words.length]} ${words[(i * 3 + 1) % words.length]} chapter${i}`;
    writeFileSync(join(docs, `p${i}.md`), `# ${query}\n\nThis part tells how the ${query} is renewed.\n`);
    return query;
  });
  for (const [g, sentence] of groups.entries()) {
    for (let i = 0; i < groupSize; i++) {
      writeFileSync(join(docs, `g${g}-${i}.md`), `# Group ${g}\n\n${sentence}, for the ${i}th time.\n`);
    }
  }
  return { folder, queries };
}
