import type { Finding } from '@hartonomous/contracts';
import type { CloneGroup, CodeShape } from '@hartonomous/store';
import { countOf } from './wording.js';

/** Groups that are counted, and those of them whose atoms are read. */
export const groupsMax = 1_000;
export const groupsShownMax = 20;
export const membersMax = 20;

export interface ShownGroup extends CloneGroup {
  members: CodeShape[];
}

/** Code atoms that are the same but for names and literals: equal signatures of their syntax trees. */
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
      method: 'equal signature of the syntax tree without names and literals',
      groups: shown.map(({ language, astSignature, atoms: count, members }) => ({
        language,
        astSignature,
        atoms: count,
        members: members.map(({ atomId, path, symbol }) => ({ atomId, path, symbol })),
      })),
    },
  };
}
