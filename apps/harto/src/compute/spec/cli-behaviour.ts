import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { newId } from '@hartonomous/contracts';
import { spawnNode } from '@hartonomous/testing';
import { repositoryRoot } from '../../config.js';
import type { LaneRig } from './lane-rig.js';

/** The command line as a user has it, in a process of its own. */
function harto({ url, key }: LaneRig, ...args: string[]) {
  const script = join(repositoryRoot, 'apps', 'harto', 'dist', 'main.js');
  return spawnNode(script, { args: ['compute', ...args], env: { HARTO_URL: url, HARTO_KEY: key } });
}

async function said(rig: LaneRig, ...args: string[]): Promise<{ code: number | null; text: string }> {
  const run = harto(rig, ...args);
  const { code } = await run.exited;
  return { code, text: run.lines.join('\n') };
}

export function commandLineBehaviour(rig: () => LaneRig): void {
  it('takes the same key once, follows what has ended, and exits with the outcome', async () => {
    const submit = ['submit', 'prime.count', '--hi', '1e6', '--key', newId(), '--wait'];
    const [first, second] = [await said(rig(), ...submit), await said(rig(), ...submit)];
    expect([first.code, second.code]).toEqual([0, 0]);
    expect(first.text).toContain('"count":78498');
    const id = /submitted: (\S+)/.exec(first.text)![1];
    expect(second.text).toContain(`known already: ${id}`);
    expect(await said(rig(), 'watch', id)).toMatchObject({
      code: 0,
      text: expect.stringContaining('100.0 %'),
    });
    const paused = await said(rig(), 'pause', id);
    expect(paused.code).not.toBe(0);
    expect(paused.text).toContain('a computation that is Completed cannot pause');
  }, 600_000);

  it.each([
    [
      ['submit', 'prime.cuont', '--hi', '10'],
      'no computation type is called prime.cuont; known: prime.count',
    ],
    [['submit', 'prime.count', '--lo', '9', '--hi', '3'], 'lo must not exceed hi'],
    [['submit', 'prime.count', '--hi', '1.5'], 'Expected a whole number'],
    [['submit', 'prime.count', '--hi', '10', '--chunk', '0'], 'chunk'],
    [['watch', '0192f0c4-7d1e-7c3a-9b1d-2f6f0d1c5a77'], 'no computation 0192f0c4'],
    [['watch', 'yesterday'], 'Expected the id of a computation'],
  ])(
    'says what is wrong with %j',
    async (args, reason) => {
      const { code, text } = await said(rig(), ...args);
      expect(code).not.toBe(0);
      expect(text).toContain(reason);
    },
    600_000,
  );

  it('an interrupted wait leaves the computation running and says how to come back', async () => {
    const run = harto(rig(), 'submit', 'prime.count', '--lo', '1e13', '--hi', '10100000000000', '--wait');
    const id = (await run.line(/^submitted: /, 120_000)).split(' ')[1];
    await run.line(/ %/, 120_000);
    run.kill('SIGINT');
    expect(await run.exited).toMatchObject({ code: 130 });
    expect(run.lines.join('\n')).toContain(`it goes on without you: harto compute watch ${id}`);
    expect(['Pending', 'Running']).toContain((await rig().row(id)).state);
    expect((await said(rig(), 'cancel', id)).code).toBe(0);
    await rig().until(id, ['Cancelled']);
  }, 600_000);
}
