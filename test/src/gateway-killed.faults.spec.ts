import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ActionDetail } from './loop-documents.js';
import { writePlantedCorpus, type PlantedCorpus } from './planted-corpus.js';
import { startSystem, type RunningSystem } from './running-system.js';
import { concluded, decide, onlyType, proposal } from './steering.js';
import { Traffic } from './traffic.js';

const inFlight = 40;

let corpus: PlantedCorpus;
let system: RunningSystem;
let traffic: Traffic;
beforeAll(async () => {
  corpus = writePlantedCorpus(24);
  system = await startSystem({ corpus: [corpus.folder], flags: ['--no-workload'] });
  traffic = new Traffic(system);
  traffic.ask(corpus.queries);
}, 240_000);
afterAll(async () => {
  await traffic?.end();
  await system?.remove();
  if (corpus) rmSync(corpus.folder, { recursive: true });
}, 60_000);

const itSlow = (name: string, test: () => Promise<void>) => it(name, test, 600_000);

/** Where a connection that broke says so, under any of undici's wrappings. */
function codesOf(error: unknown): string[] {
  const { code, cause } = error as { code?: string; cause?: unknown };
  return [...(code ? [code] : []), ...(cause ? codesOf(cause) : [])];
}

describe('a gateway that is killed with requests under way', () => {
  let action: ActionDetail;
  let fates: PromiseSettledResult<unknown>[];
  let voted: PromiseSettledResult<unknown>;
  let command: { code: number | null; lines: string[] };

  beforeAll(async () => {
    await onlyType(system, 'CacheWarming');
    action = await proposal(system, 'CacheWarming', /^answers/, () => traffic.more(200));
    const pid = system.pidOf('gateway');
    const asked = Array.from({ length: inFlight }, (_, i) =>
      system.send('POST', '/v1/search', { query: `${corpus.queries[i % 24]} again ${i}`, limit: 10 }),
    );
    const vote = decide(system, action, 'approve');
    const settled = Promise.allSettled([vote, ...asked]);
    // Some are answered by then, some are not: whichever they are, the same must hold.
    await Promise.race([vote, ...asked]).catch(() => undefined);
    process.kill(pid, 'SIGKILL');
    command = await system.harto(['search', corpus.queries[0]!, '--json']);
    const [first, ...others] = await settled;
    voted = first!;
    fates = others;
  }, 600_000);

  itSlow('answers each or breaks its connection; none hangs, none gets half an answer', async () => {
    expect(fates).toHaveLength(inFlight);
    for (const fate of fates) {
      if (fate.status === 'fulfilled') expect(fate.value).toMatchObject({ hits: expect.any(Array) });
      else expect(codesOf(fate.reason).join()).toMatch(/ECONNRESET|ECONNREFUSED|UND_ERR_SOCKET/);
    }
    const broken = fates.filter((fate) => fate.status === 'rejected').length;
    console.log(`${inFlight - broken} answered, ${broken} broken, the vote ${voted.status}`);
  });

  itSlow('lets a command say in one line that it cannot be reached', async () => {
    const text = command.lines.join('\n');
    // Started again within the time that the command took to start, it answers.
    if (command.code === 0) return expect(text).toMatch(/"hits"/);
    expect(command.code).toBe(3);
    expect(JSON.parse(text)).toMatchObject({ code: expect.any(String), detail: expect.any(String) });
  });

  itSlow('is started again at the same address, and the vote counts once', async () => {
    await system.until('gateway', () => system.get<object>('/v1/status'), 120_000);
    // The voter, who got no answer or an old one, votes again: it is taken, or refused because it is in already.
    await decide(system, action, 'approve').catch((error: unknown) => {
      expect(String(error)).toMatch(/STATE_CONFLICT|STATE_STALE/);
    });
    const ended = await concluded(system, action);
    expect(ended.transitions.filter((step) => step.event === 'approve')).toHaveLength(1);
    expect(ended.approvedBy).toHaveLength(1);
    const numbers = ended.evidence.filter((row) => row.kind === 'AB').map((row) => row.pairNo);
    expect(numbers.toSorted((a, b) => a - b)).toEqual(numbers.map((_, i) => i));
    expect(await system.get('/v1/dead-letters')).toEqual({ items: [] });
    expect(await system.get('/v1/audit/verification')).toMatchObject({ brokenAt: null });
  });
});
