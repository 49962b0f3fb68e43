import type { Finding } from '@hartonomous/contracts';
import type { TenantTransaction } from '@hartonomous/store';
import {
  duplicateCodeFinding,
  groupsMax,
  groupsShownMax,
  membersMax,
  type ShownGroup,
} from './findings/duplicate-code.js';

export interface Observable {
  findings: Finding[];
  /** What cannot be observed yet, by name and with the reason. */
  unavailable: string[];
}

/** Observations that nothing in the store can answer yet: "no data" is neither a finding nor its absence. */
export const notObservable = [
  'unusual inputs: the embeddings of requests are not stored',
  'size classes of requests: their tokens are not recorded',
  'weak weights: nothing records when tensor atoms are used',
  'near duplicates of code: the store finds equal signatures only',
  'journeys by length and DTW distance: only their ends and steps are read',
];

/** Duplicate code, where the shapes of code atoms are stored. */
export async function readCode(tx: TenantTransaction): Promise<Observable> {
  const [any] = await tx.code.clones(1, 1);
  if (!any) return { findings: [], unavailable: ['duplicate code: no shapes of code atoms are stored'] };
  const groups = await tx.code.clones(2, groupsMax);
  const shown: ShownGroup[] = [];
  for (const group of groups.slice(0, groupsShownMax)) {
    const members = await tx.code.withSignature(group.astSignature, membersMax);
    shown.push({ ...group, members: members.filter((m) => m.language === group.language) });
  }
  const finding = duplicateCodeFinding(groups, shown);
  return { findings: finding ? [finding] : [], unavailable: [] };
}
