import type { Finding, SearchRequest } from '@hartonomous/contracts';
import type { KeptAnswer, KeptAnswers } from '@hartonomous/store';
import { frequentReadDefaults } from './frequent-reads.js';
import { countOf, durationOf, percentOf, sizeOf } from './wording.js';

/** Bytes of answers that the cache may hold; a tenant's own number stands in this setting. */
export const budgetSetting = 'cache.budgetBytes';
/** Some eight thousand answers of ten hits. */
export const budgetBytesDefault = 64 * 2 ** 20;
/** Answers that are looked at: those of the newest eighty full loads. */
export const answersMax = 5_000;
/** Unscaled hours that an answer is given to be asked for. */
const hoursMin = 1;
/** An answer is hardly used when a day brings fewer hits than a key needs to be loaded at all. */
const hitsADayMin = frequentReadDefaults.usesMin;
/** Fewer keys make no pairs. */
const idleMin = 8;
const findingsMax = 5;
const keysMax = 200;

export interface CacheContext {
  now: Date;
  /** Divides the waits of the loop: an hour of it passes `scale` times as fast. */
  scale: number;
  corpusVersion: number;
  budgetBytes: number;
  /** The request behind a key, by the plan that loaded its answer. */
  inputOf: (actionId: string, inputHash: string) => SearchRequest | undefined;
}

export const budgetOf = (setting: string | undefined): number => {
  const bytes = Number(setting);
  return setting !== undefined && Number.isFinite(bytes) && bytes >= 0 ? bytes : budgetBytesDefault;
};

/** Milliseconds that a byte of this answer saves in an hour. */
const worth = (answer: KeptAnswer, hours: number): number =>
  (answer.hits * answer.computeMs) / Math.max(hours, 1e-3) / Math.max(1, answer.sizeBytes);

interface Loaded {
  actionId: string;
  hours: number;
  answers: KeptAnswer[];
  idle: KeptAnswer[];
}

/** Answers by the action that loaded them, where enough of them are hardly used. */
function loadsOf(kept: KeptAnswers, { now, scale }: CacheContext): Loaded[] {
  const byAction = new Map<string, KeptAnswer[]>();
  for (const answer of kept.answers) {
    const own = byAction.get(answer.actionId);
    if (own) own.push(answer);
    else byAction.set(answer.actionId, [answer]);
  }
  return [...byAction].map(([actionId, answers]) => {
    const hours = (Math.max(0, now.getTime() - answers[0]!.since.getTime()) / 3_600_000) * scale;
    const idle = hours < hoursMin ? [] : answers.filter((a) => a.hits < (hitsADayMin * hours) / 24);
    return { actionId, hours, answers, idle };
  });
}

/**
 * Loads of the cache that hardly anybody asks for, and, over its budget, those that save the least for the memory they
 * take. One finding for each action that put such answers there.
 */
export function idleAnswerFindings(kept: KeptAnswers, context: CacheContext): Finding[] {
  const excessBytes = kept.sizeBytes - context.budgetBytes;
  const loads = loadsOf(kept, context);
  const overBudget = excessBytes > 0;
  const wanted = overBudget ? leastWorth(loads, excessBytes) : new Set<KeptAnswer>();
  return loads
    .map((load) => ({ load, given: load.answers.filter((a) => load.idle.includes(a) || wanted.has(a)) }))
    .filter(({ load, given }) => (load.idle.length >= idleMin || overBudget) && given.length > 0)
    .sort((a, b) => b.given.length - a.given.length || (a.load.actionId < b.load.actionId ? -1 : 1))
    .slice(0, findingsMax)
    .map(({ load, given }) => findingOf(kept, load, given, context));
}

/** The answers that save the least for their size, as many as the cache holds too much. */
function leastWorth(loads: readonly Loaded[], excessBytes: number): Set<KeptAnswer> {
  const ordered = loads
    .flatMap(({ answers, hours }) => answers.map((answer) => ({ answer, worth: worth(answer, hours) })))
    .sort((a, b) => a.worth - b.worth || (a.answer.inputHash < b.answer.inputHash ? -1 : 1));
  const given = new Set<KeptAnswer>();
  let bytes = 0;
  for (const { answer } of ordered) {
    if (bytes >= excessBytes) break;
    given.add(answer);
    bytes += answer.sizeBytes;
  }
  return given;
}

function findingOf(kept: KeptAnswers, load: Loaded, given: KeptAnswer[], context: CacheContext): Finding {
  const { budgetBytes, corpusVersion, inputOf } = context;
  const overBudget = kept.sizeBytes > budgetBytes;
  const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0);
  const hits = sum(given.map((a) => a.hits));
  const bytes = sum(given.map((a) => a.sizeBytes));
  const keys = given
    .toSorted((a, b) => worth(a, load.hours) - worth(b, load.hours) || (a.inputHash < b.inputHash ? -1 : 1))
    .flatMap(({ inputHash, hits: own, computeMs, sizeBytes }) => {
      const input = inputOf(load.actionId, inputHash);
      return input ? [{ inputHash, input, hits: own, computeMs, sizeBytes }] : [];
    })
    .slice(0, keysMax);
  const budget = overBudget
    ? `; the cache holds ${sizeOf(kept.sizeBytes)} of answers, its budget is ${sizeOf(budgetBytes)}`
    : '';
  return {
    kind: 'idle-answers',
    summary:
      `${given.length} of ${countOf(load.answers.length, 'kept answer')} were asked for ${countOf(hits, 'time')} ` +
      `in ${durationOf(load.hours * 3_600_000)} and take ${sizeOf(bytes)}${budget}`,
    severity: Math.min(0.2, overBudget ? kept.sizeBytes / budgetBytes - 1 : 0.01),
    rowIds: keys.map((k) => k.inputHash),
    rowCount: given.length,
    facts: {
      scope: 'answers',
      actionId: load.actionId,
      modelId: given[0]!.modelId,
      corpusVersion,
      hours: load.hours,
      answers: load.answers.length,
      idle: load.idle.length,
      givenHits: hits,
      givenBytes: bytes,
      servedShare: percentOf(hits / Math.max(1, sum(load.answers.map((a) => a.hits)))),
      cacheAnswers: kept.count,
      cacheBytes: kept.sizeBytes,
      budgetBytes,
      overBudget,
      keys,
    },
  };
}
