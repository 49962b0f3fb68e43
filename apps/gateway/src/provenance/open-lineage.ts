import type { ProvenanceGraph, ProvenanceNode } from '@hartonomous/store';

/** Version of the OpenLineage specification that the events follow. */
const schemaURL = 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent';
const producer = 'urn:hartonomous:gateway';
const namespace = 'hartonomous';

const jobs = new Set(['request', 'action', 'computation']);

interface Dataset {
  namespace: string;
  name: string;
}

export interface RunEvent {
  eventType: 'COMPLETE';
  eventTime: string;
  producer: string;
  schemaURL: string;
  run: { runId: string };
  job: { namespace: string; name: string };
  inputs: Dataset[];
  outputs: Dataset[];
}

const datasetOf = (node: ProvenanceNode): Dataset => ({
  namespace,
  name: `${node.kind}/${node.id}/${node.revision}`,
});

/** One COMPLETE event for each request, action state and computation of the graph: what it read, what it made. */
export function openLineageEvents(graph: ProvenanceGraph): RunEvent[] {
  const nodes = new Map(graph.nodes.map((node) => [`${node.id} ${node.revision}`, node]));
  return graph.nodes
    .filter((node) => jobs.has(node.kind))
    .map((node) => {
      const isHere = (key: { id: string; revision: number }) =>
        key.id === node.id && key.revision === node.revision;
      const others = (pairs: { id: string; revision: number }[]): Dataset[] =>
        pairs.flatMap((key) => {
          const other = nodes.get(`${key.id} ${key.revision}`);
          return other && !jobs.has(other.kind) && other.kind !== 'principal' ? [datasetOf(other)] : [];
        });
      return {
        eventType: 'COMPLETE',
        eventTime: node.createdAt.toISOString(),
        producer,
        schemaURL,
        run: { runId: node.id },
        job: { namespace, name: node.kind },
        inputs: others(graph.edges.filter((edge) => isHere(edge.node)).map((edge) => edge.parent)),
        outputs: others(graph.edges.filter((edge) => isHere(edge.parent)).map((edge) => edge.node)),
      };
    });
}
