import type { Finding } from '@hartonomous/contracts';
import type { CloneGroup, CodeShape } from '@hartonomous/store';
import { countOf, percentOf } from './wording.js';

/** Groups that are counted, and those of them whose atoms are read. */
export const groupsMax = 1_000;
export const groupsShownMax = 20;
export const membersMax = 20;

export interface ShownGroup extends CloneGroup {
  members: CodeShape[];
}

/** Code atoms that are the same but for names and literals: their tokens without these are equal. */
export function duplicateCodeFinding(
  groups: readonly CloneGroup[],
  shown: readonly ShownGroup[],
): Finding | null {
  if (groups.length === 0) return null;
  const atoms = groups.reduce((sum, g) => sum + g.atoms, 0);
  const more = groups.length < groupsMax ? '' : 'at least ';
  const first = shown[0]?.members.slice(0, 2).map((m) => `${m.symbol} in ${m.path}`);
  const example = first && first.length === 2 ? `; ${first.join(' and ')} are in the largest` : '';
  return {
    kind: 'duplicate-code',
    summary:
      `${more}${countOf(atoms, 'piece')} of code in ${countOf(groups.length, 'group')} ` +
      `differ only in names and literals${example}`,
    severity: Math.min(0.1, (atoms - groups.length) / 1_000),
    rowIds: shown.flatMap((g) => g.members.map((m) => m.atomId)).slice(0, 200),
    rowCount: atoms,
    facts: {
      scope: 'code',
      method: 'equal signature of the tokens without names, literals, comments and layout',
      groups: shown.map(({ language, astSignature, atoms: count, members }) => ({
        language,
        astSignature,
        atoms: count,
        members: members.map(({ atomId, path, symbol }) => ({ atomId, path, symbol })),
      })),
    },
  };
}

/** Code atoms of one group of near duplicates, as far as they were read. */
export interface NearGroup {
  language: string;
  /** All atoms of the group, and how many different shapes they have. */
  atoms: number;
  shapes: number;
  members: CodeShape[];
  /** Exact Jaccard similarity of the shingles of the first two members; null where they were not read. */
  similarity: number | null;
}

/** Groups of near duplicates that are shown, and members of each. */
export const nearShownMax = 10;
export const nearMembersMax = 10;

/** Code atoms that are nearly the same: MinHash similarity of 0.9 or more, and not equal but for names and literals. */
export function nearDuplicateFinding(
  groups: readonly Pick<NearGroup, 'atoms' | 'shapes'>[],
  shown: readonly NearGroup[],
  looked: { shaped: number; atoms: number },
): Finding | null {
  if (groups.length === 0) return null;
  const atoms = groups.reduce((sum, g) => sum + g.atoms, 0);
  const [first] = shown;
  const pair = first?.members.slice(0, 2).map((m) => `${m.symbol} in ${m.path}`) ?? [];
  const alike = first?.similarity == null ? '' : `, ${percentOf(first.similarity)} alike`;
  const example = pair.length === 2 ? `; ${pair.join(' and ')} are in the largest${alike}` : '';
  return {
    kind: 'duplicate-code',
    summary:
      `${countOf(atoms, 'piece')} of code in ${countOf(groups.length, 'group')} are nearly the same, ` +
      `names and literals apart${example}`,
    severity: Math.min(0.1, (atoms - groups.length) / 2_000),
    rowIds: shown.flatMap((g) => g.members.map((m) => m.atomId)).slice(0, 200),
    rowCount: atoms,
    facts: {
      scope: 'code',
      method:
        'MinHash similarity >= 0.9 of shingles of 7 tokens without names and literals, in chains of pairs',
      looked: `${looked.shaped} of ${looked.atoms} code atoms have a shape`,
      groups: shown.map(({ members, ...group }) => ({
        ...group,
        members: members.map(({ atomId, path, symbol }) => ({ atomId, path, symbol })),
      })),
    },
  };
}
