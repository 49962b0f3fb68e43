import { Option } from 'commander';
import type { Command } from 'commander';
import { HartoError } from '@hartonomous/contracts';
import type { ProvenanceEdge, ProvenanceGraph, ProvenanceNode, ProvenanceReport } from '@hartonomous/store';
import { face } from '../command-face.js';
import type { Call } from '../command-face.js';
import { cut } from '../output.js';

type Shown<T> = { [K in keyof T]: T[K] extends Date | null ? string | null : T[K] };
interface GraphShown extends Omit<ProvenanceGraph, 'nodes'> {
  nodes: Shown<ProvenanceNode>[];
}

const formats = ['tree', 'graph', 'prov', 'openlineage'] as const;

/** `verify` and `provenance`: where things come from, and whether that still holds. */
export function addOriginCommands(program: Command): void {
  face(
    program
      .command('verify')
      .description(
        'recompute the hashes of a thing and all it rests on, or of the audit log; exit code 1 when a link is broken',
      )
      .argument(
        '[id]',
        'of a request, atom, model version, snapshot, action or computation; the audit log without it',
      )
      .option('--audit', 'the audit log’s hash chain'),
    ['verify', 'verify 0192f0c4-7d1e-7c3a-9b1d-2f6f0d1c5a77', 'verify --audit --json'],
    async (call, { audit }: { audit?: boolean }, id: string | undefined) => {
      if (audit && id !== undefined) {
        throw new HartoError('USAGE_WRONG', '--audit checks the audit log as a whole: leave out the id');
      }
      await (id === undefined ? verifyAudit(call) : verifyThing(call, id));
    },
  );
  face(
    program
      .command('provenance')
      .description('what a thing was made from, down to the sources')
      .argument('<id>', 'of a request, atom, model version, snapshot, action or computation')
      .addOption(
        new Option('--format <format>', 'tree, graph (nodes and edges), prov (W3C PROV-JSON) or openlineage')
          .choices(formats)
          .default('tree'),
      ),
    [
      'provenance 0192f0c4-7d1e-7c3a-9b1d-2f6f0d1c5a77',
      'provenance 0192f0c4-7d1e-7c3a-9b1d-2f6f0d1c5a77 --format prov > answer.prov.json',
    ],
    async ({ output, gateway }, { format }: { format: (typeof formats)[number] }, id: string) => {
      const path = `/v1/provenance/${encodeURIComponent(id)}`;
      if (format === 'prov' || format === 'openlineage') {
        const document = await gateway().get<object>(`${path}?format=${format}`);
        output.result(document, () => JSON.stringify(document, null, 2));
        return;
      }
      const graph = await gateway().get<GraphShown>(path);
      output.result(graph, () => (format === 'graph' ? JSON.stringify(graph, null, 2) : treeText(graph)));
    },
  );
}

async function verifyAudit({ output, gateway }: Call): Promise<void> {
  const found = await gateway().get<{ rows: number; brokenAt: number | null }>('/v1/audit/verification');
  output.result(found, () =>
    found.brokenAt === null
      ? `the audit log is whole: ${found.rows} rows`
      : `the audit log is broken at row ${found.brokenAt} of ${found.rows}`,
  );
  if (found.brokenAt !== null) process.exitCode = 1;
}

async function verifyThing({ output, gateway }: Call, id: string): Promise<void> {
  const report = await gateway().get<ProvenanceReport>(
    `/v1/provenance/${encodeURIComponent(id)}/verification`,
  );
  output.result(report, () => reportText(report));
  if (report.broken) process.exitCode = 1;
}

function reportText(report: ProvenanceReport): string {
  const { kind, id, revision, hash, nodes, edges, broken, notRecomputed, unknownParents } = report;
  const head = `${kind} ${id} (state ${revision}): ${nodes} nodes, ${edges} edges`;
  const notes = [
    ...(notRecomputed > 0
      ? [`${notRecomputed} by their hash alone: released, superseded or running again`]
      : []),
    ...(unknownParents > 0 ? [`${unknownParents} parents were unknown when their child was sealed`] : []),
  ];
  const verdict = broken
    ? [`BROKEN at ${broken.kind} ${broken.id} (state ${broken.revision}): ${broken.reason}, ${broken.detail}`]
    : [`whole, down to the sources`, `hash ${hash}`];
  return [head, ...verdict, ...notes].join('\n');
}

/** A node's children in the tree are its parents in the graph; what was shown before is only named again. */
function treeText(graph: GraphShown): string {
  const key = ({ id, revision }: { id: string; revision: number }) => `${id} ${revision}`;
  const nodes = new Map(graph.nodes.map((node) => [key(node), node]));
  const edges = new Map<string, ProvenanceEdge[]>();
  for (const edge of graph.edges) {
    const list = edges.get(key(edge.node));
    if (list) list.push(edge);
    else edges.set(key(edge.node), [edge]);
  }
  const lines: string[] = [];
  const seen = new Set<string>();
  const stack = [{ at: graph.root, depth: 0, type: '' }];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { at, depth, type } = next;
    const known = seen.has(key(at));
    lines.push(
      `${'  '.repeat(depth)}${type && `${type} `}${labelOf(nodes.get(key(at)), at.id)}${known ? ' (above)' : ''}`,
    );
    if (known) continue;
    seen.add(key(at));
    const below = edges.get(key(at)) ?? [];
    for (const edge of below.toReversed()) stack.push({ at: edge.parent, depth: depth + 1, type: edge.type });
  }
  return lines.join('\n');
}

function labelOf(node: Shown<ProvenanceNode> | undefined, id: string): string {
  if (!node) return `${id} (unknown)`;
  const path = node.kind === 'source' && node.document ? ` ${cut(String(node.document['path']), 60)}` : '';
  const state = node.revision === 1 ? '' : ` state ${node.revision}`;
  const gone = node.releasedAt ? ' (released)' : '';
  return `${node.kind} ${node.id}${state}${path}  ${node.hash.slice(0, 16)}${gone}`;
}
