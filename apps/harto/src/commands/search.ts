import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { atomKinds } from '@hartonomous/contracts';
import type { AtomKind, SearchHit } from '@hartonomous/contracts';
import { face, whole } from '../command-face.js';

interface SearchOptions {
  path?: string;
  language?: string;
  kind?: AtomKind;
  limit: number;
  model?: string;
  asOf?: Date;
}

export function addSearchCommand(program: Command): void {
  face(
    program
      .command('search')
      .description('places in the corpus that answer a question, with scores and why')
      .argument('<query...>', 'words or a question')
      .option('--path <prefix>', 'only files below this path')
      .option('--language <name>', 'only this language, for example typescript')
      .addOption(new Option('--kind <kind>', 'only code or only text').choices(atomKinds))
      .option('--limit <n>', 'how many', whole(1, 100), 10)
      .option('--model <model>', 'rank under this version: its id, name@version, or an alias')
      .option('--as-of <instant>', 'rank as it was then, for example 2026-11-21T10:00:00Z', instant),
    [
      'search "where are leases renewed"',
      'search bm25 --language typescript --kind code --json',
      'search "retry policy" --model corpus@canary',
    ],
    async ({ output, gateway }, options: SearchOptions, words: string[]) => {
      const filters = {
        ...(options.path ? { pathPrefix: options.path } : {}),
        ...(options.language ? { language: options.language } : {}),
        ...(options.kind ? { kind: options.kind } : {}),
      };
      const request = {
        query: words.join(' '),
        limit: options.limit,
        ...(Object.keys(filters).length > 0 ? { filters } : {}),
      };
      const under = {
        ...(options.model ? { model: options.model } : {}),
        ...(options.asOf ? { asOf: options.asOf.toISOString() } : {}),
      };
      const found = await gateway().search(request, undefined, under);
      output.result(found, () =>
        found.hits.length === 0
          ? 'nothing found'
          : [...found.hits.map(hitText), `where this comes from: npx harto verify ${found.requestId}`].join(
              '\n\n',
            ),
      );
    },
  );
}

function instant(text: string): Date {
  const at = new Date(text);
  if (Number.isNaN(at.getTime()))
    throw new InvalidArgumentError('Expected an instant such as 2026-11-21T10:00:00Z.');
  return at;
}

function hitText(hit: SearchHit, index: number): string {
  const part = (name: string, value: number | null) =>
    value === null ? [] : [`${name} ${value.toFixed(3)}`];
  const why = [
    ...part('bm25', hit.why.bm25),
    ...part('vector', hit.why.vector),
    ...part('position', hit.why.position),
  ];
  const lines = hit.snippet.split('\n').filter((line) => line.trim() !== '');
  return [
    `${index + 1}. ${hit.path}:${hit.lineStart}-${hit.lineEnd}${hit.symbol ? `  ${hit.symbol}` : ''}`,
    `   score ${hit.score.toFixed(3)} (${why.join(', ')})  ${hit.language} ${hit.kind}`,
    ...lines.slice(0, 3).map((line) => `   | ${line}`),
  ].join('\n');
}
