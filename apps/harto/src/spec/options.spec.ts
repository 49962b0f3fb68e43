import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTestFolder, removeTestFolder } from '@hartonomous/testing';
import { readOptions } from '../start/options.js';
import type { StartFlags } from '../start/options.js';

let folder = '';
beforeAll(() => {
  folder = createTestFolder();
});
afterAll(() => removeTestFolder(folder));

const flags = (over: Partial<StartFlags>): StartFlags => ({
  workload: true,
  scale: 60,
  seed: 1,
  clients: 4,
  minutes: 6,
  ...over,
});

const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return name;
};

describe('flags of start', () => {
  it('take relative paths from where the caller stands', () => {
    expect(readOptions(flags({ corpus: ['.'] }), folder).corpus).toEqual([folder]);
    const recorded = readOptions(
      flags({ workload: file('a.jsonl', '{"query":"x"}\n\n{"query":"y"}\n') }),
      folder,
    );
    expect(recorded.workload).toMatchObject({ kind: 'recorded', lines: [{ query: 'x' }, { query: 'y' }] });
    expect(readOptions(flags({ workload: false }), folder).workload).toEqual({ kind: 'none' });
  });

  it.each([
    ['a missing corpus', { corpus: ['nowhere'] }, 'CORPUS_MISSING', /nowhere: no such folder$/],
    ['a file as corpus', { corpus: ['a.jsonl'] }, 'CORPUS_MISSING', /not a folder$/],
    ['a missing workload', { workload: 'nowhere.jsonl' }, 'INPUT_INVALID', /no such file$/],
    ['an empty workload', { workload: 'empty.jsonl' }, 'INPUT_INVALID', /holds no request$/],
    ['a line that is not JSON', { workload: 'broken.jsonl' }, 'INPUT_INVALID', /line 2: not JSON$/],
    ['an unknown field', { workload: 'field.jsonl' }, 'INPUT_INVALID', /line 1: .*limitt/],
    ['an unknown kind', { workload: 'kind.jsonl' }, 'INPUT_INVALID', /line 1: filters\.kind/],
  ])('refuse %s with the place and the reason', (_name, over, code, message) => {
    file('a.jsonl', '{"query":"x"}\n');
    file('empty.jsonl', '\n');
    file('broken.jsonl', '{"query":"x"}\n{"query":\n');
    file('field.jsonl', '{"query":"x","limitt":3}\n');
    file('kind.jsonl', '{"query":"x","filters":{"kind":"music"}}\n');
    expect(() => readOptions(flags(over as Partial<StartFlags>), folder)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });
});
