import type { Finding } from '@hartonomous/contracts';
import { jaccard } from '@hartonomous/numerics';
import type { TenantTransaction } from '@hartonomous/store';
import { hashesMax, shinglesOf } from './code/code-shape.js';
import { nearGroups, type ShapeClass } from './code/near-duplicates.js';
import { shapedBytesMin } from './code/shape-corpus.js';
import {
  duplicateCodeFinding,
  groupsMax,
  groupsShownMax,
  membersMax,
  nearDuplicateFinding,
  nearMembersMax,
  nearShownMax,
  type NearGroup,
  type ShownGroup,
} from './findings/duplicate-code.js';

export interface Observable {
  findings: Finding[];
  /** What cannot be observed yet, by name and with the reason. */
  unavailable: string[];
}

const pageRows = 10_000;
/** Different shapes that are compared: 400 MB of signatures would be the next step. */
const classesMax = 200_000;

/** Duplicate and nearly duplicate code, where the shapes of code atoms are stored. */
export async function readCode(tx: TenantTransaction): Promise<Observable> {
  const looked = await tx.code.sizes(shapedBytesMin);
  if (looked.shaped === 0) {
    return { findings: [], unavailable: ['duplicate code: no shapes of code atoms are stored'] };
  }
  const groups = await tx.code.clones(2, groupsMax);
  const shown: ShownGroup[] = [];
  for (const group of groups.slice(0, groupsShownMax)) {
    const members = await tx.code.withSignature(group.astSignature, membersMax);
    shown.push({ ...group, members: members.filter((m) => m.language === group.language) });
  }
  const near = await readNear(tx);
  return {
    findings: [
      duplicateCodeFinding(groups, shown),
      nearDuplicateFinding(near.groups, near.shown, looked),
    ].filter((f) => f !== null),
    unavailable:
      looked.shaped < looked.atoms
        ? [`duplicate code: ${looked.atoms - looked.shaped} of ${looked.atoms} code atoms have no shape yet`]
        : [],
  };
}

interface Classes {
  classes: ShapeClass[];
  /** An atom of each class. */
  atomIds: string[];
  signatures: Uint32Array;
}

/** One of each different shape, all atoms counted; shapes without a signature of ours are left out. */
async function readClasses(tx: TenantTransaction): Promise<Classes> {
  const classes: ShapeClass[] = [];
  const atomIds: string[] = [];
  const places = new Map<string, number>();
  let signatures = new Uint32Array(1_024 * hashesMax);
  for (let after: string | null = null; ;) {
    const page: Awaited<ReturnType<TenantTransaction['code']['minhashes']>> = await tx.code.minhashes(
      after,
      pageRows,
    );
    for (const { atomId, language, astSignature, minhash } of page) {
      if (minhash.length !== 4 * hashesMax) continue;
      const key = `${language}|${astSignature}`;
      const known = places.get(key);
      if (known !== undefined) classes[known]!.atoms++;
      if (known !== undefined || classes.length >= classesMax) continue;
      const at = classes.length * hashesMax;
      if (at === signatures.length) signatures = grown(signatures);
      for (let k = 0; k < hashesMax; k++) signatures[at + k] = minhash.readUInt32LE(4 * k);
      places.set(key, classes.push({ language, astSignature, atoms: 1 }) - 1);
      atomIds.push(atomId);
    }
    if (page.length < pageRows) return { classes, atomIds, signatures };
    after = page.at(-1)!.atomId;
  }
}

const grown = (signatures: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> => {
  const larger = new Uint32Array(2 * signatures.length);
  larger.set(signatures);
  return larger;
};

/** What the comparison of a corpus found: the same as long as neither the corpus nor its shapes change. */
interface Near {
  groups: { atoms: number; shapes: number; language: string; atomIds: string[] }[];
}
const foundMax = 32;
const found = new Map<string, Near & { of: string }>();

async function compared(tx: TenantTransaction): Promise<Near> {
  const { shaped } = await tx.code.sizes(shapedBytesMin);
  const of = `${await tx.ingestion.corpusVersion()}|${shaped}`;
  const known = found.get(tx.tenantId);
  if (known?.of === of) return known;
  const { classes, atomIds, signatures } = await readClasses(tx);
  const groups = nearGroups(classes, signatures)
    .map((members) => ({
      language: classes[members[0]!]!.language,
      atoms: members.reduce((sum, i) => sum + classes[i]!.atoms, 0),
      shapes: members.length,
      atomIds: members.slice(0, nearMembersMax).map((i) => atomIds[i]!),
    }))
    .sort((a, b) => b.atoms - a.atoms || (a.atomIds[0]! < b.atomIds[0]! ? -1 : 1));
  const oldest = found.keys().next().value;
  if (found.size >= foundMax && oldest !== undefined) found.delete(oldest);
  found.set(tx.tenantId, { of, groups });
  return { groups };
}

async function readNear(tx: TenantTransaction): Promise<Near & { shown: NearGroup[] }> {
  const { groups } = await compared(tx);
  const shown: NearGroup[] = [];
  for (const { atomIds, ...group } of groups.slice(0, nearShownMax)) {
    const members = (await tx.code.of(atomIds)).sort((a, b) => (a.path < b.path ? -1 : 1));
    const [first, second] = await tx.atoms.read(members.slice(0, 2).map((m) => m.atomId));
    const shingles = [first, second].map((atom) => shinglesOf(atom?.text ?? '', group.language));
    const similarity = first && second ? jaccard(shingles[0]!, shingles[1]!) : null;
    shown.push({ ...group, members, similarity });
  }
  return { groups, shown };
}
